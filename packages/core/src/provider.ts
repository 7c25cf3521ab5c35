// SPDX-License-Identifier: Apache-2.0
// What a crypto provider is: hashing, and checking signatures by keys that passed the gate of key.ts.

import type { SignatureScheme } from './algorithms.js';
import type { HashName } from './hash-name.js';
import type { PublicKey } from './key.js';

/** What was signed: the message, or its digest by the hash function of the scheme. */
export type SignedData =
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  | { readonly kind: 'digest'; readonly bytes: Uint8Array };

/** One signature to check. ECDSA signatures are DER (RFC 3279 §2.2.3), Ed25519 ones 64 bytes (RFC 8032 §5.1.6). */
export interface SignatureInput {
  readonly key: PublicKey;
  readonly scheme: SignatureScheme;
  readonly signature: Uint8Array;
  readonly data: SignedData;
}

/** A hash function that is fed piece by piece, in constant memory. */
export interface IncrementalHash {
  update(chunk: Uint8Array): void;
  /** The digest of everything fed so far; called once, as the last. */
  digest(): Uint8Array;
}

/** The one door to cryptography. Overridable per call. */
export interface CryptoProvider {
  /** Names the provider in reports, such as `node`. */
  readonly name: string;
  /** The digest of the concatenation of `pieces`. */
  hash(name: HashName, ...pieces: readonly Uint8Array[]): Uint8Array;
  createHash(name: HashName): IncrementalHash;
  /**
   * True exactly when the signature verifies; false for every malformed one, and for a key of another kind than the
   * scheme's.
   * @throws INPUT_UNSUPPORTED for pure Ed25519 over a digest, CONFIG_INVALID for a digest of the wrong length
   */
  verify(input: SignatureInput): Promise<boolean>;
  /**
   * The same without waiting; absent where the provider cannot.
   * @throws CONFIG_INVALID as `verify`, and where `loadSyncCrypto` is needed and was not awaited; INPUT_UNSUPPORTED
   */
  verifySync?(input: SignatureInput): boolean;
}
