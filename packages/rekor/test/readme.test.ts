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
import { startStack } from '@keywax/stack';
import { createLab } from '@keywax/stack/lab';
await using stack = await startStack();
const url = stack.urls.rekorV1;
const lab = await createLab();
const { signature, verifier, digest, hash } = await lab.makeBundle({ content: 'message', logs: 'none' });
const proposal = { signature, verifier, keyDetails: 'PKIX_ECDSA_P256_SHA_256', digest: { algorithm: hash, value: digest } };
`,
});
