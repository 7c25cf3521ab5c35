// SPDX-License-Identifier: Apache-2.0
// Hashing with the host's provider, and the names of hash functions.

import { hostCrypto } from '#crypto';
import type { HashName } from './hash-name.js';

export { HASH_BYTES, HASH_PROTO_NAMES, type HashName, parseHashName } from './hash-name.js';

/** The digest of the concatenation of `pieces`, by the default crypto provider. */
export function hash(name: HashName, ...pieces: readonly Uint8Array[]): Uint8Array {
  return hostCrypto.hash(name, ...pieces);
}
