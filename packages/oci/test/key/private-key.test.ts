// SPDX-License-Identifier: Apache-2.0

import { type KeyObject, generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import type { KeyDetails } from '@keywax/core/algorithms';
import { defaultSuite } from '@keywax/core/algorithms';
import { TAG, encodeDer, encodeInteger, openElement, parseDer, elementBytes } from '@keywax/core/der';
import { parsePublicKeyPem } from '@keywax/core/key';
import { encodePem } from '@keywax/core/pem';
import { describe, expect, test } from 'vitest';
import { generateKeyFiles, importKeyFiles, openKeySigner, readPublicKeyPem } from '../../src/index.js';

const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const RSA = generateKeyPairSync('rsa', { modulusLength: 3_072 });

function exportPem(key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1', passphrase?: string): string {
  const cipher = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return key.export({ format: 'pem', type, ...cipher }).toString();
}

describe('a plain private key opens', () => {
  test.each([
    ['P-256 in PKCS#8', P256, 'pkcs8'],
    ['P-256 in SEC 1', P256, 'sec1'],
    ['P-384 in SEC 1', generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'sec1'],
    ['P-521 in PKCS#8', generateKeyPairSync('ec', { namedCurve: 'P-521' }), 'pkcs8'],
    ['RSA in PKCS#8', RSA, 'pkcs8'],
    ['RSA in PKCS#1', RSA, 'pkcs1'],
    ['Ed25519 in PKCS#8', generateKeyPairSync('ed25519'), 'pkcs8'],
  ] as const)('%s', async (_, { privateKey, publicKey }, type) => {
    const pem = exportPem(privateKey, type);
    const expected = publicKey.export({ format: 'pem', type: 'spki' });
    expect(await readPublicKeyPem({ privateKey: pem })).toBe(expected);
    expect(await readPublicKeyPem({ privateKey: pem.replaceAll('\n', '\r\n') })).toBe(expected);
    const signer = await openKeySigner({ privateKey: pem });
    expect((await signer.sign(Buffer.from('a'), defaultSuite(signer.publicKey))).length).toBeGreaterThan(0);
  });

  test('and its password is not asked for', async () => {
    const password = () => {
      throw new Error('asked');
    };
    await openKeySigner({ privateKey: exportPem(P256.privateKey, 'pkcs8'), password });
  });
});

/** A key whose public key is another's. */
function mismatched(): string {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const exportSec1 = ({ privateKey }: typeof other) => privateKey.export({ format: 'der', type: 'sec1' });
  const [mine, theirs] = [exportSec1(P256), exportSec1(other)];
  const read = (der: Uint8Array) => {
    const members = openElement(parseDer(der, 'key'), 'key');
    return Array.from({ length: 4 }, () => elementBytes(members.next()));
  };
  const [version, key, curve] = read(mine);
  const [, , , point] = read(theirs);
  return encodePem('EC PRIVATE KEY', encodeDer(TAG.sequence, ...([version, key, curve, point] as Uint8Array[])));
}

/** An RSA key whose private exponent is another's. */
function mismatchedRsa(): string {
  const other = generateKeyPairSync('rsa', { modulusLength: 3_072 });
  const [mine, theirs] = [RSA, other].map(({ privateKey }) => privateKey.export({ format: 'jwk' }));
  const numbers = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'].map((name) => {
    const source = name === 'n' || name === 'e' ? mine : theirs;
    return encodeInteger(Buffer.from(String((source as Record<string, unknown>)[name]), 'base64url'));
  });
  return encodePem('RSA PRIVATE KEY', encodeDer(TAG.sequence, encodeInteger(0), ...numbers));
}

