// SPDX-License-Identifier: Apache-2.0
// A progress bar in the last line of a terminal.

import type { Output } from './host.js';

/** How far something is. */
export interface Progress {
  show(done: number, total: number): void;
  /** Takes the bar away. */
  clear(): Promise<void>;
}

const WIDTH = 30;
const INTERVAL_MS = 100; // faster than this nobody reads
const CLEAR_LINE = '\r\u001b[2K';

/** A bar, or nothing where `isShown` is not true. */
export function createProgress(output: Output, isShown: boolean): Progress {
  let drawnAt = Number.NEGATIVE_INFINITY;
  const draw = (text: string): Promise<void> => output.write(text).catch(() => {}); // of what nobody sees nothing depends
  return {
    show(done, total) {
      const now = performance.now();
      if (!isShown || now - drawnAt < INTERVAL_MS) return;
      drawnAt = now;
      const filled = total === 0 ? WIDTH : Math.floor((done / total) * WIDTH);
      void draw(`${CLEAR_LINE}${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${done} of ${total} packages`);
    },
    async clear() {
      if (drawnAt !== Number.NEGATIVE_INFINITY) await draw(CLEAR_LINE);
    },
  };
}
