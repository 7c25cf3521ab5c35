// SPDX-License-Identifier: Apache-2.0
// What the answers of a registry mean. Nothing that a registry says is repeated but what is checked or quoted here.

import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';

/** The error for an answer that is not what was asked for; `what` describes the request. */
export function registryInvalid(what: string, expected: string, found: string): KeywaxError<'REGISTRY_INVALID'> {
  const actual = quoteText(found);
  return new KeywaxError('REGISTRY_INVALID', `${what}: expected ${expected}, found ${actual}`, {
    details: { expected, actual },
  });
}

const PASSED: ReadonlySet<string> = new Set(['REGISTRY_INVALID', 'INPUT_TOO_LARGE', 'INTERNAL_ERROR']);

/**
 * Runs a reader of an answer: whatever it finds broken is the fault of the registry.
 * @throws REGISTRY_INVALID with the reader's error as cause, INPUT_TOO_LARGE
 */
export function readRegistry<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isKeywaxError(error) || PASSED.has(error.code)) throw error;
    throw new KeywaxError('REGISTRY_INVALID', `${what}: ${error.message}`, { cause: error, details: error.details });
  }
}

/** The error for a registry that refuses credentials, or wants some. */
export function unauthorized(what: string, why: string): KeywaxError<'REGISTRY_UNAUTHORIZED'> {
  return new KeywaxError('REGISTRY_UNAUTHORIZED', `${what}: ${why}`);
}

/** The error for a repository, tag or digest that the registry does not know. */
export function notFound(what: string): KeywaxError<'IMAGE_NOT_FOUND'> {
  return new KeywaxError('IMAGE_NOT_FOUND', `${what}: the registry does not know it`);
}
