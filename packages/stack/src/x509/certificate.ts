// SPDX-License-Identifier: Apache-2.0
// Certificates from profiles. @peculiar/x509 writes them, so that what the engine reads here was not written by its
// own DER code; `tbs.ts` then adds what has to follow and signs.

import { randomBytes } from 'node:crypto';
import { encodeHex } from '@keywax/core/bytes';
import type { HashName } from '@keywax/core/hash';
import {
  type KeyKind,
  type SigningKey,
  encodeSignatureAlgorithm,
  generateSigningKey,
  selectKeyHash,
  signBytes,
} from '../keys.js';
import type { ExtensionValue } from './extensions.js';
import { type TbsMembers, encodeCertificate, encodeTbs, readCertificate, readTbs } from './tbs.js';

/** What a certificate says. Names and keys are DER; times lose their fraction of a second. */
export interface CertificateProfile {
  readonly serialNumber: Uint8Array;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly spki: Uint8Array;
  readonly extensions: readonly ExtensionValue[];
}

/** A key that issues certificates under a name. `chain` starts with its own certificate and ends with the root. */
export interface CertificateIssuer {
  readonly key: SigningKey;
  readonly name: Uint8Array;
  readonly chain: readonly Uint8Array[];
}

/** Loads @peculiar/x509 on first use; it needs `reflect-metadata` before it. */
export async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

/** A random positive serial number of 20 octets (RFC 5280 §4.1.2.2). */
export function randomSerialNumber(): Uint8Array {
  const serial = Uint8Array.from(randomBytes(20));
  serial[0] = ((serial[0] as number) & 0x3f) | 0x40; // positive, and never shorter
  return serial;
}

/** The members of the TBSCertificate of a profile, to be signed by `key`. */
export async function buildTbs(
  profile: CertificateProfile,
  key: SigningKey,
  hash: HashName = selectKeyHash(key),
): Promise<TbsMembers> {
  const x509 = await loadX509();
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: encodeHex(profile.serialNumber),
      issuer: new x509.Name(Uint8Array.from(profile.issuer)),
      subject: new x509.Name(Uint8Array.from(profile.subject)),
      notBefore: profile.notBefore,
      notAfter: profile.notAfter,
      publicKey: Uint8Array.from(profile.spki),
      extensions: profile.extensions.map(
        ({ id, critical, value }) => new x509.Extension(id, critical, Uint8Array.from(value)),
      ),
      // Stand-ins: the caller signs once all extensions are there.
      signature: new Uint8Array(2),
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    },
    crypto,
  );
  const members = readTbs(readCertificate(new Uint8Array(certificate.rawData)).tbs);
  return { ...members, signatureAlgorithm: encodeSignatureAlgorithm(key, hash) };
}

/** Issues a certificate as DER. */
export async function issueCertificate(
  profile: CertificateProfile,
  key: SigningKey,
  hash?: HashName,
): Promise<Uint8Array> {
  const members = await buildTbs(profile, key, hash);
  return signMembers(members, key, hash);
}

/** Encodes and signs TBSCertificate members; the outer algorithm is the inner one, byte for byte. */
export function signMembers(members: TbsMembers, key: SigningKey, hash?: HashName): Uint8Array {
  const tbs = encodeTbs(members);
  return encodeCertificate({
    tbs,
    signatureAlgorithm: members.signatureAlgorithm,
    signature: signBytes(key, tbs, hash),
  });
}

/** What makes an authority out of a profile. */
export interface IssuerOptions {
  readonly keyKind?: KeyKind;
  readonly key?: SigningKey;
  /** The issuer above; without it the certificate is self-signed. */
  readonly parent?: CertificateIssuer;
}

/** Makes an authority: `describe` gives the profile for its new key. */
export async function createIssuer(
  describe: (spki: Uint8Array) => CertificateProfile,
  { keyKind = 'P-384', key = generateSigningKey(keyKind), parent }: IssuerOptions = {},
): Promise<CertificateIssuer> {
  const profile = describe(key.spki);
  const certificate = await issueCertificate(profile, parent?.key ?? key);
  return { key, name: profile.subject, chain: [certificate, ...(parent?.chain ?? [])] };
}
