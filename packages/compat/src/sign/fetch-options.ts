// SPDX-License-Identifier: Apache-2.0
// How callers say how long to wait and how often to try again, made into a transport of `@keywax/http`.

import { type Delay, type Fetch, type Transport, waitWithTimer } from '@keywax/http';
import { copyOptions } from '../copy-options.js';

/** How often a request is tried again, and how long is waited before. */
export interface RetryOptions {
  readonly retries?: number | undefined;
  /** The wait grows by this factor with each attempt; 2 unless given. */
  readonly factor?: number | undefined;
  /** Milliseconds before the second attempt. */
  readonly minTimeout?: number | undefined;
  /** The longest wait in milliseconds. */
  readonly maxTimeout?: number | undefined;
  /** Without effect, as are those below: waits are always spread at random, and attempts have an end. */
  readonly randomize?: boolean | undefined;
  readonly forever?: boolean | undefined;
  readonly unref?: boolean | undefined;
  readonly maxRetryTime?: number | undefined;
}

/** Further attempts: their number, `true` for one, or with waits. */
export type Retry = boolean | number | RetryOptions | undefined;

/** What every part that uses the network takes. */
export interface FetchOptions {
  readonly retry?: Retry;
  /** Milliseconds that one attempt may take. */
  readonly timeout?: number | undefined;
  /** Sends requests in place of the host. An addition, as is `signal`. */
  readonly fetch?: Fetch | undefined;
  /** Ends requests and the waits between them. */
  readonly signal?: AbortSignal | undefined;
}

/** What `sign` and `attest` use unless told otherwise. */
export const DEFAULT_RETRY: Retry = { retries: 2 };
/** Milliseconds for one attempt of `sign` and `attest` unless told otherwise. */
export const DEFAULT_TIMEOUT = 5_000;

const MAX_RETRIES = 10; // what @keywax/http takes
const MAX_TIMEOUT_MS = 2 ** 31 - 1; // what timers can hold
const MAX_RETRY_AFTER_MS = 60_000; // what @keywax/http waits for a service that asks for it
const FACTOR = 2;

/** The transport for these options; an attempt gets at least `minAttemptMs`. Tokens go over plain http on loopback alone. */
export function toTransport(options: FetchOptions, minAttemptMs = 0): Transport {
  const { retry: given, timeout, fetch, signal } = options;
  const retry = typeof given === 'object' ? copyOptions(given ?? {}, 'retry') : (given ?? 0); // null is nothing too
  const retries = countRetries(retry);
  const waits = listWaits(retry, retries);
  const attemptMs = selectTimeout(timeout, minAttemptMs);
  const waitMs = waits.reduce((sum, ms) => sum + ms, retries * MAX_RETRY_AFTER_MS);
  return {
    allowHttp: 'loopback',
    retries,
    ...(attemptMs === undefined
      ? {}
      : { responseTimeoutMs: attemptMs, timeoutMs: Math.min((retries + 1) * attemptMs + waitMs, MAX_TIMEOUT_MS) }),
    ...(waits.length === 0 ? {} : { delay: waitAtLeast(waits) }),
    ...(fetch === undefined ? {} : { fetch }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function countRetries(retry: Retry): number {
  const count = typeof retry === 'object' ? retry.retries : Number(retry ?? 0);
  return Math.min(Math.max(Math.trunc(count ?? 0) || 0, 0), MAX_RETRIES);
}

/** The waits that the options ask for; none where they leave it open. */
function listWaits(retry: Retry, retries: number): readonly number[] {
  if (typeof retry !== 'object' || retry.minTimeout === undefined) return [];
  const { minTimeout, factor = FACTOR, maxTimeout = MAX_RETRY_AFTER_MS } = retry;
  return Array.from({ length: retries }, (_, i) => Math.max(Math.min(minTimeout * factor ** i, maxTimeout), 0) || 0);
}

/** Waits as long as the service or the schedule of `@keywax/http` asks for, and no less than the options do. */
function waitAtLeast(waits: readonly number[]): Delay {
  let attempt = 0;
  return (ms, signal) => waitWithTimer(Math.max(ms, waits[attempt++] ?? 0), signal);
}

function selectTimeout(timeout: number | undefined, minMs: number): number | undefined {
  if (typeof timeout !== 'number' || !(timeout > 0)) return undefined;
  return Math.min(Math.max(Math.ceil(timeout), minMs), MAX_TIMEOUT_MS);
}
