// SPDX-License-Identifier: Apache-2.0

import type { HashName } from '@keywax/core/hash';
import type { LogEntry } from './log-entry.js';

/** The versions of the bundle format. */
export type BundleVersion = '0.1' | '0.2' | '0.3';

/** What names the key that signed. */
export type SigningMaterial =
  | {
      readonly kind: 'certificate';
      /** DER, leaf first, at least one and at most ten; exactly one from version 0.3 on. Not parsed here. */
      readonly certificates: readonly Uint8Array[];
    }
  | {
      readonly kind: 'publicKey';
      /** Not empty, unauthenticated: for looking a key up, never to trust one. */
      readonly hint: string;
    };

/** What was signed, and the signature. */
export type BundleContent =
  | {
      readonly kind: 'message';
      /** What the signer says that the artifact's digest is; of the length that the algorithm demands. */
      readonly digest: { readonly algorithm: HashName; readonly value: Uint8Array };
      readonly signature: Uint8Array;
    }
  | {
      readonly kind: 'dsse';
      readonly payload: Uint8Array;
      /** ASCII, 1 to 256 characters. */
      readonly payloadType: string;
      /** Over the pre-authentication encoding of type and payload (DSSE). */
      readonly signature: Uint8Array;
      /** Unauthenticated hint; often empty. */
      readonly keyId: string;
    };

/** A decoded Sigstore bundle: well-formed, complete for its version, and claimed throughout. */
export interface Bundle {
  readonly version: BundleVersion;
  /** One of the four known spellings. */
  readonly mediaType: string;
  readonly material: SigningMaterial;
  /** At most 32; none in a bundle that relies on timestamps alone. */
  readonly entries: readonly LogEntry[];
  /** RFC 3161 responses in DER, at most 32. Not parsed here. */
  readonly timestamps: readonly Uint8Array[];
  readonly content: BundleContent;
}
