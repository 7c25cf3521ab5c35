// SPDX-License-Identifier: Apache-2.0
// The JSON canonicalization scheme (RFC 8785).
// Refused: numbers that no double can hold, and lone surrogates.

import { KeywaxError, quoteText } from './errors.js';
import {
  type JsonNumber,
  type JsonValue,
  expectWellFormed,
  isJsonArray,
  isJsonNumber,
  isJsonObject,
} from './json-value.js';

/**
 * Encodes a value as canonical JSON: no white space, members sorted by the UTF-16 code units of their names
 * (RFC 8785 §3.2.3), numbers as the nearest double in the shortest form of ECMAScript (§3.2.2.3).
 * @throws INPUT_MALFORMED
 */
export function canonicalizeJson(value: JsonValue): string {
  if (typeof value === 'string') return canonicalizeText(value);
  if (isJsonNumber(value)) return canonicalizeNumber(value);
  if (isJsonArray(value)) return `[${value.map(canonicalizeJson).join(',')}]`;
  if (!isJsonObject(value)) return String(value);
  let members = '';
  // Without a comparison of its own, `sort` compares UTF-16 code units.
  for (const name of [...value.keys()].sort()) {
    members += `${members === '' ? '' : ','}${canonicalizeText(name)}:${canonicalizeJson(value.get(name) ?? null)}`;
  }
  return `{${members}}`;
}

function canonicalizeText(text: string): string {
  expectWellFormed(text, '$');
  // RFC 8785 §3.2.2.2 demands the very escapes of ECMAScript.
  return JSON.stringify(text);
}

function canonicalizeNumber({ text }: JsonNumber): string {
  const double = Number(text);
  if (Number.isFinite(double)) return String(double);
  const actual = quoteText(text, 40);
  throw new KeywaxError('INPUT_MALFORMED', `expected a number that a double can hold, found ${actual}`, {
    details: { actual },
  });
}
