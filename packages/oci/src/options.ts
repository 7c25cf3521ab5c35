// SPDX-License-Identifier: Apache-2.0
// Options of a caller, read once.

import { configError } from './fault.js';

/** A copy that inherits nothing: a polluted prototype decides nothing (ATTACKS AP-011). @throws CONFIG_INVALID */
export function copyOptions<T extends object>(options: T): T {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw configError('options', 'a record of options');
  return Object.assign(Object.create(null) as T, options);
}
