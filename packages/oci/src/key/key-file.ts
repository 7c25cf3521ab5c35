// SPDX-License-Identifier: Apache-2.0
// Encrypted private keys as cosign keeps them: PEM around JSON, in it PKCS#8 sealed under a password (PROTOCOL 9.4).
// Refused before any work: other key derivations and ciphers than scrypt and secretbox; N other than 2^15, 2^16 and 2^17;
// r other than 8, p other than 1; salts and nonces of another length; unknown members; more than 16 KiB.

import { randomBytes } from 'node:crypto';
import { encodeBase64, encodeUtf8 } from '@keywax/core/bytes';
import { type Decoder, decodeBase64Field, decodeObject, oneOfNames, transform } from '@keywax/core/decode';
import { KeywaxError } from '@keywax/core/errors';
import { isJsonNumber, parseJson } from '@keywax/core/json';
import { encodePem, parseSinglePem } from '@keywax/core/pem';
import { type Password, obtainPassword } from './password.js';
import { NONCE_BYTES, TAG_BYTES, deriveKey, openBox, sealBox } from './secretbox.js';

/** The label of the PEM block that is written. */
export const KEY_FILE_LABEL = 'ENCRYPTED SIGSTORE PRIVATE KEY';
/** The label that older files have. */
export const OLD_KEY_FILE_LABEL = 'ENCRYPTED COSIGN PRIVATE KEY';

const AT = 'encrypted private key';
const MAX_BYTES = 16_384; // four times what an RSA key of 4,096 bits takes
const SALT_BYTES = 32;
const COSTS: readonly number[] = [32_768, 65_536, 131_072]; // more would take more memory than a reader should give
const COST = 65_536;

interface KeyFile {
  readonly kdf: {
    readonly name: 'scrypt';
    readonly params: { readonly N: number; readonly r: 8; readonly p: 1 };
    readonly salt: Uint8Array;
  };
  readonly cipher: { readonly name: 'nacl/secretbox'; readonly nonce: Uint8Array };
  readonly ciphertext: Uint8Array;
}

/** One of the numbers; another one is a file that is not supported, not one that is broken. */
function oneOfNumbers<const T extends number>(numbers: readonly T[]): Decoder<T> {
  return (value, at) => {
    const found = numbers.find((candidate) => candidate === value);
    if (found !== undefined) return found;
    const isNumber = typeof value === 'number' || isJsonNumber(value);
    const expected = numbers.join(' or ');
    throw new KeywaxError(isNumber ? 'INPUT_UNSUPPORTED' : 'INPUT_MALFORMED', `${at}: expected ${expected}`, {
      details: { at, expected },
    });
  };
}

function bytesOf(fits: (length: number) => boolean, expected: string): Decoder<Uint8Array> {
  return transform(decodeBase64Field, (bytes, at) => {
    if (fits(bytes.length)) return bytes;
    throw new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}`, { details: { at, expected } });
  });
}

const decodeKeyFile: Decoder<KeyFile> = decodeObject<KeyFile>({
  kdf: decodeObject<KeyFile['kdf']>({
    name: oneOfNames(['scrypt']),
    params: decodeObject<KeyFile['kdf']['params']>({
      N: oneOfNumbers(COSTS),
      r: oneOfNumbers([8]),
      p: oneOfNumbers([1]),
    }),
    salt: bytesOf((length) => length === SALT_BYTES, `${SALT_BYTES} bytes`),
  }),
  cipher: decodeObject<KeyFile['cipher']>({
    name: oneOfNames(['nacl/secretbox']),
    nonce: bytesOf((length) => length === NONCE_BYTES, `${NONCE_BYTES} bytes`),
  }),
  ciphertext: bytesOf((length) => length > TAG_BYTES, `more than ${TAG_BYTES} bytes`),
});

/** True for PEM text with one of the two labels of an encrypted private key. */
export function isKeyFile(pem: string): boolean {
  return [KEY_FILE_LABEL, OLD_KEY_FILE_LABEL].some((label) => pem.includes(`-----BEGIN ${label}-----`));
}

/**
 * Encrypts a PKCS#8 private key (DER) as cosign does, with fresh salt and nonce and N = 65,536.
 * @throws CONFIG_INVALID without a password
 */
export async function encryptKeyFile(pkcs8: Uint8Array, password: Password): Promise<string> {
  const salt = new Uint8Array(randomBytes(SALT_BYTES));
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
  const params = { N: COST, r: 8, p: 1 } as const;
  const key = await deriveKey({ password: await obtainPassword(password), salt, ...params });
  const ciphertext = await sealBox(pkcs8, key, nonce);
  key.fill(0);
  const file = {
    kdf: { name: 'scrypt', params, salt: encodeBase64(salt) },
    cipher: { name: 'nacl/secretbox', nonce: encodeBase64(nonce) },
    ciphertext: encodeBase64(ciphertext),
  };
  return encodePem(KEY_FILE_LABEL, encodeUtf8(JSON.stringify(file)));
}

/**
 * Decrypts an encrypted private key of either label; the PKCS#8 in it is not parsed. The password is not asked for where
 * the file is refused.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED for other parameters, CONFIG_INVALID without a password,
 *   PASSWORD_WRONG also for a file that was changed
 */
export async function decryptKeyFile(pem: string, password: Password | undefined): Promise<Uint8Array> {
  const label = pem.includes(`-----BEGIN ${OLD_KEY_FILE_LABEL}-----`) ? OLD_KEY_FILE_LABEL : KEY_FILE_LABEL;
  const json = parseJson(parseSinglePem(pem, label, AT), { maxBytes: MAX_BYTES }, AT);
  const { kdf, cipher, ciphertext } = decodeKeyFile(json, AT);
  const key = await deriveKey({ password: await obtainPassword(password), salt: kdf.salt, ...kdf.params });
  const pkcs8 = await openBox(ciphertext, key, cipher.nonce);
  key.fill(0);
  if (pkcs8 !== undefined) return pkcs8;
  throw new KeywaxError('PASSWORD_WRONG', `${AT}: it does not open with this password`, { details: { at: AT } });
}
