// SPDX-License-Identifier: Apache-2.0
// Encoders of the certificate extensions (RFC 5280 §4.2) that the services use.

import { createHash } from 'node:crypto';
import { TAG, contextTag, encodeDer, encodeInteger, openElement, parseDer, readBitStringBytes } from '@keywax/core/der';
import { encodeUtf8 } from '@keywax/core/bytes';
import { OID, encodeOid } from '@keywax/core/oid';

/** One extension: `value` is what the OCTET STRING `extnValue` holds. */
export interface ExtensionValue {
  readonly id: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** A subject alternative name. `otherName` holds a UTF8String. */
export type AlternativeName =
  | { readonly kind: 'email' | 'uri' | 'dns'; readonly value: string }
  | { readonly kind: 'otherName'; readonly typeId: string; readonly value: string };

/** DER `Extension` (RFC 5280 §4.1); `critical` is left out when false. */
export function encodeExtension({ id, critical, value }: ExtensionValue): Uint8Array {
  const flag = critical ? [encodeDer(TAG.boolean, Uint8Array.of(0xff))] : [];
  return encodeDer(TAG.sequence, encodeOid(id), ...flag, encodeDer(TAG.octetString, value));
}

/** Bits of KeyUsage by name, most significant first (RFC 5280 §4.2.1.3). */
const KEY_USAGE_BITS = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
] as const;
/** A bit of KeyUsage. */
export type KeyUsageBit = (typeof KEY_USAGE_BITS)[number];

/** KeyUsage, critical. */
export function keyUsage(...bits: readonly KeyUsageBit[]): ExtensionValue {
  let octet = 0;
  for (const bit of bits) octet |= 0x80 >> KEY_USAGE_BITS.indexOf(bit);
  const unusedBits = octet === 0 ? 0 : 31 - Math.clz32(octet & -octet); // DER: no trailing zero bits
  const content = octet === 0 ? Uint8Array.of(0) : Uint8Array.of(unusedBits, octet);
  return { id: OID.keyUsage, critical: true, value: encodeDer(TAG.bitString, content) };
}

/** ExtendedKeyUsage with the given purposes, as dotted OIDs. */
export function extendedKeyUsage(purposes: readonly string[], critical = false): ExtensionValue {
  return { id: OID.extendedKeyUsage, critical, value: encodeDer(TAG.sequence, ...purposes.map(encodeOid)) };
}

/** BasicConstraints, critical. Without `ca` the value is an empty SEQUENCE. */
export function basicConstraints({
  ca,
  pathLength,
}: {
  readonly ca: boolean;
  readonly pathLength?: number;
}): ExtensionValue {
  const flag = ca ? [encodeDer(TAG.boolean, Uint8Array.of(0xff))] : [];
  const length = pathLength === undefined ? [] : [encodeInteger(pathLength)];
  return { id: OID.basicConstraints, critical: true, value: encodeDer(TAG.sequence, ...flag, ...length) };
}

/** SubjectKeyIdentifier of a key. */
export function subjectKeyIdentifier(spki: Uint8Array): ExtensionValue {
  return {
    id: OID.subjectKeyIdentifier,
    critical: false,
    value: encodeDer(TAG.octetString, computeKeyIdentifier(spki)),
  };
}

/** AuthorityKeyIdentifier that names the key of the issuer. */
export function authorityKeyIdentifier(issuerSpki: Uint8Array): ExtensionValue {
  const keyIdentifier = encodeDer(contextTag(0, 'primitive'), computeKeyIdentifier(issuerSpki));
  return { id: OID.authorityKeyIdentifier, critical: false, value: encodeDer(TAG.sequence, keyIdentifier) };
}

/** SubjectAltName, critical because the subject of a Fulcio leaf is empty (RFC 5280 §4.2.1.6). */
export function subjectAltName(names: readonly AlternativeName[], critical = true): ExtensionValue {
  return { id: OID.subjectAltName, critical, value: encodeDer(TAG.sequence, ...names.map(encodeAlternativeName)) };
}

const NAME_TAGS = {
  email: contextTag(1, 'primitive'),
  dns: contextTag(2, 'primitive'),
  uri: contextTag(6, 'primitive'),
} as const;

/** DER `GeneralName` (RFC 5280 §4.2.1.6). */
export function encodeAlternativeName(name: AlternativeName): Uint8Array {
  if (name.kind !== 'otherName') return encodeDer(NAME_TAGS[name.kind], encodeUtf8(name.value));
  const text = encodeDer(contextTag(0), encodeDer(TAG.utf8String, encodeUtf8(name.value)));
  return encodeDer(contextTag(0), encodeOid(name.typeId), text);
}

/** First 160 bits of SHA-256 over the key's BIT STRING (RFC 7093 §2, method 1). */
function computeKeyIdentifier(spki: Uint8Array): Uint8Array {
  const members = openElement(parseDer(spki, 'spki'), 'spki');
  members.next(TAG.sequence);
  const bits = readBitStringBytes(members.next(TAG.bitString), 'spki');
  return Uint8Array.from(createHash('sha256').update(bits).digest().subarray(0, 20));
}

/** DER `Name` with the given relative distinguished names, each a UTF8String; none gives the empty name. */
export function encodeName(name: { readonly organization?: string; readonly commonName?: string }): Uint8Array {
  const attribute = (id: string, value: string | undefined): readonly Uint8Array[] => {
    if (value === undefined) return [];
    return [encodeDer(TAG.set, encodeDer(TAG.sequence, encodeOid(id), encodeDer(TAG.utf8String, encodeUtf8(value))))];
  };
  return encodeDer(TAG.sequence, ...attribute('2.5.4.10', name.organization), ...attribute('2.5.4.3', name.commonName));
}
