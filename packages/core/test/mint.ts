// SPDX-License-Identifier: Apache-2.0
// Certificates for tests, put together element by element, so that every element can be wrong, and signed for real.

import { type KeyObject, createHash, sign } from 'node:crypto';
import { encodeUtf8 } from '../src/bytes.js';
import { TAG, contextTag, encodeBitString, encodeDer, encodeInteger } from '../src/der.js';
import { OID, encodeOid } from '../src/oid.js';
import { encodeGeneralizedTime, encodeUtcTime } from '../src/time.js';
import { type Certificate, parseCertificate } from '../src/x509.js';
import { type KeyPair, makeEcPair } from './keys.js';

/** The members of a certificate as DER elements. */
export interface CertificateParts {
  /** `[0]` and what is in it; empty for version 1. */
  readonly version: Uint8Array;
  readonly serialNumber: Uint8Array;
  readonly algorithm: Uint8Array;
  readonly outerAlgorithm: Uint8Array;
  readonly issuer: Uint8Array;
  readonly notBefore: Uint8Array;
  readonly notAfter: Uint8Array;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  /** Anything between key and extensions, or after the extensions. */
  readonly beforeExtensions: Uint8Array;
  readonly afterExtensions: Uint8Array;
  readonly extensions: readonly Uint8Array[];
  /** The signature value in place of a real one. */
  readonly signature: Uint8Array;
}

/** A certificate with the key that it certifies. */
export interface Holder {
  readonly name: Uint8Array;
  readonly pair: KeyPair;
  readonly certificate: Certificate;
}

export const START: Date = new Date('2025-01-01T00:00:00Z');
export const END: Date = new Date('2026-01-01T00:00:00Z');
export const DURING: Date = new Date('2025-06-01T00:00:00Z');
export const PURPOSE: string = OID.codeSigning;
export const ECDSA_SHA256: Uint8Array = encodeAlgorithm(OID.ecdsaWithSha256);
export const EMPTY: Uint8Array = new Uint8Array(0);
export const EMPTY_NAME: Uint8Array = sequence();

export function sequence(...members: readonly Uint8Array[]): Uint8Array {
  return encodeDer(TAG.sequence, ...members);
}

export function octets(bytes: Uint8Array): Uint8Array {
  return encodeDer(TAG.octetString, bytes);
}

export function encodeAlgorithm(oid: string, ...parameters: readonly Uint8Array[]): Uint8Array {
  return sequence(encodeOid(oid), ...parameters);
}

/** A name of one attribute: commonName as UTF8String unless said otherwise. */
export function encodeName(text: string, type = '2.5.4.3', tag: number = TAG.utf8String): Uint8Array {
  return sequence(encodeRelativeName(text, type, tag));
}

/** One relative name of one attribute. */
export function encodeRelativeName(text: string, type = '2.5.4.3', tag: number = TAG.utf8String): Uint8Array {
  return encodeDer(TAG.set, sequence(encodeOid(type), encodeDer(tag, encodeUtf8(text))));
}

/** UTCTime through 2049, GeneralizedTime from then on. */
export function encodeTime(date: Date): Uint8Array {
  return date.getUTCFullYear() < 2050 ? encodeUtcTime(date) : encodeGeneralizedTime(date);
}

export function extension(id: string, value: Uint8Array, critical = false): Uint8Array {
  const flag = critical ? [encodeDer(TAG.boolean, Uint8Array.of(0xff))] : [];
  return sequence(encodeOid(id), ...flag, octets(value));
}

export function basicConstraints(ca: boolean, pathLength?: number, critical = true): Uint8Array {
  const members = ca ? [encodeDer(TAG.boolean, Uint8Array.of(0xff))] : [];
  if (pathLength !== undefined) members.push(encodeInteger(pathLength));
  return extension(OID.basicConstraints, sequence(...members), critical);
}

/** Key usage from its BIT STRING content: unused bits, then the bits. */
export function keyUsage(...content: readonly number[]): Uint8Array {
  return extension(OID.keyUsage, encodeDer(TAG.bitString, Uint8Array.from(content)), true);
}
export const DIGITAL_SIGNATURE: Uint8Array = keyUsage(7, 0x80);
export const KEY_AGREEMENT: Uint8Array = keyUsage(3, 0x08);
export const CERT_SIGN: Uint8Array = keyUsage(1, 0x06);

export function extendedKeyUsage(purposes: readonly string[], critical = false): Uint8Array {
  return extension(OID.extendedKeyUsage, sequence(...purposes.map(encodeOid)), critical);
}

/** Alternative names from their elements; critical unless said otherwise. */
export function alternativeNames(names: readonly Uint8Array[], critical = true): Uint8Array {
  return extension(OID.subjectAltName, sequence(...names), critical);
}

export function uriName(text: string | Uint8Array): Uint8Array {
  return encodeDer(0x86, typeof text === 'string' ? encodeUtf8(text) : text);
}

export function emailName(text: string | Uint8Array): Uint8Array {
  return encodeDer(0x81, typeof text === 'string' ? encodeUtf8(text) : text);
}

export function dnsName(text: string): Uint8Array {
  return encodeDer(0x82, encodeUtf8(text));
}

