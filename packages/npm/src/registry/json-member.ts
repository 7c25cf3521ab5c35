// SPDX-License-Identifier: Apache-2.0
// One member of a large JSON object, without reading the others: of a packument of many megabytes one version is needed.
// Refused: what is no object, a member that is there twice, brackets that do not match. What lies between is skipped and
// not validated; the slice that is returned is for the strict reader.

import { KeywaxError } from '@keywax/core/errors';
import { parseJson } from '@keywax/core/json';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const MAX_NAME_BYTES = 1_024; // of npm's names and versions none is longer

interface Cursor {
  readonly bytes: Uint8Array;
  readonly at: string;
  offset: number;
}

/**
 * The bytes of the value of member `name` of the object in `bytes`, or `undefined` where it has none.
 * @throws INPUT_MALFORMED
 */
export function selectJsonMember(bytes: Uint8Array, name: string, at: string): Uint8Array | undefined {
  const cursor: Cursor = { bytes, at, offset: 0 };
  let found: Uint8Array | undefined;
  skipSpace(cursor);
  expect(cursor, OPEN);
  skipSpace(cursor);
  if (bytes[cursor.offset] === CLOSE) return undefined;
  for (;;) {
    skipSpace(cursor);
    const isWanted = readName(cursor) === name;
    skipSpace(cursor);
    expect(cursor, COLON);
    skipSpace(cursor);
    const start = cursor.offset;
    skipValue(cursor);
    if (isWanted && found !== undefined) throw malformed(cursor, 'each name once');
    if (isWanted) found = bytes.subarray(start, cursor.offset);
    skipSpace(cursor);
    if (bytes[cursor.offset] === CLOSE) return found;
    expect(cursor, COMMA);
  }
}

function readName(cursor: Cursor): string | undefined {
  const start = cursor.offset;
  skipString(cursor);
  const raw = cursor.bytes.subarray(start, cursor.offset);
  if (raw.length > MAX_NAME_BYTES) return undefined;
  const value = parseJson(raw, { maxBytes: MAX_NAME_BYTES }, cursor.at);
  return typeof value === 'string' ? value : undefined;
}

/** Skips a value up to the comma or bracket after it. */
function skipValue(cursor: Cursor): void {
  const { bytes } = cursor;
  let depth = 0;
  while (cursor.offset < bytes.length) {
    const byte = bytes[cursor.offset];
    if (byte === QUOTE) {
      skipString(cursor);
      continue;
    }
    if (depth === 0 && (byte === COMMA || byte === CLOSE)) return;
    if (byte === OPEN || byte === 0x5b) depth++;
    if (byte === CLOSE || byte === 0x5d) depth--;
    if (depth < 0) break;
    cursor.offset++;
  }
  throw malformed(cursor, 'brackets that match');
}

function skipString(cursor: Cursor): void {
  const { bytes } = cursor;
  expect(cursor, QUOTE);
  for (;;) {
    const end = bytes.indexOf(QUOTE, cursor.offset);
    if (end === -1) throw malformed(cursor, 'the end of a string');
    cursor.offset = end + 1;
    let first = end;
    while (bytes[first - 1] === BACKSLASH) first--;
    if ((end - first) % 2 === 0) return;
  }
}

function skipSpace(cursor: Cursor): void {
  const { bytes } = cursor;
  for (;;) {
    const byte = bytes[cursor.offset];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
    cursor.offset++;
  }
}

function expect(cursor: Cursor, byte: number): void {
  if (cursor.bytes[cursor.offset] !== byte) throw malformed(cursor, `"${String.fromCharCode(byte)}"`);
  cursor.offset++;
}

function malformed({ at, offset }: Cursor, expected: string): KeywaxError {
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected} at byte ${offset}`, {
    details: { at, expected },
  });
}
