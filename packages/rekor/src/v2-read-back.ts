// SPDX-License-Identifier: Apache-2.0
// Reading back an entry that a log of Rekor v2 has already: its published checkpoint, and body and proof from tiles.

import type { LogEntry } from '@keywax/bundle';
import { quoteText } from '@keywax/core/errors';
import { type Checkpoint, parseCheckpoint } from '@keywax/core/note';
import { type Transport, joinServiceUrl, readAnswer, request, waitWithTimer } from '@keywax/http';
import { type ProvenEntry, invalid, misused, readKindVersion, verifyProof } from './answer.js';
import { type RekorV2Options, findClaimedLogs } from './known-log.js';
import { fetchInclusionHashes } from './tile-proof.js';
import { fetchEntryData } from './tiles.js';

const MAX_CHECKPOINT_BYTES = 65_536; // ATTACKS 4.3
const PUBLICATION_POLLS = 20; // as many seconds as the log takes at most
const PUBLICATION_POLL_MS = 1_000;

/** A checkpoint as it was published, and what it says. No signature has been verified. */
export interface PublishedCheckpoint {
  readonly envelope: string;
  readonly checkpoint: Checkpoint;
}

/** Fetches the published checkpoint. @throws SERVICE_INVALID, NETWORK_… */
export async function fetchCheckpoint(base: string, transport: Transport = {}): Promise<PublishedCheckpoint> {
  const url = joinServiceUrl(base, '/api/v2/checkpoint', transport);
  const response = await request(url, { ...transport, maxBytes: MAX_CHECKPOINT_BYTES });
  const envelope = response.text();
  return { envelope, checkpoint: readAnswer('Rekor', () => parseCheckpoint(envelope, 'checkpoint')) };
}

/**
 * Rebuilds the entry at an index from the tiles of the log, once a checkpoint covers it.
 * @throws CONFIG_INVALID without `knownLogs`, SERVICE_INVALID, NETWORK_…
 */
export async function readBackEntry(
  base: string,
  index: bigint,
  { knownLogs, ...transport }: RekorV2Options,
): Promise<LogEntry> {
  if (knownLogs === undefined) throw misused('knownLogs', 'the logs of a trusted root, to rebuild an entry from tiles');
  const { envelope, checkpoint } = await awaitPublication(base, index, transport);
  const [known] = findClaimedLogs(knownLogs, checkpoint);
  if (known === undefined) throw invalid('a checkpoint of a known log', quoteText(checkpoint.origin));
  const log = { base, size: checkpoint.size, transport };
  const [body, hashes] = await Promise.all([fetchEntryData(log, index), fetchInclusionHashes(log, index)]);
  const { rootHash, size: treeSize } = checkpoint;
  const proof = Object.freeze({ logIndex: index, rootHash, treeSize, hashes, checkpoint: envelope });
  return readAnswer('Rekor', () => {
    verifyProof({ body, proof });
    const entry: ProvenEntry = {
      logIndex: index,
      logId: known.logId,
      ...readKindVersion(body),
      integratedTime: 0n,
      proof,
      body,
    };
    return Object.freeze(entry);
  });
}

async function awaitPublication(base: string, index: bigint, transport: Transport): Promise<PublishedCheckpoint> {
  const { delay = waitWithTimer, signal = new AbortController().signal } = transport;
  for (let polls = 0; ; polls++) {
    const published = await fetchCheckpoint(base, transport);
    const { size } = published.checkpoint;
    if (size > index) return published;
    if (polls === PUBLICATION_POLLS) throw invalid(`a checkpoint that covers entry ${index}`, `one of ${size} entries`);
    // Ends early where the signal fires; the next request then says so.
    await delay(PUBLICATION_POLL_MS, signal);
  }
}
