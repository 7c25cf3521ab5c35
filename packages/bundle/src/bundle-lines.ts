// SPDX-License-Identifier: Apache-2.0
// Many bundles in one text, one on each line (`X.sigstore.jsonl`).
// Refused: a text without lines, blank lines, carriage returns, more than 1,000 lines, and any line that is not a bundle: no good line makes
// up for a bad one.

import { parseJson } from '@keywax/core/json';
import { KeywaxError } from '@keywax/core/errors';
import { type Bundle, MAX_BUNDLE_BYTES, readBundle } from './bundle.js';
import { malformed } from './fields.js';

const MAX_LINES = 1_000; // ATTACKS 4.3
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Decodes bundles that stand on a line each, every line ended by a line feed; the last one may lack it.
 * @throws as `decodeBundle`, with the path `lines[i]`, i from 0
 */
export function decodeBundleLines(input: Uint8Array): readonly Bundle[] {
  const lines = splitLines(input);
  if (lines.length === 0) throw malformed('lines', 'at least one bundle');
  return Object.freeze(
    lines.map((line, i) => {
      const at = `lines[${i}]`;
      if (line.length === 0 || line.includes(CARRIAGE_RETURN)) throw malformed(at, 'a bundle without carriage returns');
      return readBundle(parseJson(line, { maxBytes: MAX_BUNDLE_BYTES }, at), at);
    }),
  );
}

function splitLines(input: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < input.length; ) {
    if (lines.length === MAX_LINES) {
      const expected = `at most ${MAX_LINES} lines`;
      throw new KeywaxError('INPUT_TOO_LARGE', `lines: expected ${expected}`, {
        details: { at: 'lines', expected, limit: MAX_LINES },
      });
    }
    const end = input.indexOf(LINE_FEED, start);
    lines.push(input.subarray(start, end < 0 ? input.length : end));
    start = end < 0 ? input.length : end + 1;
  }
  return lines;
}
