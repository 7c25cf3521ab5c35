// SPDX-License-Identifier: Apache-2.0
// The chain above a certificate, which the older format carries along. It comes from the trusted root of the instance.

import { type CertificateAuthority, type TrustedRoot, decodeClientTrustConfig, decodeTrustedRoot } from '@keywax/trust';
import { type Certificate, parseCertificate } from '@keywax/core/x509';
import { matchIssuer } from '@keywax/core/x509-path';
import type { SignOptions } from 'keywax';

/** The authorities' certificates, the leaf's issuer first; empty where the instance is not given as documents. */
export function selectChain(leaf: Uint8Array, instance: SignOptions['instance']): readonly Uint8Array[] {
  const certificate = parseCertificate(leaf, 'certificate');
  const authorities = readTrustedRoot(instance)?.certificateAuthorities ?? [];
  return authorities.find((authority) => hasIssued(authority, certificate))?.certificates ?? [];
}

/** Two authorities may share a name, but not a key id. */
function hasIssued({ chain, unusable }: CertificateAuthority, certificate: Certificate): boolean {
  const [issuer] = chain;
  return unusable === undefined && issuer !== undefined && matchIssuer(certificate, issuer);
}

function readTrustedRoot(instance: SignOptions['instance']): TrustedRoot | undefined {
  if (typeof instance !== 'object' || instance === null) return undefined;
  if ('trustConfig' in instance && instance.trustConfig !== undefined)
    return decodeClientTrustConfig(instance.trustConfig).trustedRoot;
  if ('trustedRoot' in instance && instance.trustedRoot !== undefined && instance.trustedRoot !== 'production')
    return decodeTrustedRoot(instance.trustedRoot);
  return undefined;
}
