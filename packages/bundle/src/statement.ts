// SPDX-License-Identifier: Apache-2.0
// in-toto statements v1 and v0.1, the payloads of DSSE envelopes (in-toto attestation framework).
// Refused: what core's JSON reader refuses; unknown members of statement and subjects; other types; no subject, or
// subjects without a digest; names of algorithms that plain objects inherit; statements in which no subject has a SHA-2
// digest, as they are about no artifact; predicates that are not objects.

import { encodeUtf8 } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeBase64Field,
  decodeJsonObject,
  decodeObject,
  decodeString,
  isAbsent,
  mapOf,
  oneOfNames,
  optional,
  transform,
} from '@keywax/core/decode';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { HASH_BYTES } from '@keywax/core/hash';
import { type JsonObject, type JsonValue, encodeJson, parseJson, readPlainJson } from '@keywax/core/json';
import { tooLarge } from './fields.js';

/** The payload type of an envelope that holds a statement. */
export const STATEMENT_PAYLOAD_TYPE = 'application/vnd.in-toto+json';
/** The type of statements that are written. */
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
/** The type of older statements, with the same members. */
export const STATEMENT_TYPE_V01 = 'https://in-toto.io/Statement/v0.1';

/** Something that a statement is about (in-toto `ResourceDescriptor`). */
export interface StatementSubject {
  readonly name?: string;
  readonly uri?: string;
  /**
   * Digest by algorithm, 1 to 32, as written: `sha256`, `sha384` and `sha512` are lower-case hex where they are honest,
   * and only an exact comparison shows that.
   */
  readonly digests: ReadonlyMap<string, string>;
}

/** An in-toto statement, the payload of a DSSE envelope. Proven by the envelope's signature alone. */
export interface Statement {
  /** `https://in-toto.io/Statement/v1`, or `/v0.1` in older attestations. */
  readonly type: string;
  /** 1 to 1,024. */
  readonly subjects: readonly StatementSubject[];
  readonly predicateType: string;
  /** An object, or `null` where there is none. */
  readonly predicate: JsonObject | null;
  /** The whole statement as read; `toPlainJson` makes ordinary values of it. */
  readonly json: JsonValue;
}

const MAX_BYTES = 16_777_216; // ATTACKS 4.3, and those below
const MAX_SUBJECTS = 1_024;
const MAX_DIGESTS = 32;
const MAX_DIGEST_CHARS = 128;

const decodeDigestText: Decoder<string> = (value, at) => {
  const text = decodeString(value, at);
  if (text === '') throw invalidStatement(at, 'a digest, found none');
  if (text.length > MAX_DIGEST_CHARS) throw tooLarge(at, MAX_DIGEST_CHARS);
  return text;
};

const decodeDigests: Decoder<ReadonlyMap<string, string>> = transform(
  mapOf(decodeDigestText, MAX_DIGESTS),
  (digests, at) => {
    if (digests.size === 0) throw invalidStatement(at, 'at least one digest');
    for (const name of digests.keys()) {
      // Such a name would be found in every plain object that the digests are copied into.
      if (name in Object.prototype) throw invalidStatement(at, 'names of hash algorithms');
    }
    return digests;
  },
);

/** A `ResourceDescriptor`; the members that say nothing about what the subject is are checked and left out. */
interface SubjectMembers {
  readonly name?: string;
  readonly uri?: string;
  readonly digest: ReadonlyMap<string, string>;
  readonly content?: Uint8Array;
  readonly downloadLocation?: string;
  readonly mediaType?: string;
  readonly annotations?: JsonObject;
}

const decodeSubject: Decoder<StatementSubject> = transform(
  decodeObject<SubjectMembers>({
    name: optional(decodeString),
    uri: optional(decodeString),
    digest: decodeDigests,
    content: optional(decodeBase64Field),
    downloadLocation: optional(decodeString),
    mediaType: optional(decodeString),
    annotations: optional(decodeJsonObject),
  }),
  ({ name, uri, digest }) =>
    Object.freeze({ ...(name === undefined ? {} : { name }), ...(uri === undefined ? {} : { uri }), digests: digest }),
);

interface StatementMembers {
  readonly _type: string;
  readonly subject: readonly StatementSubject[];
  readonly predicateType: string;
  readonly predicate: JsonObject | null;
}

const decodeMembers: Decoder<StatementMembers> = decodeObject<StatementMembers>({
  _type: oneOfNames([STATEMENT_TYPE, STATEMENT_TYPE_V01]),
  subject: arrayOf(decodeSubject, MAX_SUBJECTS),
  predicateType: decodeString,
  predicate: (value, at) => (isAbsent(value) ? null : decodeJsonObject(value, at)),
});

/**
 * Decodes the payload of an envelope of type `application/vnd.in-toto+json`.
 * @see https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
 * @throws STATEMENT_INVALID, INPUT_TOO_LARGE
 */
export function decodeStatement(payload: Uint8Array): Statement {
  try {
    const json = parseJson(payload, { maxBytes: MAX_BYTES }, 'statement');
    const { _type: type, subject: subjects, predicateType, predicate } = decodeMembers(json, 'statement');
    if (subjects.length === 0) throw invalidStatement('statement.subject', 'at least one subject');
    if (!subjects.some(({ digests }) => Object.keys(HASH_BYTES).some((name) => digests.has(name)))) {
      throw invalidStatement('statement.subject', `a digest by ${Object.keys(HASH_BYTES).join(', ')}`);
    }
    if (predicateType === '') throw invalidStatement('statement.predicateType', 'a type, found none');
    return Object.freeze({ type, subjects, predicateType, predicate, json });
  } catch (cause) {
    if (!isKeywaxError(cause, 'INPUT_MALFORMED') && !isKeywaxError(cause, 'INPUT_UNSUPPORTED')) throw cause;
    throw new KeywaxError('STATEMENT_INVALID', cause.message, { cause, details: cause.details });
  }
}

/** What a statement is made of. */
export interface StatementContent {
  /** `STATEMENT_TYPE` unless given. */
  readonly type?: typeof STATEMENT_TYPE | typeof STATEMENT_TYPE_V01;
  readonly subjects: readonly StatementSubject[];
  readonly predicateType: string;
  /** Copied as plain JSON. */
  readonly predicate: object;
}

/**
 * Encodes a statement as compact JSON, which `decodeStatement` accepts.
 * @throws INPUT_MALFORMED for a predicate that is not plain JSON, INPUT_TOO_LARGE, STATEMENT_INVALID
 */
export function encodeStatement({
  type = STATEMENT_TYPE,
  subjects,
  predicateType,
  predicate,
}: StatementContent): Uint8Array {
  const members = new Map<string, JsonValue>([
    ['_type', type],
    ['subject', subjects.map(encodeSubject)],
    ['predicateType', predicateType],
    ['predicate', readPlainJson(predicate, { maxBytes: MAX_BYTES }, 'predicate')],
  ]);
  const payload = encodeUtf8(encodeJson(members));
  decodeStatement(payload); // nothing is signed that would be refused
  return payload;
}

function encodeSubject({ name, uri, digests }: StatementSubject): JsonObject {
  const members = Object.entries({ name, uri, digest: digests }).filter(([, member]) => member !== undefined);
  return new Map(members as [string, JsonValue][]);
}

function invalidStatement(at: string, expected: string): KeywaxError {
  return new KeywaxError('STATEMENT_INVALID', `${at}: expected ${expected}`, { details: { at, expected } });
}
