// SPDX-License-Identifier: Apache-2.0
// Options are read once, from own properties alone: a polluted prototype decides nothing (ATTACKS AP-011).

import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';

/** Copies the own members of an options record. @throws CONFIG_INVALID for anything that is not a record */
export function copyOptions<T extends object>(options: T, at: string): T {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw configError(at, 'a record of options');
  return Object.assign(Object.create(null) as T, options);
}

const MAX_HELD_DEPTH = 4; // the deepest option is the start of the window of a key

/**
 * A value as it is now: records, lists and bytes are copied, so that nothing changes while something is waited for.
 * Functions and instances of other classes are themselves.
 */
export function holdValue<T>(value: T): T {
  return copyValue(value, 0) as T;
}

function copyValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > MAX_HELD_DEPTH) return value;
  if (value instanceof Uint8Array) return value.length === 0 ? value : new Uint8Array(value);
  if (Array.isArray(value)) return Array.from(value, (item) => copyValue(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return value;
  const members = Object.entries(value).map(([name, member]) => [name, copyValue(member, depth + 1)] as const);
  return Object.fromEntries(members);
}

/** @throws CONFIG_INVALID for members other than `names` */
export function refuseUnknown(options: object, names: readonly string[], at: string): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) throw configError(at, `one of ${names.join(', ')}`, quoteText(unknown));
}

/** A `CONFIG_INVALID` that says what was expected where. */
export function configError(at: string, expected: string, actual?: string): KeywaxError {
  return new KeywaxError(
    'CONFIG_INVALID',
    `${at}: expected ${expected}${actual === undefined ? '' : `, found ${actual}`}`,
    {
      details: { at, expected, ...(actual === undefined ? {} : { actual }) },
    },
  );
}

/** @throws OPERATION_ABORTED once the signal has fired, with its reason as the cause */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new KeywaxError('OPERATION_ABORTED', 'the operation was aborted', { cause: signal.reason });
}

/** The error if it is ours; else one of ours around it, because only those are thrown (ATTACKS AP-007). */
export function typedError(cause: unknown): KeywaxError {
  if (isKeywaxError(cause)) return cause;
  return new KeywaxError('INTERNAL_ERROR', 'a function that was passed in has failed, or Keywax has a defect', {
    cause,
  });
}
