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
await using stack = await startStack();
const { trustedRoot } = stack;
const signingConfig = stack.signingConfig();
const token = await stack.mintToken({ kind: 'email' });
import { generateKeyPairSync } from 'node:crypto';
const held = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { createKeySigner } = await import('@keywax/sign');
const inner = await createKeySigner(held.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
const service = {
  fetchPublicKey: async () => held.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  signDigest: async (digest) => inner.sign(artifact, { scheme: 'ecdsa', hash: 'sha256' }),
};
const artifact = new TextEncoder().encode('artifact');
`,
});
