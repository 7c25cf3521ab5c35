// SPDX-License-Identifier: Apache-2.0

import { generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ALGORITHM_SUITES, defaultSuite } from '../src/algorithms.js';
import { nodeCrypto } from '../src/crypto.node.js';
import { generateKeyPair, importKeyPair } from '../src/key-pair.js';
import { encodePem } from '../src/pem.js';

const message = new TextEncoder().encode('what is signed');
const signable = ALGORITHM_SUITES.filter((suite) => suite.signable);

describe('a generated key pair signs what its public key verifies', () => {
  test.each(signable)('$keyDetails', async (suite) => {
    const { publicKey, sign } = await generateKeyPair(suite);
    const signature = await sign(message, suite);
    expect(
      await nodeCrypto.verify({ key: publicKey, scheme: suite, signature, data: { kind: 'message', bytes: message } }),
    ).toBe(true);
    expect(
      await nodeCrypto.verify({
        key: publicKey,
        scheme: suite,
        signature,
        data: { kind: 'message', bytes: message.slice(1) },
      }),
    ).toBe(false);
  });

  test('for suites that only verify there is none', async () => {
    const [suite] = ALGORITHM_SUITES.filter((row) => !row.signable);
    if (suite === undefined) throw new Error('every suite signs');
    await expect(generateKeyPair(suite)).rejects.toMatchObject({ code: 'INPUT_UNSUPPORTED' });
  });
});

describe('an imported private key signs', () => {
  test.each([
    ['P-256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['P-521', () => generateKeyPairSync('ec', { namedCurve: 'P-521' })],
    ['RSA', () => generateKeyPairSync('rsa', { modulusLength: 3072 })],
    ['Ed25519', () => generateKeyPairSync('ed25519')],
  ])('%s, as another implementation confirms', async (_, generate) => {
    const host = generate();
    const pair = await importKeyPair(host.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    expect([...pair.publicKey.spki]).toEqual([...host.publicKey.export({ type: 'spki', format: 'der' })]);
    const suite = defaultSuite(pair.publicKey);
    const signature = await pair.sign(message, suite);
    expect(verify(suite.scheme === 'ed25519' ? null : suite.hash, message, host.publicKey, signature)).toBe(true);
  });

  test('and refuses a scheme of another kind of key', async () => {
    const pair = await importKeyPair(
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    );
    await expect(pair.sign(message, { scheme: 'ecdsa', hash: 'sha256' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });
});

describe('a private key that is not accepted is refused without showing it', () => {
  test.each([
    [
      'SEC 1',
      () =>
        generateKeyPairSync('ec', { namedCurve: 'P-256' })
          .privateKey.export({ type: 'sec1', format: 'pem' })
          .toString(),
      'INPUT_MALFORMED',
    ],
    [
      'another curve',
      () =>
        generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
          .privateKey.export({ type: 'pkcs8', format: 'pem' })
          .toString(),
      'INPUT_UNSUPPORTED',
    ],
    [
      'X25519',
      () => generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      'INPUT_UNSUPPORTED',
    ],
    [
      'Ed25519 with a key that is too short',
      () => encodePem('PRIVATE KEY', Buffer.from(`302d020100300506032b65700421041f${'07'.repeat(31)}`, 'hex')),
      'KEY_REJECTED',
    ],
  ])('%s', async (_, pem, code) => {
    const text = pem();
    const failure = await importKeyPair(text).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    expect(JSON.stringify(failure)).not.toContain(text.split('\n')[1]);
  });
});
