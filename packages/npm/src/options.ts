// SPDX-License-Identifier: Apache-2.0
// Options are read once, from own properties alone, and no name is let through that nobody knows: what was meant to narrow
// a verification would be left out of it.

import { KeywaxError, quoteText } from '@keywax/core/errors';

/**
 * Copies the own members of an options record.
 * @throws CONFIG_INVALID for anything that is not a record, and for names that are not in `names`
 */
export function copyOptions<T extends object>(options: T, names: readonly (keyof T & string)[], at = 'options'): T {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalid(at, 'a record of options');
  const own = Object.assign(Object.create(null) as T, options);
  const unknown = Object.keys(own).find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) throw invalid(at, `one of ${names.join(', ')}`, quoteText(unknown));
  return own;
}

function invalid(at: string, expected: string, actual?: string): KeywaxError {
  const found = actual === undefined ? '' : `, found ${actual}`;
  return new KeywaxError('CONFIG_INVALID', `${at}: expected ${expected}${found}`, { details: { at, expected } });
}
