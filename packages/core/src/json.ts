// SPDX-License-Identifier: Apache-2.0
// A strict reader of JSON (RFC 8259).
// Refused: invalid UTF-8, a byte order mark, duplicate names (compared after unescaping), lone surrogates, anything
// after the value, and more bytes, depth, members or values than the limits allow.

import { decodeUtf8, isUtf8Within } from './bytes.js';
import { KeywaxError, quoteText } from './errors.js';
import { readPlainJson } from './json-plain.js';
import {
  type JsonLimits,
  type JsonNumber,
  type JsonObject,
  type JsonValue,
  completeLimits,
  expectWellFormed,
  malformed,
  tooLarge,
} from './json-value.js';

export { encodeJson, readPlainJson, toPlainJson } from './json-plain.js';
export { isJsonArray, isJsonNumber, isJsonObject, memberPath } from './json-value.js';
export type { JsonLimits, JsonNumber, JsonObject, JsonValue } from './json-value.js';

const MAX_PIECES = 4_096; // a string grows by as many at a time: each addition costs an object until it is flattened
const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const FIRST_SURROGATE = 0xd800;

/** What stands after a backslash, and at the same place what it stands for. */
const ESCAPE_LETTERS = '"\\/bfnrt';
const ESCAPED = '"\\/\b\f\n\r\t';

/** How far a document has been read. */
interface Reader extends Required<JsonLimits> {
  readonly text: string;
  readonly at: string;
  offset: number;
  values: number;
}

/**
 * Reads one JSON document (RFC 8259), which may have white space around it.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export function parseJson(input: Uint8Array | string, limits: JsonLimits, at = '$'): JsonValue {
  const text = readText(input, limits.maxBytes, at);
  const reader: Reader = { ...completeLimits(limits), text, at, offset: 0, values: 0 };
  skipSpace(reader);
  const value = readValue(reader, 0);
  skipSpace(reader);
  if (reader.offset !== reader.text.length) throw unexpected(reader, 'nothing after the value');
  return value;
}

function readText(input: Uint8Array | string, maxBytes: number, at: string): string {
  if (input.length > maxBytes) throw tooLarge(at, 'bytes', maxBytes);
  if (typeof input !== 'string') return decodeUtf8(input, at);
  if (!isUtf8Within(input, maxBytes)) throw tooLarge(at, 'bytes', maxBytes);
  if (input.startsWith('\ufeff')) throw malformed(at, 'text without a byte order mark');
  return input;
}

function readValue(reader: Reader, depth: number): JsonValue {
  if (++reader.values > reader.maxValues) throw tooLarge(reader.at, 'values', reader.maxValues);
  switch (reader.text.charCodeAt(reader.offset)) {
    case OPEN_OBJECT:
      return readObject(reader, enter(reader, depth));
    case OPEN_ARRAY:
      return readArray(reader, enter(reader, depth));
    case QUOTE:
      return readString(reader);
    case 0x74:
      return readWord(reader, 'true', true);
    case 0x66:
      return readWord(reader, 'false', false);
    case 0x6e:
      return readWord(reader, 'null', null);
    default:
      return readNumber(reader);
  }
}

/** Steps into an object or array; recursion is therefore never deeper than `maxDepth`. */
function enter(reader: Reader, depth: number): number {
  if (depth === reader.maxDepth) throw tooLarge(reader.at, 'levels', reader.maxDepth);
  reader.offset++;
  skipSpace(reader);
  return depth + 1;
}

function readObject(reader: Reader, depth: number): JsonObject {
  const members = new Map<string, JsonValue>();
  if (accept(reader, CLOSE_OBJECT)) return members;
  do {
    if (members.size === reader.maxMembers) throw tooLarge(reader.at, 'members', reader.maxMembers);
    skipSpace(reader);
    if (reader.text.charCodeAt(reader.offset) !== QUOTE) throw unexpected(reader, 'a member name');
    const name = readString(reader);
    if (members.has(name)) throw unexpected(reader, 'each name once', quoteText(name));
    skipSpace(reader);
    if (!accept(reader, COLON)) throw unexpected(reader, 'a colon');
    skipSpace(reader);
    members.set(name, readValue(reader, depth));
    skipSpace(reader);
  } while (accept(reader, COMMA));
  if (!accept(reader, CLOSE_OBJECT)) throw unexpected(reader, 'a comma or the end of the object');
  return members;
}

function readArray(reader: Reader, depth: number): readonly JsonValue[] {
  const items: JsonValue[] = [];
  if (accept(reader, CLOSE_ARRAY)) return items;
  do {
    skipSpace(reader);
    items.push(readValue(reader, depth));
    skipSpace(reader);
  } while (accept(reader, COMMA));
  if (!accept(reader, CLOSE_ARRAY)) throw unexpected(reader, 'a comma or the end of the array');
  return items;
}

