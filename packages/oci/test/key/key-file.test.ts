// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { isKeywaxError } from '@keywax/core/errors';
import { encodePem } from '@keywax/core/pem';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decryptKeyFile, encryptKeyFile, isKeyFile, KEY_FILE_LABEL } from '../../src/key/key-file.js';

const SECRET = Buffer.from('canary-of-the-private-key '.repeat(4));
const PASSWORD = 'canary-of-the-password';

function noPassword(): never {
  throw new Error('the password was asked for');
}

const GOOD = {
  kdf: { name: 'scrypt', params: { N: 32_768, r: 8, p: 1 }, salt: Buffer.alloc(32).toString('base64') },
  cipher: { name: 'nacl/secretbox', nonce: Buffer.alloc(24).toString('base64') },
  ciphertext: Buffer.alloc(64).toString('base64'),
};
type File = typeof GOOD;

function encode(json: unknown, label = KEY_FILE_LABEL): string {
  return encodePem(label, Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)));
}

const withParams = (params: object): object => ({ ...GOOD, kdf: { ...GOOD.kdf, params } });
const withKdf = (change: object): object => ({ ...GOOD, kdf: { ...GOOD.kdf, ...change } });
const withCipher = (change: object): object => ({ ...GOOD, cipher: { ...GOOD.cipher, ...change } });

describe('an encrypted key', () => {
  test('opens with its password', async () => {
    const pem = await encryptKeyFile(SECRET, PASSWORD);
    expect(isKeyFile(pem)).toBe(true);
    expect(Buffer.from(await decryptKeyFile(pem, async () => PASSWORD))).toEqual(SECRET);
  });

  test('is another each time', async () => {
    expect(await encryptKeyFile(SECRET, '')).not.toBe(await encryptKeyFile(SECRET, ''));
  });

  test.each([
    ['another password', (pem: string) => [pem, 'other'] as const],
    ['an empty password', (pem: string) => [pem, ''] as const],
    [
      'a ciphertext that was changed',
      (pem: string) => {
        const file = read(pem);
        const bytes = Buffer.from(file.ciphertext, 'base64');
        bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
        return [encode({ ...file, ciphertext: bytes.toString('base64') }), PASSWORD] as const;
      },
    ],
    ['a salt that was changed', (pem: string) => [encode(salted(pem)), PASSWORD] as const],
    ['a cost that was changed', (pem: string) => [encode(cheapened(pem)), PASSWORD] as const],
  ])('does not open with %s, and nothing of it is told', async (_, change) => {
    const [pem, password] = change(await encryptKeyFile(SECRET, PASSWORD));
    const error = await decryptKeyFile(pem, password).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PASSWORD_WRONG' });
    expect(`${inspect(error, { depth: 9 })}${JSON.stringify(error)}`).not.toContain('canary');
  });
});

