// SPDX-License-Identifier: Apache-2.0
// In a file of its own: the curves are loaded once for each process.

import { sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { encodeUtf8 } from '../src/bytes.js';
import { loadSyncCrypto } from '../src/crypto.js';
import { nodeCrypto } from '../src/crypto.node.js';
import { webCrypto } from '../src/crypto.web.js';
import { codeOf } from './fault.js';
import { makeEcPair, makeRsaPair } from './keys.js';

test('synchronous checks that need curves ask for them to be loaded, and others do not', async () => {
  const message = encodeUtf8('message');
  const ec = makeEcPair('P-256');
  const rsa = makeRsaPair(2_048);
  const ecInput = {
    key: ec.publicKey,
    scheme: { scheme: 'ecdsa', hash: 'sha256' },
    signature: sign('sha256', message, ec.privateKey),
  } as const;
  const rsaInput = {
    key: rsa.publicKey,
    scheme: { scheme: 'rsa-pkcs1', hash: 'sha256' },
    signature: sign('sha256', message, rsa.privateKey),
  } as const;
  const whole = { kind: 'message', bytes: message } as const;
  const digest = { kind: 'digest', bytes: nodeCrypto.hash('sha256', message) } as const;

  expect(nodeCrypto.verifySync?.({ ...ecInput, data: whole })).toBe(true);
  for (const provider of [nodeCrypto, webCrypto]) {
    expect(provider.verifySync?.({ ...rsaInput, data: digest })).toBe(true);
    expect(codeOf(() => provider.verifySync?.({ ...ecInput, data: digest }))).toBe('CONFIG_INVALID');
  }
  await loadSyncCrypto();
  for (const provider of [nodeCrypto, webCrypto])
    expect(provider.verifySync?.({ ...ecInput, data: digest })).toBe(true);
});
