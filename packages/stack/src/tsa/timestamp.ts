// SPDX-License-Identifier: Apache-2.0
// RFC 3161 timestamp tokens (CMS SignedData, RFC 5652), written member by member. Each step of making one can be
// replaced, and what follows is made and signed over what came out.

import { randomBytes } from 'node:crypto';
import { compareBytes } from '@keywax/core/bytes';
import { TAG, contextTag, encodeDer, encodeInteger } from '@keywax/core/der';
import { type HashName, hash } from '@keywax/core/hash';
import { OID, encodeOid } from '@keywax/core/oid';
import { encodeGeneralizedTime, encodeUtcTime } from '@keywax/core/time';
import { type SigningKey, encodeSignatureAlgorithm, signBytes } from '../keys.js';
import { readCertificate, readTbs } from '../x509/tbs.js';

/** Sigstore's timestamp policy. */
export const TIMESTAMP_POLICY = '1.3.6.1.4.1.57264.2';

/** Who signs a token. */
export interface TimestampSigner {
  readonly key: SigningKey;
  /** The leaf, as DER. */
  readonly certificate: Uint8Array;
}

/** The members of TSTInfo (RFC 3161 §2.4.2), each a whole DER element. */
export interface TstInfoMembers {
  readonly version: Uint8Array;
  readonly policy: Uint8Array;
  readonly messageImprint: Uint8Array;
  readonly serialNumber: Uint8Array;
  readonly genTime: Uint8Array;
  readonly accuracy?: Uint8Array;
  readonly ordering?: Uint8Array;
  readonly nonce?: Uint8Array;
  readonly tsa?: Uint8Array;
  readonly extensions?: Uint8Array;
}

/** The members of SignerInfo (RFC 5652 §5.3): DER elements, a list of attributes, and the raw signature. */
export interface SignerInfoMembers {
  readonly version: Uint8Array;
  readonly sid: Uint8Array;
  readonly digestAlgorithm: Uint8Array;
  /** Left out altogether when absent. */
  readonly signedAttributes?: readonly Uint8Array[];
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
}

/** The members of SignedData (RFC 5652 §5.1): DER elements and lists of them. */
export interface SignedDataMembers {
  readonly version: Uint8Array;
  readonly digestAlgorithms: readonly Uint8Array[];
  readonly contentType: Uint8Array;
  readonly content: Uint8Array;
  /** The field is left out when absent, and empty when the list is. */
  readonly certificates?: readonly Uint8Array[];
  readonly signerInfos: readonly Uint8Array[];
}

/** The members of TimeStampResp (RFC 3161 §2.4.2). */
export interface ResponseMembers {
  readonly statusInfo: Uint8Array;
  readonly token?: Uint8Array;
}

/** What is asked of a timestamp authority. `digest` is by `algorithm`; `nonce` is a whole DER INTEGER. */
export interface TimestampQuery {
  readonly imprint: { readonly algorithm: HashName; readonly digest: Uint8Array };
  readonly nonce?: Uint8Array;
  readonly policy?: string;
  readonly certificates?: readonly Uint8Array[];
}

/** The steps of making a token, each of which a test may replace; without them it is a good token. */
export interface TimestampSteps {
  readonly genTime: Date;
  readonly changeInfo?: (members: TstInfoMembers) => TstInfoMembers;
  /** Changes the attributes before they are signed; they are signed in the order that comes out. */
  readonly changeAttributes?: (attributes: readonly Uint8Array[]) => readonly Uint8Array[];
  /** Changes the SignerInfo after the signature. */
  readonly changeSignerInfo?: (members: SignerInfoMembers) => SignerInfoMembers;
  readonly changeSignedData?: (members: SignedDataMembers) => SignedDataMembers;
  readonly changeResponse?: (members: ResponseMembers) => ResponseMembers;
  /** Hash of the attributes and of the content. */
  readonly hash?: HashName;
}

const HASH_OIDS: Readonly<Record<HashName, string>> = { sha256: OID.sha256, sha384: OID.sha384, sha512: OID.sha512 };

