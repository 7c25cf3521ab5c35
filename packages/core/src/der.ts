// SPDX-License-Identifier: Apache-2.0
// DER (X.690 §8, §10): a strict reader that keeps offsets into the received bytes, and a small writer.
// Refused: trailing bytes, indefinite or non-minimal lengths, tag numbers above 30, nesting deeper than 32, INTEGERs
// that are padded or longer than 1,024 bytes, BOOLEANs other than 00 and FF, BIT STRINGs with set unused bits.

import { concatBytes, decodeUtf8 } from './bytes.js';
import { KeywaxError } from './errors.js';

const MAX_DEPTH = 32; // ATTACKS 4.3
const MAX_INTEGER_BYTES = 1_024; // ATTACKS 4.3

/** Identifier octets of the universal types in use (X.680 §8). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element: offsets into `source`; the header lies in `[start, contentStart)`, the content in `[contentStart, end)`. */
export interface DerElement {
  readonly tag: number;
  readonly source: Uint8Array;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

/** The identifier octet of a context-specific tag: `[n]`, constructed unless said otherwise. */
export function contextTag(n: number, form: 'constructed' | 'primitive' = 'constructed'): number {
  return (form === 'constructed' ? 0xa0 : 0x80) | n;
}

/**
 * Reads exactly one element that fills `bytes`, and checks the framing of everything inside it.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export function parseDer(bytes: Uint8Array, at: string): DerElement {
  const root = readElement(bytes, 0, bytes.length, at);
  if (root.end !== bytes.length) throw malformed(at, 'no bytes after the structure');
  checkFraming(root, at);
  return root;
}

/** The whole element, header included, as a view of the received bytes. */
export function elementBytes(element: DerElement): Uint8Array {
  return element.source.subarray(element.start, element.end);
}

/** The content octets as a view of the received bytes. */
export function contentBytes(element: DerElement): Uint8Array {
  return element.source.subarray(element.contentStart, element.end);
}

/** Reads the members of a constructed element in order. */
export interface DerCursor {
  /** The next member, which must have the tag if one is given. @throws INPUT_MALFORMED */
  next(tag?: number): DerElement;
  /** The next member if it has the tag, else `undefined`. */
  optional(tag: number): DerElement | undefined;
  /** True while members are left. */
  more(): boolean;
  /** @throws INPUT_MALFORMED when members are left */
  end(): void;
}

/**
 * Opens an element whose tag must be `tag` (SEQUENCE unless given) for reading its members.
 * @throws INPUT_MALFORMED
 */
export function openElement(element: DerElement, at: string, tag: number = TAG.sequence): DerCursor {
  expectTag(element, tag, at);
  const { source, contentStart, end } = element;
  return { source, limit: end, at, offset: contentStart, next, optional, more, end: expectEnd } as OpenCursor;
}

/** A cursor with its place. A certificate opens dozens of elements, so the functions are not made anew for each. */
interface OpenCursor extends DerCursor {
  readonly source: Uint8Array;
  readonly limit: number;
  readonly at: string;
  offset: number;
}

function next(this: OpenCursor, expected?: number): DerElement {
  if (this.offset >= this.limit) throw malformed(this.at, 'another member');
  const member = readElement(this.source, this.offset, this.limit, this.at);
  if (expected !== undefined) expectTag(member, expected, this.at);
  this.offset = member.end;
  return member;
}

function optional(this: OpenCursor, expected: number): DerElement | undefined {
  return this.offset < this.limit && this.source[this.offset] === expected ? this.next() : undefined;
}

function more(this: OpenCursor): boolean {
  return this.offset < this.limit;
}

function expectEnd(this: OpenCursor): void {
  if (this.offset !== this.limit) throw malformed(this.at, 'no further members');
}

/**
 * All members of a constructed element.
 * @throws INPUT_MALFORMED, and INPUT_TOO_LARGE above `max`
 */
export function readMembers(element: DerElement, at: string, tag: number, max: number): readonly DerElement[] {
  const cursor = openElement(element, at, tag);
  const members: DerElement[] = [];
  while (cursor.more()) {
    if (members.length === max) throw tooLarge(at, `at most ${max} members`, max);
    members.push(cursor.next());
  }
  return members;
}

/** Content octets of an INTEGER, minimal two's complement. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export function readIntegerBytes(element: DerElement, at: string): Uint8Array {
  expectTag(element, TAG.integer, at);
  return integerContent(element, at);
}

/** Value of an INTEGER. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export function readInteger(element: DerElement, at: string): bigint {
  return twosComplement(readIntegerBytes(element, at));
}

/** Value of an INTEGER, or an element tagged `tag` with INTEGER content, in `[0, max]`. @throws INPUT_MALFORMED */
export function readSmallInteger(element: DerElement, at: string, max: number, tag: number = TAG.integer): number {
  expectTag(element, tag, at);
  const value = twosComplement(integerContent(element, at));
  if (value < 0n || value > BigInt(max)) throw malformed(at, `an integer from 0 to ${max}`);
  return Number(value);
}

function integerContent(element: DerElement, at: string): Uint8Array {
  const content = contentBytes(element);
  if (content.length === 0) throw malformed(at, 'an INTEGER with a value');
  if (content.length > MAX_INTEGER_BYTES)
    throw tooLarge(at, `INTEGER of at most ${MAX_INTEGER_BYTES} bytes`, MAX_INTEGER_BYTES);
  if (content.length > 1) {
    const [first, second] = content as unknown as readonly [number, number];
    if ((first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80))
      throw malformed(at, 'a minimal INTEGER');
  }
  return content;
}

function twosComplement(content: Uint8Array): bigint {
  let value = 0n;
  for (const byte of content) value = (value << 8n) | BigInt(byte);
  return (content[0] as number) < 0x80 ? value : value - (1n << BigInt(8 * content.length));
}

/** Value of a BOOLEAN (X.690 §11.1). @throws INPUT_MALFORMED */
export function readBoolean(element: DerElement, at: string): boolean {
  expectTag(element, TAG.boolean, at);
  const content = contentBytes(element);
  if (content.length !== 1 || (content[0] !== 0x00 && content[0] !== 0xff)) throw malformed(at, 'BOOLEAN 00 or FF');
  return content[0] === 0xff;
}

/** Content of an OCTET STRING in primitive form. @throws INPUT_MALFORMED */
export function readOctetString(element: DerElement, at: string): Uint8Array {
  expectTag(element, TAG.octetString, at);
  return contentBytes(element);
}

/** Bytes of a BIT STRING that is a whole number of bytes. @throws INPUT_MALFORMED */
export function readBitStringBytes(element: DerElement, at: string): Uint8Array {
  const { bytes, unusedBits } = readBitString(element, at);
  if (unusedBits !== 0) throw malformed(at, 'a BIT STRING of whole bytes');
  return bytes;
}

/** A BIT STRING: its bytes, and how many low bits of the last one are unused (and zero, X.690 §11.2). @throws INPUT_MALFORMED */
export function readBitString(
  element: DerElement,
  at: string,
): { readonly bytes: Uint8Array; readonly unusedBits: number } {
  expectTag(element, TAG.bitString, at);
  const content = contentBytes(element);
  const unusedBits = content[0];
  const last = content[content.length - 1] as number;
  if (unusedBits === undefined || unusedBits > 7 || (content.length === 1 && unusedBits !== 0)) {
    throw malformed(at, 'a BIT STRING');
  }
  if ((last & ((1 << unusedBits) - 1)) !== 0 && content.length > 1) throw malformed(at, 'unused bits that are zero');
  return { bytes: content.subarray(1), unusedBits };
}

/** Text of a UTF8String. @throws INPUT_MALFORMED */
export function readUtf8String(element: DerElement, at: string): string {
  expectTag(element, TAG.utf8String, at);
  return decodeUtf8(contentBytes(element), at);
}

/** @throws INPUT_MALFORMED unless `element` has the tag */
export function expectTag(element: DerElement, tag: number, at: string): void {
  if (element.tag !== tag) throw malformed(at, `tag ${tag.toString(16)}`, `tag ${element.tag.toString(16)}`);
}

function readElement(source: Uint8Array, start: number, limit: number, at: string): DerElement {
  if (start + 2 > limit) throw malformed(at, 'a complete element');
  const tag = source[start] as number;
  if ((tag & 0x1f) === 0x1f) throw malformed(at, 'a tag number of at most 30');
  let length = source[start + 1] as number;
  let contentStart = start + 2;
  if (length >= 0x80) {
    const octets = length & 0x7f;
    if (octets === 0 || octets > 4) throw malformed(at, 'a definite length of at most four bytes');
    if (contentStart + octets > limit) throw malformed(at, 'a complete length');
    length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + (source[contentStart++] as number);
    if (length < 0x80 || length < 2 ** (8 * (octets - 1))) throw malformed(at, 'a minimal length');
  }
  const end = contentStart + length;
  if (end > limit) throw malformed(at, 'content inside its enclosing element');
  return { tag, source, start, contentStart, end };
}

/** Walks every constructed element below `root` without recursion. */
function checkFraming(root: DerElement, at: string): void {
  const ends: number[] = [root.end];
  let offset = isConstructed(root.tag) ? root.contentStart : root.end;
  while (ends.length > 0) {
    const limit = ends[ends.length - 1] as number;
    if (offset === limit) {
      ends.pop();
      continue;
    }
    const element = readElement(root.source, offset, limit, at);
    if (isConstructed(element.tag)) {
      if (ends.length === MAX_DEPTH) throw tooLarge(at, `nesting of at most ${MAX_DEPTH}`, MAX_DEPTH);
      ends.push(element.end);
      offset = element.contentStart;
    } else {
      offset = element.end;
    }
  }
}

function isConstructed(tag: number): boolean {
  return (tag & 0x20) !== 0;
}

/** Encodes one element from its tag and the pieces of its content. */
export function encodeDer(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const length = content.reduce((sum, piece) => sum + piece.length, 0);
  return concatBytes(encodeHeader(tag, length), ...content);
}

/** Encodes the identifier and length octets of an element with `length` content octets. */
export function encodeHeader(tag: number, length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(tag, length);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return Uint8Array.of(tag, 0x80 | octets.length, ...octets);
}

/** Encodes a non-negative INTEGER given as a number or as big-endian magnitude bytes. */
export function encodeInteger(value: bigint | number | Uint8Array): Uint8Array {
  let magnitude: Uint8Array;
  if (value instanceof Uint8Array) {
    magnitude = value;
  } else {
    const hex = BigInt(value).toString(16);
    magnitude = Uint8Array.from((hex.length % 2 === 0 ? hex : `0${hex}`).match(/../g) ?? [], (pair) =>
      Number.parseInt(pair, 16),
    );
  }
  let first = 0;
  while (first < magnitude.length - 1 && magnitude[first] === 0) first++;
  const minimal = magnitude.subarray(first);
  const padded = (minimal[0] ?? 0x80) >= 0x80 ? concatBytes(Uint8Array.of(0), minimal) : minimal;
  return encodeDer(TAG.integer, padded);
}

/** Encodes a BIT STRING of whole bytes. */
export function encodeBitString(bytes: Uint8Array): Uint8Array {
  return encodeDer(TAG.bitString, Uint8Array.of(0), bytes);
}

function malformed(at: string, expected: string, actual?: string): KeywaxError {
  return new KeywaxError(
    'INPUT_MALFORMED',
    `${at}: expected DER with ${expected}${actual === undefined ? '' : `, found ${actual}`}`,
    {
      details: { at, expected, ...(actual === undefined ? {} : { actual }) },
    },
  );
}

function tooLarge(at: string, expected: string, limit: number): KeywaxError {
  return new KeywaxError('INPUT_TOO_LARGE', `${at}: expected ${expected}`, { details: { at, expected, limit } });
}
