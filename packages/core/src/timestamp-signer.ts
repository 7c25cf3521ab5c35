// SPDX-License-Identifier: Apache-2.0
// The SignerInfo of a timestamp (RFC 5652 §5.3, RFC 5816) and the attributes that its signature covers.
// Refused: no signed attributes, more than 32, attributes out of DER order or twice, a content type other than TSTInfo, no
// signing-certificate-v2 (SHA-1 alone does not name a certificate), hash functions that differ, Ed25519.

import { type SignatureScheme, parseHashAlgorithm, parseSignatureAlgorithm } from './algorithms.js';
import { compareBytes, equalBytes } from './bytes.js';
import {
  type DerElement,
  TAG,
  contentBytes,
  contextTag,
  elementBytes,
  openElement,
  readInteger,
  readIntegerBytes,
  readMembers,
  readOctetString,
} from './der.js';
import { KeywaxError } from './errors.js';
import { HASH_BYTES, type HashName } from './hash-name.js';
import { OID, readOid } from './oid.js';
import { GENERAL_NAME_TAG, readGeneralNames, readName } from './x509-name.js';

const MAX_ATTRIBUTES = 32; // ATTACKS 4.3
const MAX_CERTIFICATE_IDS = 16; // as many as embedded certificates, ATTACKS 4.3
const VERSION_ISSUER_SERIAL = 1n; // RFC 5652 §5.3
const VERSION_KEY_ID = 3n;

/** How the signer's certificate is named: issuer as DER and serial number content octets, or subject key identifier. */
export type SignerId =
  | { readonly kind: 'issuerSerial'; readonly issuer: Uint8Array; readonly serialNumber: Uint8Array }
  | { readonly kind: 'keyId'; readonly value: Uint8Array };

/** Digest of a certificate's DER, of the length of its hash function. */
export interface CertificateHash {
  readonly hash: HashName;
  readonly value: Uint8Array;
}

/** The one signer of a timestamp. */
export interface TimestampSigner {
  readonly id: SignerId;
  /** The hash function of `messageDigest` and of the signature alike. */
  readonly hash: HashName;
  /** The received attributes under the tag SET OF, which is what the signature covers (RFC 5652 §5.4). */
  readonly signedAttributes: Uint8Array;
  readonly messageDigest: Uint8Array;
  /** Of certificates that the signer names: the first is its own (RFC 5035 §4), at least one. */
  readonly certificateHashes: readonly CertificateHash[];
  readonly scheme: SignatureScheme;
  readonly signature: Uint8Array;
}

/** @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED, TIMESTAMP_INVALID */
export function readTimestampSigner(element: DerElement, at: string): TimestampSigner {
  const cursor = openElement(element, at);
  const version = readInteger(cursor.next(), at);
  const id = readSignerId(cursor.next(), at);
  const hash = parseHashAlgorithm(cursor.next(), at);
  const signed = cursor.optional(contextTag(0));
  const scheme = parseSignatureAlgorithm(cursor.next(), at, { digest: hash });
  const signature = readOctetString(cursor.next(), at);
  cursor.optional(contextTag(1)); // unsigned attributes, which say nothing
  cursor.end();
  // RFC 5652 §5.3: the version follows from the form of the identifier.
  const expectedVersion = id.kind === 'issuerSerial' ? VERSION_ISSUER_SERIAL : VERSION_KEY_ID;
  if (version !== expectedVersion) throw invalid(at, `a signer of version ${expectedVersion}`);
  checkScheme(scheme, hash, at);
  // RFC 5652 §5.3: mandatory for content other than id-data.
  if (signed === undefined) throw invalid(at, 'signed attributes');
  const attributes = readAttributes(signed, at);
  return Object.freeze({
    id,
    hash,
    signedAttributes: retagSet(signed),
    messageDigest: readMessageDigest(attributes, hash, at),
    certificateHashes: readSigningCertificate(attributes, id, at),
    scheme,
    signature,
  });
}

function readSignerId(element: DerElement, at: string): SignerId {
  if (element.tag === contextTag(0, 'primitive')) return Object.freeze({ kind: 'keyId', value: contentBytes(element) });
  const cursor = openElement(element, at);
  const issuer = readName(cursor.next(), at);
  const serialNumber = readIntegerBytes(cursor.next(), at);
  cursor.end();
  return Object.freeze({ kind: 'issuerSerial', issuer, serialNumber });
}

