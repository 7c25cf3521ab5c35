// SPDX-License-Identifier: Apache-2.0

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { describeExamples } from '../../../test/readme.js';
import * as exported from '../src/index.js';

const root = new URL('../', import.meta.url);

test('the README lists every export', () => {
  const readme = readFileSync(new URL('README.md', root), 'utf8');
  const listed = [...readme.slice(readme.indexOf('## Exports')).matchAll(/`(\w+)`/g)].map(([, name]) => name);
  expect(new Set(listed)).toEqual(new Set(Object.keys(exported)));
});

const siblings = ['stack', 'identity'].every((name) => existsSync(new URL(`../${name}/dist/`, root)));
describe.skipIf(!siblings)(siblings ? 'against a local authority' : 'against a local authority (not built)', () => {
  describeExamples(root, new URL('README.md', root), {
    before: `
import { selectSuite } from '@keywax/core/algorithms';
import { generateKeyPair } from '@keywax/core/key-pair';
import { parseIdentityToken, readSubject } from '../identity/dist/index.js';
import { startStack } from '../stack/dist/index.js';
await using stack = await startStack();
const url = stack.urls.fulcio;
const identityToken = parseIdentityToken(await stack.mintToken({ kind: 'email' }));
const subject = readSubject(identityToken);
const key = await generateKeyPair(selectSuite('PKIX_ECDSA_P256_SHA_256'));
`,
  });
});
