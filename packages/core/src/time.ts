// SPDX-License-Identifier: Apache-2.0
// Instants as text: RFC 3339, and UTCTime and GeneralizedTime in the DER of X.509 and RFC 3161.
// Refused: dates that the calendar does not have, leap seconds, hour 24, years outside 1–9999, lower-case `t` and `z`,
// local times, and in DER offsets, missing seconds and fractions that end in zero.

import { decodeUtf8, encodeUtf8 } from './bytes.js';
import { type DerElement, TAG, contentBytes, encodeDer, expectTag } from './der.js';
import { KeywaxError, quoteText } from './errors.js';

/** A span of time, closed at both ends; without `end` it is open towards the future. */
export interface TimeRange {
  readonly start: Date;
  readonly end?: Date;
}

const MIN_TIME = -62_135_596_800_000; // 0001-01-01T00:00:00Z
const MAX_TIME = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/;
const UTC_TIME = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d{0,8}[1-9]))?Z$/;

/** True when `time` lies in `range`, its ends included. False for an invalid `Date`. */
export function isWithin(range: TimeRange, time: Date): boolean {
  return time >= range.start && (range.end === undefined || time <= range.end);
}

/**
 * Parses RFC 3339 §5.6 with `Z` or an offset and up to nine fraction digits, of which milliseconds are kept.
 * @throws INPUT_MALFORMED
 */
export function parseRfc3339(text: string, at: string): Date {
  const match = RFC3339.exec(text);
  if (match === null) throw malformed(at, 'a time of RFC 3339', text);
  const local = civilTime(match.slice(1, 7).map(Number), match[7]);
  const offsetMs = (Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0)) * 60_000;
  const time = match[8] === '-' ? local + offsetMs : local - offsetMs;
  if (!isSupported(time)) throw malformed(at, 'a time of RFC 3339 that the calendar has', text);
  return new Date(time);
}

/** Formats an instant as RFC 3339 in UTC, with milliseconds only where there are any. @throws CONFIG_INVALID */
export function formatRfc3339(date: Date): string {
  expectSupported(date);
  return date.toISOString().replace('.000Z', 'Z');
}

/**
 * Reads a UTCTime `YYMMDDHHMMSSZ`, from 1950 to 2049 (RFC 5280 §4.1.2.5.1).
 * @throws INPUT_MALFORMED
 */
export function parseUtcTime(element: DerElement, at: string): Date {
  const text = timeText(element, TAG.utcTime, at);
  const [year = Number.NaN, ...rest] = (UTC_TIME.exec(text) ?? []).slice(1).map(Number);
  const time = civilTime([year >= 50 ? 1900 + year : 2000 + year, ...rest], undefined);
  if (!isSupported(time)) throw malformed(at, 'a UTCTime YYMMDDHHMMSSZ', text);
  return new Date(time);
}

/**
 * Reads a GeneralizedTime `YYYYMMDDHHMMSSZ` (RFC 5280 §4.1.2.5.2), with up to nine fraction digits where the structure
 * allows a fraction (RFC 3161 §2.4.2), of which milliseconds are kept.
 * @throws INPUT_MALFORMED
 */
export function parseGeneralizedTime(element: DerElement, at: string, options: { readonly fraction: boolean }): Date {
  const text = timeText(element, TAG.generalizedTime, at);
  const match = GENERALIZED_TIME.exec(text) ?? [];
  const time = civilTime(match.slice(1, 7).map(Number), match[7]);
  if (!isSupported(time) || (match[7] !== undefined && !options.fraction)) {
    throw malformed(at, `a GeneralizedTime YYYYMMDDHHMMSS${options.fraction ? '[.f]' : ''}Z`, text);
  }
  return new Date(time);
}

/** Encodes an instant between 1950 and 2049 as UTCTime, in whole seconds. @throws CONFIG_INVALID */
export function encodeUtcTime(date: Date): Uint8Array {
  const year = date.getUTCFullYear();
  if (!(year >= 1950 && year < 2050)) throw new KeywaxError('CONFIG_INVALID', 'expected a time between 1950 and 2049');
  return encodeDer(TAG.utcTime, encodeUtf8(compactTime(date).slice(2)));
}

/** Encodes an instant as GeneralizedTime, in whole seconds. @throws CONFIG_INVALID */
export function encodeGeneralizedTime(date: Date): Uint8Array {
  return encodeDer(TAG.generalizedTime, encodeUtf8(compactTime(date)));
}

/** `YYYYMMDDHHMMSSZ` */
function compactTime(date: Date): string {
  expectSupported(date);
  return date.toISOString().replace(/\.\d+|[-:T]/g, '');
}

function timeText(element: DerElement, tag: number, at: string): string {
  expectTag(element, tag, at);
  return decodeUtf8(contentBytes(element), at);
}

/**
 * Milliseconds since 1970 of year, month, day, hour, minute, second and fraction digits; NaN where the calendar or the
 * clock does not have them.
 */
function civilTime(fields: readonly number[], fraction: string | undefined): number {
  const [
    year = Number.NaN,
    month = Number.NaN,
    day = Number.NaN,
    hour = Number.NaN,
    minute = Number.NaN,
    second = Number.NaN,
  ] = fields;
  const date = new Date(0);
  // Not Date.UTC, which takes the years 0–99 for 1900–1999.
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, Number((fraction ?? '').slice(0, 3).padEnd(3, '0')));
  // A day or hour beyond its range would have moved on to the next.
  const isReal =
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  return isReal ? date.getTime() : Number.NaN;
}

function isSupported(time: number): boolean {
  return time >= MIN_TIME && time <= MAX_TIME;
}

function expectSupported(date: Date): void {
  if (!isSupported(date.getTime()))
    throw new KeywaxError('CONFIG_INVALID', 'expected a time between the years 1 and 9999');
}

function malformed(at: string, expected: string, text: string): KeywaxError {
  const actual = quoteText(text, 40);
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}, found ${actual}`, {
    details: { at, expected, actual },
  });
}
