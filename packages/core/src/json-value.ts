// SPDX-License-Identifier: Apache-2.0
// What a JSON value is in memory, and what its readers have in common.

import { isWellFormed } from './bytes.js';
import { KeywaxError, quoteText } from './errors.js';

/** A JSON object: a `Map`, so that names which an attacker chose never become property names. */
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** A JSON value. A `number` is always a safe integer and never -0; every other number is a `JsonNumber`. */
export type JsonValue = null | boolean | string | number | JsonNumber | readonly JsonValue[] | JsonObject;

/** A number that is not a canonical safe integer (`1.5`, `1e3`, 2^53, `-0`), as it was written. */
export interface JsonNumber {
  readonly kind: 'number';
  readonly text: string;
}

/** Bounds of one document. */
export interface JsonLimits {
  /** Bytes of UTF-8. */
  readonly maxBytes: number;
  /** Objects and arrays inside one another; 32 unless given. */
  readonly maxDepth?: number;
  /** Members of one object; 4,096 unless given. */
  readonly maxMembers?: number;
  /** Values in the whole document, objects and arrays included; 200,000 unless given. */
  readonly maxValues?: number;
}

const MAX_DEPTH = 32; // ATTACKS 4.3, and the two below
const MAX_MEMBERS = 4_096;
const MAX_VALUES = 200_000;

/** The given bounds, with defaults for those that are not given. */
export function completeLimits(limits: JsonLimits): Required<JsonLimits> {
  return {
    maxBytes: limits.maxBytes,
    maxDepth: limits.maxDepth ?? MAX_DEPTH,
    maxMembers: limits.maxMembers ?? MAX_MEMBERS,
    maxValues: limits.maxValues ?? MAX_VALUES,
  };
}

/** True for a JSON object. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}

/** True for a JSON array. */
export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** True for a number that is kept as text. */
export function isJsonNumber(value: JsonValue | undefined): value is JsonNumber {
  return typeof value === 'object' && value !== null && !isJsonArray(value) && !isJsonObject(value);
}

/** The path of a member: `$.name`, or `$["na me"]` with the name quoted and cut where it is not a plain word. */
export function memberPath(at: string, name: string): string {
  return /^[A-Za-z_]\w{0,63}$/.test(name) ? `${at}.${name}` : `${at}[${quoteText(name, 64)}]`;
}

/** @throws INPUT_MALFORMED where text has a lone surrogate */
export function expectWellFormed(text: string, at: string): void {
  if (!isWellFormed(text)) throw malformed(at, 'text without lone surrogates');
}

/** The error for a document that is not JSON. */
export function malformed(at: string, expected: string, actual?: string): KeywaxError {
  return new KeywaxError(
    'INPUT_MALFORMED',
    `${at}: expected JSON with ${expected}${actual === undefined ? '' : `, found ${actual}`}`,
    {
      details: { at, expected, ...(actual === undefined ? {} : { actual }) },
    },
  );
}

/** The error for a document beyond a bound. */
export function tooLarge(at: string, unit: string, limit: number): KeywaxError {
  const expected = `at most ${limit} ${unit}`;
  return new KeywaxError('INPUT_TOO_LARGE', `${at}: expected JSON of ${expected}`, {
    details: { at, expected, limit },
  });
}
