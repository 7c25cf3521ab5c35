// SPDX-License-Identifier: Apache-2.0
// An append-only log: records in a store, and the Merkle tree over what each record commits to. A record is part of
// the tree only once the store holds it, so that no signed tree head promises more than a restart brings back.

import { encodeHex } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { hashLeaf } from '@keywax/core/merkle';
import { type MerkleTree, createMerkleTree } from '@keywax/core/merkle-tree';

/** Where a log keeps its records. */
export interface RecordStore {
  /** The records that the store held when it was opened, in order. */
  readonly records: readonly Uint8Array[];
  /** Resolves once the record is safe; appends are kept, and resolve, in the order of the calls. */
  append(record: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** A log of records. */
export interface Log {
  readonly tree: MerkleTree;
  size(): number;
  /** The record at `index`, from 0. */
  record(index: number): Uint8Array | undefined;
  /** The index of the newest record whose leaf has this hash, given as hex. */
  find(leafHash: string): number | undefined;
  /** Adds a record and returns its index, once it is safe and part of the tree. */
  append(record: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

const sha256 = (...pieces: readonly Uint8Array[]): Uint8Array => hash('sha256', ...pieces);

/** A store that forgets. */
export function createMemoryStore(): RecordStore {
  return { records: [], append: async () => {}, close: async () => {} };
}

/** Opens a log over a store; `leafData` says which bytes of a record the tree commits to. */
export function openLog(store: RecordStore, leafData: (record: Uint8Array) => Uint8Array): Log {
  const tree = createMerkleTree(sha256);
  const records: Uint8Array[] = [];
  const indices = new Map<string, number>();
  const admit = (record: Uint8Array): number => {
    const leafHash = hashLeaf(sha256, leafData(record));
    tree.append(leafHash);
    indices.set(encodeHex(leafHash), records.length);
    return records.push(record) - 1;
  };
  for (const record of store.records) admit(record);
  return {
    tree,
    size: () => records.length,
    record: (index) => records[index],
    find: (leafHash) => indices.get(leafHash),
    async append(record) {
      await store.append(record);
      return admit(record);
    },
    close: () => store.close(),
  };
}
