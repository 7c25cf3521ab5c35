// SPDX-License-Identifier: Apache-2.0
// The hash functions in use (FIPS 180-4), their sizes, and their names in the Sigstore protobufs.
// Refused: every other name, SHA-1 and MD5 among them.

import { KeywaxError, quoteText } from './errors.js';

/** A hash function of the SHA-2 family. */
export type HashName = 'sha256' | 'sha384' | 'sha512';

/** Length of each digest in bytes. */
export const HASH_BYTES: Readonly<Record<HashName, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/** The name of each hash function in the protobuf enum `dev.sigstore.common.v1.HashAlgorithm`. */
export const HASH_PROTO_NAMES: Readonly<Record<HashName, string>> = {
  sha256: 'SHA2_256',
  sha384: 'SHA2_384',
  sha512: 'SHA2_512',
};

/**
 * The hash function of a protobuf enum name such as `SHA2_256`, matched exactly.
 * @throws INPUT_UNSUPPORTED at `at` for every other name
 */
export function parseHashName(protoName: string, at: string): HashName {
  const name = (Object.keys(HASH_PROTO_NAMES) as HashName[]).find((known) => HASH_PROTO_NAMES[known] === protoName);
  if (name !== undefined) return name;
  const expected = Object.values(HASH_PROTO_NAMES).join(', ');
  const actual = quoteText(protoName);
  throw new KeywaxError('INPUT_UNSUPPORTED', `${at}: expected one of ${expected}, found ${actual}`, {
    details: { at, expected, actual },
  });
}
