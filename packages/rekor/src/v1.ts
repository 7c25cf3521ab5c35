// SPDX-License-Identifier: Apache-2.0
// Rekor v1: submitting, fetching and searching entries, and the state of the log.
// https://github.com/sigstore/rekor/blob/main/openapi.yaml

import type { LogEntry } from '@keywax/bundle';
import { encodeUtf8 } from '@keywax/core/bytes';
import { type Decoder, arrayOf, decodeInt64, decodeOpenObject, decodeString } from '@keywax/core/decode';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import type { JsonValue } from '@keywax/core/json';
import { type PublicKey, parsePublicKeyPem } from '@keywax/core/key';
import { type HttpResponse, type Transport, joinServiceUrl, readAnswer, request } from '@keywax/http';
import { type Proposal, encodeProposalV1 } from './proposal.js';
import { type IdentifiedEntry, checkBody, decodeEntryAnswer, decodeEntryAnswers, decodeHexField } from './v1-answer.js';

const JSON_TYPE = 'application/json';
const MAX_ENTRY_BYTES = 24_000_000; // a body of 16 MiB in base64, and its proof
const ENTRY_LOCATION = /^\/api\/v1\/log\/entries\/((?:[0-9a-f]{16})?[0-9a-f]{64})$/;
const MAX_SEARCH_RESULTS = 10_000;
const MAX_CONSISTENCY_HASHES = 64; // RFC 6962 2.1.2

/** The state of a log. */
export interface LogInfo {
  readonly treeSize: bigint;
  /** The signed checkpoint, as text. */
  readonly signedTreeHead: string;
  readonly treeId: bigint;
}

/** What to look for in the index of a log; all members that are given have to match. */
export interface SearchQuery {
  /** `sha256:` or `sha512:` with lower-case hex. */
  readonly hash?: string;
  readonly email?: string;
}

/**
 * Submits a proposal. A log that has the entry already, as after a retry, is asked for it.
 * @throws SERVICE_INVALID for an answer about something else, NETWORK_POLICY for a location elsewhere, NETWORK_…
 */
export async function submitEntryV1(base: string, proposal: Proposal, transport: Transport = {}): Promise<LogEntry> {
  const { request: body, body: expected } = encodeProposalV1(proposal);
  const response = await call(base, '/api/v1/log/entries', {
    transport,
    post: body,
    expectStatus: [201, 409],
  });
  if (response.status === 201) return checkBody(readOne(response).entry, expected);
  const { entry } = await fetchEntry(base, readLocation(response), transport);
  return checkBody(entry, expected);
}

/** The id in the `Location` of a conflict: a path of this log and nothing else. @throws NETWORK_POLICY */
function readLocation(response: HttpResponse): string {
  const location = response.headers.get('location') ?? '';
  const uuid = ENTRY_LOCATION.exec(location)?.[1];
  if (uuid !== undefined) return uuid;
  throw new KeywaxError(
    'NETWORK_POLICY',
    `Rekor: expected the path of an entry as location, found ${quoteText(location)}`,
  );
}

/** Fetches an entry by its id, 64 or 80 hex digits. @throws SERVICE_INVALID, CONFIG_INVALID, NETWORK_… */
export async function fetchEntry(base: string, uuid: string, transport: Transport = {}): Promise<IdentifiedEntry> {
  if (!/^(?:[0-9a-f]{16})?[0-9a-f]{64}$/.test(uuid))
    throw new KeywaxError('CONFIG_INVALID', `uuid: expected 64 or 80 hex digits, found ${quoteText(uuid)}`);
  const found = readOne(await call(base, `/api/v1/log/entries/${uuid}`, { transport }));
  if (found.uuid.slice(-64) !== uuid.slice(-64))
    throw new KeywaxError('SERVICE_INVALID', 'Rekor: the answer holds another entry than was asked for');
  return found;
}

/** Fetches an entry by its global index. @throws SERVICE_INVALID, NETWORK_… */
export async function fetchEntryByIndex(
  base: string,
  logIndex: bigint,
  transport: Transport = {},
): Promise<IdentifiedEntry> {
  const found = readOne(await call(base, `/api/v1/log/entries?logIndex=${logIndex}`, { transport }));
  if (found.entry.logIndex !== logIndex)
    throw new KeywaxError('SERVICE_INVALID', `Rekor: the answer holds entry ${found.entry.logIndex}, not ${logIndex}`);
  return found;
}

