// SPDX-License-Identifier: Apache-2.0
// OLPC canonical JSON, the form in which TUF metadata is signed (TUF 1.0.34 §4.2): no white space, members sorted by
// the code points of their names, only `"` and `\` escaped, everything else as raw UTF-8.
// Refused: numbers that are not integers written without fraction, exponent or minus zero.

import { KeywaxError, quoteText } from '@keywax/core/errors';
import {
  type JsonNumber,
  type JsonObject,
  type JsonValue,
  isJsonArray,
  isJsonNumber,
  isJsonObject,
} from '@keywax/core/json';

/**
 * Encodes a value as it was received, unknown members included, so that a signature covers all of it.
 * @throws INPUT_MALFORMED
 */
export function canonicalizeOlpc(value: JsonValue): string {
  if (typeof value === 'string') return encodeText(value);
  if (isJsonNumber(value)) return encodeNumber(value);
  if (isJsonArray(value)) return `[${value.map(canonicalizeOlpc).join(',')}]`;
  if (isJsonObject(value)) return encodeObject(value);
  return String(value);
}

function encodeObject(object: JsonObject): string {
  let text = '{';
  for (const name of sortedNames(object)) {
    if (text.length > 1) text += ',';
    text += `${encodeText(name)}:${canonicalizeOlpc(object.get(name) as JsonValue)}`; // the name is one of the object's
  }
  return `${text}}`;
}

/** Most files are sorted already, and large ones take their time to sort. */
function sortedNames(object: JsonObject): readonly string[] {
  const names = [...object.keys()];
  const isSorted = names.every((name, i) => i === 0 || compareCodePoints(names[i - 1] as string, name) < 0);
  return isSorted ? names : names.sort(compareCodePoints);
}

/** Order by code points, which differs from that of UTF-16 where a surrogate meets a unit above the surrogates. */
function compareCodePoints(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    if (isSurrogate(x) === isSurrogate(y)) return x - y;
    return isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function encodeText(text: string): string {
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}

function encodeNumber({ text }: JsonNumber): string {
  if (/^-?[1-9][0-9]*$/.test(text)) return text; // an integer beyond the safe ones
  const actual = quoteText(text, 40);
  throw new KeywaxError('INPUT_MALFORMED', `expected integers alone, found ${actual}`, { details: { actual } });
}
