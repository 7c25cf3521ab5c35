// SPDX-License-Identifier: Apache-2.0
// The proof of an entry that was kept without one, as older bundles keep them.
// Refused: an answer about another entry, time or log, and proofs that do not lead to the root of their checkpoint.

import type { LogEntry } from '@keywax/bundle';
import { equalBytes } from '@keywax/core/bytes';
import type { Transport } from '@keywax/http';
import { checkBody, invalid } from './answer.js';
import { fetchEntryByIndex } from './v1.js';

/**
 * Fetches the inclusion proof of an entry of Rekor v1 by its index across all shards, and answers with the entry and its
 * proof. Whether the log signed its checkpoint is verified with the bundle.
 * @throws SERVICE_INVALID for an answer about something else, CONFIG_INVALID, NETWORK_…, INPUT_TOO_LARGE, OPERATION_ABORTED
 */
export async function fetchEntryProof(base: string, entry: LogEntry, transport: Transport = {}): Promise<LogEntry> {
  const { entry: found } = await fetchEntryByIndex(base, entry.logIndex, transport);
  checkBody(found, entry.body);
  if (!equalBytes(found.logId, entry.logId)) throw invalid('the log of the entry', 'another');
  if (found.integratedTime !== entry.integratedTime)
    throw invalid(`an entry of ${entry.integratedTime}`, `${found.integratedTime}`);
  if (found.proof === undefined) throw invalid('a proof', 'none');
  // The promise stays: it is what the entry was dated with, and one by ECDSA may be another each time.
  return Object.freeze({ ...entry, proof: found.proof });
}
