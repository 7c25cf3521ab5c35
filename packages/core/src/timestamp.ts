// SPDX-License-Identifier: Apache-2.0
// Timestamps (RFC 3161, RFC 5816): the response of an authority down to what it stamped, when, and what its signature covers.
// Which certificate signed is for the caller to settle with its trust, by the certificate hash that the signer names.
// Refused: anything but DER, responses that are not granted, more than 64 KiB, contents other than TSTInfo, more than 16
// certificates or any other than X.509, and what timestamp-info.ts and timestamp-signer.ts list.

import { parseHashAlgorithm } from './algorithms.js';
import { equalBytes } from './bytes.js';
import {
  type DerCursor,
  type DerElement,
  TAG,
  contentBytes,
  contextTag,
  elementBytes,
  encodeDer,
  encodeInteger,
  expectTag,
  openElement,
  parseDer,
  readInteger,
  readMembers,
  readOctetString,
  readUtf8String,
} from './der.js';
import { KeywaxError, isKeywaxError, quoteText } from './errors.js';
import { hash as computeHash } from './hash.js';
import type { HashName } from './hash-name.js';
import { OID, encodeOid, readOid } from './oid.js';
import { type TimestampInfo, parseTimestampInfo } from './timestamp-info.js';
import { type TimestampSigner, readTimestampSigner } from './timestamp-signer.js';
import type { Certificate } from './x509.js';
import { checkLeaf } from './x509-path.js';

export type { TimestampInfo } from './timestamp-info.js';
export type { CertificateHash, SignerId, TimestampSigner } from './timestamp-signer.js';

const MAX_RESPONSE_BYTES = 64 * 1024; // ATTACKS 4.3
const MAX_CERTIFICATES = 16; // ATTACKS 4.3
const MAX_ALGORITHMS = 16; // one per signer in real tokens
const MAX_STATUS_TEXTS = 16; // one in real responses
const SIGNED_DATA_VERSION = 3n; // RFC 5652 §5.1: contents other than id-data
const GRANTED = 0n; // RFC 3161 §2.4.2
const GRANTED_WITH_MODS = 1n;

/** What a timestamp says, consistent within itself; its signature, its signer and the imprint are still to be checked. */
export interface Timestamp {
  readonly info: TimestampInfo;
  readonly signer: TimestampSigner;
  /** Embedded certificates as DER, which nothing vouches for; often none. */
  readonly certificates: readonly Uint8Array[];
}

/**
 * Reads a TimeStampResp (RFC 3161 §2.4.2). The message digest that is signed is compared with the content here.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 * @throws INPUT_UNSUPPORTED for algorithms outside the table
 * @throws TIMESTAMP_INVALID for a response that was not granted, and a token that contradicts itself or RFC 3161
 */
export function parseTimestampResponse(der: Uint8Array, at: string): Timestamp {
  if (der.length > MAX_RESPONSE_BYTES) throw tooLarge(at);
  const response = openElement(parseDer(der, at), at);
  checkStatus(response.next(), at);
  if (!response.more()) throw invalid(at, 'a token');
  const signedData = openContentInfo(response.next(), at);
  response.end();
  return readSignedData(signedData, at);
}

/** RFC 3161 §2.4.2: a token stands only behind the statuses 0 and 1, and then without failure information. */
function checkStatus(element: DerElement, at: string): void {
  const cursor = openElement(element, at);
  const status = readInteger(cursor.next(), at);
  const texts = cursor.optional(TAG.sequence);
  const failure = cursor.optional(TAG.bitString);
  cursor.end();
  const text = texts === undefined ? '' : readStatusTexts(texts, at);
  if ((status !== GRANTED && status !== GRANTED_WITH_MODS) || failure !== undefined) {
    throw invalid(at, `a granted timestamp, found status ${status}${text === '' ? '' : ` ${quoteText(text)}`}`);
  }
}

function readStatusTexts(element: DerElement, at: string): string {
  return readMembers(element, at, TAG.sequence, MAX_STATUS_TEXTS)
    .map((text) => readUtf8String(text, at))
    .join(' ');
}

function openContentInfo(element: DerElement, at: string): DerCursor {
  const cursor = openElement(element, at);
  const type = readOid(cursor.next(), at);
  if (type !== OID.signedData) throw invalid(at, 'signed data');
  const wrapper = cursor.next(contextTag(0));
  cursor.end();
  const inner = openElement(wrapper, at, wrapper.tag);
  const signedData = inner.next();
  inner.end();
  return openElement(signedData, at);
}

