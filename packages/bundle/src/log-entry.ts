// SPDX-License-Identifier: Apache-2.0
// Log entries as bundles of all versions and the answers of Rekor v2 carry them.
// Refused: log ids and hashes that are not 32 bytes, more than 63 hashes, bodies above 1 MiB (16 MiB where the kind
// holds an envelope), checkpoints above 64 KiB, empty promises and bodies, and what the version of the bundle rules out.

import { encodeBase64, isUtf8Within } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeBase64Field,
  decodeInt64,
  decodeObject,
  optional,
  required,
  transform,
  withDefault,
} from '@keywax/core/decode';
import { KeywaxError } from '@keywax/core/errors';
import type { JsonValue } from '@keywax/core/json';
import { bytesWithin, decodeNonEmptyString, invalid, tooLarge } from './fields.js';
import type { BundleVersion } from './version.js';
import type { SerializedInclusionProof, SerializedLogEntry } from './serialized-bundle.js';

/** Where an entry lies in the tree of its log, and the hashes that lead from there to a root (RFC 6962 §2.1.1). */
export interface InclusionProof {
  /** Index in the tree of the proof: on Rekor v1 that of one shard, so not the entry's own. */
  readonly logIndex: bigint;
  /** 32 bytes, claimed; only a signed checkpoint proves a root. */
  readonly rootHash: Uint8Array;
  readonly treeSize: bigint;
  /** At most 63 hashes of 32 bytes, from the leaf towards the root. */
  readonly hashes: readonly Uint8Array[];
  /** The signed note; absent in some bundles of version 0.1 alone. */
  readonly checkpoint?: string;
}

/** An entry of a transparency log as a bundle carries it (`TransparencyLogEntry` of the bundle format). Nothing in it is proven. */
export interface LogEntry {
  /** Index in the log: on Rekor v1 across all shards, on v2 in its one tree. */
  readonly logIndex: bigint;
  /** 32-byte key id of the log. */
  readonly logId: Uint8Array;
  /** `hashedrekord`, `dsse`, `intoto`, or a kind that `decodeEntryBody` refuses. */
  readonly kind: string;
  readonly version: string;
  /** Seconds since 1970; 0 where there is none. Proven by the promise alone. */
  readonly integratedTime: bigint;
  /** The log's signature over body, time, id and index: the signed entry timestamp of Rekor v1. */
  readonly promise?: Uint8Array;
  readonly proof?: InclusionProof;
  /** The canonicalized body, not empty: the very bytes that the log hashed. */
  readonly body: Uint8Array;
}

const HASH_BYTES = 32; // SHA-256, the hash of all logs (RFC 6962 §2.1)
const MAX_HASHES = 63; // an index is below 2^63
const MAX_CHECKPOINT_BYTES = 65_536; // ATTACKS 4.3, and the three below
const MAX_BODY_BYTES = 1_048_576;
const MAX_ENVELOPE_BODY_BYTES = 16_777_216;
const MAX_PROMISE_BYTES = 65_536;

/** Kind and version of the entries that only Rekor v2 makes. */
const REKOR_V2_KINDS: ReadonlySet<string> = new Set(['hashedrekord/0.0.2', 'dsse/0.0.2']);
/** Kind and version of the entries that may hold a whole envelope. */
const ENVELOPE_KINDS: ReadonlySet<string> = new Set(['dsse/0.0.1', 'intoto/0.0.2']);

const decodeHash: Decoder<Uint8Array> = (value, at) => {
  const bytes = decodeBase64Field(value, at);
  if (bytes.length === HASH_BYTES) return bytes;
  const expected = `a hash of ${HASH_BYTES} bytes`;
  throw new KeywaxError('PROOF_INVALID', `${at}: expected ${expected}`, { details: { at, expected } });
};

const decodeLogId: Decoder<Uint8Array> = transform(
  decodeObject<{ keyId: Uint8Array }>({ keyId: required(decodeBase64Field, 'BUNDLE_INVALID') }),
  ({ keyId }, at) => {
    if (keyId.length !== HASH_BYTES) throw invalid(`${at}.keyId`, `a key id of ${HASH_BYTES} bytes`);
    return keyId;
  },
);

const decodePromise: Decoder<Uint8Array> = transform(
  decodeObject<{ signedEntryTimestamp: Uint8Array }>({ signedEntryTimestamp: bytesWithin(MAX_PROMISE_BYTES) }),
  ({ signedEntryTimestamp }) => signedEntryTimestamp,
);

const decodeCheckpoint: Decoder<string> = transform(
  decodeObject<{ envelope: string }>({ envelope: decodeNonEmptyString }),
  ({ envelope }, at) => {
    if (!isUtf8Within(envelope, MAX_CHECKPOINT_BYTES)) {
      throw tooLarge(`${at}.envelope`, MAX_CHECKPOINT_BYTES);
    }
    return envelope;
  },
);

const decodeProof: Decoder<InclusionProof> = decodeObject<InclusionProof>({
  logIndex: withDefault(decodeInt64, 0n), // ProtoJSON leaves out a zero
  rootHash: required(decodeHash, 'BUNDLE_INVALID'),
  treeSize: required(decodeInt64, 'BUNDLE_INVALID'),
  hashes: arrayOf(decodeHash, MAX_HASHES),
  checkpoint: optional(decodeCheckpoint),
});

