// SPDX-License-Identifier: Apache-2.0
// One attempt: a request sent, and its answer read, handed on or its connection closed.

import { KeywaxError } from '@keywax/core/errors';
import { isJsonObject, parseJson } from '@keywax/core/json';
import { type HttpResponse, makeResponse } from './answer.js';
import { checkBodyHeaders, readBody, readHeaders } from './body.js';
import type { Call } from './call.js';
import { type Deadline, raceDeadline, timedOut } from './deadline.js';
import { type Failure, classifyFailure } from './failure.js';
import { quoteRedacted } from './redact.js';
import { type RetryAfter, isRetriedStatus, readRetryAfter } from './retry.js';
import type { Fetch, FetchBody, FetchInit, FetchResponse } from './transport.js';

/** An answer with an expected status, before its body is read. */
export interface OpenAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: FetchBody | null;
  /** Closes the connection. */
  readonly close: () => void;
}

/** What becomes of an expected answer: it is read at once, or handed on. */
export type TakeAnswer<T> = (call: Call, answer: OpenAnswer, deadline: Deadline) => Promise<T> | T;

/** How an attempt ended. */
export type Outcome<T> =
  | { readonly kind: 'answered'; readonly response: T }
  | { readonly kind: 'redirected'; readonly location: string }
  | ({ readonly kind: 'failed'; readonly retryAfter: RetryAfter } & Failure);

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const MAX_ERROR_BYTES = 65_536; // ATTACKS 4.3

/** Sends the request once. Only the end of the deadline is thrown. @throws OPERATION_ABORTED, NETWORK_TIMEOUT */
export async function attempt<T>(
  call: Call,
  { fetch, take }: { readonly fetch: Fetch; readonly take: TakeAnswer<T> },
  deadline: Deadline,
): Promise<Outcome<T>> {
  const controller = new AbortController();
  let complete = false;
  try {
    const response = await raceDeadline(fetch(call.url.href, makeInit(call, controller.signal)), deadline, {
      ms: call.responseTimeoutMs,
      onLimit: () => timedOut(call.what, `no headers within ${call.responseTimeoutMs} ms`),
    });
    const close = (): void => controller.abort();
    const outcome = await readOutcome(call, { response, take, close }, deadline);
    complete = outcome.kind === 'answered' && isBodySent(call);
    return outcome;
  } catch (thrown) {
    if (deadline.signal.aborted) throw deadline.failure();
    return {
      kind: 'failed',
      retryAfter: { kind: 'none' },
      ...classifyFailure(bodyFailure(call) ?? thrown, call.what, call.secrets),
    };
  } finally {
    // Closes the connection of an answer that was not taken; others are left for the next request.
    if (!complete) controller.abort();
  }
}

function makeInit(call: Call, signal: AbortSignal): FetchInit {
  return {
    method: call.method,
    headers: { ...call.headers },
    ...makeBody(call.body),
    redirect: 'manual',
    ...hostFields(),
    signal,
  };
}

function makeBody(body: Call['body']): Pick<FetchInit, 'body' | 'duplex'> {
  if (body === undefined) return {};
  return 'size' in body ? { body: body.stream, duplex: 'half' } : { body };
}

/** What reading a streamed body failed with. */
function bodyFailure({ body }: Call): unknown {
  return body !== undefined && 'size' in body ? body.failure() : undefined;
}

/** False for a streamed body that nobody waited for. */
function isBodySent({ body }: Call): boolean {
  return body === undefined || !('size' in body) || body.isSent();
}

/** Fields that browsers act on; workers that do not know one throw on it. */
function hostFields(): Pick<FetchInit, 'cache' | 'credentials' | 'referrerPolicy'> {
  const known: object = typeof Request === 'function' ? Request.prototype : {};
  return {
    ...('cache' in known ? { cache: 'no-store' } : {}),
    ...('credentials' in known ? { credentials: 'omit' } : {}),
    ...('referrerPolicy' in known ? { referrerPolicy: 'no-referrer' } : {}),
  };
}

/** Reads an answer to its end. */
export const takeWhole: TakeAnswer<HttpResponse> = async (call, { status, headers, body: source }, deadline) => {
  const body = await readBody(source, call, deadline);
  const silent = call.sensitive || call.secrets.length > 0;
  return makeResponse({ what: call.what, url: call.url.href, status, headers, body, silent });
};

interface Received<T> {
  readonly response: FetchResponse;
  readonly take: TakeAnswer<T>;
  readonly close: () => void;
}

async function readOutcome<T>(
  call: Call,
  { response, take, close }: Received<T>,
  deadline: Deadline,
): Promise<Outcome<T>> {
  const { status } = response;
  const headers = readHeaders(response);
  if (call.expectStatus.includes(status)) {
    // What a refusal says of its content is no reason to lose the refusal.
    const rules = status < 300 ? call : { ...call, accept: ['*'] };
    checkBodyHeaders(headers, rules);
    const answer: OpenAnswer = { status, headers, body: response.body, close };
    return { kind: 'answered', response: await take(rules, answer, deadline) };
  }
  // A browser shows nothing of a redirect that it was told not to follow, and calls it status 0.
  if (REDIRECTS.has(status) || status === 0) return { kind: 'redirected', location: headers.get('location') ?? '' };
  return {
    kind: 'failed',
    error: await statusError(call, { response, headers }, deadline),
    retryable: isRetriedStatus(status),
    retryAfter: readRetryAfter(headers.get('retry-after'), Date.now()),
  };
}

async function statusError(
  call: Call,
  { response, headers }: { readonly response: FetchResponse; readonly headers: ReadonlyMap<string, string> },
  deadline: Deadline,
): Promise<KeywaxError<'NETWORK_STATUS'>> {
  // 407 is the word of a proxy, which knows a password that we do not.
  const silent = call.sensitive || response.status === 407;
  const said = silent ? undefined : await readErrorText(call, { response, headers }, deadline);
  const actual = said === undefined ? undefined : quoteRedacted(said, call.secrets);
  const message = `${call.what} answered ${response.status}${actual === undefined ? '' : `: ${actual}`}`;
  return new KeywaxError('NETWORK_STATUS', message, {
    details: { status: response.status, origin: call.url.origin, ...(actual === undefined ? {} : { actual }) },
  });
}

/** The `message` of an error in JSON, the form of all Sigstore services; nothing else of its body is used. */
async function readErrorText(
  call: Call,
  { response, headers }: { readonly response: FetchResponse; readonly headers: ReadonlyMap<string, string> },
  deadline: Deadline,
): Promise<string | undefined> {
  const rules = { ...call, accept: ['application/json'], maxBytes: MAX_ERROR_BYTES };
  try {
    checkBodyHeaders(headers, rules);
    const body = await readBody(response.body, rules, deadline);
    const answer = parseJson(body, { maxBytes: MAX_ERROR_BYTES });
    const message = isJsonObject(answer) ? answer.get('message') : undefined;
    return typeof message === 'string' ? message : undefined;
  } catch {
    if (deadline.signal.aborted) throw deadline.failure();
    return undefined;
  }
}
