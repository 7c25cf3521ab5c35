// SPDX-License-Identifier: Apache-2.0
// Rekor v2: a tiled log. An entry has an index and a proof against a published checkpoint, and no time.

import { encodeBase64 } from '@keywax/core/bytes';
import type { SigningKey } from '../keys.js';
import { type NoteSigner, createNoteSigner, encodeLogHead, signCheckpoint } from '../log/checkpoint.js';
import type { Log } from '../log/log.js';
import { type LogEntryJson, readKindVersion } from './entry-json.js';

/** A Rekor v2 log. */
export interface RekorV2 {
  readonly key: SigningKey;
  /** The whole note key id (32 bytes). */
  readonly logId: Uint8Array;
  /** Origin, and name of the log's signature: a bare hostname. */
  readonly origin: string;
  readonly log: Log;
  readonly signer: NoteSigner;
  /** Adds a canonical body and returns its index. */
  append(body: Uint8Array): Promise<number>;
  /** A signed checkpoint of the first `size` entries. */
  checkpoint(size?: number): string;
  /** The entry at `index`, proven in the first `size` entries, as bundles carry it. */
  entry(index: number, size?: number): LogEntryJson;
}

/** What a Rekor v2 log is made of. */
export interface RekorV2Options {
  readonly key: SigningKey;
  readonly log: Log;
  readonly origin: string;
}

/** Opens a Rekor v2 log. */
export function createRekorV2({ key, log, origin }: RekorV2Options): RekorV2 {
  const signer = createNoteSigner(origin, key);
  const checkpoint = (size: number = log.size()): string =>
    signCheckpoint(encodeLogHead({ origin, size, rootHash: log.tree.root(size) }), [signer]);
  return {
    key,
    logId: signer.keyId,
    origin,
    log,
    signer,
    append: (body) => log.append(body),
    checkpoint,
    entry(index, size = log.size()) {
      const body = log.record(index);
      if (body === undefined) throw new RangeError(`no entry ${index} in a log of ${log.size()}`);
      return {
        logIndex: String(index),
        logId: { keyId: encodeBase64(signer.keyId) },
        kindVersion: readKindVersion(body),
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
