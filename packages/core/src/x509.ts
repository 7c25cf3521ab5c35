// SPDX-License-Identifier: Apache-2.0
// X.509 certificates (RFC 5280 §4) in the one profile that is accepted. A record's byte fields are views of the received bytes.
// Refused: versions other than 3, serial numbers that are not positive or longer than 20 octets, unique identifiers, inner and
// outer signature algorithms that differ, duplicate extensions, times in the wrong type, more than 64 KiB, 64 extensions, 16 names.

import { type SignatureScheme, parseSignatureAlgorithm } from './algorithms.js';
import { equalBytes } from './bytes.js';
import {
  type DerCursor,
  type DerElement,
  TAG,
  contextTag,
  elementBytes,
  openElement,
  parseDer,
  readBitStringBytes,
  readInteger,
  readIntegerBytes,
  readMembers,
  readOctetString,
} from './der.js';
import { type ErrorCode, KeywaxError } from './errors.js';
import { OID, readOid } from './oid.js';
import { parseGeneralizedTime, parseUtcTime } from './time.js';
import {
  type AuthorityKeyIdentifier,
  type BasicConstraints,
  type ExtendedKeyUsage,
  type Extension,
  type KeyUsage,
  type NameConstraints,
  decodeAuthorityKeyIdentifier,
  decodeBasicConstraints,
  decodeExtendedKeyUsage,
  decodeKeyUsage,
  decodeNameConstraints,
  decodeSubjectAltNames,
  decodeSubjectKeyIdentifier,
  readTrue,
} from './x509-extensions.js';
import { type GeneralName, readName } from './x509-name.js';

export type {
  AuthorityKeyIdentifier,
  BasicConstraints,
  ExtendedKeyUsage,
  Extension,
  KeyUsage,
  NameConstraints,
} from './x509-extensions.js';
export { type GeneralName, formatName, isEmptyName } from './x509-name.js';

const MAX_CERTIFICATE_BYTES = 64 * 1024; // ATTACKS 4.3
const MAX_EXTENSIONS = 64; // ATTACKS 4.3
const MAX_SERIAL_BYTES = 20; // RFC 5280 §4.1.2.2
const VERSION_3 = 2n; // RFC 5280 §4.1: v3(2)
const FIRST_GENERALIZED_YEAR = 2050; // RFC 5280 §4.1.2.5

/** A certificate. Fields of extensions that it does not have are `undefined`; unknown extensions are kept as bytes. */
export interface Certificate {
  /** The whole certificate. */
  readonly der: Uint8Array;
  /** The TBSCertificate, which the signature covers. */
  readonly tbs: Uint8Array;
  /** Content octets of the serial number: positive, at most 20. */
  readonly serialNumber: Uint8Array;
  /** Name as DER. */
  readonly issuer: Uint8Array;
  /** Name as DER; `30 00` when empty. */
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo as DER, its framing checked, its key not: `parsePublicKey` does that. */
  readonly spki: Uint8Array;
  readonly signatureScheme: SignatureScheme;
  readonly signature: Uint8Array;
  /** Every extension by its object identifier, in the order of the certificate. */
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly basicConstraints: BasicConstraints | undefined;
  readonly keyUsage: ReadonlySet<KeyUsage> | undefined;
  readonly extendedKeyUsage: ExtendedKeyUsage | undefined;
  readonly subjectAltNames: readonly GeneralName[] | undefined;
  readonly subjectKeyIdentifier: Uint8Array | undefined;
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | undefined;
  readonly nameConstraints: NameConstraints | undefined;
}

/**
 * Reads a certificate from DER (RFC 5280 §4.1). No signature is checked.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 * @throws INPUT_UNSUPPORTED for a signature algorithm that is not in the table, SHA-1 and MD5 among them
 * @throws CERTIFICATE_PROFILE_INVALID for another version, a serial number out of range, unique identifiers
 * @throws CERTIFICATE_PATH_INVALID for signature algorithms that differ, and a path length where none may be
 */
export function parseCertificate(der: Uint8Array, at: string): Certificate {
  if (der.length > MAX_CERTIFICATE_BYTES) throw tooLarge(at);
  const certificate = openElement(parseDer(der, at), at);
  const tbs = certificate.next(TAG.sequence);
  const algorithm = certificate.next(TAG.sequence);
  const signature = readBitStringBytes(certificate.next(), at);
  certificate.end();

  const fields = openElement(tbs, at);
  readVersion(fields, at);
  const serialNumber = readSerialNumber(fields.next(), at);
  const innerAlgorithm = fields.next(TAG.sequence);
  const issuer = readName(fields.next(), at);
  const { notBefore, notAfter } = readValidity(fields.next(), at);
  const subject = readName(fields.next(), at);
  const spki = readSpki(fields.next(), at);
  const extensions = readExtensions(fields, at);
  fields.end();

  // RFC 5280 §4.1.1.2: the algorithm inside, which is signed, is the algorithm outside.
  if (!equalBytes(elementBytes(algorithm), elementBytes(innerAlgorithm))) {
    throw invalid('CERTIFICATE_PATH_INVALID', at, 'the same signature algorithm inside and outside');
  }
  const decode = <T>(id: string, name: string, decoder: (extension: Extension, at: string) => T): T | undefined => {
    const extension = extensions.get(id);
    return extension === undefined ? undefined : decoder(extension, `${at} ${name}`);
  };
  return Object.freeze({
    der,
    tbs: elementBytes(tbs),
    serialNumber,
    issuer,
    subject,
    notBefore,
    notAfter,
    spki,
    signatureScheme: parseSignatureAlgorithm(algorithm, at),
    signature,
    extensions,
    basicConstraints: decode(OID.basicConstraints, 'basicConstraints', decodeBasicConstraints),
    keyUsage: decode(OID.keyUsage, 'keyUsage', decodeKeyUsage),
    extendedKeyUsage: decode(OID.extendedKeyUsage, 'extendedKeyUsage', decodeExtendedKeyUsage),
    subjectAltNames: decode(OID.subjectAltName, 'subjectAltName', decodeSubjectAltNames),
    subjectKeyIdentifier: decode(OID.subjectKeyIdentifier, 'subjectKeyIdentifier', decodeSubjectKeyIdentifier),
    authorityKeyIdentifier: decode(OID.authorityKeyIdentifier, 'authorityKeyIdentifier', decodeAuthorityKeyIdentifier),
    nameConstraints: decode(OID.nameConstraints, 'nameConstraints', decodeNameConstraints),
  });
}

