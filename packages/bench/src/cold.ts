// SPDX-License-Identifier: Apache-2.0
// Cold start: processes of their own, in turns, over an empty process. Processor time, as a noisy machine stretches the other.

import { execFileSync } from 'node:child_process';
import { type Latency, summarize } from './latency.ts';

/** Milliseconds of processor time that each module script takes in a new process, over one that does nothing. */
export function timeProcesses(scripts: readonly string[], rounds: number): readonly Latency[] {
  const times: number[][] = scripts.map(() => []);
  const empty: number[] = [];
  for (let i = 0; i < rounds; i++) {
    empty.push(timeProcess(''));
    for (const [k, script] of scripts.entries()) times[k]?.push(timeProcess(script));
  }
  const base = summarize(empty);
  return times.map(summarize).map(({ min, median }) => ({ min: min - base.min, median: median - base.median }));
}

function timeProcess(script: string): number {
  const report = 'const { user, system } = process.cpuUsage(); console.log(user + system);';
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', `${script}\n${report}`], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return Number(output) / 1_000;
}
