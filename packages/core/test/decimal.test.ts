// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_INT64, isInt64Text, parseInt64 } from '../src/decimal.js';
import { faultOf } from './fault.js';

describe('parseInt64', () => {
  test('reads back every integer from 0 to 2^63-1', () => {
    fc.assert(fc.property(fc.bigInt(0n, MAX_INT64), (value) => parseInt64(String(value), '$') === value));
    expect(parseInt64('9223372036854775807', '$')).toBe(MAX_INT64);
  });

  test('refuses a million digits without converting them', () => {
    expect(isInt64Text('9'.repeat(1_000_000))).toBe(false);
  });

  test.each([
    '',
    ' ',
    '00',
    '01',
    '+1',
    '-1',
    '-0',
    '1e3',
    '0x10',
    '0b1',
    '1.0',
    '1_0',
    '1\n',
    '\n1',
    '１',
    '9223372036854775808',
    '9'.repeat(400),
  ])('refuses %j', (text) => {
    expect(isInt64Text(text)).toBe(false);
    expect(faultOf(() => parseInt64(text, '$.n'))).toBe('INPUT_MALFORMED $.n');
  });
});
