// SPDX-License-Identifier: Apache-2.0
// The certificate profiles of an instance, as production issues them.

import { OID } from '@keywax/core/oid';
import { type CertificateIssuer, type CertificateProfile, randomSerialNumber } from './certificate.js';
import {
  type AlternativeName,
  type ExtensionValue,
  authorityKeyIdentifier,
  basicConstraints,
  encodeName,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  subjectKeyIdentifier,
} from './extensions.js';
import { readCertificate, readTbs } from './tbs.js';

import { ORGANIZATION } from '../trust-documents.js';
const AUTHORITY_YEARS = 10;
const LEAF_MS = 600_000; // Fulcio's leaves live ten minutes
/** A leaf is valid from a little before its issue: signed times have a resolution of one second. */
const LEAF_BACKDATE_MS = 5_000;

/** When an authority that is made at `now` becomes valid: material is older than what it signs. */
export function authorityStart(now: Date): Date {
  return new Date(Math.floor(now.getTime() / 1000) * 1000 - 86_400_000);
}

function authorityEnd(now: Date): Date {
  const end = authorityStart(now);
  end.setUTCFullYear(end.getUTCFullYear() + AUTHORITY_YEARS);
  return end;
}

/** Self-signed root: CA, no path length, no extended key usage. */
export function rootProfile(commonName: string, spki: Uint8Array, now: Date): CertificateProfile {
  const name = encodeName({ organization: ORGANIZATION, commonName });
  return {
    serialNumber: randomSerialNumber(),
    issuer: name,
    subject: name,
    notBefore: authorityStart(now),
    notAfter: authorityEnd(now),
    spki,
    extensions: [keyUsage('keyCertSign', 'cRLSign'), basicConstraints({ ca: true }), subjectKeyIdentifier(spki)],
  };
}

/** Intermediate below `issuer`: path length 0, extended key usage chained (code signing unless said otherwise). */
export function intermediateProfile(
  commonName: string,
  spki: Uint8Array,
  {
    issuer,
    now,
    purpose = OID.codeSigning,
  }: { readonly issuer: CertificateIssuer; readonly now: Date; readonly purpose?: string },
): CertificateProfile {
  return {
    ...rootProfile(commonName, spki, now),
    issuer: issuer.name,
    extensions: [
      keyUsage('keyCertSign', 'cRLSign'),
      extendedKeyUsage([purpose]),
      basicConstraints({ ca: true, pathLength: 0 }),
      subjectKeyIdentifier(spki),
      authorityKeyIdentifier(issuer.key.spki),
    ],
  };
}

/** What a signer's leaf says beyond the profile. */
export interface LeafSubject {
  readonly names: readonly AlternativeName[];
  /** The extensions of Fulcio's arc, in order. */
  readonly extensions: readonly ExtensionValue[];
}

/** Fulcio's leaf: empty subject, critical SAN, code signing, ten minutes. SCTs are added when it is signed. */
export function leafProfile(
  spki: Uint8Array,
  subject: LeafSubject,
  { issuer, now }: { readonly issuer: CertificateIssuer; readonly now: Date },
): CertificateProfile {
  const notBefore = new Date(now.getTime() - LEAF_BACKDATE_MS);
  return {
    serialNumber: randomSerialNumber(),
    issuer: issuer.name,
    subject: encodeName({}),
    notBefore,
    notAfter: new Date(now.getTime() + LEAF_MS),
    spki,
    extensions: [
      keyUsage('digitalSignature'),
      extendedKeyUsage([OID.codeSigning]),
      subjectKeyIdentifier(spki),
      authorityKeyIdentifier(issuer.key.spki),
      subjectAltName(subject.names),
      ...subject.extensions,
    ],
  };
}

/** A timestamp authority's leaf: the only purpose is time stamping, and critical (RFC 3161 §2.3). */
export function timestampLeafProfile(
  commonName: string,
  spki: Uint8Array,
  { issuer, now }: { readonly issuer: CertificateIssuer; readonly now: Date },
): CertificateProfile {
  return {
    ...rootProfile(commonName, spki, now),
    issuer: issuer.name,
    extensions: [
      keyUsage('digitalSignature'),
      extendedKeyUsage([OID.timeStamping], true),
      subjectKeyIdentifier(spki),
      authorityKeyIdentifier(issuer.key.spki),
    ],
  };
}

/** The DER name of a certificate's subject, as received. */
export function readSubject(certificate: Uint8Array): Uint8Array {
  return readTbs(readCertificate(certificate).tbs).subject;
}
