// SPDX-License-Identifier: Apache-2.0
// What a timestamp authority is asked: a TimeStampReq (RFC 3161 §2.4.1), or the JSON form of Sigstore's authority.
// Refused: hash functions other than SHA-256, SHA-384 and SHA-512, digests of another length, extensions, policies
// other than the authority's.

import { parseHashAlgorithm } from '@keywax/core/algorithms';
import {
  type Decoder,
  decodeBase64Field,
  decodeBoolean,
  decodeJsonValue,
  decodeObject,
  decodeString,
  optional,
  withDefault,
} from '@keywax/core/decode';
import {
  TAG,
  elementBytes,
  encodeInteger,
  openElement,
  parseDer,
  readBoolean,
  readOctetString,
  readSmallInteger,
} from '@keywax/core/der';
import { HASH_BYTES, type HashName } from '@keywax/core/hash';
import { type JsonValue, isJsonNumber, parseJson } from '@keywax/core/json';
import { readOid } from '@keywax/core/oid';
import { type Outcome, attempt, done, refused } from '../service.js';
import { TIMESTAMP_POLICY } from './timestamp.js';

/** A request in either form. `nonce` is a whole DER INTEGER. */
export interface TimestampRequest {
  readonly algorithm: HashName;
  readonly digest: Uint8Array;
  readonly nonce?: Uint8Array;
  readonly policy?: string;
  readonly wantsCertificates: boolean;
}

const AT = 'request';
const MAX_JSON_BYTES = 1_024; // as upstream
const HASH_NAMES: ReadonlySet<string> = new Set(Object.keys(HASH_BYTES));

/** Reads a DER request. */
export function readDerRequest(der: Uint8Array): Outcome<TimestampRequest> {
  const request = attempt(() => parseDerRequest(der));
  return request === undefined ? refused(400, 'error parsing the timestamp request') : checkRequest(request);
}

function parseDerRequest(der: Uint8Array): TimestampRequest {
  const members = openElement(parseDer(der, AT), AT);
  readSmallInteger(members.next(TAG.integer), AT, 1);
  const imprint = openElement(members.next(TAG.sequence), AT);
  const algorithm = parseHashAlgorithm(imprint.next(TAG.sequence), AT);
  const digest = readOctetString(imprint.next(TAG.octetString), AT);
  imprint.end();
  const policy = members.optional(TAG.oid);
  const nonce = members.optional(TAG.integer);
  const wantsCertificates = members.optional(TAG.boolean);
  members.end(); // extensions are refused, as upstream does unless told otherwise
  return {
    algorithm,
    digest,
    ...(policy === undefined ? {} : { policy: readOid(policy, AT) }),
    ...(nonce === undefined ? {} : { nonce: elementBytes(nonce) }),
    wantsCertificates: wantsCertificates !== undefined && readBoolean(wantsCertificates, AT),
  };
}

interface JsonRequest {
  readonly artifactHash: Uint8Array;
  readonly hashAlgorithm: string;
  readonly certificates: boolean;
  readonly nonce?: JsonValue;
  readonly tsaPolicyOID?: string;
}

const decodeJsonRequest: Decoder<JsonRequest> = decodeObject<JsonRequest>({
  artifactHash: decodeBase64Field,
  hashAlgorithm: decodeString,
  certificates: withDefault(decodeBoolean, false),
  nonce: optional(decodeJsonValue),
  tsaPolicyOID: optional(decodeString),
});

/** Reads a JSON request; `artifactHash` is the digest, despite its name. */
export function readJsonRequest(json: Uint8Array): Outcome<TimestampRequest> {
  const request = attempt(() => decodeJsonRequest(parseJson(json, { maxBytes: MAX_JSON_BYTES }), '$'));
  const algorithm = request?.hashAlgorithm.toLowerCase() ?? '';
  if (request === undefined || !HASH_NAMES.has(algorithm)) return refused(400, 'error parsing the timestamp request');
  const { artifactHash: digest, certificates, nonce, tsaPolicyOID: policy } = request;
  const number = readNonce(nonce);
  return checkRequest({
    algorithm: algorithm as HashName,
    digest,
    wantsCertificates: certificates,
    ...(number === undefined ? {} : { nonce: encodeInteger(number) }),
    ...(policy === undefined ? {} : { policy }),
  });
}

/** A nonce of any size; numbers that are no integers count for nothing. */
function readNonce(nonce: JsonValue | undefined): bigint | undefined {
  const text = typeof nonce === 'number' ? String(nonce) : isJsonNumber(nonce) ? nonce.text : '';
  return /^[0-9]{1,40}$/.test(text) ? BigInt(text) : undefined;
}

function checkRequest(request: TimestampRequest): Outcome<TimestampRequest> {
  if (request.digest.length !== HASH_BYTES[request.algorithm])
    return refused(400, 'the digest is not of its algorithm');
  if (request.policy !== undefined && request.policy !== TIMESTAMP_POLICY) return refused(400, 'policy not accepted');
  return done(request);
}
