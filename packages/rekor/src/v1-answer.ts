// SPDX-License-Identifier: Apache-2.0
// An entry as Rekor v1 answers with it, made into the entry of a bundle.
// Refused: no or several entries, an id that does not end with the hash of the body, a missing promise, proof or
// checkpoint, hashes that are not 32 bytes, and what answer.ts lists. Members that are not named here are left out.

import type { InclusionProof, LogEntry } from '@keywax/bundle';
import { decodeHex, encodeHex } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeBase64Field,
  decodeInt64,
  decodeJsonObject,
  decodeOpenObject,
  decodeString,
} from '@keywax/core/decode';
import { quoteText } from '@keywax/core/errors';
import type { JsonValue } from '@keywax/core/json';
import {
  MAX_PROOF_HASHES,
  type ProvenEntry,
  hashBody,
  hashOf,
  invalid,
  readKindVersion,
  verifyProof,
} from './answer.js';

const LEAF_HASH_DIGITS = 64;
const ENTRY_ID = /^(?:[0-9a-f]{16})?[0-9a-f]{64}$/; // the id of the tree, which may be left out, and the leaf hash

/** An entry with the id under which Rekor v1 keeps it. */
export interface IdentifiedEntry {
  /** 16 hex digits of the tree's id, which a log may leave out, and 64 of the leaf hash. */
  readonly uuid: string;
  readonly entry: LogEntry;
}

/** True for 64 or 80 lower-case hex digits. */
export function isEntryId(text: string): boolean {
  return ENTRY_ID.test(text);
}

/** True for two ids of one entry, of which either may lack the id of the tree. */
export function matchEntryIds(a: string, b: string): boolean {
  return a.endsWith(b) || b.endsWith(a);
}

/** A hash in lower-case hex, the form of Rekor v1. @throws INPUT_MALFORMED, SERVICE_INVALID */
export const decodeHexHash: Decoder<Uint8Array> = hashOf((value, at) => decodeHex(decodeString(value, at), at));

const decodeProof: Decoder<Required<InclusionProof>> = decodeOpenObject<Required<InclusionProof>>({
  logIndex: decodeInt64,
  rootHash: decodeHexHash,
  treeSize: decodeInt64,
  hashes: arrayOf(decodeHexHash, MAX_PROOF_HASHES),
  checkpoint: decodeString,
});

interface Answer {
  readonly body: Uint8Array;
  readonly integratedTime: bigint;
  readonly logID: Uint8Array;
  readonly logIndex: bigint;
  readonly verification: {
    readonly inclusionProof: Required<InclusionProof>;
    readonly signedEntryTimestamp: Uint8Array;
  };
}

const decodeAnswer: Decoder<Answer> = decodeOpenObject<Answer>({
  body: decodeBase64Field,
  integratedTime: decodeInt64,
  logID: decodeHexHash,
  logIndex: decodeInt64,
  verification: decodeOpenObject<Answer['verification']>({
    inclusionProof: decodeProof,
    signedEntryTimestamp: decodeBase64Field,
  }),
});

/**
 * Decodes an answer that holds one entry.
 * @throws SERVICE_INVALID, INPUT_MALFORMED, INPUT_TOO_LARGE, CHECKPOINT_INVALID, PROOF_INVALID
 */
export const decodeEntryAnswer: Decoder<IdentifiedEntry> = (value, at) => {
  const members = [...decodeJsonObject(value, at)];
  const [member] = members;
  if (member === undefined || members.length > 1) throw invalid('exactly one entry', `${members.length}`);
  const [uuid, answer] = member;
  const entry = readEntry(answer, 'entry');
  const leafHash = encodeHex(hashBody(entry.body));
  if (!isEntryId(uuid) || uuid.slice(-LEAF_HASH_DIGITS) !== leafHash)
    throw invalid(`an id that ends with the leaf hash ${leafHash}`, quoteText(uuid));
  return Object.freeze({ uuid, entry });
};

function readEntry(value: JsonValue, at: string): ProvenEntry {
  const { body, verification, logID: logId, logIndex, integratedTime } = decodeAnswer(value, at);
  const { inclusionProof: proof, signedEntryTimestamp: promise } = verification;
  if (promise.length === 0) throw invalid('a signed entry timestamp', 'none');
  verifyProof({ body, proof });
  return Object.freeze({ logIndex, logId, ...readKindVersion(body), integratedTime, promise, proof, body });
}
