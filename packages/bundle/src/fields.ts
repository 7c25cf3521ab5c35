// SPDX-License-Identifier: Apache-2.0
// Fields that bundles and log entries share.

import { decodeBase64 } from '@keywax/core/bytes';
import { type Decoder, decodeString, required } from '@keywax/core/decode';
import { KeywaxError } from '@keywax/core/errors';

/**
 * Bytes in base64: at least one, and at most `max`, which is checked before they are decoded.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, BUNDLE_INVALID where there are none
 */
export function bytesWithin(max: number): Decoder<Uint8Array> {
  return required((value, at) => {
    const text = decodeString(value, at);
    if (text === '') throw invalid(at, 'bytes, found none');
    if (text.length > Math.ceil(max / 3) * 4) throw tooLarge(at, max);
    const bytes = decodeBase64(text, at);
    if (bytes.length > max) throw tooLarge(at, max);
    return bytes;
  }, 'BUNDLE_INVALID');
}

/**
 * Text that is not empty.
 * @throws INPUT_MALFORMED, BUNDLE_INVALID where it is absent or empty
 */
export const decodeNonEmptyString: Decoder<string> = required((value, at) => {
  const text = decodeString(value, at);
  if (text === '') throw invalid(at, 'text, found none');
  return text;
}, 'BUNDLE_INVALID');

/** The error for an encoding that is broken. */
export function malformed(at: string, expected: string): KeywaxError {
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}`, { details: { at, expected } });
}

/** The error for a bundle that is incomplete or contradicts itself. */
export function invalid(at: string, expected: string): KeywaxError {
  return new KeywaxError('BUNDLE_INVALID', `${at}: expected ${expected}`, { details: { at, expected } });
}

/** The error for a field of more than `limit` bytes. */
export function tooLarge(at: string, limit: number): KeywaxError {
  const expected = `at most ${limit} bytes`;
  return new KeywaxError('INPUT_TOO_LARGE', `${at}: expected ${expected}`, { details: { at, expected, limit } });
}
