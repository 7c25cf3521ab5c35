// SPDX-License-Identifier: Apache-2.0

import { isKeywaxError } from '@keywax/core/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePattern } from '../src/pattern.js';

const matches = (source: string, text: string): boolean => compilePattern(source, 'test').matches(text);

describe('a pattern matches whole strings only', () => {
  test.each([
    ['a|b', 'a', true],
    ['a|b', 'b', true],
    ['a|b', 'ab', false],
    ['a|b|c', '', false],
    ['a|', '', true],
    ['|a', 'a', true],
    ['(a|b)c', 'bc', true],
    ['(?:a|b)c', 'ac', true],
    ['a', 'xa', false],
    ['a', 'ax', false],
    ['a', 'a\n', false],
    ['^a$', 'a', true],
    ['a\\$', 'a$', true],
    ['.*', 'a\nb', false],
    ['a?', '', true],
    ['a*', 'aaaa', true],
    ['a+', '', false],
    ['a{2}', 'aa', true],
    ['a{2}', 'aaa', false],
    ['a{2,}', 'a', false],
    ['a{2,}', 'aaaaa', true],
    ['a{1,3}', 'aaaa', false],
    ['(ab){2,3}', 'ababab', true],
    ['[a-c]+', 'abc', true],
    ['[a-c]+', 'abd', false],
    ['[^a-c]+', 'xyz', true],
    ['[^a-c]+', 'xaz', false],
    ['[a-]', '-', true],
    ['[\\d_]+', '1_2', true],
    ['\\w+@\\w+\\.org', 'me@example.org', true],
    ['\\w+@\\w+\\.org', 'me@exampleXorg', false],
    ['\\S+', 'a b', false],
    ['é', 'e\u0301', false],
    ['.', '😀', true],
    ['https://github\\.com/org/.*', 'https://github.com/org-evil/r', false],
    ['https://github\\.com/org/.*', 'https://github.com/org/r', true],
    ['(a*)*', 'aaaaaaaa', true],
    ['(a|a)*b', 'aaaaaaaa', false],
  ])('%s against %j: %s', (source, text, expected) => {
    expect(matches(source, text)).toBe(expected);
  });

  test('agrees with the engine of the host where both understand the pattern', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(a|b)', '(ab)', '\\d', '(?:a|bc)');
    const piece = fc.tuple(atom, fc.constantFrom('', '?', '*', '+', '{2}', '{1,2}')).map((parts) => parts.join(''));
    const source = fc
      .array(
        fc.array(piece, { maxLength: 4 }).map((parts) => parts.join('')),
        { minLength: 1, maxLength: 3 },
      )
      .map((parts) => parts.join('|'));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1'), maxLength: 8 });
    fc.assert(
      fc.property(
        source,
        text,
        (pattern, subject) => matches(pattern, subject) === new RegExp(`^(?:${pattern})$`, 'u').test(subject),
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('patterns that the engine does not understand are refused', () => {
  test.each([
    '(',
    ')',
    'a)',
    '[',
    '[]',
    '[b-a]',
    '[\\d-a]',
    'a**',
    'a{',
    'a{2',
    'a{3,2}',
    '*',
    '\\',
    '\\1',
    '\\b',
    '\\p{L}',
    '(?=a)',
    '(?<n>a)',
    '(?i)a',
    'a^b',
    'a$b',
    'x'.repeat(513),
    '((a{99}){99}){99}',
  ])('%s', (source) => {
    expect(() => compilePattern(source, 'test')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  test('any text either compiles or is refused by code', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (source) => {
        try {
          compilePattern(source, 'test').matches('subject');
        } catch (error) {
          expect(isKeywaxError(error, 'CONFIG_INVALID')).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

test('a pattern that makes a backtracking engine explode takes linear time', () => {
  expect(matches('(a+)+$', `${'a'.repeat(4_000)}b`)).toBe(false);
  expect(matches('(a|aa)+', `${'a'.repeat(4_000)}b`)).toBe(false);
  expect(matches('.*', 'a'.repeat(65_536))).toBe(false);
});

test.each(['(((){9999}){9999}){9999}', '(((a{0}){9999}){9999}){9999}', '(((){9999}){1,9999}){9999}'])(
  'a pattern that repeats nothing is compiled at once: %s',
  (source) => {
    try {
      expect(matches(source, 'a')).toBe(false);
    } catch (error) {
      expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    }
  },
);
