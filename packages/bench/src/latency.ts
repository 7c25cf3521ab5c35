// SPDX-License-Identifier: Apache-2.0
// Latency, warm: the contenders take turns, so that a noisy machine is noisy for all of them. First call: in a process of its own.

import type { Contender } from './contenders.ts';

/** Milliseconds for one call. */
export interface Latency {
  readonly min: number;
  readonly median: number;
}

/** Times contenders in turns; each gets the same number of calls after the same warm-up. */
export async function timeInTurns(
  contenders: readonly Contender[],
  { warmUp, rounds }: { readonly warmUp: number; readonly rounds: number },
): Promise<readonly Latency[]> {
  for (const contender of contenders) for (let i = 0; i < warmUp; i++) await contender();
  const times: number[][] = contenders.map(() => []);
  for (let i = 0; i < rounds; i++) {
    for (const [k, contender] of contenders.entries()) {
      const start = performance.now();
      await contender();
      times[k]?.push(performance.now() - start);
    }
  }
  return times.map(summarize);
}

/** Bundles per second with `inFlight` verifications under way at once. */
export async function measureThroughput(
  contender: Contender,
  { inFlight, count }: { readonly inFlight: number; readonly count: number },
): Promise<number> {
  let left = count;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left-- > 0) await contender();
    }),
  );
  return (1_000 * count) / (performance.now() - start);
}

/** Minimum and median. */
export function summarize(times: readonly number[]): Latency {
  const sorted = [...times].sort((a, b) => a - b);
  return { min: sorted[0] ?? Number.NaN, median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN };
}
