// SPDX-License-Identifier: Apache-2.0

import type { TimeRange } from '@keywax/core/time';
import type { Certificate } from '@keywax/core/x509';

/** A certificate or timestamp authority that a trusted root vouches for. */
export interface CertificateAuthority {
  /** As the trusted root describes it; says nothing about the certificates. */
  readonly subject: { readonly organization: string; readonly commonName: string };
  /** Empty where there is none. */
  readonly uri: string;
  /** DER, towards the anchor: a timestamp authority's leaf first where it is listed, the anchor last; 1 to 10. */
  readonly certificates: readonly Uint8Array[];
  /** The same, parsed; each is issued in the name of the next. Empty where the authority is unusable. */
  readonly chain: readonly Certificate[];
  /** Why nothing of this authority can be verified: what needs it fails with `KEY_REJECTED`. */
  readonly unusable?: string;
  /** When the authority was in use, both ends inclusive. */
  readonly validFor: TimeRange;
  /** Who runs it; authorities of one operator may count as one. */
  readonly operator?: string;
}
