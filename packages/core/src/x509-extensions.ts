// SPDX-License-Identifier: Apache-2.0
// The certificate extensions of RFC 5280 §4.2.1 that path validation reads. Each value is decoded whole or refused.
// Refused: empty key usage and empty lists, bits in other than minimal form, DEFAULT values that are written out, a path length
// that is negative or stands on a certificate that is no CA, half of an issuer and serial number, subtrees with bounds.

import {
  type DerElement,
  TAG,
  contextTag,
  contentBytes,
  openElement,
  parseDer,
  readBitString,
  readBoolean,
  readInteger,
  readMembers,
  readOctetString,
} from './der.js';
import { KeywaxError } from './errors.js';
import { readOid } from './oid.js';
import { type GeneralName, readGeneralName, readGeneralNames } from './x509-name.js';

const MAX_PURPOSES = 64; // far above any real certificate
const MAX_SUBTREES = 64; // keeps the checks of one certificate below 64 × 16 comparisons
const MAX_PATH_LENGTH = 2 ** 31 - 1; // what any reader agrees on; paths end at 8

/** One extension as it stands in the certificate; `value` is the content of its OCTET STRING. */
export interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** Names of the key usage bits, bit 0 first (RFC 5280 §4.2.1.3). */
const KEY_USAGES = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
/** A key usage by the name that RFC 5280 gives its bit. */
export type KeyUsage = (typeof KEY_USAGES)[number];

/** RFC 5280 §4.2.1.9; `pathLength` only on a CA. */
export interface BasicConstraints {
  readonly critical: boolean;
  readonly ca: boolean;
  readonly pathLength: number | undefined;
}

/** RFC 5280 §4.2.1.12; `purposes` are object identifiers in their order. */
export interface ExtendedKeyUsage {
  readonly critical: boolean;
  readonly purposes: readonly string[];
}

/** RFC 5280 §4.2.1.1; `issuer` and `serialNumber` (INTEGER content) stand together or not at all. */
export interface AuthorityKeyIdentifier {
  readonly keyIdentifier: Uint8Array | undefined;
  readonly issuer: readonly GeneralName[] | undefined;
  readonly serialNumber: Uint8Array | undefined;
}

/** RFC 5280 §4.2.1.10; each name is the base of a subtree, its `bytes` or text being the constraint. */
export interface NameConstraints {
  readonly critical: boolean;
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** @throws INPUT_MALFORMED, and CERTIFICATE_PATH_INVALID for a path length that is negative or not on a CA */
export function decodeBasicConstraints({ critical, value }: Extension, at: string): BasicConstraints {
  const cursor = openElement(parseDer(value, at), at);
  const flag = cursor.optional(TAG.boolean);
  const ca = flag !== undefined && readTrue(flag, at);
  const length = cursor.optional(TAG.integer);
  cursor.end();
  if (length === undefined) return Object.freeze({ critical, ca, pathLength: undefined });
  const pathLength = readInteger(length, at);
  if (!ca || pathLength < 0n || pathLength > BigInt(MAX_PATH_LENGTH)) {
    const expected = ca ? 'a path length from 0 on' : 'no path length where CA is false';
    throw new KeywaxError('CERTIFICATE_PATH_INVALID', `${at}: expected ${expected}`, { details: { at, expected } });
  }
  return Object.freeze({ critical, ca, pathLength: Number(pathLength) });
}

/** @throws INPUT_MALFORMED */
export function decodeKeyUsage({ value }: Extension, at: string): ReadonlySet<KeyUsage> {
  const { bytes, unusedBits } = readBitString(parseDer(value, at), at);
  const last = bytes[bytes.length - 1] ?? 0;
  // X.690 §11.2.2: a named bit list ends with its last bit that is one.
  if ((last & (1 << unusedBits)) === 0) throw malformed(at, 'at least one bit, and no zero bits at the end');
  if (8 * bytes.length - unusedBits > KEY_USAGES.length) throw malformed(at, 'the nine bits of key usage');
  return new Set(KEY_USAGES.filter((_, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0));
}

/** @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export function decodeExtendedKeyUsage({ critical, value }: Extension, at: string): ExtendedKeyUsage {
  const members = readMembers(parseDer(value, at), at, TAG.sequence, MAX_PURPOSES);
  if (members.length === 0) throw malformed(at, 'at least one purpose');
  return Object.freeze({ critical, purposes: Object.freeze(members.map((member) => readOid(member, at))) });
}

/** @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export function decodeSubjectAltNames({ value }: Extension, at: string): readonly GeneralName[] {
  return readGeneralNames(parseDer(value, at), at);
}

/** @throws INPUT_MALFORMED */
export function decodeSubjectKeyIdentifier({ value }: Extension, at: string): Uint8Array {
  return readKeyIdentifier(parseDer(value, at), at, TAG.octetString);
}

/** @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export function decodeAuthorityKeyIdentifier({ value }: Extension, at: string): AuthorityKeyIdentifier {
  const cursor = openElement(parseDer(value, at), at);
  const key = cursor.optional(contextTag(0, 'primitive'));
  const issuer = cursor.optional(contextTag(1));
  const serial = cursor.optional(contextTag(2, 'primitive'));
  cursor.end();
  if ((issuer === undefined) !== (serial === undefined)) throw malformed(at, 'issuer and serial number together');
  return Object.freeze({
    keyIdentifier: key === undefined ? undefined : readKeyIdentifier(key, at, key.tag),
    issuer: issuer === undefined ? undefined : readGeneralNames(issuer, at, issuer.tag),
    serialNumber: serial === undefined ? undefined : contentBytes(serial),
  });
}

function readKeyIdentifier(element: DerElement, at: string, tag: number): Uint8Array {
  const bytes = tag === TAG.octetString ? readOctetString(element, at) : contentBytes(element);
  if (bytes.length === 0) throw malformed(at, 'a key identifier that is not empty');
  return bytes;
}

/** @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export function decodeNameConstraints({ critical, value }: Extension, at: string): NameConstraints {
  const cursor = openElement(parseDer(value, at), at);
  const permitted = cursor.optional(contextTag(0));
  const excluded = cursor.optional(contextTag(1));
  cursor.end();
  if (permitted === undefined && excluded === undefined) throw malformed(at, 'at least one subtree');
  return Object.freeze({
    critical,
    permitted: permitted === undefined ? [] : readSubtrees(permitted, at),
    excluded: excluded === undefined ? [] : readSubtrees(excluded, at),
  });
}

function readSubtrees(element: DerElement, at: string): readonly GeneralName[] {
  const members = readMembers(element, at, element.tag, MAX_SUBTREES);
  if (members.length === 0) throw malformed(at, 'at least one subtree');
  return Object.freeze(
    members.map((member) => {
      const cursor = openElement(member, at);
      const base = readGeneralName(cursor.next(), at);
      cursor.end(); // RFC 5280 §4.2.1.10: minimum is 0, hence absent in DER, and maximum is absent.
      return base;
    }),
  );
}

/** A BOOLEAN DEFAULT FALSE that is present, which in DER is TRUE (X.690 §11.5). @throws INPUT_MALFORMED */
export function readTrue(element: DerElement, at: string): true {
  if (!readBoolean(element, at)) throw malformed(at, 'FALSE left out where it is the default');
  return true;
}

function malformed(at: string, expected: string): KeywaxError {
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}`, { details: { at, expected } });
}
