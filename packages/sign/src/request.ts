// SPDX-License-Identifier: Apache-2.0
// What a caller says of a signature to be made.

import type { Transport } from '@keywax/http';
import type { IdentityProvider } from '@keywax/identity';
import type { SelectedServices } from '@keywax/trust';
import type { PreparedTrust } from '@keywax/verify';
import type { Signer } from './signer.js';

/** What `selectServices` chose of a signing config. A key pair needs no certificate authority. */
export type SigningServices = Omit<SelectedServices, 'certificateAuthority'> &
  Partial<Pick<SelectedServices, 'certificateAuthority'>>;

/** Where and with what to sign. */
export interface SignRequest {
  readonly services: SigningServices;
  /** The bundle is verified against it before it is returned. */
  readonly trust: PreparedTrust;
  /** Where the identity token comes from; needed unless `keyHint` says that a key pair signs. */
  readonly identity?: IdentityProvider;
  /** Signs; an ephemeral P-256 key unless given. */
  readonly signer?: Signer;
  /** Signs with the key pair of `signer` and no certificate; verifiers find the key by this hint. */
  readonly keyHint?: string;
  /**
   * With a key pair: makes a bundle although `services` has neither a log nor a timestamp authority. Only who names the
   * key, and asks for no log, verifies it.
   */
  readonly unsafeNoLog?: boolean;
  /** Asks for the certificate with a PKCS#10 request instead of a public key and a proof of possession. */
  readonly csr?: boolean;
  readonly transport?: Transport;
  readonly now?: () => Date;
}

/** True where one of the services proves a time: a timestamp authority, or a log whose promises do. */
export function provesTime({ logs, timestampAuthorities }: SigningServices): boolean {
  return timestampAuthorities.length > 0 || logs.some(({ majorApiVersion }) => majorApiVersion === 1);
}