/** A TimeStampResp (DER) that answers `query`. */
export function createTimestamp(query: TimestampQuery, signer: TimestampSigner, steps: TimestampSteps): Uint8Array {
  const info = encodeTstInfo((steps.changeInfo ?? keep)(describeTstInfo(query, steps.genTime, signer)));
  const signerInfo = signInfo(info, signer, steps);
  const digest = steps.hash ?? selectTokenHash(signer.key);
  const signedData = (steps.changeSignedData ?? keep)({
    version: encodeInteger(3),
    digestAlgorithms: [encodeHashAlgorithm(digest)],
    contentType: encodeOid(OID.tstInfo),
    content: info,
    ...(query.certificates === undefined ? {} : { certificates: query.certificates }),
    signerInfos: [encodeSignerInfo((steps.changeSignerInfo ?? keep)(signerInfo))],
  });
  return encodeResponse(
    (steps.changeResponse ?? keep)({ statusInfo: encodeStatus(0), token: encodeToken(signedData) }),
  );
}

function keep<T>(value: T): T {
  return value;
}

/** Production signs with SHA-256 whatever the curve; Ed25519 needs SHA-512 (RFC 8419 §3). */
function selectTokenHash(key: SigningKey): HashName {
  return key.kind === 'ed25519' ? 'sha512' : 'sha256';
}

function describeTstInfo(
  { imprint, nonce, policy = TIMESTAMP_POLICY }: TimestampQuery,
  genTime: Date,
  signer: TimestampSigner,
): TstInfoMembers {
  const serial = Uint8Array.from(randomBytes(20));
  serial[0] = ((serial[0] as number) & 0x3f) | 0x40;
  const subject = readTbs(readCertificate(signer.certificate).tbs).subject;
  return {
    version: encodeInteger(1),
    policy: encodeOid(policy),
    messageImprint: encodeImprint(imprint),
    serialNumber: encodeInteger(serial),
    genTime: encodeGeneralizedTime(genTime),
    accuracy: encodeDer(TAG.sequence, encodeInteger(1)),
    ...(nonce === undefined ? {} : { nonce }),
    tsa: encodeDer(contextTag(0), encodeDer(contextTag(4), subject)),
  };
}

/** DER `MessageImprint`. */
export function encodeImprint({ algorithm, digest }: TimestampQuery['imprint']): Uint8Array {
  const identifier = encodeDer(TAG.sequence, encodeOid(HASH_OIDS[algorithm]), encodeDer(TAG.null));
  return encodeDer(TAG.sequence, identifier, encodeDer(TAG.octetString, digest));
}

/** DER `TSTInfo`. */
export function encodeTstInfo(members: TstInfoMembers): Uint8Array {
  const { version, policy, messageImprint, serialNumber, genTime, accuracy, ordering, nonce, tsa, extensions } =
    members;
  return encodeDer(
    TAG.sequence,
    ...present([version, policy, messageImprint, serialNumber, genTime, accuracy, ordering, nonce, tsa, extensions]),
  );
}

function present(elements: readonly (Uint8Array | undefined)[]): readonly Uint8Array[] {
  return elements.filter((element) => element !== undefined);
}

/** AlgorithmIdentifier of a hash without parameters, as in `digestAlgorithms`. */
export function encodeHashAlgorithm(name: HashName): Uint8Array {
  return encodeDer(TAG.sequence, encodeOid(HASH_OIDS[name]));
}

/** Signs a TSTInfo: attributes, then the signature over them as a SET. */
function signInfo(info: Uint8Array, signer: TimestampSigner, steps: TimestampSteps): SignerInfoMembers {
  const digest = steps.hash ?? selectTokenHash(signer.key);
  const attributes = (steps.changeAttributes ?? keep)(
    describeAttributes(info, signer, { digest, signedAt: steps.genTime }),
  );
  const { issuer, serialNumber } = readTbs(readCertificate(signer.certificate).tbs);
  return {
    version: encodeInteger(1),
    sid: encodeDer(TAG.sequence, issuer, serialNumber),
    digestAlgorithm: encodeHashAlgorithm(digest),
    signedAttributes: attributes,
    signatureAlgorithm: encodeSignatureAlgorithm(signer.key, digest),
    signature: signBytes(signer.key, encodeDer(TAG.set, ...attributes), digest),
  };
}