/** The members of an entry under their names in the format. */
interface EntryMembers {
  readonly logIndex: bigint;
  readonly logId: Uint8Array;
  readonly kindVersion: { readonly kind: string; readonly version: string };
  readonly integratedTime: bigint;
  readonly inclusionPromise?: Uint8Array;
  readonly inclusionProof?: InclusionProof;
  readonly canonicalizedBody: Uint8Array;
}

const decodeMembers: Decoder<EntryMembers> = decodeObject<EntryMembers>({
  logIndex: withDefault(decodeInt64, 0n),
  logId: required(decodeLogId, 'BUNDLE_INVALID'),
  kindVersion: required(
    decodeObject<EntryMembers['kindVersion']>({ kind: decodeNonEmptyString, version: decodeNonEmptyString }),
    'BUNDLE_INVALID',
  ),
  integratedTime: withDefault(decodeInt64, 0n),
  inclusionPromise: optional(decodePromise),
  inclusionProof: optional(decodeProof),
  canonicalizedBody: bytesWithin(MAX_ENVELOPE_BODY_BYTES),
});

/**
 * The decoder of an entry in a bundle of the given version, with what that version demands of it.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, BUNDLE_INVALID, PROOF_INVALID for a hash that is not 32 bytes
 */
export function entryOfVersion(version: BundleVersion): Decoder<LogEntry> {
  return (value, at) => {
    const members = decodeMembers(value, at);
    const entry: LogEntry = Object.freeze({
      logIndex: members.logIndex,
      logId: members.logId,
      ...members.kindVersion,
      integratedTime: members.integratedTime,
      ...(members.inclusionPromise === undefined ? {} : { promise: members.inclusionPromise }),
      ...(members.inclusionProof === undefined ? {} : { proof: members.inclusionProof }),
      body: members.canonicalizedBody,
    });
    checkBodySize(entry, at);
    checkVersion(entry, version, at);
    return entry;
  };
}

/**
 * Decodes an entry that stands alone, as Rekor v2 answers with, by the rules of bundle 0.3.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, BUNDLE_INVALID, PROOF_INVALID for a hash that is not 32 bytes
 */
export function decodeLogEntry(value: JsonValue, at = '$'): LogEntry {
  return entryOfVersion('0.3')(value, at);
}

/** True for an entry of a kind that Rekor v2 makes. Such an entry proves no time. */
export function isRekorV2Entry(entry: Pick<LogEntry, 'kind' | 'version'>): boolean {
  return REKOR_V2_KINDS.has(`${entry.kind}/${entry.version}`);
}

function checkBodySize(entry: LogEntry, at: string): void {
  const max = ENVELOPE_KINDS.has(`${entry.kind}/${entry.version}`) ? MAX_ENVELOPE_BODY_BYTES : MAX_BODY_BYTES;
  if (entry.body.length > max) throw tooLarge(`${at}.canonicalizedBody`, max);
}

/** RUL-8: what an entry must and must not carry, by version of the bundle and of the log. */
function checkVersion(entry: LogEntry, version: BundleVersion, at: string): void {
  if (isRekorV2Entry(entry)) {
    if (version === '0.1') throw invalid(at, 'no entry of Rekor v2 in a bundle 0.1, whose entries carry promises');
    if (entry.promise !== undefined) throw invalid(`${at}.inclusionPromise`, 'no promise from Rekor v2');
    if (entry.integratedTime !== 0n) throw invalid(`${at}.integratedTime`, 'no time from Rekor v2');
  }
  if (version === '0.1') {
    if (entry.promise === undefined) throw invalid(`${at}.inclusionPromise`, 'a promise in a bundle 0.1');
    return;
  }
  if (entry.proof === undefined) throw invalid(`${at}.inclusionProof`, `a proof in a bundle ${version}`);
  if (entry.proof.checkpoint === undefined)
    throw invalid(`${at}.inclusionProof.checkpoint`, `a checkpoint in a bundle ${version}`);
}

/** Encodes an entry, without members that are unset. */
export function encodeLogEntry(entry: LogEntry): SerializedLogEntry {
  return {
    logIndex: entry.logIndex.toString(),
    logId: { keyId: encodeBase64(entry.logId) },
    kindVersion: { kind: entry.kind, version: entry.version },
    ...(entry.integratedTime === 0n ? {} : { integratedTime: entry.integratedTime.toString() }),
    ...(entry.promise === undefined ? {} : { inclusionPromise: { signedEntryTimestamp: encodeBase64(entry.promise) } }),
    ...(entry.proof === undefined ? {} : { inclusionProof: encodeProof(entry.proof) }),
    canonicalizedBody: encodeBase64(entry.body),
  };
}

function encodeProof(proof: InclusionProof): SerializedInclusionProof {
  return {
    logIndex: proof.logIndex.toString(),
    rootHash: encodeBase64(proof.rootHash),
    treeSize: proof.treeSize.toString(),
    hashes: proof.hashes.map(encodeBase64),
    ...(proof.checkpoint === undefined ? {} : { checkpoint: { envelope: proof.checkpoint } }),
  };
}
