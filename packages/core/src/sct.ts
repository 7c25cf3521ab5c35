// SPDX-License-Identifier: Apache-2.0
// Signed certificate timestamps, version 1, as they are embedded in certificates (RFC 6962 §3.2, §3.3).
// Refused: an empty list, empty members, lengths that do not fit exactly, more than 16 members, other versions, signatures
// other than ECDSA or RSA over SHA-2, and instants that no `Date` can hold.

import type { SignatureScheme } from './algorithms.js';
import { concatBytes, encodeUint, equalBytes } from './bytes.js';
import {
  type DerElement,
  TAG,
  contextTag,
  elementBytes,
  encodeDer,
  encodeHeader,
  openElement,
  parseDer,
  readOctetString,
} from './der.js';
import { KeywaxError } from './errors.js';
import type { HashName } from './hash-name.js';
import { OID, encodeOid } from './oid.js';
import type { Certificate } from './x509.js';

const MAX_SCTS = 16; // ATTACKS 4.3
const MAX_LIST_BYTES = 16 * 1024; // 16 of the largest real ones, RSA-4096, twice over
const LOG_ID_BYTES = 32; // RFC 6962 §3.2
const MAX_DATE_MS = 8_640_000_000_000_000n; // ECMA-262 §21.4.1.1
const VERSION_1 = 0;
const CERTIFICATE_TIMESTAMP = 0;
const PRECERT_ENTRY = 1;
const SCT_LIST = /* @__PURE__ */ (() => encodeOid(OID.sctList))();

/** One signed certificate timestamp. Byte fields are views of the received bytes. */
export interface Sct {
  /** SHA-256 of the log's SubjectPublicKeyInfo. */
  readonly logId: Uint8Array;
  readonly timestamp: Date;
  /** The same instant as it is signed, in milliseconds since 1970. */
  readonly timestampMs: bigint;
  /** Opaque, signed, and empty unless the log is a static one. */
  readonly extensions: Uint8Array;
  readonly scheme: SignatureScheme;
  readonly signature: Uint8Array;
}

/** HashAlgorithm and SignatureAlgorithm of TLS 1.2 (RFC 5246 §7.4.1.4.1), as far as they are accepted. */
const HASHES: readonly (readonly [code: number, hash: HashName])[] = [
  [4, 'sha256'],
  [5, 'sha384'],
  [6, 'sha512'],
];
const SCHEMES: readonly (readonly [code: number, scheme: 'ecdsa' | 'rsa-pkcs1'])[] = [
  [1, 'rsa-pkcs1'],
  [3, 'ecdsa'],
];

/**
 * Reads the value of the extension 1.3.6.1.4.1.11129.2.4.2: an OCTET STRING around a SignedCertificateTimestampList.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 * @throws INPUT_UNSUPPORTED for another version or signature algorithm
 * @throws SCT_INVALID for an empty list, and for an instant beyond all calendars
 */
export function parseSctList(extensionValue: Uint8Array, at: string): readonly Sct[] {
  if (extensionValue.length > MAX_LIST_BYTES)
    throw tooLarge(at, `a list of at most ${MAX_LIST_BYTES} bytes`, MAX_LIST_BYTES);
  const list = openBytes(readOctetString(parseDer(extensionValue, at), at), at);
  const members = openBytes(list.vector(2), at);
  list.end();
  const scts: Sct[] = [];
  while (members.more()) {
    if (scts.length === MAX_SCTS) throw tooLarge(at, `at most ${MAX_SCTS} timestamps`, MAX_SCTS);
    scts.push(parseSct(members.vector(2), `${at}[${scts.length}]`));
  }
  if (scts.length === 0) throw invalid(at, 'at least one timestamp');
  return Object.freeze(scts);
}

/**
 * Reads one SignedCertificateTimestamp in its TLS encoding.
 * @throws INPUT_MALFORMED, INPUT_UNSUPPORTED, SCT_INVALID
 */
export function parseSct(bytes: Uint8Array, at: string): Sct {
  const fields = openBytes(bytes, at);
  const version = fields.uint(1);
  if (version !== BigInt(VERSION_1)) throw unsupported(at, 'version 1', `version ${version + 1n}`);
  const logId = fields.take(LOG_ID_BYTES);
  const timestampMs = fields.uint(8);
  const extensions = fields.vector(2);
  const scheme = readScheme(fields.take(2), at);
  const signature = fields.vector(2);
  fields.end();
  if (signature.length === 0) throw malformed(at, 'a signature that is not empty');
  if (timestampMs > MAX_DATE_MS) throw invalid(at, 'a timestamp that a calendar has');
  return Object.freeze({ logId, timestamp: new Date(Number(timestampMs)), timestampMs, extensions, scheme, signature });
}

function readScheme(codes: Uint8Array, at: string): SignatureScheme {
  const hash = HASHES.find(([code]) => code === codes[0])?.[1];
  const scheme = SCHEMES.find(([code]) => code === codes[1])?.[1];
  if (hash !== undefined && scheme !== undefined) return { scheme, hash };
  throw unsupported(at, 'ECDSA or RSA over SHA-2', `hash ${codes[0]}, signature ${codes[1]}`);
}

/**
 * What a log signs of a certificate that carries its timestamps: the received TBSCertificate without the extension that holds
 * them. Only the three lengths around it are written anew (RFC 6962 §3.2).
 * @throws SCT_INVALID when there is no such extension, or no other
 */
export function encodePrecertificateTbs(certificate: Certificate): Uint8Array {
  return removeSctList(certificate.tbs);
}

