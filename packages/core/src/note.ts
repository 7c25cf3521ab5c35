// SPDX-License-Identifier: Apache-2.0
// Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint): their form. Whose signature counts is the caller's.
// Refused: control characters other than line feed, a missing last line feed, none or several blank lines (the place
// where the signatures begin is never ambiguous), no signature lines, names with white space or plus, base64 that is
// not canonical, signatures without a byte after the key hint; in checkpoints an empty origin, a size that is not
// canonical decimal up to 2^63-1, a root that is not 32 bytes.

import { concatBytes, decodeBase64, encodeBase64, encodeUtf8, isUtf8Within, isWellFormed } from './bytes.js';
import { isInt64Text } from './decimal.js';
import { KeywaxError, quoteText } from './errors.js';
import type { PublicKey } from './key.js';
import type { HashFunction } from './merkle.js';

const MAX_BYTES = 64 * 1024; // ATTACKS 4.3, and the two below
const MAX_LINES = 64;
const MAX_SIGNATURES = 64;
const KEY_HINT_BYTES = 4;
const ROOT_BYTES = 32;
const SIGNATURE_PREFIX = '\u2014 ';

/** One signature line: the signer's name, the first four bytes of its key id, and the signature. */
export interface NoteSignature {
  readonly name: string;
  readonly keyHint: Uint8Array;
  readonly signature: Uint8Array;
}

/** A note: the signed text, which ends in a line feed, and its signatures, of which none has been verified. */
export interface SignedNote {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** What the text of a checkpoint says. */
export interface CheckpointBody {
  readonly origin: string;
  readonly size: bigint;
  /** 32 bytes. */
  readonly rootHash: Uint8Array;
  /** Lines after the root, without their line feeds. */
  readonly extensions: readonly string[];
}

/** A checkpoint, of which no signature has been verified. */
export interface Checkpoint extends CheckpointBody {
  /** UTF-8 bytes that the signatures cover. */
  readonly signedText: Uint8Array;
  readonly signatures: readonly NoteSignature[];
}

/**
 * Parses a signed note of at most 64 KiB, 64 lines of text and 64 signatures.
 * @see https://c2sp.org/signed-note
 * @throws CHECKPOINT_INVALID, INPUT_TOO_LARGE
 */
export function parseNote(text: string, at: string): SignedNote {
  if (!isUtf8Within(text, MAX_BYTES)) throw tooLarge(at, 'bytes', MAX_BYTES);
  if (!isWellFormed(text) || /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(text)) {
    throw invalid(at, 'no control characters');
  }
  const split = text.indexOf('\n\n');
  if (split < 0 || text.indexOf('\n\n', split + 1) >= 0) throw invalid(at, 'exactly one blank line');
  if (text.startsWith('\n')) throw invalid(at, 'a first line that is not empty');
  if (!text.endsWith('\n')) throw invalid(at, 'a line feed at the end of each line');
  const lines = text.slice(split + 2, -1).split('\n');
  if (countLines(text, split) > MAX_LINES) throw tooLarge(at, 'lines', MAX_LINES);
  if (lines.length > MAX_SIGNATURES) throw tooLarge(at, 'signatures', MAX_SIGNATURES);
  return { text: text.slice(0, split + 1), signatures: lines.map((line) => parseSignatureLine(line, at)) };
}

function parseSignatureLine(line: string, at: string): NoteSignature {
  if (!line.startsWith(SIGNATURE_PREFIX)) throw invalid(at, 'signature lines that begin with an em dash', line);
  const [name = '', encoded = '', ...rest] = line.slice(SIGNATURE_PREFIX.length).split(' ');
  if (!/^[^\s+]+$/u.test(name) || rest.length > 0)
    throw invalid(at, 'a name without white space or plus, and a signature', line);
  const bytes = decodeField(encoded, at, 'base64 in signature lines');
  if (bytes.length <= KEY_HINT_BYTES) throw invalid(at, 'a key hint of four bytes and a signature', line);
  return { name, keyHint: bytes.slice(0, KEY_HINT_BYTES), signature: bytes.slice(KEY_HINT_BYTES) };
}

/**
 * Parses a checkpoint with its signatures.
 * @see https://c2sp.org/tlog-checkpoint
 * @throws CHECKPOINT_INVALID, INPUT_TOO_LARGE
 */
export function parseCheckpoint(envelope: string, at: string): Checkpoint {
  const { text, signatures } = parseNote(envelope, at);
  const [origin = '', size = '', root = '', ...extensions] = text.slice(0, -1).split('\n');
  if (!isInt64Text(size)) throw invalid(at, 'a decimal tree size in the second line', size);
  const rootHash = decodeField(root, at, 'a root hash in the third line');
  if (rootHash.length !== ROOT_BYTES) throw invalid(at, 'a root hash of 32 bytes', root);
  return { origin, size: BigInt(size), rootHash, extensions, signedText: encodeUtf8(text), signatures };
}

/** Text of a checkpoint: what its signatures cover. */
export function encodeCheckpoint({ origin, size, rootHash, extensions }: CheckpointBody): string {
  return [origin, String(size), encodeBase64(rootHash), ...extensions].map((line) => `${line}\n`).join('');
}

/** One signature line, with its line feed. */
export function encodeNoteSignature({ name, keyHint, signature }: NoteSignature): string {
  return `${SIGNATURE_PREFIX}${name} ${encodeBase64(concatBytes(keyHint, signature))}\n`;
}

/** A whole note: text, blank line, signature lines. */
export function encodeNote({ text, signatures }: SignedNote): string {
  return `${text}\n${signatures.map(encodeNoteSignature).join('')}`;
}

/**
 * The 32-byte id under which a key signs notes; key hints are its first four bytes. Ed25519 and RSA keys are bound to
 * the name; for ECDSA the id is the hash of the SPKI alone, by Sigstore's convention.
 * @see https://c2sp.org/signed-note#signatures
 */
export function computeNoteKeyId(name: string, key: PublicKey, sha256: HashFunction): Uint8Array {
  switch (key.kind) {
    case 'ed25519':
      return sha256(encodeUtf8(`${name}\n\u0001`), key.raw);
    case 'ec':
      return sha256(key.spki);
    case 'rsa':
      return sha256(encodeUtf8(`${name}\n`), Uint8Array.of(0xff), encodeUtf8('PKIX-RSA-PKCS#1v1.5'), key.spki);
  }
}

function decodeField(text: string, at: string, expected: string): Uint8Array {
  try {
    return decodeBase64(text, at);
  } catch (cause) {
    throw invalid(at, expected, text, cause);
  }
}

/** How many lines end before `end` or at it. */
function countLines(text: string, end: number): number {
  let lines = 0;
  for (let i = text.indexOf('\n'); i >= 0 && i <= end; i = text.indexOf('\n', i + 1)) lines++;
  return lines;
}

function invalid(at: string, expected: string, line?: string, cause?: unknown): KeywaxError {
  const actual = line === undefined ? undefined : quoteText(line);
  return new KeywaxError(
    'CHECKPOINT_INVALID',
    `${at}: expected a note with ${expected}${actual === undefined ? '' : `, found ${actual}`}`,
    {
      cause,
      details: { at, expected, ...(actual === undefined ? {} : { actual }) },
    },
  );
}

function tooLarge(at: string, unit: string, limit: number): KeywaxError {
  const expected = `a note of at most ${limit} ${unit}`;
  return new KeywaxError('INPUT_TOO_LARGE', `${at}: expected ${expected}`, { details: { at, expected, limit } });
}
