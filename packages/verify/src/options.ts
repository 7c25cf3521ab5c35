// SPDX-License-Identifier: Apache-2.0
// Options are read once, from own properties alone, so that neither a polluted prototype nor a getter decides what is verified.

import { KeywaxError, quoteText } from '@keywax/core/errors';

/**
 * Copies the own properties of an options record that are named in `names`; `undefined` counts as absent.
 * @throws CONFIG_INVALID for anything that is not a record, and for unknown names
 */
export function readOptions<T extends object>(value: T, names: readonly (keyof T & string)[], at: string): Partial<T> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw configError(at, 'a record of options');
  const copy: Partial<T> = Object.create(null);
  try {
    Object.assign(copy, value); // each own member is read once
  } catch (cause) {
    throw configError(at, 'a record that can be read', { cause });
  }
  const unknown = Object.keys(copy).find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) throw configError(at, `one of ${names.join(', ')}`, { actual: quoteText(unknown) });
  return copy;
}

/** A `CONFIG_INVALID` that says what was expected where. */
export function configError(
  at: string,
  expected: string,
  { actual, cause }: { readonly actual?: string; readonly cause?: unknown } = {},
): KeywaxError {
  return new KeywaxError(
    'CONFIG_INVALID',
    `${at}: expected ${expected}${actual === undefined ? '' : `, found ${actual}`}`,
    {
      cause,
      details: { at, expected, ...(actual === undefined ? {} : { actual }) },
    },
  );
}