function describeAttributes(
  info: Uint8Array,
  { certificate }: TimestampSigner,
  { digest, signedAt }: { readonly digest: HashName; readonly signedAt: Date },
): readonly Uint8Array[] {
  const attributes = [
    encodeAttribute(OID.contentType, encodeOid(OID.tstInfo)),
    encodeAttribute(OID.signingTime, encodeTime(signedAt)),
    encodeAttribute(OID.messageDigest, encodeDer(TAG.octetString, hash(digest, info))),
    encodeAttribute(OID.signingCertificateV2, encodeSigningCertificate(certificate)),
  ];
  return attributes.sort(compareBytes); // DER: a SET OF is in ascending order (X.690 §11.6)
}

/** DER `Time`: UTCTime up to 2049 (RFC 5652 §11.3). */
function encodeTime(date: Date): Uint8Array {
  return date.getUTCFullYear() < 2050 ? encodeUtcTime(date) : encodeGeneralizedTime(date);
}

/** An Attribute with the given values. */
export function encodeAttribute(type: string, ...values: readonly Uint8Array[]): Uint8Array {
  return encodeDer(TAG.sequence, encodeOid(type), encodeDer(TAG.set, ...values));
}

/** SigningCertificateV2 (RFC 5035 §3) that names a certificate by SHA-256, its default. */
export function encodeSigningCertificate(certificate: Uint8Array): Uint8Array {
  const { issuer, serialNumber } = readTbs(readCertificate(certificate).tbs);
  const names = encodeDer(TAG.sequence, encodeDer(contextTag(4), issuer));
  const certHash = encodeDer(TAG.octetString, hash('sha256', certificate));
  const essCertId = encodeDer(TAG.sequence, certHash, encodeDer(TAG.sequence, names, serialNumber));
  return encodeDer(TAG.sequence, encodeDer(TAG.sequence, essCertId));
}

/** DER `SignerInfo`. */
export function encodeSignerInfo(members: SignerInfoMembers): Uint8Array {
  const { version, sid, digestAlgorithm, signedAttributes, signatureAlgorithm, signature } = members;
  const attributes = signedAttributes === undefined ? undefined : encodeDer(contextTag(0), ...signedAttributes);
  const value = encodeDer(TAG.octetString, signature);
  return encodeDer(TAG.sequence, ...present([version, sid, digestAlgorithm, attributes, signatureAlgorithm, value]));
}

/** A timestamp token: ContentInfo with SignedData. */
export function encodeToken(members: SignedDataMembers): Uint8Array {
  const content = encodeDer(
    TAG.sequence,
    members.contentType,
    encodeDer(contextTag(0), encodeDer(TAG.octetString, members.content)),
  );
  const certificates =
    members.certificates === undefined ? undefined : encodeDer(contextTag(0), ...members.certificates);
  const algorithms = encodeDer(TAG.set, ...members.digestAlgorithms);
  const signerInfos = encodeDer(TAG.set, ...members.signerInfos);
  const signedData = encodeDer(
    TAG.sequence,
    ...present([members.version, algorithms, content, certificates, signerInfos]),
  );
  return encodeDer(TAG.sequence, encodeOid(OID.signedData), encodeDer(contextTag(0), signedData));
}

/** PKIStatusInfo with a status, and a bit of PKIFailureInfo where given (RFC 3161 §2.4.2). */
export function encodeStatus(status: number, failureBit?: number): Uint8Array {
  if (failureBit === undefined) return encodeDer(TAG.sequence, encodeInteger(status));
  const octets = new Uint8Array(Math.floor(failureBit / 8) + 1);
  octets[octets.length - 1] = 0x80 >> (failureBit % 8);
  const failInfo = encodeDer(TAG.bitString, Uint8Array.of(7 - (failureBit % 8)), octets);
  return encodeDer(TAG.sequence, encodeInteger(status), failInfo);
}

/** DER `TimeStampResp`. */
export function encodeResponse({ statusInfo, token }: ResponseMembers): Uint8Array {
  return encodeDer(TAG.sequence, ...present([statusInfo, token]));
}
