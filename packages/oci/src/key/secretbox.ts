// SPDX-License-Identifier: Apache-2.0
// What encrypts a key file: scrypt (RFC 7914) makes a key of the password, XSalsa20-Poly1305 in the layout of NaCl's
// secretbox, the tag first, seals with it. The only file of the package that imports noble; loaded on first use.

import { scrypt } from 'node:crypto';
import { encodeUtf8 } from '@keywax/core/bytes';
import { KeywaxError } from '@keywax/core/errors';

const KEY_BYTES = 32;

/** Bytes of the tag that precedes the ciphertext. */
export const TAG_BYTES = 16;
/** Bytes of the nonce, enough for a random one. */
export const NONCE_BYTES = 24;

/** How a password becomes a key. The caller has bounded the parameters: they decide over memory and time. */
export interface ScryptInput {
  readonly password: string;
  readonly salt: Uint8Array;
  /** CPU and memory cost, a power of two. */
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** Derives the 32-byte key of a password, on a thread of the host. @throws INTERNAL_ERROR where the host cannot */
export async function deriveKey({ password, salt, N, r, p }: ScryptInput): Promise<Uint8Array> {
  const maxmem = 2 * 128 * N * r; // the host's own bound is below what N = 65,536 takes
  const secret = encodeUtf8(password);
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, KEY_BYTES, { N, r, p, maxmem }, (error, key) => {
      secret.fill(0);
      if (error === null) resolve(new Uint8Array(key.buffer, key.byteOffset, key.byteLength));
      else reject(new KeywaxError('INTERNAL_ERROR', 'the host could not derive a key of the password'));
    });
  });
}

/** A message sealed under key and nonce: 16 bytes of tag, then the ciphertext. */
export async function sealBox(message: Uint8Array, key: Uint8Array, nonce: Uint8Array): Promise<Uint8Array> {
  const { xsalsa20poly1305 } = await import('@noble/ciphers/salsa.js');
  return xsalsa20poly1305(key, nonce).encrypt(message).slice();
}

/** The message of a sealed box, or `undefined` where the tag is not that of this key. */
export async function openBox(box: Uint8Array, key: Uint8Array, nonce: Uint8Array): Promise<Uint8Array | undefined> {
  const { xsalsa20poly1305 } = await import('@noble/ciphers/salsa.js');
  try {
    return xsalsa20poly1305(key, nonce).decrypt(box);
  } catch {
    return undefined;
  }
}
