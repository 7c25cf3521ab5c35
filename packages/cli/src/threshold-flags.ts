// SPDX-License-Identifier: Apache-2.0
// How much evidence is enough, from flags.

import type { Threshold } from 'keywax';
import { type SwitchFlag, type ValueFlag, usageError } from './flags.js';

const KINDS = {
  'log-threshold': 'logThreshold',
  'timestamp-threshold': 'timestampThreshold',
  'sct-threshold': 'sctThreshold',
} as const;
type Name = keyof typeof KINDS;

/** The values of the flags that say how much evidence is enough. */
export type ThresholdFlags = { readonly [K in Name]?: string } & { readonly 'distinct-operators'?: true };
/** The same as options of a verification. */
export type Thresholds = { readonly [K in (typeof KINDS)[Name]]?: Threshold } & {
  readonly distinctOperators?: boolean;
};

/** The flags that say how much evidence is enough. */
export const THRESHOLD_FLAGS: Readonly<Record<Name, ValueFlag>> & { readonly 'distinct-operators': SwitchFlag } = {
  'log-threshold': { value: 'N', help: 'distinct logs, or none (as the instance has it: 1, for github none)' },
  'timestamp-threshold': { value: 'N', help: 'distinct timestamp authorities, or none (none, for github 1)' },
  'sct-threshold': { value: 'N', help: 'distinct certificate logs, or none (1, for github none)' },
  'distinct-operators': { help: 'count logs of one operator once' },
};

/** Reads the thresholds that were given. @throws CONFIG_INVALID */
export function readThresholdFlags(flags: ThresholdFlags): Thresholds {
  const thresholds: { [K in (typeof KINDS)[Name]]?: Threshold } = {};
  for (const name of Object.keys(KINDS) as Name[]) {
    const text = flags[name];
    if (text === undefined) continue;
    if (text !== 'none' && !/^[1-9][0-9]?$/.test(text)) throw usageError(`--${name} is a number from 1 on, or none`);
    thresholds[KINDS[name]] = text === 'none' ? text : Number(text);
  }
  return flags['distinct-operators'] === undefined ? thresholds : { ...thresholds, distinctOperators: true };
}
