// SPDX-License-Identifier: Apache-2.0
// An entry as Rekor v1 answers with it, made into the entry of a bundle.
// Refused: no or several entries, an id that is not the hash of the body, a missing promise or proof, an index outside the tree.

import type { InclusionProof, LogEntry } from '@keywax/bundle';
import { decodeBase64, decodeHex, encodeHex, equalBytes } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeBase64Field,
  decodeInt64,
  decodeOpenObject,
  decodeString,
  mapOf,
  required,
  transform,
} from '@keywax/core/decode';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import { type JsonValue, parseJson } from '@keywax/core/json';
import { hashLeaf } from '@keywax/core/merkle';

const MAX_BODY_BYTES = 16_777_216; // ATTACKS 4.3, as in bundles
const MAX_PROOF_HASHES = 63;
const ENTRY_ID = /^(?:[0-9a-f]{16})?([0-9a-f]{64})$/; // tree id, then leaf hash

/** An entry with the id under which Rekor v1 keeps it. */
export interface IdentifiedEntry {
  /** 80 hex digits, or 64 without the tree id. */
  readonly uuid: string;
  readonly entry: LogEntry;
}

/** Bytes in lower-case hex, the form of all hashes of Rekor v1. */
export const decodeHexField: Decoder<Uint8Array> = (value, at) => decodeHex(decodeString(value, at), at);

const decodeProof: Decoder<InclusionProof> = decodeOpenObject<Required<InclusionProof>>({
  logIndex: decodeInt64,
  rootHash: decodeHexField,
  treeSize: decodeInt64,
  hashes: arrayOf(decodeHexField, MAX_PROOF_HASHES),
  checkpoint: decodeString,
});

interface Answer {
  readonly body: Uint8Array;
  readonly integratedTime: bigint;
  readonly logID: Uint8Array;
  readonly logIndex: bigint;
  readonly verification: { readonly inclusionProof: InclusionProof; readonly signedEntryTimestamp: Uint8Array };
}

const decodeAnswer: Decoder<Answer> = decodeOpenObject<Answer>({
  body: (value, at) => decodeBase64(decodeString(value, at), at),
  integratedTime: decodeInt64,
  logID: decodeHexField,
  logIndex: decodeInt64,
  verification: required(
    decodeOpenObject<Answer['verification']>({
      inclusionProof: required(decodeProof),
      signedEntryTimestamp: decodeBase64Field,
    }),
  ),
});

const decodeKindVersion: Decoder<{ readonly kind: string; readonly apiVersion: string }> = decodeOpenObject<{
  kind: string;
  apiVersion: string;
}>({
  kind: decodeString,
  apiVersion: decodeString,
});

const decodeMembers: Decoder<ReadonlyMap<string, Answer>> = mapOf(decodeAnswer, 1);

/** Decodes an answer that holds one entry. @throws SERVICE_INVALID, INPUT_MALFORMED, INPUT_TOO_LARGE */
export const decodeEntryAnswer: Decoder<IdentifiedEntry> = transform(decodeMembers, (members, at) => {
  const [member] = members;
  if (member === undefined) throw invalid(at, 'one entry', 'none');
  const [uuid, answer] = member;
  checkId(uuid, answer.body);
  const { inclusionProof, signedEntryTimestamp } = answer.verification;
  if (inclusionProof.logIndex >= inclusionProof.treeSize)
    throw invalid(at, `an index below ${inclusionProof.treeSize}`, `${inclusionProof.logIndex}`);
  if (signedEntryTimestamp.length === 0) throw invalid(at, 'a signed entry timestamp', 'none');
  const { kind, apiVersion } = decodeKindVersion(parseBody(answer.body), `${at} body`);
  return {
    uuid,
    entry: Object.freeze({
      logIndex: answer.logIndex,
      logId: answer.logID,
      kind,
      version: apiVersion,
      integratedTime: answer.integratedTime,
      promise: signedEntryTimestamp,
      proof: inclusionProof,
      body: answer.body,
    }),
  };
});

/** Decodes a list of answers, each with one entry. */
export const decodeEntryAnswers: Decoder<readonly IdentifiedEntry[]> = arrayOf(decodeEntryAnswer, 10);

function parseBody(body: Uint8Array): JsonValue {
  return parseJson(body, { maxBytes: MAX_BODY_BYTES });
}

/** The id ends with the leaf hash of the body. */
function checkId(uuid: string, body: Uint8Array): void {
  const leafHash = encodeHex(hashLeaf((...pieces) => hash('sha256', ...pieces), body));
  if (ENTRY_ID.exec(uuid)?.[1] !== leafHash)
    throw invalid('entry id', `an id that ends with ${leafHash}`, quoteText(uuid));
}

/** Checks that a log answered with the body that was proposed. @throws SERVICE_INVALID */
export function checkBody(entry: LogEntry, expected: Uint8Array): LogEntry {
  if (!equalBytes(entry.body, expected)) throw invalid('entry', 'the body that was proposed', 'another');
  return entry;
}

/** A `SERVICE_INVALID` of a log. */
export function invalid(at: string, expected: string, actual: string): KeywaxError {
  return new KeywaxError('SERVICE_INVALID', `Rekor: ${at}: expected ${expected}, found ${actual}`, {
    details: { at, expected, actual },
  });
}