/** Fetches up to ten entries by global index; those that the log does not have are left out. @throws SERVICE_INVALID, NETWORK_… */
export async function fetchEntries(
  base: string,
  logIndexes: readonly bigint[],
  transport: Transport = {},
): Promise<readonly IdentifiedEntry[]> {
  const post = encodeUtf8(`{"logIndexes":[${logIndexes.join(',')}]}`);
  const response = await call(base, '/api/v1/log/entries/retrieve', { transport, post });
  return decode(response, decodeEntryAnswers);
}

/** Ids of the entries that the index of the log has for a query; the index proves nothing. @throws SERVICE_INVALID, NETWORK_… */
export async function searchIndex(
  base: string,
  query: SearchQuery,
  transport: Transport = {},
): Promise<readonly string[]> {
  const post = encodeUtf8(JSON.stringify({ ...query, operator: 'and' }));
  return decode(
    await call(base, '/api/v1/index/retrieve', { transport, post }),
    arrayOf(decodeString, MAX_SEARCH_RESULTS),
  );
}

const decodeLogInfo: Decoder<LogInfo> = (value, at) => {
  const { treeSize, signedTreeHead, treeID } = decodeOpenObject<{
    treeSize: bigint;
    signedTreeHead: string;
    treeID: bigint;
  }>({
    treeSize: decodeInt64,
    signedTreeHead: decodeString,
    treeID: decodeInt64,
  })(value, at);
  return { treeSize, signedTreeHead, treeId: treeID };
};

/** Fetches the state of the active shard. @throws SERVICE_INVALID, NETWORK_… */
export async function fetchLogInfo(base: string, transport: Transport = {}): Promise<LogInfo> {
  return decode(await call(base, '/api/v1/log', { transport }), decodeLogInfo);
}

/** Fetches the key that a log says it has. Trust comes from a trusted root, never from here. @throws SERVICE_INVALID, NETWORK_… */
export async function fetchLogKey(base: string, transport: Transport = {}): Promise<PublicKey> {
  const response = await request(joinServiceUrl(base, '/api/v1/log/publicKey', transport), transport);
  return readAnswer('Rekor', () => parsePublicKeyPem(response.text(), 'public key'));
}

/** Which states of which tree a consistency proof is about. */
export interface ConsistencyQuery {
  readonly firstSize: bigint;
  readonly lastSize: bigint;
  readonly treeId: bigint;
}

/** Fetches the hashes of a consistency proof, to be verified against two checkpoints. @throws SERVICE_INVALID, NETWORK_… */
export async function fetchConsistencyProof(
  base: string,
  query: ConsistencyQuery,
  transport: Transport = {},
): Promise<readonly Uint8Array[]> {
  const { firstSize, lastSize, treeId } = query;
  const response = await call(base, `/api/v1/log/proof?firstSize=${firstSize}&lastSize=${lastSize}&treeID=${treeId}`, {
    transport,
  });
  return decode(response, decodeConsistency).hashes;
}

const decodeConsistency: Decoder<{ readonly hashes: readonly Uint8Array[] }> = decodeOpenObject<{
  hashes: readonly Uint8Array[];
}>({
  hashes: arrayOf(decodeHexField, MAX_CONSISTENCY_HASHES),
});

interface CallOptions {
  readonly transport: Transport;
  readonly post?: Uint8Array;
  readonly expectStatus?: readonly number[];
}

function call(
  base: string,
  path: `/${string}`,
  { transport, post, expectStatus = [200] }: CallOptions,
): Promise<HttpResponse> {
  const [pathname, query] = path.split('?') as [`/${string}`, string | undefined];
  const url = joinServiceUrl(base, pathname, transport) + (query === undefined ? '' : `?${query}`);
  return request(url, {
    ...transport,
    accept: [JSON_TYPE],
    expectStatus,
    maxBytes: MAX_ENTRY_BYTES,
    // Every POST may be repeated: a second submission of the same entry is a conflict that leads to it.
    ...(post === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': JSON_TYPE }, body: post, idempotent: true }),
  });
}

function readOne(response: HttpResponse): IdentifiedEntry {
  return decode(response, decodeEntryAnswer);
}

function decode<T>(response: HttpResponse, decoder: Decoder<T>): T {
  const value: JsonValue = response.json();
  return readAnswer('Rekor', () => decoder(value, '$'));
}
