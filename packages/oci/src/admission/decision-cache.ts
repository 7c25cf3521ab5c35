// SPDX-License-Identifier: Apache-2.0
// Remembers for a while what was admitted. Keys name a digest, so what they stand for never changes; only trust and time
// do. Refusals and warnings are not kept: what was missing may have been attached since.

/** Shares and keeps values by key. */
export interface DecisionCache<T> {
  /** The kept value; else that of a call under way; else that of a new one. */
  read(key: string, make: () => Promise<T>): Promise<T>;
}

/** How much is kept, and how long. */
export interface DecisionCacheOptions<T> {
  readonly maxEntries: number;
  readonly ttlMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly isKept: (value: T) => boolean;
}

/** An empty cache. */
export function createDecisionCache<T>({ maxEntries, ttlMs, now, isKept }: DecisionCacheOptions<T>): DecisionCache<T> {
  const kept = new Map<string, { readonly value: T; readonly at: number }>();
  const underWay = new Map<string, Promise<T>>();

  const keep = (key: string, value: T): void => {
    if (!isKept(value)) return;
    kept.delete(key);
    kept.set(key, { value, at: now() });
    const [oldest] = kept.keys();
    if (kept.size > maxEntries && oldest !== undefined) kept.delete(oldest);
  };
  const start = async (key: string, make: () => Promise<T>): Promise<T> => {
    try {
      const value = await make();
      keep(key, value);
      return value;
    } finally {
      underWay.delete(key);
    }
  };
  return {
    async read(key, make) {
      const found = kept.get(key);
      const age = now() - (found?.at ?? 0);
      if (found !== undefined && age >= 0 && age < ttlMs) return found.value; // none is of a time to come
      kept.delete(key);
      const running = underWay.get(key) ?? start(key, make);
      underWay.set(key, running);
      return running;
    },
  };
}
