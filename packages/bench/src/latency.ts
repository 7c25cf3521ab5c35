// SPDX-License-Identifier: Apache-2.0
// Latency and throughput, warm. The contenders take turns, so that a noisy machine is noisy for all of them; a turn is
// several calls long, as the data and code of one contender drive those of another from the caches of the processor.

import type { Contender } from './contenders.ts';
import type { Fixture } from './fixtures.ts';

/** Milliseconds for one call. */
export interface Latency {
  readonly min: number;
  readonly median: number;
}

const TURN = 25;
const WARM_UP_ROUNDS = 5;

/** Times contenders in turns: each gets the first inputs several times to warm up, then every other once. */
export async function timeInTurns<T>(
  contenders: readonly ((input: T) => unknown)[],
  { inputs, warmUp }: { readonly inputs: readonly T[]; readonly warmUp: number },
): Promise<readonly Latency[]> {
  for (const contender of contenders) {
    for (let i = 0; i < WARM_UP_ROUNDS; i++) for (const input of inputs.slice(0, warmUp)) await contender(input);
  }
  const times: number[][] = contenders.map(() => []);
  for (let at = warmUp; at < inputs.length; at += TURN) {
    for (const [k, contender] of contenders.entries()) {
      for (const input of inputs.slice(at, at + TURN)) {
        const start = performance.now();
        await contender(input);
        times[k]?.push(performance.now() - start);
      }
    }
  }
  return times.map(summarize);
}

/** Bundles per second with `inFlight` verifications under way at once, each bundle verified once. */
export async function measureThroughput(
  contender: Contender,
  { fixtures, inFlight }: { readonly fixtures: readonly Fixture[]; readonly inFlight: number },
): Promise<number> {
  const left = fixtures.values();
  const start = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (const fixture of left) await contender(fixture);
    }),
  );
  return (1_000 * fixtures.length) / (performance.now() - start);
}

/** Minimum and median. */
export function summarize(times: readonly number[]): Latency {
  const sorted = [...times].sort((a, b) => a - b);
  return { min: sorted[0] ?? Number.NaN, median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN };
}
