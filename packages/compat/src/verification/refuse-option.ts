// SPDX-License-Identifier: Apache-2.0

import { KeywaxError } from '@keywax/core/errors';

/** A `CONFIG_INVALID` about an option of another type than it has. */
export function refuseOption(at: string, expected: string): KeywaxError<'CONFIG_INVALID'> {
  return new KeywaxError('CONFIG_INVALID', `${at}: expected ${expected}`, { details: { at, expected } });
}