/** Finds the closing quote and slices; only strings with escapes are put together. */
function readString(reader: Reader): string {
  const { text } = reader;
  const start = reader.offset + 1;
  let seen = 0;
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    seen |= code;
    if (code === QUOTE) {
      reader.offset = i + 1;
      const value = text.slice(start, i);
      if (seen >= FIRST_SURROGATE) expectWellFormed(value, reader.at);
      return value;
    }
    if (code === BACKSLASH) {
      reader.offset = i;
      return readEscapedString(reader, text.slice(start, i));
    }
    if (code < 0x20) {
      reader.offset = i;
      throw unexpected(reader, 'no control characters in a string');
    }
  }
  reader.offset = text.length;
  throw unexpected(reader, 'the end of the string');
}

/** Goes on from the first backslash of a string whose beginning is `head`. */
function readEscapedString(reader: Reader, head: string): string {
  const { text } = reader;
  let value = head;
  let pieces: string[] = [];
  while (text.charCodeAt(reader.offset) === BACKSLASH) {
    if (pieces.length >= MAX_PIECES) {
      value += pieces.join('');
      pieces = [];
    }
    pieces.push(readEscape(reader));
    const start = reader.offset;
    let i = start;
    for (; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === QUOTE || code === BACKSLASH || code < 0x20) break;
    }
    if (i > start) pieces.push(text.slice(start, i));
    reader.offset = i;
  }
  if (!accept(reader, QUOTE)) throw unexpected(reader, 'the end of the string');
  value += pieces.join('');
  expectWellFormed(value, reader.at);
  return value;
}

function readEscape(reader: Reader): string {
  const letter = reader.text[reader.offset + 1];
  const simple = letter === undefined ? undefined : ESCAPED[ESCAPE_LETTERS.indexOf(letter)];
  if (simple !== undefined) {
    reader.offset += 2;
    return simple;
  }
  const first = readUnicodeEscape(reader);
  if (first < 0xd800 || first > 0xdfff) return String.fromCharCode(first);
  // Only another escape completes a surrogate pair; what stands unescaped beside it is found in the end.
  const second = first < 0xdc00 ? readUnicodeEscape(reader) : 0;
  if (second < 0xdc00 || second > 0xdfff) throw unexpected(reader, 'no lone surrogates');
  return String.fromCharCode(first, second);
}

function readUnicodeEscape(reader: Reader): number {
  const digits = /^\\u([0-9A-Fa-f]{4})$/.exec(reader.text.slice(reader.offset, reader.offset + 6))?.[1];
  if (digits === undefined) throw unexpected(reader, 'an escape sequence');
  reader.offset += 6;
  return Number.parseInt(digits, 16);
}

function readWord<T>(reader: Reader, word: string, value: T): T {
  if (!reader.text.startsWith(word, reader.offset)) throw unexpected(reader, 'a value');
  reader.offset += word.length;
  return value;
}

function readNumber(reader: Reader): number | JsonNumber {
  const { text, offset: start } = reader;
  const negative = accept(reader, MINUS);
  const whole = readDigits(reader);
  if (whole > 1 && text.charCodeAt(reader.offset - whole) === 0x30) throw unexpected(reader, 'no leading zero');
  const wholeEnd = reader.offset;
  if (accept(reader, 0x2e)) readDigits(reader);
  if (accept(reader, 0x65) || accept(reader, 0x45)) {
    if (!accept(reader, 0x2b)) accept(reader, MINUS);
    readDigits(reader);
  }
  const written = text.slice(start, reader.offset);
  if (reader.offset === wholeEnd && whole <= 16) {
    // At most sixteen decimal digits, so nothing is lost before the range check.
    const value = Number(written);
    if (Number.isSafeInteger(value) && !(negative && value === 0)) return value;
  }
  return { kind: 'number', text: written };
}

/** Skips decimal digits, of which there must be one, and returns how many there were. */
function readDigits(reader: Reader): number {
  const { text, offset: start } = reader;
  let i = start;
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) break;
  }
  if (i === start) throw unexpected(reader, 'a value');
  reader.offset = i;
  return i - start;
}

function accept(reader: Reader, code: number): boolean {
  if (reader.text.charCodeAt(reader.offset) !== code) return false;
  reader.offset++;
  return true;
}

function skipSpace(reader: Reader): void {
  const { text } = reader;
  for (;;) {
    const code = text.charCodeAt(reader.offset);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    reader.offset++;
  }
}

/**
 * Reads bytes or text with `parseJson` and any other value with `readPlainJson`.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export function readJson(input: Uint8Array | string | object, limits: JsonLimits, at = '$'): JsonValue {
  if (typeof input === 'string') return parseJson(input, limits, at);
  // Not `instanceof`: the bytes may come from another realm.
  if (ArrayBuffer.isView(input)) return parseJson(viewBytes(input, at), limits, at);
  return readPlainJson(input, limits, at);
}

function viewBytes({ buffer, byteOffset, byteLength }: ArrayBufferView, at: string): Uint8Array {
  try {
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (cause) {
    const expected = 'bytes that are not detached';
    throw new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}`, { cause, details: { at, expected } });
  }
}

function unexpected(reader: Reader, expected: string, actual?: string): KeywaxError {
  const { offset, text } = reader;
  const place = offset < text.length ? `at character ${offset}` : 'at the end of the input';
  return malformed(reader.at, `${expected} ${place}`, actual);
}