/** SignedData (RFC 5652 §5.1). */
function readSignedData(cursor: DerCursor, at: string): Timestamp {
  const version = readInteger(cursor.next(), at);
  const algorithms = readMembers(cursor.next(), at, TAG.set, MAX_ALGORITHMS);
  const content = readContent(cursor.next(), at);
  const certificates = cursor.optional(contextTag(0));
  cursor.optional(contextTag(1)); // revocation lists, which nothing here consults
  const signers = readMembers(cursor.next(), at, TAG.set, MAX_CERTIFICATES);
  cursor.end();
  if (version !== SIGNED_DATA_VERSION) throw invalid(at, `signed data of version ${SIGNED_DATA_VERSION}`);
  const [only] = signers;
  if (only === undefined || signers.length > 1) throw invalid(at, 'exactly one signer');
  const signer = readTimestampSigner(only, at);
  if (!algorithms.some((algorithm) => isHashAlgorithm(algorithm, signer.hash, at))) {
    throw invalid(at, "the signer's digest algorithm among those announced");
  }
  // RFC 5652 §11.2: the signed message digest is that of the content.
  if (!equalBytes(signer.messageDigest, computeHash(signer.hash, content))) {
    throw invalid(at, 'a message digest of the content');
  }
  return Object.freeze({
    info: parseTimestampInfo(content, `${at} TSTInfo`),
    signer,
    certificates: certificates === undefined ? [] : readCertificates(certificates, at),
  });
}

/** EncapsulatedContentInfo with a TSTInfo in it, as bytes. */
function readContent(element: DerElement, at: string): Uint8Array {
  const cursor = openElement(element, at);
  const type = readOid(cursor.next(), at);
  const wrapper = cursor.optional(contextTag(0));
  cursor.end();
  if (type !== OID.tstInfo || wrapper === undefined) throw invalid(at, 'a TSTInfo as content');
  const inner = openElement(wrapper, at, wrapper.tag);
  const content = readOctetString(inner.next(), at);
  inner.end();
  return content;
}

/** True for the hash function; false for any other algorithm, which other signers may have announced. */
function isHashAlgorithm(element: DerElement, hash: HashName, at: string): boolean {
  const isIt = readOid(openElement(element, at).next(), at) === OID[hash];
  return isIt && parseHashAlgorithm(element, at) === hash;
}

function readCertificates(element: DerElement, at: string): readonly Uint8Array[] {
  const members = readMembers(element, at, element.tag, MAX_CERTIFICATES);
  for (const member of members) expectTag(member, TAG.sequence, at); // other choices are tagged (RFC 5652 §10.2.2)
  return Object.freeze(members.map(elementBytes));
}

/**
 * Checks that a certificate is one of a timestamp authority: a leaf that signs, for timeStamping alone and critically so
 * (RFC 3161 §2.3).
 * @throws TIMESTAMP_INVALID
 */
export function checkTimestampSigner(certificate: Certificate): void {
  const { extendedKeyUsage } = certificate;
  const at = 'timestamp signer';
  if (extendedKeyUsage?.critical !== true || extendedKeyUsage.purposes.length !== 1) {
    throw invalid(at, 'critical extended key usage timeStamping and no other');
  }
  try {
    checkLeaf(certificate, { purpose: OID.timeStamping });
  } catch (cause) {
    if (!isKeywaxError(cause, 'CERTIFICATE_PROFILE_INVALID')) throw cause;
    throw new KeywaxError('TIMESTAMP_INVALID', cause.message, { cause, details: cause.details });
  }
}

/** What to ask a timestamp authority for. */
export interface TimestampRequest {
  readonly hash: HashName;
  /** Of the length of `hash`. */
  readonly digest: Uint8Array;
  /** A positive number, big-endian. */
  readonly nonce?: Uint8Array;
  /** True to have the signer's certificate embedded. */
  readonly certReq?: boolean;
}

/** Encodes a TimeStampReq of version 1 (RFC 3161 §2.4.1). */
export function encodeTimestampRequest({ hash, digest, nonce, certReq }: TimestampRequest): Uint8Array {
  const algorithm = encodeDer(TAG.sequence, encodeOid(OID[hash]), encodeDer(TAG.null));
  return encodeDer(
    TAG.sequence,
    encodeInteger(1),
    encodeDer(TAG.sequence, algorithm, encodeDer(TAG.octetString, digest)),
    ...(nonce === undefined ? [] : [encodeInteger(nonce)]),
    ...(certReq === true ? [encodeDer(TAG.boolean, Uint8Array.of(0xff))] : []),
  );
}

/** True when the timestamp returns the nonce of the request, given as there. */
export function matchTimestampNonce(timestamp: Timestamp, nonce: Uint8Array): boolean {
  const sent = contentBytes(parseDer(encodeInteger(nonce), 'nonce'));
  return timestamp.info.nonce !== undefined && equalBytes(timestamp.info.nonce, sent);
}

function invalid(at: string, expected: string): KeywaxError {
  return new KeywaxError('TIMESTAMP_INVALID', `${at}: expected ${expected}`, { details: { at, expected } });
}

function tooLarge(at: string): KeywaxError {
  const expected = `a timestamp of at most ${MAX_RESPONSE_BYTES} bytes`;
  return new KeywaxError('INPUT_TOO_LARGE', `${at}: expected ${expected}`, {
    details: { at, expected, limit: MAX_RESPONSE_BYTES },
  });
}