/** One hash function throughout: implementations disagree which one counts where they differ. */
function checkScheme({ scheme, hash: signatureHash }: SignatureScheme, hash: HashName, at: string): void {
  if (scheme === 'ed25519' || scheme === 'ed25519ph') {
    const expected = 'a timestamp signed with ECDSA or RSA';
    throw new KeywaxError('INPUT_UNSUPPORTED', `${at}: expected ${expected}`, { details: { at, expected } });
  }
  if (signatureHash !== hash) throw invalid(at, 'one hash function for content and signature');
}

/** Signed attributes by type, each with its SET of values; DER orders them, and each type occurs once (RFC 5652 §5.3, §11). */
function readAttributes(element: DerElement, at: string): ReadonlyMap<string, DerElement> {
  const attributes = new Map<string, DerElement>();
  let previous: Uint8Array | undefined;
  for (const member of readMembers(element, at, element.tag, MAX_ATTRIBUTES)) {
    const bytes = elementBytes(member);
    if (previous !== undefined && compareBytes(previous, bytes) > 0)
      throw invalid(at, 'signed attributes in DER order');
    previous = bytes;
    const cursor = openElement(member, at);
    const type = readOid(cursor.next(), at);
    const values = cursor.next(TAG.set);
    cursor.end();
    if (attributes.has(type)) throw invalid(at, `attribute ${type} only once`);
    attributes.set(type, values);
  }
  if (readOid(readSingleValue(attributes, OID.contentType, at), at) !== OID.tstInfo) {
    throw invalid(at, 'a signed content type of TSTInfo');
  }
  return attributes;
}

function readSingleValue(attributes: ReadonlyMap<string, DerElement>, type: string, at: string): DerElement {
  const values = attributes.get(type);
  if (values === undefined) throw invalid(at, `signed attribute ${type}`);
  const [value, ...others] = readMembers(values, at, TAG.set, MAX_ATTRIBUTES);
  if (value === undefined || others.length > 0) throw invalid(at, `one value of attribute ${type}`);
  return value;
}

function retagSet(signed: DerElement): Uint8Array {
  const bytes = elementBytes(signed).slice();
  bytes[0] = TAG.set;
  return bytes;
}

function readMessageDigest(attributes: ReadonlyMap<string, DerElement>, hash: HashName, at: string): Uint8Array {
  const digest = readOctetString(readSingleValue(attributes, OID.messageDigest, at), at);
  if (digest.length !== HASH_BYTES[hash]) throw invalid(at, `a message digest of ${HASH_BYTES[hash]} bytes`);
  return digest;
}

/** SigningCertificateV2 (RFC 5035 §3). */
function readSigningCertificate(
  attributes: ReadonlyMap<string, DerElement>,
  id: SignerId,
  at: string,
): readonly CertificateHash[] {
  const cursor = openElement(readSingleValue(attributes, OID.signingCertificateV2, at), at);
  const members = readMembers(cursor.next(), at, TAG.sequence, MAX_CERTIFICATE_IDS);
  cursor.optional(TAG.sequence); // policies
  cursor.end();
  if (members.length === 0) throw invalid(at, 'the hash of the signing certificate');
  return Object.freeze(members.map((member, index) => readCertificateId(member, index === 0 ? id : undefined, at)));
}

/** ESSCertIDv2 (RFC 5035 §4); that of the signer must name the certificate that `id` names. */
function readCertificateId(element: DerElement, id: SignerId | undefined, at: string): CertificateHash {
  const cursor = openElement(element, at);
  const algorithm = cursor.optional(TAG.sequence);
  const hash = algorithm === undefined ? 'sha256' : parseHashAlgorithm(algorithm, at);
  const value = readOctetString(cursor.next(), at);
  const issuerSerial = cursor.optional(TAG.sequence);
  cursor.end();
  if (value.length !== HASH_BYTES[hash]) throw invalid(at, `a certificate hash of ${HASH_BYTES[hash]} bytes`);
  if (issuerSerial !== undefined) checkIssuerSerial(issuerSerial, id, at);
  return Object.freeze({ hash, value });
}

function checkIssuerSerial(element: DerElement, id: SignerId | undefined, at: string): void {
  const cursor = openElement(element, at);
  const names = readGeneralNames(cursor.next(), at);
  const serialNumber = readIntegerBytes(cursor.next(), at);
  cursor.end();
  if (id?.kind !== 'issuerSerial') return;
  const isNamed = names.some(
    (name) => name.kind === 'other' && name.tag === GENERAL_NAME_TAG.directoryName && equalBytes(name.bytes, id.issuer),
  );
  if (!isNamed || !equalBytes(serialNumber, id.serialNumber)) throw invalid(at, 'one and the same signing certificate');
}

function invalid(at: string, expected: string): KeywaxError {
  return new KeywaxError('TIMESTAMP_INVALID', `${at}: expected ${expected}`, { details: { at, expected } });
}
