// SPDX-License-Identifier: Apache-2.0
// TSTInfo (RFC 3161 §2.4.2): what was stamped, and when.
// Refused: versions other than 1, imprints whose length is not that of their hash function, times that are not UTC in DER,
// every extension (none is known), and values that an accuracy cannot have.

import { parseHashAlgorithm } from './algorithms.js';
import {
  type DerElement,
  TAG,
  contextTag,
  openElement,
  parseDer,
  readInteger,
  readIntegerBytes,
  readOctetString,
  readSmallInteger,
} from './der.js';
import { KeywaxError } from './errors.js';
import { HASH_BYTES, type HashName } from './hash-name.js';
import { readOid } from './oid.js';
import { parseGeneralizedTime } from './time.js';
import { readTrue } from './x509-extensions.js';
import { readGeneralName } from './x509-name.js';

const VERSION_1 = 1n;
const MAX_ACCURACY_SECONDS = 2 ** 31 - 1; // not used, only bounded
const MAX_ACCURACY_FRACTION = 999; // RFC 3161 §2.4.2: milliseconds and microseconds

/** The statement of a timestamp authority. Byte fields are views of the received bytes. */
export interface TimestampInfo {
  /** The TSTInfo as DER, which is what the signed message digest covers. */
  readonly bytes: Uint8Array;
  /** Object identifier of the authority's policy. */
  readonly policy: string;
  /** Digest of what was stamped, of the length of its hash function. */
  readonly imprint: { readonly hash: HashName; readonly digest: Uint8Array };
  /** Content octets of the INTEGER. */
  readonly serialNumber: Uint8Array;
  readonly genTime: Date;
  /** Content octets of the INTEGER, sign included. */
  readonly nonce: Uint8Array | undefined;
}

/** @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED, TIMESTAMP_INVALID */
export function parseTimestampInfo(bytes: Uint8Array, at: string): TimestampInfo {
  const cursor = openElement(parseDer(bytes, at), at);
  const version = readInteger(cursor.next(), at);
  if (version !== VERSION_1) throw invalid(at, 'version 1');
  const policy = readOid(cursor.next(), at);
  const imprint = readImprint(cursor.next(), at);
  const serialNumber = readIntegerBytes(cursor.next(), at);
  const genTime = parseGeneralizedTime(cursor.next(), at, { fraction: true });
  const accuracy = cursor.optional(TAG.sequence);
  const ordering = cursor.optional(TAG.boolean);
  const nonce = cursor.optional(TAG.integer);
  const authority = cursor.optional(contextTag(0));
  const extensions = cursor.optional(contextTag(1));
  cursor.end();
  if (accuracy !== undefined) checkAccuracy(accuracy, at);
  if (ordering !== undefined) readTrue(ordering, at);
  if (authority !== undefined) checkAuthorityName(authority, at);
  if (extensions !== undefined) throw invalid(at, 'no extensions');
  return Object.freeze({
    bytes,
    policy,
    imprint,
    serialNumber,
    genTime,
    nonce: nonce === undefined ? undefined : readIntegerBytes(nonce, at),
  });
}

function readImprint(element: DerElement, at: string): TimestampInfo['imprint'] {
  const cursor = openElement(element, at);
  const hash = parseHashAlgorithm(cursor.next(), at);
  const digest = readOctetString(cursor.next(), at);
  cursor.end();
  if (digest.length !== HASH_BYTES[hash]) throw invalid(at, `an imprint of ${HASH_BYTES[hash]} bytes`);
  return Object.freeze({ hash, digest });
}

function checkAccuracy(element: DerElement, at: string): void {
  const cursor = openElement(element, at);
  const seconds = cursor.optional(TAG.integer);
  if (seconds !== undefined) readSmallInteger(seconds, at, MAX_ACCURACY_SECONDS);
  for (const tag of [contextTag(0, 'primitive'), contextTag(1, 'primitive')]) {
    const fraction = cursor.optional(tag);
    if (fraction !== undefined) readSmallInteger(fraction, at, MAX_ACCURACY_FRACTION, tag);
  }
  cursor.end();
}

/** The authority's name for itself. It is read, and not used: the certificate hash says who signed. */
function checkAuthorityName(element: DerElement, at: string): void {
  const cursor = openElement(element, at, element.tag);
  readGeneralName(cursor.next(), at);
  cursor.end();
}

function invalid(at: string, expected: string): KeywaxError {
  return new KeywaxError('TIMESTAMP_INVALID', `${at}: expected ${expected}`, { details: { at, expected } });
}
