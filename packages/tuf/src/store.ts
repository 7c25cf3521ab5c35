// SPDX-License-Identifier: Apache-2.0
// Where a client keeps what it has verified. Nothing in a store is trusted: whatever is read is verified again, from
// the configured root on.

import { KeywaxError, isKeywaxError } from '@keywax/core/errors';

/**
 * What is kept: the chain of `roots` by version, the newest `metadata` of each role by name, `targets` by digest and
 * path, and the client's own `state`.
 */
export type StoreArea = 'roots' | 'metadata' | 'targets' | 'state';

/** A place for files. Names are any text, such as `../x`; to encode them is the store's business. */
export interface TufStore {
  /** The content of a file; `undefined` where there is none. */
  read(area: StoreArea, name: string): Promise<Uint8Array | undefined>;
  /** Replaces a file as a whole: readers see the old content or the new one. */
  write(area: StoreArea, name: string, bytes: Uint8Array): Promise<void>;
  remove(area: StoreArea, name: string): Promise<void>;
  /** Runs a task while no other client, of this process or another, runs one on the same files. */
  withLock<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** A store that lasts as long as the process. */
export function createMemoryStore(): TufStore {
  const files = new Map<string, Uint8Array>();
  const withLock = createQueue();
  const key = (area: StoreArea, name: string): string => `${area}/${name}`;
  return {
    read: async (area, name) => files.get(key(area, name))?.slice(),
    write: async (area, name, bytes) => {
      files.set(key(area, name), bytes.slice());
    },
    remove: async (area, name) => {
      files.delete(key(area, name));
    },
    withLock,
  };
}

/** Runs tasks one after another. */
export function createQueue(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
}

/** A store of the caller's, whose failures become errors of ours. */
export function guardStore(store: TufStore): TufStore {
  return {
    read: (area, name) => guard(() => store.read(area, name)),
    write: (area, name, bytes) => guard(() => store.write(area, name, bytes)),
    remove: (area, name) => guard(() => store.remove(area, name)),
    withLock: (task, signal) => guardLock(store, task, signal),
  };
}

/** What the task throws is not the store's failure. */
async function guardLock<T>(store: TufStore, task: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const result = await guard(() =>
    store.withLock(async () => {
      try {
        return { value: await task() };
      } catch (error) {
        return { error };
      }
    }, signal),
  );
  if ('error' in result) throw result.error;
  return result.value;
}

async function guard<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (isKeywaxError(cause)) throw cause;
    throw new KeywaxError('FILE_FAILED', 'the store of TUF metadata failed', { cause });
  }
}
