// SPDX-License-Identifier: Apache-2.0
// Several trusted roots in one text, one on each line (JSON Lines), or a single one over any number of lines. No text is
// both: several documents in a row are not one.
// Refused: more than 16 lines, blank lines between others, and any line that is not a trusted root: no good line makes up
// for a bad one.

import { decodeUtf8 } from '@keywax/core/bytes';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { parseJson } from '@keywax/core/json';
import { MAX_TRUSTED_ROOT_BYTES, type TrustedRoot, readTrustedRoot } from './trusted-root.js';

const MAX_ROOTS = 16; // each instance that anybody uses at once, and a few
/** The most bytes of trusted roots in one text, of which each may have as many as a single one. */
export const MAX_TRUSTED_ROOTS_BYTES = 4_194_304; // of the known roots, a hundred times what they have together
const LIMITS = { maxBytes: MAX_TRUSTED_ROOT_BYTES };

/**
 * Decodes one trusted root, or several that stand on a line each; the last line may lack its end. `mergeTrustedRoots` makes
 * one of them.
 * @throws as `decodeTrustedRoot`, where there are several with paths such as `lines[0].tlogs[1]`
 */
export function decodeTrustedRoots(input: Uint8Array | string): readonly TrustedRoot[] {
  if (input.length > MAX_TRUSTED_ROOTS_BYTES) throw tooLarge('$', 'bytes', MAX_TRUSTED_ROOTS_BYTES);
  const text = typeof input === 'string' ? input : decodeUtf8(input, '$');
  if (!hasLines(text)) return Object.freeze([readTrustedRoot(parseJson(text, LIMITS), '$')]);
  const lines = text.replace(/\n$/, '').split('\n', MAX_ROOTS + 1);
  if (lines.length > MAX_ROOTS) throw tooLarge('lines', 'lines', MAX_ROOTS);
  return Object.freeze(lines.map((line, i) => readTrustedRoot(parseJson(line, LIMITS, `lines[${i}]`), `lines[${i}]`)));
}

/** True where the first line is a document of its own and something follows. */
function hasLines(text: string): boolean {
  const end = text.indexOf('\n');
  if (end < 0 || text.slice(end).trim() === '') return false;
  try {
    parseJson(text.slice(0, end), LIMITS);
    return true;
  } catch (error) {
    if (!isKeywaxError(error)) throw error;
    return false;
  }
}

function tooLarge(at: string, unit: string, limit: number): KeywaxError {
  const expected = `at most ${limit} ${unit}`;
  return new KeywaxError('INPUT_TOO_LARGE', `${at}: expected ${expected}`, { details: { at, expected, limit } });
}
