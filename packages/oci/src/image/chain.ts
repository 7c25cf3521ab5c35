// SPDX-License-Identifier: Apache-2.0
// The chain above a certificate, which the older format carries along. It comes from the trusted root of the instance.

import { type CertificateAuthority, type TrustedRoot, decodeClientTrustConfig, decodeTrustedRoot } from '@keywax/trust';
import { equalBytes } from '@keywax/core/bytes';
import { parseCertificate } from '@keywax/core/x509';
import type { SignOptions } from 'keywax';

/** The authorities' certificates, the leaf's issuer first; empty where the instance is not given as documents. */
export function selectChain(leaf: Uint8Array, instance: SignOptions['instance']): readonly Uint8Array[] {
  const { issuer } = parseCertificate(leaf, 'certificate');
  const authorities = readTrustedRoot(instance)?.certificateAuthorities ?? [];
  return authorities.find((authority) => isIssuedBy(issuer, authority))?.certificates ?? [];
}

function isIssuedBy(issuer: Uint8Array, { chain, unusable }: CertificateAuthority): boolean {
  const [first] = chain;
  return unusable === undefined && first !== undefined && equalBytes(first.subject, issuer);
}

function readTrustedRoot(instance: SignOptions['instance']): TrustedRoot | undefined {
  if (typeof instance !== 'object' || instance === null) return undefined;
  if ('trustConfig' in instance && instance.trustConfig !== undefined)
    return decodeClientTrustConfig(instance.trustConfig).trustedRoot;
  if ('trustedRoot' in instance && instance.trustedRoot !== undefined && instance.trustedRoot !== 'production')
    return decodeTrustedRoot(instance.trustedRoot);
  return undefined;
}
