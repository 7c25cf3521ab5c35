// SPDX-License-Identifier: Apache-2.0

import { Buffer } from 'node:buffer';
import type { LogEntry } from '@keywax/bundle';
import type { TransparencyLogEntry } from '../bundle/records.js';

/** A log entry in the shape of generated protobuf code. */
export function toTransparencyLogEntry(entry: LogEntry): TransparencyLogEntry {
  const { logIndex, logId, kind, version, integratedTime, promise, proof, body } = entry;
  return {
    logIndex: String(logIndex),
    logId: { keyId: Buffer.from(logId) },
    kindVersion: { kind, version },
    integratedTime: String(integratedTime),
    inclusionPromise: promise === undefined ? undefined : { signedEntryTimestamp: Buffer.from(promise) },
    inclusionProof: proof === undefined ? undefined : toInclusionProof(proof),
    canonicalizedBody: Buffer.from(body),
  };
}

function toInclusionProof({
  logIndex,
  rootHash,
  treeSize,
  hashes,
  checkpoint,
}: NonNullable<LogEntry['proof']>): TransparencyLogEntry['inclusionProof'] {
  return {
    logIndex: String(logIndex),
    rootHash: Buffer.from(rootHash),
    treeSize: String(treeSize),
    hashes: hashes.map((hash) => Buffer.from(hash)),
    checkpoint: checkpoint === undefined ? undefined : { envelope: checkpoint },
  };
}
