// SPDX-License-Identifier: Apache-2.0

/** The own members of an options record, as they are now: a polluted prototype decides nothing (ATTACKS AP-011). */
export function copyOwn<T extends object>(options: T): T {
  return Object.assign(Object.create(null) as T, options);
}
