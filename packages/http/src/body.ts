// SPDX-License-Identifier: Apache-2.0
// Reads the body of an answer as it arrives, and checks what its headers say about it.

import { concatBytes } from '@keywax/core/bytes';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { type Deadline, raceDeadline, timedOut } from './deadline.js';
import type { FetchBody, FetchResponse } from './transport.js';

/** Content codings that hosts undo themselves; their size is bounded after decoding. */
const DECODED_CODINGS: ReadonlySet<string> = new Set(['identity', 'gzip', 'x-gzip', 'deflate', 'br']);
const CONTENT_TYPE = /^([!#$&^\w.+-]+\/[!#$&^\w.+-]+)[ \t]*(;.*)?$/i;

/** What a body may be. */
export interface BodyRules {
  /** Describes the request, for errors. */
  readonly what: string;
  /** Media types, or `*` for any. */
  readonly accept: readonly string[];
  readonly maxBytes: number;
  readonly idleTimeoutMs: number;
}

/** Headers with names in lower case, and without cookies, which nobody may keep (ATTACKS NW-031). */
export function readHeaders(response: FetchResponse): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  response.headers.forEach((value, name) => {
    const key = name.toLowerCase();
    if (key !== 'set-cookie') headers.set(key, value);
  });
  return headers;
}

/**
 * Checks coding, media type, character set and announced length.
 * @throws NETWORK_FAILED, INPUT_TOO_LARGE
 */
export function checkBodyHeaders(headers: ReadonlyMap<string, string>, rules: BodyRules): void {
  const coding = (headers.get('content-encoding') ?? 'identity').trim().toLowerCase();
  if (!DECODED_CODINGS.has(coding)) throw unusable(rules.what, 'a content coding in use', coding);
  const length = headers.get('content-length');
  if (length !== undefined && /^\d{1,15}$/.test(length) && Number(length) > rules.maxBytes) throw tooLarge(rules);
  checkContentType(headers.get('content-type'), rules);
}

function checkContentType(header: string | undefined, { what, accept }: BodyRules): void {
  if (accept.includes('*')) return;
  const [, type = '', parameters = ''] = CONTENT_TYPE.exec(header ?? '') ?? [];
  if (!accept.includes(type.toLowerCase()))
    throw unusable(what, `content of type ${accept.join(' or ')}`, header ?? 'none');
  const charset = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(parameters)?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) throw unusable(what, 'UTF-8', charset);
}

/**
 * Reads a body to its end.
 * @throws INPUT_TOO_LARGE above `maxBytes` after decoding, NETWORK_TIMEOUT, OPERATION_ABORTED, or what the host throws
 */
export async function readBody(body: FetchBody | null, rules: BodyRules, deadline: Deadline): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readChunks(body, rules, deadline)) chunks.push(chunk);
  return concatBytes(...chunks);
}

/**
 * Reads a body as it arrives.
 * @throws INPUT_TOO_LARGE above `maxBytes` after decoding, NETWORK_TIMEOUT, OPERATION_ABORTED, or what the host throws
 */
export async function* readChunks(
  body: FetchBody | null,
  rules: BodyRules,
  deadline: Deadline,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (body === null) return;
  let length = 0;
  const next = openBody(body);
  const limit = {
    ms: rules.idleTimeoutMs,
    onLimit: () => timedOut(rules.what, `the answer stalled for ${rules.idleTimeoutMs} ms`),
  };
  for (;;) {
    const chunk = await raceDeadline(next(), deadline, limit);
    if (chunk === undefined) return;
    length += chunk.length;
    if (length > rules.maxBytes) throw tooLarge(rules);
    yield chunk;
  }
}

/** A function that gives the next chunk, and `undefined` at the end. Not every host can iterate its own streams. */
function openBody(body: FetchBody): () => Promise<Uint8Array | undefined> {
  if ('getReader' in body) {
    const reader = body.getReader();
    return async () => (await reader.read()).value;
  }
  const iterator = body[Symbol.asyncIterator]();
  return async () => {
    const result = await iterator.next();
    return result.done === true ? undefined : result.value;
  };
}

function tooLarge({ what, maxBytes }: BodyRules): KeywaxError<'INPUT_TOO_LARGE'> {
  const expected = `at most ${maxBytes} bytes`;
  return new KeywaxError('INPUT_TOO_LARGE', `${what}: expected an answer of ${expected}`, {
    details: { expected, limit: maxBytes },
  });
}

function unusable(what: string, expected: string, found: string): KeywaxError<'NETWORK_FAILED'> {
  const actual = quoteText(found);
  return new KeywaxError('NETWORK_FAILED', `${what}: expected ${expected}, found ${actual}`, {
    details: { expected, actual },
  });
}
