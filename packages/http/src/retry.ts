// SPDX-License-Identifier: Apache-2.0
// Whether and when a request is tried again.

const RETRIED_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
const MAX_RETRY_AFTER_MS = 60_000; // ATTACKS 4.3
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 16_000;
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;

/** True for a status that another attempt may change. */
export function isRetriedStatus(status: number): boolean {
  return RETRIED_STATUSES.has(status);
}

/** What a `Retry-After` header asks for: a wait, more patience than we have, or nothing that can be read. */
export type RetryAfter =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'tooLong' }
  | { readonly kind: 'none' };

/** Reads `Retry-After` in seconds or as an IMF-fixdate (RFC 9110 §10.2.3); anything else counts as absent. */
export function readRetryAfter(text: string | undefined, nowMs: number): RetryAfter {
  const ms =
    text === undefined ? undefined : /^\d{1,10}$/.test(text) ? Number(text) * 1_000 : untilHttpDate(text, nowMs);
  if (ms === undefined) return { kind: 'none' };
  return ms > MAX_RETRY_AFTER_MS ? { kind: 'tooLong' } : { kind: 'wait', ms: Math.max(ms, 0) };
}

function untilHttpDate(text: string, nowMs: number): number | undefined {
  const [, day = '', month = '', year = '', ...clock] = HTTP_DATE.exec(text) ?? [];
  const monthIndex = MONTHS.indexOf(month) / 3;
  if (month === '' || !Number.isInteger(monthIndex) || monthIndex < 0) return undefined;
  const [hour = 0, minute = 0, second = 0] = clock.map(Number);
  return Date.UTC(Number(year), monthIndex, Number(day), hour, minute, second) - nowMs;
}

/** Doubles with each failure, and spreads many clients over half of the interval (ATTACKS NW-018). */
export function chooseBackoffMs(failures: number, random: number = randomFraction()): number {
  const interval = Math.min(FIRST_BACKOFF_MS * 2 ** failures, MAX_BACKOFF_MS);
  return Math.round(interval * (0.5 + random / 2));
}

function randomFraction(): number {
  const [value = 0] = crypto.getRandomValues(new Uint32Array(1));
  return value / 2 ** 32;
}
