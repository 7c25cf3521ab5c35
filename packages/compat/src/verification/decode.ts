// SPDX-License-Identifier: Apache-2.0
// Bundles by the rules of the engine, whose refusals become those that callers expect.

import { type Bundle, decodeBundle } from '@keywax/bundle';
import { isKeywaxError } from '@keywax/core/errors';
import { ValidationError } from '../errors.js';

/** Decodes the JSON of a bundle. @throws ValidationError that names what is refused */
export function decodeStrictly(json: unknown): Bundle {
  try {
    return decodeBundle(json as object);
  } catch (error) {
    if (!isKeywaxError(error)) throw error;
    const path = error.details.at?.replace(/^\$\.?/, '') ?? '';
    throw Object.assign(new ValidationError(error.message, path === '' ? [] : [path]), { cause: error });
  }
}
