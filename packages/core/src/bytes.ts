// SPDX-License-Identifier: Apache-2.0
// Strict text encodings of bytes (RFC 4648) and strict UTF-8 (RFC 3629).
// Refused: base64 with white space, the URL alphabet, missing or surplus padding, set trailing bits; hex of odd
// length or in upper case; UTF-8 that is overlong, truncated, a surrogate, or starts with a byte order mark.

/// <reference lib="es2024.string" />

import { encodeBase64 as toBase64, encodeHex as toHex, selectBase64 } from '#encoding';
import { KeywaxError } from './errors.js';

/** Encodes bytes as standard padded base64 (RFC 4648 §4). */
export const encodeBase64: (bytes: Uint8Array) => string = toBase64;

/** Encodes bytes as lower-case hex. */
export const encodeHex: (bytes: Uint8Array) => string = toHex;

const BASE64_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const INVALID = 0xff;
const PADDING = 0x3d;
const BASE64_VALUES = /* @__PURE__ */ invertAlphabet();

function invertAlphabet(): Uint8Array {
  const values = new Uint8Array(128).fill(INVALID);
  for (let i = 0; i < 64; i++) values[BASE64_ALPHABET.charCodeAt(i)] = i;
  return values;
}

/**
 * Decodes standard base64 with canonical padding (RFC 4648 §4).
 * @throws INPUT_MALFORMED at `at` for anything else
 */
export function decodeBase64(text: string, at?: string): Uint8Array {
  return selectBase64(text) ?? readBase64(text, at);
}

function readBase64(text: string, at: string | undefined): Uint8Array {
  const length = text.length;
  if (length % 4 !== 0) throw malformed('base64 of a length that is a multiple of four', at);
  let padding = 0;
  if (length > 0 && text.charCodeAt(length - 1) === PADDING) padding = text.charCodeAt(length - 2) === PADDING ? 2 : 1;
  const bytes = new Uint8Array((length / 4) * 3 - padding);
  const full = padding === 0 ? length : length - 4;
  let out = 0;
  let seen = 0;
  for (let i = 0; i < full; i += 4) {
    const a = sextet(text, i);
    const b = sextet(text, i + 1);
    const c = sextet(text, i + 2);
    const d = sextet(text, i + 3);
    seen |= a | b | c | d;
    bytes[out++] = (a << 2) | (b >> 4);
    bytes[out++] = (b << 4) | (c >> 2);
    bytes[out++] = (c << 6) | d;
  }
  if (padding > 0) {
    const a = sextet(text, full);
    const b = sextet(text, full + 1);
    const c = padding === 1 ? sextet(text, full + 2) : 0;
    seen |= a | b | c;
    const trailing = padding === 1 ? c & 0x03 : b & 0x0f;
    if (trailing !== 0) throw malformed('base64 whose unused bits are zero', at);
    bytes[out++] = (a << 2) | (b >> 4);
    if (padding === 1) bytes[out] = (b << 4) | (c >> 2);
  }
  if ((seen & ~0x3f) !== 0) throw malformed('standard base64 without white space', at);
  return bytes;
}

/** Value of one base64 character, or a number above 63. */
function sextet(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 128 ? (BASE64_VALUES[code] as number) : INVALID;
}

/**
 * Decodes base64url without padding (RFC 4648 §5), the form of JSON Web Tokens.
 * @throws INPUT_MALFORMED at `at` for anything else
 */
export function decodeBase64Url(text: string, at?: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw malformed('unpadded base64url', at);
  const standard = text.replaceAll('-', '+').replaceAll('_', '/');
  return decodeBase64(standard + '='.repeat((4 - (standard.length % 4)) % 4), at);
}

/**
 * Decodes lower-case hex of even length.
 * @throws INPUT_MALFORMED at `at` for anything else
 */
export function decodeHex(text: string, at?: string): Uint8Array {
  if (text.length % 2 !== 0) throw malformed('hex of even length', at);
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = nibble(text.charCodeAt(2 * i));
    const low = nibble(text.charCodeAt(2 * i + 1));
    if ((high | low) > 15) throw malformed('lower-case hex', at);
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

function nibble(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  return INVALID;
}

const strictDecoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = /* @__PURE__ */ new TextEncoder();

/**
 * Decodes UTF-8 without replacement and without a byte order mark (RFC 3629 §3, §6).
 * @throws INPUT_MALFORMED at `at` for anything else
 */
export function decodeUtf8(bytes: Uint8Array, at?: string): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    throw malformed('UTF-8 without a byte order mark', at);
  try {
    return strictDecoder.decode(bytes);
  } catch (cause) {
    throw new KeywaxError('INPUT_MALFORMED', `${at ?? 'input'}: expected valid UTF-8`, {
      cause,
      details: { ...(at === undefined ? {} : { at }), expected: 'valid UTF-8' },
    });
  }
}

/** True for text without lone surrogates, which UTF-8 cannot carry. */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

/** Encodes text as UTF-8; lone surrogates, which no strict reader of ours lets through, become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** True when well-formed text takes at most `maxBytes` of UTF-8. */
export function isUtf8Within(text: string, maxBytes: number): boolean {
  if (text.length * 3 <= maxBytes) return true; // a UTF-16 code unit takes at most three bytes
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) length++;
    // Two surrogates share four bytes.
    if (code >= 0x800 && (code < 0xd800 || code > 0xdfff)) length++;
  }
  return length <= maxBytes;
}

/** True when both have the same length and bytes. For public data: the time taken depends on the content. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

/** Lexicographic order of two byte strings: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** One new array with the given pieces in order. */
export function concatBytes(...pieces: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}

/** `value` as a big-endian unsigned integer of `width` bytes; `value` must fit. */
export function encodeUint(value: number | bigint, width: number): Uint8Array {
  const bytes = new Uint8Array(width);
  let rest = BigInt(value);
  for (let i = width - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

function malformed(expected: string, at: string | undefined): KeywaxError {
  return new KeywaxError('INPUT_MALFORMED', `${at ?? 'input'}: expected ${expected}`, {
    details: { ...(at === undefined ? {} : { at }), expected },
  });
}
