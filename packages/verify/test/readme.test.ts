// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeExamples } from '../../../test/readme.js';
import * as exported from '../src/index.js';

const root = new URL('../', import.meta.url);

test('the README lists every export', () => {
  const readme = readFileSync(new URL('README.md', root), 'utf8');
  const listed = [...readme.slice(readme.indexOf('## Exports')).matchAll(/`(\w+)`/g)].map(([, name]) => name);
  expect(new Set(listed)).toEqual(new Set(Object.keys(exported)));
});

describeExamples(root, new URL('README.md', root), {
  before: `
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createLab, personaIdentity } from '@keywax/stack/lab';
process.chdir(await mkdtemp((await import('node:os')).tmpdir() + '/readme-'));
const lab = await createLab();
const { bundle, artifact } = await lab.makeBundle({ content: 'message', logs: 'v1', identity: personaIdentity('email', { iss: 'https://accounts.example', email: 'releases@example.org' }) });
await writeFile('trusted_root.json', JSON.stringify(lab.trustedRoot()));
await writeFile('artifact', artifact);
await writeFile('artifact.sigstore.json', JSON.stringify(bundle));
`,
});
