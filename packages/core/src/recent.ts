// SPDX-License-Identifier: Apache-2.0
// Remembers what was worked out for the objects that were used last. Not by a WeakMap: the young collector of V8 takes its
// entries for alive, so that what lives for one verification alone would pile up until the next full collection.

/** Values of objects, for as long as these are among those used last. */
export interface Recent<K extends object, V> {
  /** The value of `key`, made unless it is remembered. */
  recall(key: K, make: (key: K) => V): V;
}

/** Remembers the values of at least the last `count` objects and of at most twice as many. */
export function createRecent<K extends object, V>(count: number): Recent<K, V> {
  let young = new Map<K, V>();
  let old = young;
  return {
    recall(key, make) {
      if (young.has(key)) return young.get(key) as V;
      const value = old.has(key) ? (old.get(key) as V) : make(key);
      if (young.size === count) {
        old = young;
        young = new Map();
      }
      young.set(key, value);
      return value;
    },
  };
}
