// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFileName } from '../src/file-name.js';

describe('the name of a file', () => {
  test.each([
    ['targets', 'targets'],
    ['role_1-a.b', 'role_1-a.b'],
    ['Role', '%52ole'],
    ['../x', '%2E.%2Fx'],
    ['a/b', 'a%2Fb'],
    ['a%2fb', 'a%252fb'],
    ['.', '%2E'],
    ['..', '%2E%2E'],
    ['.hidden', '%2Ehidden'],
    ['dot.', 'dot%2E'],
    ['con', '%63on'],
    ['nul.txt', '%6Eul.txt'],
    ['com1', '%63om1'],
    ['console', 'console'],
    ['a:b', 'a%3Ab'],
    ['back\\slash', 'back%5Cslash'],
    ['nul\0', 'nul%00'],
    ['é', '%C3%A9'],
    ['', '%'],
  ])('for %j is %s', (text, name) => expect(encodeFileName(text)).toBe(name));

  test('for a long text is its hash', () => {
    expect(encodeFileName('r'.repeat(300))).toMatch(/^%h[0-9a-f]{64}$/);
    expect(encodeFileName('r'.repeat(300))).not.toBe(encodeFileName('r'.repeat(301)));
  });

  test('differs for different texts, even where case does not count, and is safe everywhere', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.stringMatching(/^[aA.%2EfF/]{0,6}$/));
    fc.assert(
      fc.property(text, text, (a, b) => {
        const name = encodeFileName(a);
        expect(name).toMatch(/^[a-z0-9_%-](?:[a-zA-Z0-9._%-]{0,200}[a-zA-Z0-9_%-])?$/);
        if (a.isWellFormed() && b.isWellFormed() && a !== b) {
          expect(name.toLowerCase()).not.toBe(encodeFileName(b).toLowerCase());
        }
      }),
    );
  });
});