export function directoryName(name: Uint8Array): Uint8Array {
  return encodeDer(0xa4, name);
}

export function subjectKeyIdentifier(pair: KeyPair): Uint8Array {
  return extension(OID.subjectKeyIdentifier, octets(keyIdentifier(pair)));
}

export function authorityKeyIdentifier(identifier: Uint8Array): Uint8Array {
  return extension(OID.authorityKeyIdentifier, sequence(encodeDer(0x80, identifier)));
}

export function keyIdentifier(pair: KeyPair): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(pair.publicKey.spki).digest().subarray(0, 20));
}

export function nameConstraints(
  trees: { readonly permitted?: readonly Uint8Array[]; readonly excluded?: readonly Uint8Array[] },
  critical = true,
): Uint8Array {
  const members = [trees.permitted, trees.excluded].flatMap((bases, n) =>
    bases === undefined ? [] : [encodeDer(contextTag(n), ...bases.map((base) => sequence(base)))],
  );
  return extension(OID.nameConstraints, sequence(...members), critical);
}

/** Bytes of a certificate of these parts, signed by the key. */
export function mintCertificate(issuerKey: KeyObject, given: Partial<CertificateParts>, spki: Uint8Array): Uint8Array {
  const parts: CertificateParts = {
    version: encodeDer(contextTag(0), encodeInteger(2)),
    serialNumber: encodeInteger(7),
    algorithm: ECDSA_SHA256,
    outerAlgorithm: given.algorithm ?? ECDSA_SHA256,
    issuer: encodeName('issuer'),
    notBefore: encodeTime(START),
    notAfter: encodeTime(END),
    subject: EMPTY_NAME,
    spki,
    beforeExtensions: EMPTY,
    afterExtensions: EMPTY,
    extensions: [],
    signature: EMPTY,
    ...given,
  };
  const tbs = encodeTbs(parts);
  const signature = given.signature ?? encodeBitString(sign('sha256', tbs, issuerKey));
  return sequence(tbs, parts.outerAlgorithm, signature);
}

function encodeTbs(parts: CertificateParts): Uint8Array {
  const extensions = parts.extensions.length === 0 ? [] : [encodeDer(contextTag(3), sequence(...parts.extensions))];
  return sequence(
    parts.version,
    parts.serialNumber,
    parts.algorithm,
    parts.issuer,
    sequence(parts.notBefore, parts.notAfter),
    parts.subject,
    parts.spki,
    parts.beforeExtensions,
    ...extensions,
    parts.afterExtensions,
  );
}

/** A root: a CA that signed itself. */
export function makeRoot(text = 'root', parts: Partial<CertificateParts> = {}): Holder {
  const pair = makeEcPair('P-256');
  const name = parts.subject ?? encodeName(text);
  const extensions = [basicConstraints(true), CERT_SIGN, subjectKeyIdentifier(pair)];
  return hold(
    name,
    pair,
    mintCertificate(pair.privateKey, { issuer: name, subject: name, extensions, ...parts }, pair.publicKey.spki),
  );
}

/** An intermediate CA below `issuer`; `parts.extensions` replaces its extensions, `more` adds to them. */
export function makeIntermediate(
  issuer: Holder,
  text = 'intermediate',
  parts: Partial<CertificateParts> = {},
  more: readonly Uint8Array[] = [],
): Holder {
  const pair = makeEcPair('P-256');
  const name = parts.subject ?? encodeName(text);
  const extensions = [
    basicConstraints(true),
    CERT_SIGN,
    subjectKeyIdentifier(pair),
    authorityKeyIdentifier(keyIdentifier(issuer.pair)),
    ...more,
  ];
  const given = { issuer: issuer.name, subject: name, extensions, ...parts };
  return hold(name, pair, mintCertificate(issuer.pair.privateKey, given, pair.publicKey.spki));
}

/** The extensions of a code signing leaf. */
export function leafExtensions(issuer: Holder): readonly Uint8Array[] {
  return [
    DIGITAL_SIGNATURE,
    extendedKeyUsage([PURPOSE]),
    authorityKeyIdentifier(keyIdentifier(issuer.pair)),
    alternativeNames([uriName('https://example.com/signer')]),
  ];
}

const leafPair = makeEcPair('P-256');

/** A code signing leaf below `issuer`. */
export function makeLeaf(issuer: Holder, parts: Partial<CertificateParts> = {}): Holder {
  return hold(EMPTY_NAME, leafPair, mintLeaf(issuer, parts));
}

/** Bytes of a code signing leaf below `issuer`, which need not parse. */
export function mintLeaf(issuer: Holder, parts: Partial<CertificateParts> = {}): Uint8Array {
  const given = { issuer: issuer.name, extensions: leafExtensions(issuer), ...parts };
  return mintCertificate(issuer.pair.privateKey, given, leafPair.publicKey.spki);
}

function hold(name: Uint8Array, pair: KeyPair, der: Uint8Array): Holder {
  return { name, pair, certificate: parseCertificate(der, 'minted') };
}

/** A copy with some bits of one byte flipped. */
export function flipByte(bytes: Uint8Array, index: number): Uint8Array {
  return bytes.map((byte, i) => (i === index ? byte ^ 0x21 : byte));
}
