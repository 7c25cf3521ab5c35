// SPDX-License-Identifier: Apache-2.0
// Digests as container registries write them (OCI image spec, descriptor.md#digests).
// Refused: algorithms but sha256 and sha512, upper case, a wrong length, anything around.

import { encodeHex } from '@keywax/core/bytes';
import { defaultCrypto } from '@keywax/core/crypto';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';

/** The hash functions of digests. */
export type DigestAlgorithm = 'sha256' | 'sha512';

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** True for `sha256:…` and `sha512:…` in lower-case hexadecimal. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** Gives back a digest that is one. @throws INPUT_MALFORMED */
export function parseDigest(text: string, at = 'digest'): string {
  if (isDigest(text)) return text;
  const expected = 'sha256: or sha512: and lower-case hexadecimal';
  const actual = quoteText(text);
  throw new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}, found ${actual}`, {
    details: { at, expected, actual },
  });
}

/** The hash function of a digest that was parsed. */
export function digestAlgorithm(digest: string): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** The digest of bytes. */
export function computeDigest(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): string {
  return `${algorithm}:${encodeHex(hash(algorithm, bytes))}`;
}

/** Passes chunks on, and demands at the end that they have the given digest and size; stops at the first byte too many. */
export async function* checkChunks(
  chunks: AsyncIterable<Uint8Array>,
  expected: { readonly digest: string; readonly size: number },
  fail: (expected: string, actual: string) => KeywaxError,
): AsyncGenerator<Uint8Array, void, undefined> {
  const algorithm = digestAlgorithm(expected.digest);
  const digester = defaultCrypto.createHash(algorithm);
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > expected.size) throw fail(`${expected.size} bytes`, 'more');
    digester.update(chunk);
    yield chunk;
  }
  if (size !== expected.size) throw fail(`${expected.size} bytes`, `${size}`);
  const digest = `${algorithm}:${encodeHex(digester.digest())}`;
  if (digest !== expected.digest) throw fail(expected.digest, digest);
}