/**
 * A TBSCertificate without its extension 1.3.6.1.4.1.11129.2.4.2, all other bytes as they were.
 * @throws SCT_INVALID when there is no such extension, or no other
 * @throws INPUT_MALFORMED
 */
export function removeSctList(tbs: Uint8Array): Uint8Array {
  const at = 'certificate';
  const outer = parseDer(tbs, at);
  const wrapper = lastMember(outer, at);
  if (wrapper?.tag !== contextTag(3)) throw invalid(at, 'extensions');
  const inner = openElement(wrapper, at, wrapper.tag);
  const list = inner.next(TAG.sequence);
  inner.end();
  const removed = findSctList(list, at);
  const before = tbs.subarray(list.contentStart, removed.start);
  const after = tbs.subarray(removed.end, list.end);
  const length = before.length + after.length;
  if (length === 0) throw invalid(at, 'another extension than the certificate timestamps');
  const listHeader = encodeHeader(TAG.sequence, length);
  const wrapperHeader = encodeHeader(wrapper.tag, listHeader.length + length);
  const fields = tbs.subarray(outer.contentStart, wrapper.start);
  return encodeDer(outer.tag, fields, wrapperHeader, listHeader, before, after);
}

function lastMember(element: DerElement, at: string): DerElement | undefined {
  const cursor = openElement(element, at);
  let last: DerElement | undefined;
  while (cursor.more()) last = cursor.next();
  return last;
}

function findSctList(list: DerElement, at: string): DerElement {
  const cursor = openElement(list, at);
  while (cursor.more()) {
    const extension = cursor.next();
    if (equalBytes(elementBytes(openElement(extension, at).next()), SCT_LIST)) return extension;
  }
  throw invalid(at, 'certificate timestamps');
}

/**
 * The bytes that a log signs for a precertificate (RFC 6962 §3.2).
 * @param issuerKeyHash SHA-256 of the SubjectPublicKeyInfo of the certificate's issuer, 32 bytes
 * @param precertificateTbs of at most 2^24 − 1 bytes
 */
export function encodeSctInput(
  sct: Pick<Sct, 'timestampMs' | 'extensions'>,
  issuerKeyHash: Uint8Array,
  precertificateTbs: Uint8Array,
): Uint8Array {
  return concatBytes(
    Uint8Array.of(VERSION_1, CERTIFICATE_TIMESTAMP),
    encodeUint(sct.timestampMs, 8),
    encodeUint(PRECERT_ENTRY, 2),
    issuerKeyHash,
    encodeVector(precertificateTbs, 3),
    encodeVector(sct.extensions, 2),
  );
}

/** One SignedCertificateTimestamp in its TLS encoding; `timestamp` is derived from `timestampMs`. @throws CONFIG_INVALID */
export function encodeSct(sct: Omit<Sct, 'timestamp'>): Uint8Array {
  const hash = HASHES.find(([, name]) => name === sct.scheme.hash)?.[0];
  const scheme = SCHEMES.find(([, name]) => name === sct.scheme.scheme)?.[0];
  if (hash === undefined || scheme === undefined) {
    throw new KeywaxError('CONFIG_INVALID', 'expected a certificate timestamp signed with ECDSA or RSA');
  }
  return concatBytes(
    Uint8Array.of(VERSION_1),
    sct.logId,
    encodeUint(sct.timestampMs, 8),
    encodeVector(sct.extensions, 2),
    Uint8Array.of(hash, scheme),
    encodeVector(sct.signature, 2),
  );
}

/** The extension value that holds the given timestamps: an OCTET STRING around their list. @throws CONFIG_INVALID */
export function encodeSctList(scts: readonly Omit<Sct, 'timestamp'>[]): Uint8Array {
  const members = scts.map((sct) => encodeVector(encodeSct(sct), 2));
  return encodeDer(TAG.octetString, encodeVector(concatBytes(...members), 2));
}

/** A vector of TLS: a length of `width` bytes, then the bytes (RFC 5246 §4.3). */
function encodeVector(bytes: Uint8Array, width: number): Uint8Array {
  return concatBytes(encodeUint(bytes.length, width), bytes);
}

/** Reads the presentation language of TLS from the front (RFC 5246 §4). Everything throws INPUT_MALFORMED. */
interface ByteCursor {
  take(length: number): Uint8Array;
  uint(width: number): bigint;
  /** A vector whose length has `width` bytes. */
  vector(width: number): Uint8Array;
  more(): boolean;
  end(): void;
}

function openBytes(bytes: Uint8Array, at: string): ByteCursor {
  let offset = 0;
  const take = (length: number): Uint8Array => {
    if (offset + length > bytes.length) throw malformed(at, `${length} more bytes`);
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  const uint = (width: number): bigint => take(width).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  return {
    take,
    uint,
    vector: (width) => take(Number(uint(width))),
    more: () => offset < bytes.length,
    end() {
      if (offset !== bytes.length) throw malformed(at, 'no further bytes');
    },
  };
}

function invalid(at: string, expected: string): KeywaxError {
  return new KeywaxError('SCT_INVALID', `${at}: expected ${expected}`, { details: { at, expected } });
}

function malformed(at: string, expected: string): KeywaxError {
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}`, { details: { at, expected } });
}

function unsupported(at: string, expected: string, actual: string): KeywaxError {
  return new KeywaxError('INPUT_UNSUPPORTED', `${at}: expected ${expected}, found ${actual}`, {
    details: { at, expected, actual },
  });
}

function tooLarge(at: string, expected: string, limit: number): KeywaxError {
  return new KeywaxError('INPUT_TOO_LARGE', `${at}: expected ${expected}`, { details: { at, expected, limit } });
}
