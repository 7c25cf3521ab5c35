// SPDX-License-Identifier: Apache-2.0
// Options of a caller, read once.

import { KeywaxError } from '@keywax/core/errors';
import { type Reference, formatReference, parseReference } from '../registry/reference.js';
import type { RepositoryOptions } from '../registry/repository.js';

/** A copy that inherits nothing: a polluted prototype decides nothing (ATTACKS AP-011). @throws CONFIG_INVALID */
export function copyOptions<T extends object>(options: T): T {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw configError('options', 'a record of options');
  return Object.assign(Object.create(null) as T, options);
}

/** A reference as text or record; a record passes the same gate. @throws CONFIG_INVALID */
export function readReference(given: string | Reference): Reference {
  return parseReference(typeof given === 'string' ? given : formatReference(copyOptions(given)));
}

/** The same options with the signal of a call, unless they have one. */
export function withSignal(options: RepositoryOptions = {}, signal: AbortSignal | undefined): RepositoryOptions {
  return signal === undefined ? options : { ...options, transport: { signal, ...options.transport } };
}

/** An option that is wrong. */
export function configError(at: string, expected: string): KeywaxError {
  return new KeywaxError('CONFIG_INVALID', `${at}: expected ${expected}`, { details: { at, expected } });
}
