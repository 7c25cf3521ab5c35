// SPDX-License-Identifier: Apache-2.0
// Copies at the boundary: what a caller later does with the bytes that it gave, or was shown, changes no verdict.

/** A frozen copy of a record of records, lists and bytes that shares no bytes with it. Each member is read once. */
export function copyRecord<T extends object>(record: T): T {
  return copyValue(record) as T;
}

function copyValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return Object.freeze(value.map(copyValue));
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyValue(member)])));
}
