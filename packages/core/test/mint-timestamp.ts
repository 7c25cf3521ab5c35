// SPDX-License-Identifier: Apache-2.0
// Timestamp responses for tests, put together element by element, so that every element can be wrong, and signed for real.

import { createHash, sign } from 'node:crypto';
import { compareBytes } from '../src/bytes.js';
import { TAG, contextTag, encodeDer, encodeInteger } from '../src/der.js';
import { OID, encodeOid } from '../src/oid.js';
import { encodeGeneralizedTime } from '../src/time.js';
import {
  DIGITAL_SIGNATURE,
  DURING,
  ECDSA_SHA256,
  EMPTY,
  type Holder,
  directoryName,
  encodeAlgorithm,
  encodeName,
  extendedKeyUsage,
  makeLeaf,
  octets,
  sequence,
} from './mint.js';

export const SHA256: Uint8Array = encodeAlgorithm(OID.sha256);
export const SERIAL: Uint8Array = encodeInteger(7); // of every minted certificate

/** The members of a response as DER elements; members that may be absent are empty then. */
export interface TimestampParts {
  readonly status: Uint8Array;
  readonly contentType: Uint8Array;
  readonly version: Uint8Array;
  readonly digestAlgorithms: readonly Uint8Array[];
  readonly eContentType: Uint8Array;
  /** `[0]` and what is in it. */
  readonly eContent: Uint8Array;
  readonly info: Partial<InfoParts>;
  readonly certificates: Uint8Array;
  readonly signerVersion: Uint8Array;
  readonly sid: Uint8Array;
  readonly digestAlgorithm: Uint8Array;
  /** In the order in which they are written. */
  readonly attributes: readonly Uint8Array[];
  /** `[0]` and what is in it. */
  readonly signedAttributes: Uint8Array;
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
  readonly afterSignature: Uint8Array;
  readonly signerInfos: (signerInfo: Uint8Array) => readonly Uint8Array[];
}

/** The members of a TSTInfo as DER elements. */
export interface InfoParts {
  readonly version: Uint8Array;
  readonly policy: Uint8Array;
  readonly algorithm: Uint8Array;
  readonly digest: Uint8Array;
  readonly serialNumber: Uint8Array;
  readonly genTime: Uint8Array;
  /** Accuracy, ordering, nonce, authority, extensions. */
  readonly rest: Uint8Array;
}

/** The extensions of a timestamp authority's leaf. */
export const TSA_EXTENSIONS: readonly Uint8Array[] = [DIGITAL_SIGNATURE, extendedKeyUsage([OID.timeStamping], true)];

export function makeTsa(issuer: Holder): Holder {
  return makeLeaf(issuer, { subject: encodeName('tsa'), extensions: TSA_EXTENSIONS });
}

export function sha256(data: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(data).digest());
}

export function encodeInfo(stamped: Uint8Array, given: Partial<InfoParts> = {}): Uint8Array {
  const parts: InfoParts = {
    version: encodeInteger(1),
    policy: encodeOid('1.3.6.1.4.1.57264.2'),
    algorithm: encodeAlgorithm(OID.sha256, encodeDer(TAG.null)),
    digest: octets(sha256(stamped)),
    serialNumber: encodeInteger(99),
    genTime: encodeGeneralizedTime(DURING),
    rest: EMPTY,
    ...given,
  };
  const imprint = sequence(parts.algorithm, parts.digest);
  return sequence(parts.version, parts.policy, imprint, parts.serialNumber, parts.genTime, parts.rest);
}

export function attribute(type: string, ...values: readonly Uint8Array[]): Uint8Array {
  return sequence(encodeOid(type), encodeDer(TAG.set, ...values));
}

/** ESSCertIDv2 with SHA-256 by default, so not named. */
export function certificateId(der: Uint8Array, ...issuerSerial: readonly Uint8Array[]): Uint8Array {
  return sequence(octets(sha256(der)), ...issuerSerial);
}

export function signingCertificate(...ids: readonly Uint8Array[]): Uint8Array {
  return attribute(OID.signingCertificateV2, sequence(sequence(...ids)));
}

export function contentType(oid: string = OID.tstInfo): Uint8Array {
  return attribute(OID.contentType, encodeOid(oid));
}

export function messageDigest(content: Uint8Array): Uint8Array {
  return attribute(OID.messageDigest, octets(sha256(content)));
}

export function sortSet(members: readonly Uint8Array[]): readonly Uint8Array[] {
  return members.toSorted(compareBytes);
}

/** A granted response over `stamped` by `tsa`. */
export function mintTimestamp(tsa: Holder, stamped: Uint8Array, given: Partial<TimestampParts> = {}): Uint8Array {
  return sequence(given.status ?? sequence(encodeInteger(0)), mintToken(tsa, stamped, given));
}

/** The token alone. */
export function mintToken(tsa: Holder, stamped: Uint8Array, given: Partial<TimestampParts> = {}): Uint8Array {
  const info = encodeInfo(stamped, given.info);
  const { issuer, der } = tsa.certificate;
  const attributes =
    given.attributes ?? sortSet([contentType(), messageDigest(info), signingCertificate(certificateId(der))]);
  const signed = encodeDer(TAG.set, ...attributes);
  return encodeToken({
    contentType: encodeOid(OID.signedData),
    version: encodeInteger(3),
    digestAlgorithms: [SHA256],
    eContentType: encodeOid(OID.tstInfo),
    eContent: encodeDer(contextTag(0), octets(info)),
    certificates: EMPTY,
    signerVersion: encodeInteger(1),
    sid: sequence(issuer, SERIAL),
    digestAlgorithm: SHA256,
    signedAttributes: encodeDer(contextTag(0), ...attributes),
    signatureAlgorithm: ECDSA_SHA256,
    signature: octets(Uint8Array.from(sign('sha256', signed, tsa.pair.privateKey))),
    afterSignature: EMPTY,
    signerInfos: (signerInfo) => [signerInfo],
    ...given,
  });
}

function encodeToken(parts: Omit<TimestampParts, 'status' | 'info' | 'attributes'>): Uint8Array {
  const signerInfo = sequence(
    parts.signerVersion,
    parts.sid,
    parts.digestAlgorithm,
    parts.signedAttributes,
    parts.signatureAlgorithm,
    parts.signature,
    parts.afterSignature,
  );
  const signedData = sequence(
    parts.version,
    encodeDer(TAG.set, ...parts.digestAlgorithms),
    sequence(parts.eContentType, parts.eContent),
    parts.certificates,
    encodeDer(TAG.set, ...parts.signerInfos(signerInfo)),
  );
  return sequence(parts.contentType, encodeDer(contextTag(0), signedData));
}

/** IssuerSerial of ESSCertIDv2. */
export function issuerSerial(issuer: Uint8Array, serialNumber: Uint8Array = SERIAL): Uint8Array {
  return sequence(sequence(directoryName(issuer)), serialNumber);
}
