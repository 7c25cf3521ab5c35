// SPDX-License-Identifier: Apache-2.0
// Entries of Rekor v1: submitted, and fetched by id or index.
// https://github.com/sigstore/rekor/blob/main/openapi.yaml

import type { LogEntry } from '@keywax/bundle';
import { encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import { MAX_INT64 } from '@keywax/core/decimal';
import { arrayOf } from '@keywax/core/decode';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import type { HttpResponse, Transport } from '@keywax/http';
import { checkBody, hashBody, invalid, misused } from './answer.js';
import { type EncodedProposal, type Proposal, encodeProposalV1 } from './proposal.js';
import { type IdentifiedEntry, decodeEntryAnswer, isEntryId, matchEntryIds } from './v1-answer.js';
import { callV1, decodeV1 } from './v1-call.js';

const ENTRIES_PATH = '/log/entries';
const LOCATION_PREFIX = '/api/v1/log/entries/';
const MAX_RETRIEVED = 10; // the limit of the log
const MAX_RETRIEVED_BYTES = MAX_RETRIEVED * 1_048_576; // for each what one alone may have

/** What submitting to Rekor v1 may need beside the proposal. */
export interface RekorV1Options extends Transport {
  /** Called where the log has the entry already: whether it is to be fetched. It is unless this says no. */
  readonly fetchOnConflict?: () => boolean;
}

/**
 * Submits a proposal. A log that has the entry already, as after a retry, is asked for it.
 * @throws SERVICE_INVALID for an answer about something else, NETWORK_POLICY for a location elsewhere, NETWORK_…,
 *   INPUT_TOO_LARGE, OPERATION_ABORTED
 */
export async function submitEntryV1(base: string, proposal: Proposal, options: RekorV1Options = {}): Promise<LogEntry> {
  return submitEncodedV1(base, encodeProposalV1(proposal), options);
}

/** Submits a proposal of any kind, in the form of Rekor v1, as `submitEntryV1` does. @throws as `submitEntryV1` */
export async function submitEncodedV1(
  base: string,
  { request: post, body }: EncodedProposal,
  { fetchOnConflict = () => true, ...transport }: RekorV1Options = {},
): Promise<LogEntry> {
  const response = await callV1(base, ENTRIES_PATH, { transport, post, expectStatus: [201, 409] });
  if (response.status === 409 && !fetchOnConflict()) throw conflict(response);
  const { entry } =
    response.status === 201
      ? decodeV1(response, decodeEntryAnswer)
      : await fetchEntry(base, readLocation(response) ?? encodeHex(hashBody(body)), transport);
  return checkBody(entry, body);
}

function conflict({ status, url }: HttpResponse): KeywaxError<'NETWORK_STATUS'> {
  const { origin } = new URL(url);
  return new KeywaxError('NETWORK_STATUS', `Rekor at ${origin} answered ${status}: it has the entry already`, {
    details: { status, origin },
  });
}

/**
 * The id in the `Location` of a conflict. Nothing but the path of an entry is followed, and that below the URL of the log.
 * @throws NETWORK_POLICY
 */
function readLocation(response: HttpResponse): string | undefined {
  const location = response.headers.get('location');
  if (location === undefined) return undefined;
  const uuid = location.startsWith(LOCATION_PREFIX) ? location.slice(LOCATION_PREFIX.length) : '';
  if (isEntryId(uuid)) return uuid;
  const expected = `a location of ${LOCATION_PREFIX} and an id`;
  const actual = quoteText(location);
  throw new KeywaxError('NETWORK_POLICY', `Rekor: expected ${expected}, found ${actual}`, {
    details: { expected, actual },
  });
}

/** Fetches an entry by its id, 64 or 80 hex digits. @throws CONFIG_INVALID, SERVICE_INVALID, INPUT_TOO_LARGE, NETWORK_… */
export async function fetchEntry(base: string, uuid: string, transport: Transport = {}): Promise<IdentifiedEntry> {
  if (!isEntryId(uuid)) throw misused('uuid', '64 or 80 lower-case hex digits');
  const found = decodeV1(await callV1(base, `${ENTRIES_PATH}/${uuid}`, { transport }), decodeEntryAnswer);
  if (!matchEntryIds(found.uuid, uuid)) throw invalid(`entry ${uuid}`, found.uuid);
  return found;
}

/** Fetches an entry by its index across all shards. @throws CONFIG_INVALID, SERVICE_INVALID, INPUT_TOO_LARGE, NETWORK_… */
export async function fetchEntryByIndex(
  base: string,
  logIndex: bigint,
  transport: Transport = {},
): Promise<IdentifiedEntry> {
  checkIndex(logIndex);
  const found = decodeV1(await callV1(base, ENTRIES_PATH, { transport, query: { logIndex } }), decodeEntryAnswer);
  if (found.entry.logIndex !== logIndex) throw invalid(`entry ${logIndex}`, `${found.entry.logIndex}`);
  return found;
}

/**
 * Fetches one to ten entries by their indexes across all shards; those that the log does not have are left out.
 * @throws CONFIG_INVALID, SERVICE_INVALID, INPUT_TOO_LARGE, NETWORK_…
 */
export async function fetchEntries(
  base: string,
  logIndexes: readonly bigint[],
  transport: Transport = {},
): Promise<readonly IdentifiedEntry[]> {
  if (logIndexes.length === 0 || logIndexes.length > MAX_RETRIEVED)
    throw misused('logIndexes', `1 to ${MAX_RETRIEVED}`);
  logIndexes.forEach(checkIndex);
  const missing = new Set(logIndexes);
  const post = encodeUtf8(`{"logIndexes":[${[...missing].join(',')}]}`);
  const response = await callV1(base, `${ENTRIES_PATH}/retrieve`, { transport, post, maxBytes: MAX_RETRIEVED_BYTES });
  const found = decodeV1(response, arrayOf(decodeEntryAnswer, MAX_RETRIEVED));
  for (const { entry } of found) {
    if (!missing.delete(entry.logIndex)) throw invalid('each entry that was asked for once', `${entry.logIndex}`);
  }
  return found;
}

function checkIndex(logIndex: bigint): void {
  if (logIndex < 0n || logIndex > MAX_INT64) throw misused('logIndex', `0 to ${MAX_INT64}`);
}
