// SPDX-License-Identifier: Apache-2.0
// Canonical decimal text of integers in [0, 2^63-1].
// Refused: signs, white space, leading zeros, exponents, other digits than ASCII's, and anything above 2^63-1.

import { KeywaxError, quoteText } from './errors.js';

/** The largest signed 64-bit integer. */
export const MAX_INT64: bigint = 0x7fff_ffff_ffff_ffffn;

/** True for the canonical decimal text of an integer in [0, 2^63-1]. */
export function isInt64Text(text: string): boolean {
  // Nineteen digits are below 2^64, so the conversion is bounded before it is made.
  return /^(?:0|[1-9][0-9]{0,18})$/.test(text) && BigInt(text) <= MAX_INT64;
}

/**
 * Parses canonical decimal text of an integer in [0, 2^63-1].
 * @throws INPUT_MALFORMED
 */
export function parseInt64(text: string, at: string): bigint {
  if (isInt64Text(text)) return BigInt(text);
  const expected = 'a decimal integer from 0 to 2^63-1';
  const actual = quoteText(text, 40);
  throw new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}, found ${actual}`, {
    details: { at, expected, actual },
  });
}
