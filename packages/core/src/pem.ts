// SPDX-License-Identifier: Apache-2.0
// Textual encodings of DER (RFC 7468 §3, the strict form, with lines of any length).
// Refused: text or headers around, between or inside blocks, blank lines inside a block, white space at the ends of
// lines, labels that differ, empty blocks, base64 that is not canonical, and text without a block.

import { decodeBase64, encodeBase64 } from './bytes.js';
import { KeywaxError } from './errors.js';

const MAX_CHARS = 1 << 20; // ten certificates of 64 KiB (ATTACKS 4.3) in base64 fit
const MAX_BLOCKS = 64; // more than any chain has
const LINE_CHARS = 64; // RFC 7468 §2

const BEGIN = /^-----BEGIN ([A-Z0-9]+(?: [A-Z0-9]+){0,7})-----$/;

/** One block: what stands after BEGIN, and the decoded content. */
export interface PemBlock {
  readonly label: string;
  readonly bytes: Uint8Array;
}

/**
 * Parses one or more blocks with nothing around them but line ends, LF or CRLF. Errors never repeat the text, which
 * may be a private key.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export function parsePem(text: string, at: string): readonly PemBlock[] {
  if (text.length > MAX_CHARS) throw tooLarge(at, 'characters', MAX_CHARS);
  const lines = text.includes('\r') ? text.replace(/\r(?=\n|$)/g, '') : text;
  const blocks: PemBlock[] = [];
  for (let next = skipEmptyLines(lines, 0); next < lines.length; next = skipEmptyLines(lines, next)) {
    if (blocks.length === MAX_BLOCKS) throw tooLarge(at, 'blocks', MAX_BLOCKS);
    const beginEnd = findLineEnd(lines, next);
    const label = BEGIN.exec(lines.slice(next, beginEnd))?.[1];
    if (label === undefined) throw malformed(at, 'nothing outside of PEM blocks');
    const endLine = `\n-----END ${label}-----`;
    const bodyEnd = lines.indexOf(endLine, beginEnd);
    next = bodyEnd + endLine.length;
    if (bodyEnd < 0 || findLineEnd(lines, next) !== next) throw malformed(at, 'an END line for each BEGIN line');
    blocks.push({ label, bytes: decodeBody(lines.slice(beginEnd, bodyEnd), at) });
  }
  if (blocks.length === 0) throw malformed(at, 'a PEM block');
  return blocks;
}

function skipEmptyLines(lines: string, from: number): number {
  let next = from;
  while (lines[next] === '\n') next++;
  return next;
}

function findLineEnd(lines: string, from: number): number {
  const end = lines.indexOf('\n', from);
  return end < 0 ? lines.length : end;
}

/** `body` has a line feed before each line. */
function decodeBody(body: string, at: string): Uint8Array {
  if (body.length < 2 || body.endsWith('\n') || body.includes('\n\n')) {
    throw malformed(at, 'a PEM block of lines that are not empty');
  }
  return decodeBase64(body.split('\n').join(''), at);
}

/**
 * Parses exactly one block, which must have the given label.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export function parseSinglePem(text: string, label: string, at: string): Uint8Array {
  const [block, ...others] = parsePem(text, at);
  if (block === undefined || others.length > 0) throw malformed(at, 'exactly one PEM block');
  if (block.label !== label) throw malformed(at, `a PEM block ${label}`, block.label);
  return block.bytes;
}

/** Encodes one block in lines of 64 characters, with a line feed at its end. */
export function encodePem(label: string, bytes: Uint8Array): string {
  const base64 = encodeBase64(bytes);
  let lines = '';
  for (let i = 0; i < base64.length; i += LINE_CHARS) lines += `${base64.slice(i, i + LINE_CHARS)}\n`;
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}

function malformed(at: string, expected: string, actual?: string): KeywaxError {
  return new KeywaxError(
    'INPUT_MALFORMED',
    `${at}: expected ${expected}${actual === undefined ? '' : `, found ${actual}`}`,
    {
      details: { at, expected, ...(actual === undefined ? {} : { actual }) },
    },
  );
}

function tooLarge(at: string, unit: string, limit: number): KeywaxError {
  const expected = `PEM of at most ${limit} ${unit}`;
  return new KeywaxError('INPUT_TOO_LARGE', `${at}: expected ${expected}`, { details: { at, expected, limit } });
}
