// SPDX-License-Identifier: Apache-2.0
// Errors that say what was expected where.

import { KeywaxError } from '@keywax/core/errors';

/** An option, or a document of the caller, that is wrong. */
export function configError(at: string, expected: string): KeywaxError {
  return new KeywaxError('CONFIG_INVALID', `${at}: expected ${expected}`, { details: { at, expected } });
}

/** Input that is broken. */
export function malformed(at: string, expected: string): KeywaxError {
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}`, { details: { at, expected } });
}
