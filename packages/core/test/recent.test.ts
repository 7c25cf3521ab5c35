// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { createRecent } from '../src/recent.js';

describe('createRecent', () => {
  const keys = Array.from({ length: 7 }, (_, i) => ({ i }));

  /** Which of the keys, asked for in this order, had their values made. */
  function listMade(count: number, order: readonly number[]): readonly number[] {
    const recent = createRecent<{ readonly i: number }, number | undefined>(count);
    const made: number[] = [];
    for (const i of order) {
      const value = recent.recall(keys[i] ?? { i }, (key) => {
        made.push(key.i);
        return key.i === 0 ? undefined : key.i;
      });
      expect(value).toBe(i === 0 ? undefined : i);
    }
    return made;
  }

  test.each([
    ['makes each value once, undefined too', 4, [0, 1, 0, 1, 0], [0, 1]],
    ['remembers the last ones', 2, [0, 1, 2, 1, 2], [0, 1, 2]],
    ['remembers what is used again and again', 2, [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0], [0, 1, 2, 3, 4, 5, 6]],
    ['forgets the others', 2, [0, 1, 2, 3, 4, 0], [0, 1, 2, 3, 4, 0]],
  ])('%s', (_, count, order, made) => {
    expect(listMade(count, order)).toEqual(made);
  });
});