describe('a private key is refused without showing it', () => {
  const refused: readonly (readonly [string, () => string, string])[] = [
    [
      'of another curve',
      () => exportPem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey, 'sec1'),
      'INPUT_UNSUPPORTED',
    ],
    ['of X25519', () => exportPem(generateKeyPairSync('x25519').privateKey, 'pkcs8'), 'INPUT_UNSUPPORTED'],
    [
      'of RSA with 1,024 bits',
      () => exportPem(generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey, 'pkcs8'),
      'KEY_REJECTED',
    ],
    [
      'of RSA with a small exponent',
      () => exportPem(generateKeyPairSync('rsa', { modulusLength: 2_048, publicExponent: 3 }).privateKey, 'pkcs1'),
      'KEY_REJECTED',
    ],
    ['of RSA with another private exponent', mismatchedRsa, 'KEY_REJECTED'],
    ['encrypted by PKCS#8', () => exportPem(P256.privateKey, 'pkcs8', 'x'), 'INPUT_UNSUPPORTED'],
    ['encrypted by old PEM', () => exportPem(P256.privateKey, 'sec1', 'x'), 'INPUT_UNSUPPORTED'],
    ['that is public', () => P256.publicKey.export({ format: 'pem', type: 'spki' }).toString(), 'KEY_REJECTED'],
    ['that comes twice', () => exportPem(P256.privateKey, 'pkcs8').repeat(2), 'INPUT_MALFORMED'],
    ['with text around it', () => `# my key\n${exportPem(P256.privateKey, 'pkcs8')}`, 'INPUT_MALFORMED'],
    [
      'in a block of another name',
      () => exportPem(P256.privateKey, 'pkcs8').replaceAll('PRIVATE', 'SECRET'),
      'INPUT_UNSUPPORTED',
    ],
    [
      'that is cut',
      () => encodePem('PRIVATE KEY', P256.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(0, 60)),
      'INPUT_MALFORMED',
    ],
    [
      'with bytes after it',
      () =>
        encodePem(
          'PRIVATE KEY',
          Buffer.concat([P256.privateKey.export({ format: 'der', type: 'pkcs8' }), Buffer.alloc(1)]),
        ),
      'INPUT_MALFORMED',
    ],
    [
      'that is something else',
      () => encodePem('PRIVATE KEY', encodeDer(TAG.sequence, encodeInteger(5))),
      'KEY_REJECTED',
    ],
    [
      'of SEC 1 without its curve',
      () =>
        encodePem(
          'EC PRIVATE KEY',
          encodeDer(TAG.sequence, encodeInteger(1), encodeDer(TAG.octetString, new Uint8Array(32).fill(7))),
        ),
      'INPUT_MALFORMED',
    ],
    ['that is no PEM', () => 'canary', 'INPUT_MALFORMED'],
  ];
  test.each(refused)('%s', async (_, make, code) => {
    const pem = make();
    const error = await openKeySigner({ privateKey: pem }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    const told = `${inspect(error, { depth: 9 })}${JSON.stringify(error)}`;
    const [line = 'canary'] = pem.split('\n').filter((text) => text.length > 40);
    expect(told).not.toContain(line);
    expect(told).not.toContain('canary');
  });

  test('that is no text', async () => {
    await expect(openKeySigner({ privateKey: undefined as unknown as string })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    await expect(openKeySigner(undefined as never)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('unless only its public key is wrong, which is derived anew', async () => {
    expect(await readPublicKeyPem({ privateKey: mismatched() })).toBe(
      P256.publicKey.export({ format: 'pem', type: 'spki' }),
    );
  });
});

describe('a generated key', () => {
  test.each([
    [undefined, { kind: 'ec', curve: 'P-256' }],
    ['PKIX_ECDSA_P384_SHA_384', { kind: 'ec', curve: 'P-384' }],
    ['PKIX_ECDSA_P521_SHA_512', { kind: 'ec', curve: 'P-521' }],
    ['PKIX_ED25519', { kind: 'ed25519' }],
    ['PKIX_RSA_PKCS1V15_3072_SHA256', { kind: 'rsa', bits: 3_072 }],
    ['PKIX_RSA_PKCS1V15_4096_SHA256', { kind: 'rsa', bits: 4_096 }],
  ] as const)('by %s opens with its password alone', async (algorithm, expected) => {
    const files = await generateKeyFiles({ password: 'secret', ...(algorithm === undefined ? {} : { algorithm }) });
    expect(parsePublicKeyPem(files.publicKey, 'key')).toMatchObject(expected);
    expect(await readPublicKeyPem({ privateKey: files.privateKey, password: 'secret' })).toBe(files.publicKey);
    await expect(openKeySigner({ privateKey: files.privateKey, password: 'other' })).rejects.toMatchObject({
      code: 'PASSWORD_WRONG',
    });
    await expect(openKeySigner({ privateKey: files.privateKey })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test.each([
    'PKIX_RSA_PKCS1V15_2048_SHA256',
    'PKIX_RSA_PSS_3072_SHA256',
    'PKIX_ED25519_PH',
    'PKIX_ECDSA_P384_SHA_256',
    'PKCS1_RSA_PKCS1V5',
    'toString',
  ])('is not made by %s', async (algorithm) => {
    await expect(generateKeyFiles({ password: '', algorithm: algorithm as KeyDetails })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });
});

describe('an imported key', () => {
  test('is the same key', async () => {
    const source = { privateKey: exportPem(P256.privateKey, 'sec1') };
    const files = await importKeyFiles({ source, password: 'secret' });
    expect(files.privateKey).not.toContain('BEGIN EC');
    expect(await readPublicKeyPem({ privateKey: files.privateKey, password: 'secret' })).toBe(
      await readPublicKeyPem(source),
    );
  });

  test('may have been encrypted before', async () => {
    const { privateKey, publicKey } = await generateKeyFiles({ password: 'old' });
    const files = await importKeyFiles({ source: { privateKey, password: 'old' }, password: 'new' });
    expect(files.publicKey).toBe(publicKey);
    expect(await readPublicKeyPem({ privateKey: files.privateKey, password: 'new' })).toBe(publicKey);
  });

  test('is refused where new signatures with it are not', async () => {
    const source = { privateKey: exportPem(generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey, 'pkcs8') };
    await expect(importKeyFiles({ source, password: '' })).rejects.toMatchObject({ code: 'KEY_REJECTED' });
    expect((await openKeySigner(source)).publicKey).toMatchObject({ kind: 'rsa', bits: 2_048 });
  });
});
