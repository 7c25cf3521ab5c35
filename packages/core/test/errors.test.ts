// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { ERROR_CODES, KeywaxError, isKeywaxError, quoteText } from '../src/errors.js';

describe('KeywaxError', () => {
  const cause = new TypeError('why');
  const error = new KeywaxError('INPUT_TOO_LARGE', 'too much', {
    cause,
    details: { at: '$.a', limit: 3 },
    report: { rows: [] },
  });

  test('carries code, category, details, cause and report', () => {
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'KeywaxError',
      code: 'INPUT_TOO_LARGE',
      category: 'LIMIT',
      message: 'too much',
    });
    expect(error.details).toEqual({ at: '$.a', limit: 3 });
    expect(Object.isFrozen(error.details)).toBe(true);
    expect(error.cause).toBe(cause);
    expect(error.report).toEqual({ rows: [] });
  });

  test('has no cause, no report and empty details unless given', () => {
    const bare = new KeywaxError('INTERNAL_ERROR', 'x');
    expect('cause' in bare).toBe(false);
    expect(bare.report).toBeUndefined();
    expect(bare.details).toEqual({});
  });

  test('is written to JSON without cause and report', () => {
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'KeywaxError',
      code: 'INPUT_TOO_LARGE',
      message: 'too much',
      details: { at: '$.a', limit: 3 },
    });
  });

  test('cuts messages at 1,024 characters', () => {
    expect(new KeywaxError('INTERNAL_ERROR', 'x'.repeat(5_000)).message).toHaveLength(1_024);
  });

  test('has a category and a condition for each code', () => {
    for (const [code, { category, condition }] of Object.entries(ERROR_CODES)) {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)+$/);
      expect(category).toMatch(/^[A-Z_]+$/);
      expect(condition).not.toBe('');
    }
  });
});

describe('isKeywaxError', () => {
  const error = new KeywaxError('KEY_REJECTED', 'x');

  test('tells by code where one is given', () => {
    expect(isKeywaxError(error)).toBe(true);
    expect(isKeywaxError(error, 'KEY_REJECTED')).toBe(true);
    expect(isKeywaxError(error, 'KEY_NOT_FOUND')).toBe(false);
  });

  test('knows the error of another copy of this package', () => {
    const twin = Object.assign(new Error('x'), { code: 'KEY_REJECTED', [Symbol.for('keywax.error')]: true });
    expect(isKeywaxError(twin, 'KEY_REJECTED')).toBe(true);
  });

  test.each([undefined, null, 'KEY_REJECTED', 1, {}, new Error('x'), { code: 'KEY_REJECTED', name: 'KeywaxError' }])(
    'is false for value %#',
    (value) => {
      expect(isKeywaxError(value)).toBe(false);
    },
  );
});

describe('quoteText', () => {
  test.each([
    ['plain', '"plain"'],
    ['', '""'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['line\nfeed\0', '"line\\nfeed\\u0000"'],
    ['\u001b[31m', '"\\u001b[31m"'],
    ['\u007f\u009b', '"\\u007f\\u009b"'],
    ['\u202e\u2066\u200b\ufeff\u2028', '"\\u202e\\u2066\\u200b\\ufeff\\u2028"'],
    ['é 😂', '"é 😂"'],
  ])('writes %j so that nothing acts on it', (text, quoted) => {
    expect(quoteText(text)).toBe(quoted);
  });

  test('cuts what is long', () => {
    expect(quoteText('x'.repeat(1_000))).toBe(`"${'x'.repeat(99)}…"`);
    expect(quoteText('abcdef', 4)).toBe('"abc…"');
  });

  test('escapes the half of a surrogate pair that a cut leaves', () => {
    expect(quoteText('ab😂cd', 4)).toBe('"ab\\ud83d…"');
  });
});
