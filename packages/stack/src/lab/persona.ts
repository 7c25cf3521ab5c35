// SPDX-License-Identifier: Apache-2.0
// Identities for bundles that are made without a token.

import { type CertifiedIdentity, type IssuerKind, selectIdentity } from '../fulcio/identity.js';
import { ISSUER_PATHS, PERSONAS, type PersonaClaims } from '../oidc/personas.js';

/** The OIDC base URL that identities of the lab name. */
export const LAB_ISSUER = 'https://oidc.localhost';

/** What Fulcio would certify for a persona, with single claims replaced. */
export function personaIdentity(kind: IssuerKind, overrides: PersonaClaims = {}): CertifiedIdentity {
  const claims = { iss: LAB_ISSUER + ISSUER_PATHS[kind], sub: '', ...PERSONAS[kind], ...overrides };
  const identity = selectIdentity(kind, claims);
  if (identity === undefined) throw new RangeError(`the claims of the ${kind} persona name no subject`);
  return identity;
}
