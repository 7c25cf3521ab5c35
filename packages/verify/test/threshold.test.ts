// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { countDistinct, readThreshold } from '../src/threshold.js';

describe('authorities are counted, never copies', () => {
  test.each<readonly [string, readonly (readonly string[])[], number]>([
    ['nothing', [], 0],
    ['one twice', [['uri a'], ['uri a']], 1],
    ['two', [['uri a'], ['uri b']], 2],
    [
      'two that share a root',
      [
        ['uri a', 'root r'],
        ['uri b', 'root r'],
      ],
      1,
    ],
    ['two that a third joins', [['uri a'], ['operator o'], ['uri a', 'operator o']], 1],
    ['two with nothing but roots', [['root r'], ['root s']], 2],
  ])('%s', (_, authorities, expected) => {
    expect(countDistinct(authorities)).toBe(expected);
  });
});

describe('a threshold', () => {
  test.each([1, 2, 32, 'none'])('may be %s', (value) => {
    expect(readThreshold(value, 'logThreshold', 1)).toBe(value);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2', null, 2 ** 32, true, 33])(
    'may not be %s',
    (value) => {
      expect(() => readThreshold(value, 'logThreshold', 1)).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID' }),
      );
    },
  );

  test('that is absent takes its default', () => {
    expect(readThreshold(undefined, 'logThreshold', 1)).toBe(1);
  });
});
