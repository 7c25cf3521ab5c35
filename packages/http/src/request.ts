// SPDX-License-Identifier: Apache-2.0
// The one door to the network.

import { loadFetch } from '#fetch';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import type { HttpResponse } from './answer.js';
import { type Outcome, type TakeAnswer, attempt, takeWhole } from './attempt.js';
import { type Call, type RequestOptions, prepareCall } from './call.js';
import { type Deadline, raceDeadline, startDeadline, timedOut } from './deadline.js';
import { describeRequest, describeUrlText } from './redact.js';
import { chooseBackoffMs } from './retry.js';
import { type HttpStream, takeStream } from './stream.js';
import { parseServiceUrl } from './url.js';

/**
 * Sends a request and reads its answer, within one deadline for all attempts.
 *
 * Another attempt follows a failed connection and the statuses 408, 429, 500, 502, 503 and 504, after the time that
 * `Retry-After` names (at most 60 s), unless the request has a body and is not said to be idempotent. Redirects are
 * followed within one origin, at most three, and never for a request with a body, a credential or `sensitive`.
 * No error holds a credential, a body, a query or user information.
 *
 * @throws NETWORK_POLICY, CONFIG_INVALID before anything is sent; NETWORK_FAILED, NETWORK_TIMEOUT, NETWORK_STATUS,
 * NETWORK_REDIRECT, NETWORK_TLS, INPUT_TOO_LARGE, OPERATION_ABORTED
 */
export async function request(url: string, options: RequestOptions = {}): Promise<HttpResponse> {
  const call = prepareCall(url, options);
  const deadline = startDeadline(call.timeoutMs, call.what, call.signal);
  try {
    return await exchange(call, takeWhole, deadline);
  } finally {
    deadline.end();
  }
}

/**
 * Sends a request like `request`, and hands on its answer with a body that is still to be read, in constant memory. It
 * is read to its end or closed by the caller. The deadline holds until then; no attempt follows once the body began.
 *
 * @throws what `request` throws; the body throws NETWORK_FAILED, NETWORK_TIMEOUT, INPUT_TOO_LARGE, OPERATION_ABORTED
 */
export async function requestStream(url: string, options: RequestOptions = {}): Promise<HttpStream> {
  const call = prepareCall(url, options);
  const deadline = startDeadline(call.timeoutMs, call.what, call.signal);
  try {
    return await exchange(call, takeStream, deadline);
  } catch (error) {
    deadline.end();
    throw error;
  }
}

async function exchange<T>(first: Call, take: TakeAnswer<T>, deadline: Deadline): Promise<T> {
  if (deadline.signal.aborted) throw deadline.failure();
  const fetch = first.fetch ?? (await raceDeadline(loadFetch(), deadline));
  let call = first;
  let redirects = 0;
  let failures = 0;
  for (;;) {
    const outcome = await attempt(call, { fetch, take }, deadline);
    switch (outcome.kind) {
      case 'answered':
        return outcome.response;
      case 'redirected':
        call = redirectCall(call, outcome.location, redirects++);
        break;
      case 'failed':
        await waitForRetry(call, outcome, { failures: failures++, deadline });
    }
  }
}

/** The same request at the new place. @throws NETWORK_REDIRECT */
function redirectCall(call: Call, location: string, redirects: number): Call {
  if (call.maxRedirects === 0) throw refusedRedirect(call, 'no redirect of a request with a body or credential');
  if (redirects >= call.maxRedirects) throw refusedRedirect(call, `at most ${call.maxRedirects} redirects`);
  const url = location === '' ? undefined : resolveRedirect(call, location);
  if (url === undefined) throw refusedRedirect(call, 'a redirect within the origin', location);
  return { ...call, url, what: describeRequest(call.method, url) };
}

/** Where a `Location` leads (RFC 9110 §10.2.2), if it stays within the origin. */
function resolveRedirect(call: Call, location: string): URL | undefined {
  try {
    const { href, origin } = new URL(location, call.url);
    if (origin !== call.url.origin) return undefined;
    return parseServiceUrl(href, call.allowHttp === undefined ? {} : { allowHttp: call.allowHttp });
  } catch {
    return undefined;
  }
}

function refusedRedirect(call: Call, expected: string, location?: string): KeywaxError {
  const actual = location === undefined ? undefined : quoteText(describeUrlText(location));
  return new KeywaxError(
    'NETWORK_REDIRECT',
    `${call.what}: expected ${expected}${actual === undefined ? '' : `, found ${actual}`}`,
    {
      details: { expected, ...(actual === undefined ? {} : { actual }) },
    },
  );
}

/** Waits before the next attempt. @throws the failure where there is none, NETWORK_TIMEOUT where no time is left for it */
async function waitForRetry(
  call: Call,
  { error, retryable, retryAfter }: Extract<Outcome<unknown>, { readonly kind: 'failed' }>,
  { failures, deadline }: { readonly failures: number; readonly deadline: Deadline },
): Promise<void> {
  if (!retryable || failures >= call.retries || retryAfter.kind === 'tooLong') throw error;
  const waitMs = retryAfter.kind === 'wait' ? retryAfter.ms : chooseBackoffMs(failures);
  if (waitMs >= deadline.remainingMs())
    throw timedOut(call.what, `no time for another attempt within ${call.timeoutMs} ms`, error);
  await raceDeadline(call.delay(waitMs, deadline.signal), deadline);
}
