// SPDX-License-Identifier: Apache-2.0
// Rekor v1: entries with a signed promise, an inclusion proof in the tree of the present shard, and a checkpoint.

import { concatBytes, encodeBase64, encodeHex, encodeUint, encodeUtf8 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { canonicalizeJson } from '@keywax/core/jcs';
import { type SigningKey, signBytes } from '../keys.js';
import { type NoteSigner, encodeLogHead, signCheckpoint } from '../log/checkpoint.js';
import type { Log } from '../log/log.js';
import { type LogEntryJson, readKindVersion } from './entry-json.js';

/** What a promise covers. `logIndex` counts over all shards, `integratedTime` seconds since 1970. */
export interface PromiseFields {
  readonly body: Uint8Array;
  readonly integratedTime: number;
  readonly logId: Uint8Array;
  readonly logIndex: number;
}

/** What the log keeps of an entry. */
export interface RekorV1Record {
  readonly body: Uint8Array;
  readonly integratedTime: number;
  /** What the search index finds the entry by, in lower case. */
  readonly indexKeys: readonly string[];
}

/** A Rekor v1 log. */
export interface RekorV1 {
  readonly key: SigningKey;
  /** SHA-256 of the key's SubjectPublicKeyInfo. */
  readonly logId: Uint8Array;
  readonly hostname: string;
  readonly treeId: bigint;
  /** The global index of the first entry of this shard: earlier shards, which are not kept, hold the others. */
  readonly firstIndex: number;
  readonly log: Log;
  readonly signer: NoteSigner;
  /** Adds a canonical body and returns its index in the shard. */
  append(
    body: Uint8Array,
    options?: { readonly integratedTime?: number; readonly indexKeys?: readonly string[] },
  ): Promise<number>;
  record(index: number): RekorV1Record | undefined;
  /** `treeId ‖ leaf hash` in hex, 80 characters. */
  uuid(index: number): string;
  /** The signed entry timestamp over the fields. */
  signPromise(fields: PromiseFields): Uint8Array;
  /** A signed checkpoint of the first `size` entries. */
  checkpoint(size?: number): string;
  /** The entry at `index` in the shard with its evidence, proven in the first `size` entries, as bundles carry it. */
  entry(index: number, size?: number): LogEntryJson;
}

/** What a Rekor v1 log is made of. */
export interface RekorV1Options {
  readonly key: SigningKey;
  readonly log: Log;
  readonly hostname: string;
  readonly treeId: bigint;
  readonly firstIndex: number;
  readonly now: () => Date;
}

/** Opens a Rekor v1 log. */
export function createRekorV1({ key, log, hostname, treeId, firstIndex, now }: RekorV1Options): RekorV1 {
  const logId = hash('sha256', key.spki);
  const signer: NoteSigner = { name: hostname, key, keyId: logId };
  const signPromise = (fields: PromiseFields): Uint8Array => signBytes(key, encodePromise(fields));
  const checkpoint = (size: number = log.size()): string => {
    const origin = `${hostname} - ${treeId}`;
    return signCheckpoint(encodeLogHead({ origin, size, rootHash: log.tree.root(size) }), [signer]);
  };
  const readRecord = (index: number): RekorV1Record | undefined => {
    const record = log.record(index);
    return record === undefined ? undefined : decodeRekorV1Record(record);
  };
  return {
    key,
    logId,
    hostname,
    treeId,
    firstIndex,
    log,
    signer,
    signPromise,
    checkpoint,
    record: readRecord,
    append(body, { integratedTime = Math.floor(now().getTime() / 1000), indexKeys = [] } = {}) {
      return log.append(encodeRekorV1Record({ body, integratedTime, indexKeys }));
    },
    uuid: (index) => encodeHex(encodeUint(treeId, 8)) + encodeHex(log.tree.node(0, index)),
    entry(index, size = log.size()) {
      const record = readRecord(index);
      if (record === undefined) throw new RangeError(`no entry ${index} in a log of ${log.size()}`);
      const { body, integratedTime } = record;
      const logIndex = firstIndex + index;
      return {
        logIndex: String(logIndex),
        logId: { keyId: encodeBase64(logId) },
        kindVersion: readKindVersion(body),
        integratedTime: String(integratedTime),
        inclusionPromise: {
          signedEntryTimestamp: encodeBase64(signPromise({ body, integratedTime, logId, logIndex })),
        },
        inclusionProof: {
          logIndex: String(index),
          rootHash: encodeBase64(log.tree.root(size)),
          treeSize: String(size),
          hashes: log.tree.inclusionProof(index, size).map(encodeBase64),
          checkpoint: { envelope: checkpoint(size) },
        },
        canonicalizedBody: encodeBase64(body),
      };
    },
  };
}

/** The canonical JSON that a promise signs. */
export function encodePromise({ body, integratedTime, logId, logIndex }: PromiseFields): Uint8Array {
  const fields = new Map<string, string | number>([
    ['body', encodeBase64(body)],
    ['integratedTime', integratedTime],
    ['logID', encodeHex(logId)],
    ['logIndex', logIndex],
  ]);
  return encodeUtf8(canonicalizeJson(fields));
}

/** A record: time in eight bytes, length of the body in four, the body, then the index keys as JSON. */
function encodeRekorV1Record({ body, integratedTime, indexKeys }: RekorV1Record): Uint8Array {
  const keys = encodeUtf8(JSON.stringify(indexKeys));
  return concatBytes(encodeUint(integratedTime, 8), encodeUint(body.length, 4), body, keys);
}

/** Reads a record of this log. */
export function decodeRekorV1Record(record: Uint8Array): RekorV1Record {
  const view = new DataView(record.buffer, record.byteOffset);
  const end = 12 + view.getUint32(8);
  const keys = new TextDecoder().decode(record.subarray(end));
  return {
    integratedTime: Number(view.getBigUint64(0)),
    body: record.subarray(12, end),
    indexKeys: JSON.parse(keys) as readonly string[],
  };
}
