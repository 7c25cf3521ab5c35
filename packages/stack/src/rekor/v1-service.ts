// SPDX-License-Identifier: Apache-2.0
// What Rekor v1 does with requests: adding entries once, finding them by index, UUID and search key.

import { decodeBase64, encodeHex } from '@keywax/core/bytes';
import { type Insertion, createInsertOnce, hashBody } from './insert.js';
import type { RekorV1 } from './v1.js';
import type { AcceptedEntry } from './index-keys.js';

/** A search: entries that have any, or all, of the keys. */
export interface SearchQuery {
  readonly keys: readonly string[];
  readonly operator: 'or' | 'and';
}

/** The operations of a Rekor v1 log. Indices count from the start of the shard. */
export interface RekorV1Service {
  readonly rekor: RekorV1;
  insert(entry: AcceptedEntry): Promise<Insertion>;
  /** The index of a UUID of 80 or a leaf hash of 64 hex digits. */
  findUuid(id: string): number | undefined;
  /** The index of an entry by its index over all shards. */
  findLogIndex(logIndex: number): number | undefined;
  findBody(body: Uint8Array): number | undefined;
  /** Indices of the entries that match, oldest first. */
  search(query: SearchQuery): readonly number[];
}

const TREE_ID_DIGITS = 16;

/** Opens the service over a log. */
export function createRekorV1Service(rekor: RekorV1): RekorV1Service {
  const insertOnce = createInsertOnce(rekor.log);
  const index = new Map<string, number[]>();
  const addToIndex = (entry: number, keys: readonly string[]): void => {
    for (const key of keys) index.set(key, [...(index.get(key) ?? []), entry]);
  };
  for (let i = 0; i < rekor.log.size(); i++) addToIndex(i, rekor.record(i)?.indexKeys ?? []);
  return {
    rekor,
    async insert({ body, indexKeys }) {
      const insertion = await insertOnce(body, () => rekor.append(body, { indexKeys }));
      if (insertion.isNew) addToIndex(insertion.index, indexKeys);
      return insertion;
    },
    findUuid(id) {
      const treeId = id.length > 64 ? id.slice(0, TREE_ID_DIGITS) : undefined;
      const own = rekor.treeId.toString(16).padStart(TREE_ID_DIGITS, '0');
      return treeId === undefined || treeId === own ? rekor.log.find(id.slice(-64)) : undefined;
    },
    findLogIndex(logIndex) {
      const own = logIndex - rekor.firstIndex;
      return own >= 0 && own < rekor.log.size() ? own : undefined;
    },
    findBody: (body) => rekor.log.find(hashBody(body)),
    search({ keys, operator }) {
      const [first = [], ...others] = keys.map((key) => index.get(key.toLowerCase()) ?? []);
      if (operator === 'or') return [...new Set([...first, ...others.flat()])].sort((a, b) => a - b);
      return first.filter((entry) => others.every((found) => found.includes(entry)));
    },
  };
}

/** An entry as the API answers it: hex and numbers, under its UUID. */
export function describeEntry(rekor: RekorV1, index: number): Readonly<Record<string, object>> {
  const { canonicalizedBody, inclusionProof, inclusionPromise, integratedTime, logIndex } = rekor.entry(index);
  const toHex = (base64: string): string => encodeHex(decodeBase64(base64));
  return {
    [rekor.uuid(index)]: {
      body: canonicalizedBody,
      integratedTime: Number(integratedTime),
      logID: encodeHex(rekor.logId),
      logIndex: Number(logIndex),
      verification: {
        inclusionProof: {
          checkpoint: inclusionProof.checkpoint.envelope,
          hashes: inclusionProof.hashes.map(toHex),
          logIndex: index,
          rootHash: toHex(inclusionProof.rootHash),
          treeSize: Number(inclusionProof.treeSize),
        },
        signedEntryTimestamp: inclusionPromise?.signedEntryTimestamp,
      },
    },
  };
}
