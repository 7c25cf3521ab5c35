// SPDX-License-Identifier: Apache-2.0
// Rekor v2: submitting entries.
// https://github.com/sigstore/rekor-tiles

import type { LogEntry } from '@keywax/bundle';
import { equalBytes } from '@keywax/core/bytes';
import { parseInt64 } from '@keywax/core/decimal';
import { quoteText } from '@keywax/core/errors';
import { type HttpResponse, joinServiceUrl, readAnswer, request } from '@keywax/http';
import { checkBody, invalid, verifyProof } from './answer.js';
import { type KnownLog, type RekorV2Options, findClaimedLogs } from './known-log.js';
import { type Proposal, encodeProposalV2 } from './proposal.js';
import { decodeEntryAnswerV2 } from './v2-answer.js';
import { readBackEntry } from './v2-read-back.js';

const JSON_TYPE = 'application/json';
const TIMEOUT_MS = 120_000; // ATTACKS 4.3
const MIN_TIMEOUT_MS = 20_000; // ATTACKS CL-011: the log answers once a published checkpoint covers the entry

/**
 * Submits a proposal. A log that has the entry already, as after a retry, is read: entry and proof come from its tiles.
 * A deadline of less than 20 s is raised to that, because the log may take so long; a signal ends it at any time.
 * @throws SERVICE_INVALID for an answer about something else, CONFIG_INVALID where `knownLogs` are needed, NETWORK_…,
 *   INPUT_TOO_LARGE, OPERATION_ABORTED
 */
export async function submitEntryV2(base: string, proposal: Proposal, options: RekorV2Options = {}): Promise<LogEntry> {
  const { knownLogs, ...transport } = options;
  const { request: post, body } = encodeProposalV2(proposal);
  const response = await request(joinServiceUrl(base, '/api/v2/log/entries', transport), {
    ...transport,
    timeoutMs: Math.max(transport.timeoutMs ?? TIMEOUT_MS, MIN_TIMEOUT_MS),
    method: 'POST',
    headers: { 'content-type': JSON_TYPE },
    accept: [JSON_TYPE],
    body: post,
    // A second submission of the same entry is a conflict that leads to it.
    idempotent: true,
    expectStatus: [201, 409],
  });
  const entry =
    response.status === 201 ? readEntry(response, knownLogs) : await readBackEntry(base, readIndex(response), options);
  return checkBody(entry, body);
}

function readEntry(response: HttpResponse, knownLogs: readonly KnownLog[] | undefined): LogEntry {
  const value = response.json();
  return readAnswer('Rekor', () => {
    const entry = decodeEntryAnswerV2(value, '$');
    const checkpoint = verifyProof(entry);
    const isKnown =
      knownLogs === undefined ||
      findClaimedLogs(knownLogs, checkpoint).some(({ logId }) => equalBytes(logId, entry.logId));
    if (!isKnown) throw invalid('a checkpoint of a known log', quoteText(checkpoint.origin));
    return entry;
  });
}

/** The index in the answer to an entry that the log has. */
function readIndex(response: HttpResponse): bigint {
  const header = response.headers.get('x-log-index') ?? '';
  return readAnswer('Rekor', () => parseInt64(header, 'x-log-index'));
}
