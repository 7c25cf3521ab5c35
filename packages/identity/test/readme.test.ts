// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeExamples } from '../../../test/readme.js';
import * as exported from '../src/index.js';
import { PERSON, jwt } from './jwt.js';

const root = new URL('../', import.meta.url);

test('the README lists every export', () => {
  const readme = readFileSync(new URL('README.md', root), 'utf8');
  const listed = [...readme.slice(readme.indexOf('## Exports')).matchAll(/`(\w+)`/g)].map(([, name]) => name);
  expect(new Set(listed)).toEqual(new Set(Object.keys(exported)));
});

const exp = Math.floor(Date.now() / 1_000) + 600;
describeExamples(root, new URL('README.md', root), {
  before: `process.env.SIGSTORE_ID_TOKEN = ${JSON.stringify(jwt({ ...PERSON, exp }))};`,
});
