// SPDX-License-Identifier: Apache-2.0
// Counting authorities, never copies (client-spec 4.6): two pieces of evidence that share an authority count once.

import { KeywaxError } from '@keywax/core/errors';

/** How many distinct authorities are demanded, or `'none'` where the caller says so explicitly. */
export type Threshold = number | 'none';

const MAX_THRESHOLD = 32; // ATTACKS 4.3: no bundle carries more evidence of one kind

/** @throws CONFIG_INVALID unless `value` is `'none'` or a whole number from 1 to 32 */
export function readThreshold(value: unknown, name: string, otherwise: Threshold): Threshold {
  if (value === undefined) return otherwise;
  if (value === 'none') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= MAX_THRESHOLD) return value;
  throw new KeywaxError('CONFIG_INVALID', `${name}: expected a whole number from 1 to ${MAX_THRESHOLD}, or 'none'`, {
    details: { at: name },
  });
}

/** The number as a bound to reach. */
export function demanded(threshold: Threshold): number {
  return threshold === 'none' ? 0 : threshold;
}

/**
 * Counts groups of authorities. Each authority comes with everything that identifies it; authorities that have any of
 * it in common are one.
 */
export function countDistinct(authorities: readonly (readonly string[])[]): number {
  let groups: Set<string>[] = [];
  for (const names of authorities) {
    const merged = new Set(names);
    const apart = groups.filter((group) => !names.some((name) => group.has(name)));
    for (const group of groups) if (!apart.includes(group)) for (const name of group) merged.add(name);
    groups = [...apart, merged];
  }
  return groups.length;
}
