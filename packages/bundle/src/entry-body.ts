// SPDX-License-Identifier: Apache-2.0

import type { HashName } from '@keywax/core/hash';

/** What a log entry says that a signature was verified with. */
export type EntryVerifier =
  | { readonly kind: 'certificate'; readonly der: Uint8Array }
  | { readonly kind: 'publicKey'; readonly spki: Uint8Array };

/** A signature that a log entry records. */
export interface EntrySignature {
  readonly signature: Uint8Array;
  readonly verifier: EntryVerifier;
  /** Name in the algorithm registry, such as `PKIX_ECDSA_P256_SHA_256`; in entries of Rekor v2 alone. */
  readonly keyDetails?: string;
}

/** A digest with the name of its algorithm; its length is the algorithm's. */
export interface EntryDigest {
  readonly algorithm: HashName;
  readonly value: Uint8Array;
}

/** What a log entry says, in one shape for every kind that is read. */
export interface EntryBody {
  readonly kind: 'hashedrekord' | 'dsse' | 'intoto';
  readonly version: '0.0.1' | '0.0.2';
  /** At least one; more than one only where the kind has a list. */
  readonly signatures: readonly EntrySignature[];
  /**
   * `artifact`: the digest that was signed, which for an envelope in a hashedrekord is that of its pre-authentication
   * encoding. `payload`: the digest of the envelope's payload.
   */
  readonly digest: EntryDigest & { readonly of: 'artifact' | 'payload' };
  /** Digest of the envelope's text as it was submitted (dsse 0.0.1, intoto 0.0.2); a bundle does not hold that text. */
  readonly envelopeDigest?: EntryDigest;
}
