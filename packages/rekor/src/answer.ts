// SPDX-License-Identifier: Apache-2.0
// What has to hold of an entry before it is believed to be the log's, as far as it can be told without the log's key.
// Whose signatures promise and checkpoint carry is verified with the finished bundle.
// Refused: bodies other than the proposed, a checkpoint of another tree than the proof's, a proof that does not lead to
// its root.

import type { InclusionProof, LogEntry } from '@keywax/bundle';
import { encodeHex, equalBytes } from '@keywax/core/bytes';
import { type Decoder, decodeOpenObject, decodeString } from '@keywax/core/decode';
import { KeywaxError } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import { parseJson } from '@keywax/core/json';
import { type HashFunction, hashLeaf, verifyInclusion } from '@keywax/core/merkle';
import { type Checkpoint, parseCheckpoint } from '@keywax/core/note';

/** Most hashes that an inclusion proof may have: an index is below 2^63 (ATTACKS 4.3). */
export const MAX_PROOF_HASHES = 63;
/** Bytes of every hash and log id. */
export const HASH_BYTES = 32;

/** The hash function of all logs (RFC 6962 §2.1). */
export const sha256: HashFunction = (...pieces) => hash('sha256', ...pieces);

/** The leaf hash of a body. */
export function hashBody(body: Uint8Array): Uint8Array {
  return hashLeaf(sha256, body);
}

/** An entry with a complete proof, as every version of Rekor answers with. */
export interface ProvenEntry extends LogEntry {
  readonly proof: Required<InclusionProof>;
}

/**
 * Verifies that the proof of an entry leads to the root that its checkpoint states, and answers with that checkpoint.
 * @throws SERVICE_INVALID, CHECKPOINT_INVALID, PROOF_INVALID, INPUT_TOO_LARGE
 */
export function verifyProof({ body, proof }: Pick<ProvenEntry, 'body' | 'proof'>): Checkpoint {
  const checkpoint = parseCheckpoint(proof.checkpoint, 'checkpoint');
  if (proof.treeSize !== checkpoint.size)
    throw invalid(`a proof in the checkpoint's tree of ${checkpoint.size} entries`, `one of ${proof.treeSize}`);
  if (!equalBytes(proof.rootHash, checkpoint.rootHash))
    throw invalid(`a proof for the checkpoint's root ${encodeHex(checkpoint.rootHash)}`, encodeHex(proof.rootHash));
  const { logIndex: index, treeSize: size, hashes, rootHash } = proof;
  verifyInclusion(sha256, { index, size, leafHash: hashBody(body), hashes, rootHash });
  return checkpoint;
}

/** Checks that a log answered with the body that was proposed. @throws SERVICE_INVALID */
export function checkBody(entry: LogEntry, expected: Uint8Array): LogEntry {
  if (!equalBytes(entry.body, expected)) throw invalid('the entry that was proposed', 'another');
  return entry;
}

const decodeKindVersion: Decoder<{ readonly kind: string; readonly apiVersion: string }> = decodeOpenObject<{
  kind: string;
  apiVersion: string;
}>({ kind: decodeString, apiVersion: decodeString });

/** The kind and version that a body names. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export function readKindVersion(body: Uint8Array): Pick<LogEntry, 'kind' | 'version'> {
  const json = parseJson(body, { maxBytes: Math.max(body.length, 1) }, 'body'); // its answer was bounded
  const { kind, apiVersion: version } = decodeKindVersion(json, 'body');
  return { kind, version };
}

/** Refuses bytes that are not a SHA-256 hash. */
export function hashOf(decoder: Decoder<Uint8Array>): Decoder<Uint8Array> {
  return (value, at) => {
    const bytes = decoder(value, at);
    if (bytes.length !== HASH_BYTES) throw invalid(`${HASH_BYTES} bytes at ${at}`, `${bytes.length}`);
    return bytes;
  };
}

/** A `SERVICE_INVALID` of a log. */
export function invalid(expected: string, actual: string): KeywaxError<'SERVICE_INVALID'> {
  return new KeywaxError('SERVICE_INVALID', `Rekor: expected ${expected}, found ${actual}`, {
    details: { expected, actual },
  });
}

/** A `CONFIG_INVALID` about an argument. */
export function misused(at: string, expected: string): KeywaxError<'CONFIG_INVALID'> {
  return new KeywaxError('CONFIG_INVALID', `${at}: expected ${expected}`, { details: { at, expected } });
}
