// SPDX-License-Identifier: Apache-2.0
// What calls in one process share: the store of a mirror, the refresh that runs, and what the last one found. It is kept
// by the `fetch` that it came through, so that callers who bring their own share nothing with others.

import { KeywaxError } from '@keywax/core/errors';
import type { Fetch } from '@keywax/http';
import type { TufStore } from './store.js';

/** Something that was found, and from when until when it may be used. */
export interface Kept<T> {
  readonly trust: T;
  readonly foundAt: Date;
  readonly endsAt: Date;
}

/** What is shared. */
export interface Entry<T> {
  readonly store: TufStore;
  latest?: Kept<T> | undefined;
  running?: Promise<Kept<T>> | undefined;
  background?: Promise<void> | undefined;
  /** Not before then the background asks again. */
  retryAt?: Date | undefined;
}

const HOST = {};
const shared = new WeakMap<object, Map<string, Entry<unknown>>>();

/** What calls with the same `fetch` (the host's unless given) and the same key share. */
export function selectEntry<T>(fetch: Fetch | undefined, key: string, createStore: () => TufStore): Entry<T> {
  const place = fetch ?? HOST;
  const entries = shared.get(place) ?? new Map<string, Entry<unknown>>();
  shared.set(place, entries);
  const entry = entries.get(key) ?? { store: createStore() };
  entries.set(key, entry);
  return entry as Entry<T>; // a key always goes with one kind of trust
}

/** Waits for `work`, or no longer than the caller's signal; the work goes on. @throws OPERATION_ABORTED */
export function raceSignal<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void =>
      reject(new KeywaxError('OPERATION_ABORTED', 'TUF: aborted by the caller', { cause: signal.reason }));
    const end = (): void => signal.removeEventListener('abort', stop);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    work.then(resolve, reject).finally(end);
  });
}
