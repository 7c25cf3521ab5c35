// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createStepBudget, isPathMatch } from '../src/path-pattern.js';

const isMatch = (pattern: string, path: string): boolean => isPathMatch(pattern, path, createStepBudget());

describe('a path pattern', () => {
  test.each([
    ['*', 'a.txt'],
    ['*', '.hidden'],
    ['*', ''],
    ['**', 'a'],
    ['a*', 'a'],
    ['*a', 'banana'],
    ['*an*', 'banana'],
    ['b*n?', 'banana'],
    ['?', 'é'],
    ['?', '😀'],
    ['targets/*.tgz', 'targets/foo.tgz'],
    ['foo-version-?.tgz', 'foo-version-a.tgz'],
    ['*/*', 'a/b'],
    ['a/*/c', 'a//c'],
    ['host.example/*', 'host.example/keys.json'],
    ['[!a]', '[!a]'],
    ['{a,b}', '{a,b}'],
    ['!x', '!x'],
    ['@(x)', '@(x)'],
    ['a\\*', 'a\\b'],
    ['', ''],
  ])('%j stands for %j', (pattern, path) => expect(isMatch(pattern, path)).toBe(true));

  test.each([
    ['*', 'a/b'],
    ['**', 'a/b'],
    ['a/**', 'a/b/c'],
    ['?', '/'],
    ['?', ''],
    ['?', 'ab'],
    ['a?', 'a'],
    ['*.tgz', 'targets/foo.tgz'],
    ['targets/*.tgz', 'targets/foo.txt'],
    ['a', 'A'],
    ['a', 'ab'],
    ['ab', 'a'],
    ['!x', 'y'],
    ['[!a]', 'b'],
    ['[ab]', 'a'],
    ['{a,b}', 'a'],
    ['@(x)', 'x'],
    ['a|b', 'a'],
    ['*a', 'ab'],
    ['', 'a'],
    ['a/', 'a'],
    ['/a', 'a'],
  ])('%j does not stand for %j', (pattern, path) => expect(isMatch(pattern, path)).toBe(false));

  test('agrees with a regular expression made from it', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '😀'), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '?', '.', '😀'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (glob, path) => {
        const source = glob.replaceAll('.', '\\.').replaceAll('*', '[^/]*').replaceAll('?', '[^/]');
        expect(isMatch(glob, path)).toBe(new RegExp(`^${source}$`, 'us').test(path));
      }),
      { numRuns: 2_000 },
    );
  });

  test('that takes too many steps is refused', () => {
    const budget = createStepBudget();
    const search = (): void => {
      for (let i = 0; i < 1_000; i++) isPathMatch(`${'a*'.repeat(500)}b`, 'a'.repeat(4_000), budget);
    };
    expect(search).toThrow(expect.objectContaining({ code: 'INPUT_TOO_LARGE' }));
  });
});
