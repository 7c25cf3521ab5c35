// SPDX-License-Identifier: Apache-2.0

/** Runs tasks, of which no more than a fixed number at a time. */
export type Gate = <T>(task: () => Promise<T>) => Promise<T>;

/** A gate for `width` tasks at a time; the others wait in order. */
export function createGate(width: number): Gate {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running >= width) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await task();
    } finally {
      const next = waiting.shift(); // who waits longest takes the place over
      if (next === undefined) running--;
      else next();
    }
  };
}