function read(pem: string): File {
  return JSON.parse(Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64').toString()) as File;
}

function salted(pem: string): object {
  const file = read(pem);
  return { ...file, kdf: { ...file.kdf, salt: randomBytes(32).toString('base64') } };
}

function cheapened(pem: string): object {
  const file = read(pem);
  return { ...file, kdf: { ...file.kdf, params: { ...file.kdf.params, N: 32_768 } } };
}

describe('before the password is asked for, what is refused is', () => {
  test.each([
    ['a huge N', withParams({ N: 2 ** 40, r: 8, p: 1 }), 'INPUT_UNSUPPORTED'],
    ['an N beyond what numbers hold', encodeNumber('1e400'), 'INPUT_UNSUPPORTED'],
    ['a small N', withParams({ N: 16_384, r: 8, p: 1 }), 'INPUT_UNSUPPORTED'],
    ['an N that is no power of two', withParams({ N: 65_535, r: 8, p: 1 }), 'INPUT_UNSUPPORTED'],
    ['a negative N', withParams({ N: -65_536, r: 8, p: 1 }), 'INPUT_UNSUPPORTED'],
    ['an N as text', withParams({ N: '65536', r: 8, p: 1 }), 'INPUT_MALFORMED'],
    ['a huge r', withParams({ N: 65_536, r: 2 ** 20, p: 1 }), 'INPUT_UNSUPPORTED'],
    ['another p', withParams({ N: 65_536, r: 8, p: 2 }), 'INPUT_UNSUPPORTED'],
    ['no p', withParams({ N: 65_536, r: 8 }), 'INPUT_MALFORMED'],
    ['a parameter too many', withParams({ N: 65_536, r: 8, p: 1, dkLen: 64 }), 'INPUT_MALFORMED'],
    ['another key derivation', withKdf({ name: 'argon2id' }), 'INPUT_UNSUPPORTED'],
    ['a short salt', withKdf({ salt: 'AAAA' }), 'INPUT_MALFORMED'],
    ['a salt that is not base64', withKdf({ salt: '!' }), 'INPUT_MALFORMED'],
    ['another cipher', withCipher({ name: 'aes-256-gcm' }), 'INPUT_UNSUPPORTED'],
    ['a short nonce', withCipher({ nonce: 'AAAA' }), 'INPUT_MALFORMED'],
    ['no ciphertext but a tag', { ...GOOD, ciphertext: Buffer.alloc(16).toString('base64') }, 'INPUT_MALFORMED'],
    ['no ciphertext', { kdf: GOOD.kdf, cipher: GOOD.cipher }, 'INPUT_MALFORMED'],
    ['another member', { ...GOOD, hint: 'x' }, 'INPUT_MALFORMED'],
    ['a member twice', JSON.stringify(GOOD).replace('{"kdf"', '{"ciphertext":"","kdf"'), 'INPUT_MALFORMED'],
    ['no JSON', 'canary', 'INPUT_MALFORMED'],
    ['JSON with something after it', `${JSON.stringify(GOOD)} canary`, 'INPUT_MALFORMED'],
    ['no object', '[]', 'INPUT_MALFORMED'],
    ['a huge file', { ...GOOD, ciphertext: Buffer.alloc(20_000).toString('base64') }, 'INPUT_TOO_LARGE'],
  ])('%s', async (_, json, code) => {
    const error = await decryptKeyFile(encode(json), noPassword).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(inspect(error, { depth: 9 })).not.toContain('canary');
  });

  test.each([
    ['two blocks', `${encode(GOOD)}${encode(GOOD)}`],
    ['text around the block', `text\n${encode(GOOD)}`],
    ['a block of another name', encode(GOOD, 'ENCRYPTED PRIVATE KEY')],
    ['nothing', ''],
  ])('%s', async (_, pem) => {
    await expect(decryptKeyFile(pem, noPassword)).rejects.toMatchObject({ code: 'INPUT_MALFORMED' });
  });

  test('whatever comes is a value or an error of ours', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json(), fc.uint8Array()), async (content) => {
        const pem =
          typeof content === 'string'
            ? encode(content.length === 0 ? ' ' : content)
            : encodePem(KEY_FILE_LABEL, content);
        const error = await decryptKeyFile(pem, noPassword).catch((thrown: unknown) => thrown);
        expect(isKeywaxError(error)).toBe(true);
      }),
    );
  });
});

function encodeNumber(n: string): string {
  return JSON.stringify(GOOD).replace('32768', n);
}

describe('the password', () => {
  test('has to be there', async () => {
    await expect(decryptKeyFile(encode(GOOD), undefined)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test.each([
    ['no text', (() => 5) as unknown as () => string],
    ['text that is no Unicode', () => '\ud800'],
    ['a file', () => 'x'.repeat(5_000)],
    ['what a function fails to give', noPassword],
  ])('is not %s', async (_, password) => {
    await expect(decryptKeyFile(encode(GOOD), password)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
