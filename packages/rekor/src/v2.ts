// SPDX-License-Identifier: Apache-2.0
// Rekor v2: submitting entries, and reading back one that the log has already.
// https://github.com/sigstore/rekor-tiles

import { type LogEntry, decodeLogEntry } from '@keywax/bundle';
import { parseInt64 } from '@keywax/core/decimal';
import { KeywaxError } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import { computeInclusionRoot, hashLeaf } from '@keywax/core/merkle';
import { equalBytes } from '@keywax/core/bytes';
import { type Checkpoint, parseCheckpoint } from '@keywax/core/note';
import { type HttpResponse, type Transport, joinServiceUrl, readAnswer, request } from '@keywax/http';
import { type Proposal, encodeProposalV2 } from './proposal.js';
import { fetchEntryData, fetchInclusionHashes } from './tiles.js';
import { checkBody } from './v1-answer.js';

const JSON_TYPE = 'application/json';
const RESPONSE_TIMEOUT_MS = 60_000; // the log answers once the entry is in a published checkpoint, which may take 20 s
const MAX_CHECKPOINT_BYTES = 65_536; // ATTACKS 4.3
const PUBLICATION_POLLS = 20;
const PUBLICATION_POLL_MS = 1_000;

/** What submitting to Rekor v2 may need beside the proposal. */
export interface RekorV2Options extends Transport {
  /** The 32-byte key id of the log with an origin, from a trusted root: the tiles of a log do not name it. */
  readonly selectLogId?: (origin: string) => Uint8Array | undefined;
}

/**
 * Submits a proposal. A log that has the entry already, as after a retry, is read: entry and proof come from its tiles.
 * @throws SERVICE_INVALID for an answer about something else, NETWORK_…
 */
export async function submitEntryV2(base: string, proposal: Proposal, options: RekorV2Options = {}): Promise<LogEntry> {
  const { request: body, body: expected } = encodeProposalV2(proposal);
  const response = await request(joinServiceUrl(base, '/api/v2/log/entries', options), {
    ...options,
    method: 'POST',
    headers: { 'content-type': JSON_TYPE },
    accept: [JSON_TYPE],
    body,
    // A second submission of the same entry is a conflict that leads to it.
    idempotent: true,
    expectStatus: [201, 409],
    responseTimeoutMs: RESPONSE_TIMEOUT_MS,
  });
  const entry = response.status === 201 ? readEntry(response) : await readBackEntry(base, readIndex(response), options);
  return checkBody(entry, expected);
}

function readEntry(response: HttpResponse): LogEntry {
  const value = response.json();
  const entry = readAnswer('Rekor', () => decodeLogEntry(value));
  if (entry.proof === undefined || entry.proof.logIndex >= entry.proof.treeSize)
    throw invalid('an inclusion proof of an index inside the tree');
  return entry;
}

function readIndex(response: HttpResponse): bigint {
  const header = response.headers.get('x-log-index') ?? '';
  return readAnswer('Rekor', () => parseInt64(header, 'x-log-index'));
}

/** Fetches the published checkpoint. @throws SERVICE_INVALID, NETWORK_… */
export async function fetchCheckpoint(
  base: string,
  transport: Transport = {},
): Promise<{ readonly envelope: string; readonly checkpoint: Checkpoint }> {
  const response = await request(joinServiceUrl(base, '/api/v2/checkpoint', transport), {
    ...transport,
    maxBytes: MAX_CHECKPOINT_BYTES,
  });
  const envelope = response.text();
  return { envelope, checkpoint: readAnswer('Rekor', () => parseCheckpoint(envelope, 'checkpoint')) };
}

/** Rebuilds the entry at an index from the tiles of the log, once a checkpoint covers it. @throws SERVICE_INVALID, NETWORK_… */
export async function readBackEntry(base: string, index: bigint, options: RekorV2Options = {}): Promise<LogEntry> {
  const { envelope, checkpoint } = await awaitPublication(base, index, options);
  const logId = options.selectLogId?.(checkpoint.origin);
  if (logId === undefined) throw invalid('a log whose key id is known, to rebuild an entry that it has already');
  const log = { base, size: checkpoint.size, transport: options };
  const [body, hashes] = await Promise.all([fetchEntryData(log, index), fetchInclusionHashes(log, index)]);
  const sha256 = (...pieces: readonly Uint8Array[]): Uint8Array => hash('sha256', ...pieces);
  const root = computeInclusionRoot(sha256, { index, size: checkpoint.size, leafHash: hashLeaf(sha256, body), hashes });
  if (!equalBytes(root, checkpoint.rootHash)) throw invalid('tiles that lead to the root of the checkpoint');
  return Object.freeze({
    logIndex: index,
    logId,
    kind: 'hashedrekord',
    version: '0.0.2',
    integratedTime: 0n,
    proof: { logIndex: index, rootHash: checkpoint.rootHash, treeSize: checkpoint.size, hashes, checkpoint: envelope },
    body,
  });
}

async function awaitPublication(
  base: string,
  index: bigint,
  options: RekorV2Options,
): ReturnType<typeof fetchCheckpoint> {
  for (let polls = 0; ; polls++) {
    const published = await fetchCheckpoint(base, options);
    if (published.checkpoint.size > index) return published;
    if (polls === PUBLICATION_POLLS) throw invalid(`a checkpoint that covers entry ${index}`);
    await wait(PUBLICATION_POLL_MS, options);
  }
}

function wait(ms: number, { delay, signal = new AbortController().signal }: Transport): Promise<void> {
  if (delay !== undefined) return delay(ms, signal);
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(
        new KeywaxError('OPERATION_ABORTED', 'Rekor: aborted while waiting for a checkpoint', { cause: signal.reason }),
      );
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, ms);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

function invalid(expected: string): KeywaxError {
  return new KeywaxError('SERVICE_INVALID', `Rekor: expected ${expected}`, { details: { expected } });
}
