// SPDX-License-Identifier: Apache-2.0
// When a Rekor v2 log publishes: at once, or in batches some time after the first new entry, as the real ones do.

import type { Log } from '../log/log.js';

/** The published state of a log. */
export interface Publisher {
  /** How many entries the published checkpoint covers. */
  size(): number;
  /** Resolves once the entry at `index` is covered. */
  publish(index: number): Promise<void>;
  /** Publishes what waits, and stops. */
  close(): void;
}

/** Publishes a log `delayMs` after an entry arrives; entries that a store held before are covered from the start. */
export function createPublisher(log: Log, delayMs: number): Publisher {
  if (delayMs === 0) return { size: () => log.size(), publish: async () => {}, close: () => {} };
  let published = log.size();
  let timer: NodeJS.Timeout | undefined;
  let waiting: (() => void)[] = [];
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    published = log.size();
    for (const resolve of waiting) resolve();
    waiting = [];
  };
  return {
    size: () => published,
    publish(index) {
      if (index < published) return Promise.resolve();
      timer ??= setTimeout(flush, delayMs);
      return new Promise((resolve) => waiting.push(resolve));
    },
    close: flush,
  };
}
