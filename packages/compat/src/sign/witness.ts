// SPDX-License-Identifier: Apache-2.0
// Who testifies to a signature. Callers bring witnesses of their own.

import type { Bundle, RFC3161SignedTimestamp, TransparencyLogEntry } from '../bundle/records.js';

/** What was signed, and the signature. */
export type SignatureBundle = Bundle['content'];

/** What witnesses add to a bundle. */
export type VerificationMaterial = {
  tlogEntries?: TransparencyLogEntry[];
  rfc3161Timestamps?: RFC3161SignedTimestamp[];
};

/** Testifies to a signature; `publicKey` is the PEM of the key or certificate that verifies it. */
export interface Witness {
  testify: (signature: SignatureBundle, publicKey: string) => Promise<VerificationMaterial>;
}
