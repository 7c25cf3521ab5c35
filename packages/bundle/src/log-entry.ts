// SPDX-License-Identifier: Apache-2.0

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
