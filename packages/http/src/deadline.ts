// SPDX-License-Identifier: Apache-2.0
// One deadline over all attempts of a request, joined with the caller's signal.

import { KeywaxError } from '@keywax/core/errors';
import type { Delay } from './transport.js';

/** The end of a request, whoever sets it. */
export interface Deadline {
  /** Fires when the deadline passes or the caller's signal fires. */
  readonly signal: AbortSignal;
  /** Milliseconds until the deadline. */
  remainingMs(): number;
  /** Why `signal` fired: OPERATION_ABORTED with the caller's reason as cause, or NETWORK_TIMEOUT. */
  failure(): KeywaxError;
  /** Releases the timer and the caller's signal. */
  end(): void;
}

/** Starts the clock of a request that `what` describes. */
export function startDeadline(timeoutMs: number, what: string, caller: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  const endAt = performance.now() + timeoutMs;
  const stop = (): void => controller.abort();
  const timer = setTimeout(stop, timeoutMs);
  caller?.addEventListener('abort', stop);
  if (caller?.aborted === true) stop();
  return {
    signal: controller.signal,
    remainingMs: () => endAt - performance.now(),
    failure() {
      if (caller?.aborted === true) {
        return new KeywaxError('OPERATION_ABORTED', `${what}: aborted by the caller`, { cause: caller.reason });
      }
      return timedOut(what, `no answer within ${timeoutMs} ms`);
    },
    end() {
      clearTimeout(timer);
      caller?.removeEventListener('abort', stop);
    },
  };
}

/** The error for a limit of time that passed. */
export function timedOut(what: string, limit: string, cause?: unknown): KeywaxError<'NETWORK_TIMEOUT'> {
  return new KeywaxError('NETWORK_TIMEOUT', `${what}: ${limit}`, cause === undefined ? {} : { cause });
}

/**
 * Resolves like `work`, unless the deadline ends or `limitMs` passes first.
 * @throws the deadline's failure, or what `onLimit` makes
 */
export async function raceDeadline<T>(
  work: Promise<T>,
  deadline: Deadline,
  limit?: { readonly ms: number; onLimit(): KeywaxError },
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stop: (() => void) | undefined;
  const end = new Promise<never>((_, reject) => {
    stop = () => reject(deadline.failure());
    deadline.signal.addEventListener('abort', stop);
    if (deadline.signal.aborted) stop();
    if (limit !== undefined) timer = setTimeout(() => reject(limit.onLimit()), limit.ms);
  });
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
    if (stop !== undefined) deadline.signal.removeEventListener('abort', stop);
  }
}

/** Waits with a timer of the host, which does not outlive the signal. */
export const waitWithTimer: Delay = (ms, signal) =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
