// SPDX-License-Identifier: Apache-2.0
// The logs that a trusted root knows: finding one by its key id, counting it, and its window.

import type { LogEntry } from '@keywax/bundle';
import { encodeHex } from '@keywax/core/bytes';
import type { TransparencyLog } from '@keywax/trust';

const MAX_DATE_MS = 8.64e15; // ECMA-262 21.4.1.1

/** True where the trusted root lists a log with this key id, usable or not. */
export function isKnownLog(logs: ReadonlyMap<string, readonly TransparencyLog[]>, keyId: Uint8Array): boolean {
  return logs.has(encodeHex(keyId));
}

/** The log with a key id, preferring a usable one that fits: logs may share a key. */
export function selectLog(
  logs: ReadonlyMap<string, readonly TransparencyLog[]>,
  keyId: Uint8Array,
  fits: (log: TransparencyLog) => boolean,
): TransparencyLog | undefined {
  const candidates = logs.get(encodeHex(keyId)) ?? [];
  const usable = candidates.filter((log) => log.key !== undefined);
  return usable.find(fits) ?? usable[0] ?? candidates[0];
}

/** RUL-16: a log is its key, and its operator where the policy says so. */
export function logNames(log: TransparencyLog, byOperator: boolean): readonly string[] {
  const key = log.key === undefined ? [] : [`key ${encodeHex(log.key.spki)}`];
  return byOperator && log.operator !== undefined && log.operator !== '' ? [...key, `operator ${log.operator}`] : key;
}

/** When a log says that it took an entry; the epoch, which is never plausible, for what a `Date` cannot hold. */
export function integratedAt({ integratedTime }: Pick<LogEntry, 'integratedTime'>): Date {
  const milliseconds = Number(integratedTime) * 1_000;
  return new Date(milliseconds <= MAX_DATE_MS ? milliseconds : 0);
}

/** A window and a time, for the report. */
export function describeWindow(
  window: TransparencyLog['validFor'],
  at: Date,
): { readonly expected: string; readonly actual: string } {
  const end = window.end === undefined ? 'now' : formatInstant(window.end);
  return { expected: `${formatInstant(window.start)} to ${end}`, actual: formatInstant(at) };
}

/** RFC 3339 in UTC, or ISO 8601 for the years that it does not have: certificate timestamps may claim them. */
function formatInstant(time: Date): string {
  return time.toISOString().replace('.000Z', 'Z');
}