/** True when issuer and subject are the same name (RFC 5280 §3.2); who signed is another question. */
export function isSelfIssued(certificate: Certificate): boolean {
  return equalBytes(certificate.issuer, certificate.subject);
}

function readVersion(fields: DerCursor, at: string): void {
  const wrapper = fields.optional(contextTag(0));
  if (wrapper === undefined) throw invalid('CERTIFICATE_PROFILE_INVALID', at, 'version 3');
  const inner = openElement(wrapper, at, wrapper.tag);
  const version = readInteger(inner.next(), at);
  inner.end();
  if (version !== VERSION_3) throw invalid('CERTIFICATE_PROFILE_INVALID', at, 'version 3');
}

function readSerialNumber(element: DerElement, at: string): Uint8Array {
  const content = readIntegerBytes(element, at);
  const first = content[0] as number;
  if (first >= 0x80 || (first === 0 && content.length === 1) || content.length > MAX_SERIAL_BYTES) {
    throw invalid('CERTIFICATE_PROFILE_INVALID', at, `a positive serial number of at most ${MAX_SERIAL_BYTES} octets`);
  }
  return content;
}

function readValidity(element: DerElement, at: string): { readonly notBefore: Date; readonly notAfter: Date } {
  const cursor = openElement(element, at);
  const notBefore = readTime(cursor.next(), at);
  const notAfter = readTime(cursor.next(), at);
  cursor.end();
  return { notBefore, notAfter };
}

/** RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime without a fraction from 2050 on. */
function readTime(element: DerElement, at: string): Date {
  if (element.tag === TAG.utcTime) return parseUtcTime(element, at);
  const time = parseGeneralizedTime(element, at, { fraction: false });
  if (time.getUTCFullYear() < FIRST_GENERALIZED_YEAR) {
    throw invalid('INPUT_MALFORMED', at, `UTCTime before ${FIRST_GENERALIZED_YEAR}`);
  }
  return time;
}

function readSpki(element: DerElement, at: string): Uint8Array {
  const cursor = openElement(element, at);
  cursor.next(TAG.sequence);
  readBitStringBytes(cursor.next(), at);
  cursor.end();
  return elementBytes(element);
}

function readExtensions(fields: DerCursor, at: string): ReadonlyMap<string, Extension> {
  for (const uniqueId of [1, 2]) {
    if (fields.optional(contextTag(uniqueId, 'primitive')) !== undefined) {
      throw invalid('CERTIFICATE_PROFILE_INVALID', at, 'no unique identifiers');
    }
  }
  const extensions = new Map<string, Extension>();
  const wrapper = fields.optional(contextTag(3));
  if (wrapper === undefined) return extensions;
  const inner = openElement(wrapper, at, wrapper.tag);
  const members = readMembers(inner.next(), at, TAG.sequence, MAX_EXTENSIONS);
  inner.end();
  if (members.length === 0) throw invalid('INPUT_MALFORMED', at, 'at least one extension');
  for (const member of members) {
    const cursor = openElement(member, at);
    const id = readOid(cursor.next(), at);
    const flag = cursor.optional(TAG.boolean);
    const critical = flag !== undefined && readTrue(flag, at);
    const value = readOctetString(cursor.next(), at);
    cursor.end();
    // RFC 5280 §4.2: not more than one instance of an extension.
    if (extensions.has(id)) throw invalid('INPUT_MALFORMED', at, `extension ${id} only once`);
    extensions.set(id, Object.freeze({ critical, value }));
  }
  return extensions;
}

type Refusal = Extract<ErrorCode, 'INPUT_MALFORMED' | 'CERTIFICATE_PROFILE_INVALID' | 'CERTIFICATE_PATH_INVALID'>;

function invalid(code: Refusal, at: string, expected: string): KeywaxError {
  return new KeywaxError(code, `${at}: expected a certificate with ${expected}`, { details: { at, expected } });
}

function tooLarge(at: string): KeywaxError {
  const expected = `a certificate of at most ${MAX_CERTIFICATE_BYTES} bytes`;
  return new KeywaxError('INPUT_TOO_LARGE', `${at}: expected ${expected}`, {
    details: { at, expected, limit: MAX_CERTIFICATE_BYTES },
  });
}
