// SPDX-License-Identifier: Apache-2.0

import { isKeywaxError } from '@keywax/core/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodePurl, parsePurl } from '../src/index.js';

const part = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/);
const version = fc
  .tuple(fc.nat(99), fc.nat(99), fc.nat(99), fc.option(fc.stringMatching(/^[a-z][a-z0-9.-]{0,10}$/)))
  .map(([major, minor, patch, tag]) => `${major}.${minor}.${patch}${tag === null ? '' : `-${tag}`}`);

describe('a package URL', () => {
  test.each([
    [{ name: 'pkg', version: '1.0.0' }, 'pkg:npm/pkg@1.0.0'],
    [{ name: '@scope/pkg', version: '1.0.0-rc.1' }, 'pkg:npm/%40scope/pkg@1.0.0-rc.1'],
    [{ name: 'JSONStream', version: '1.3.5' }, 'pkg:npm/JSONStream@1.3.5'],
  ])('of %j is %s', (id, purl) => {
    expect(encodePurl(id)).toBe(purl);
    expect(parsePurl(purl)).toEqual(id);
  });

  test('is the same after writing and reading', () => {
    fc.assert(
      fc.property(fc.option(part), part, version, (scope, base, number) => {
        const id = { name: scope === null ? base : `@${scope}/${base}`, version: number };
        expect(parsePurl(encodePurl(id))).toEqual(id);
      }),
    );
  });

  test('is read or refused, whatever the text, and has one spelling', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map((rest) => `pkg:npm/${rest}`),
      fc.string().map((rest) => `pkg:npm/${rest}@1.0.0`),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          expect(encodePurl(parsePurl(input))).toBe(input);
        } catch (error) {
          if (!isKeywaxError(error, 'INPUT_MALFORMED')) throw error;
        }
      }),
    );
  });

  test.each([
    '',
    'pkg@1.0.0',
    'pkg:npm/pkg',
    'pkg:npm/pkg@',
    'pkg:npm/pkg@1',
    'pkg:npm/pkg@^1.0.0',
    'pkg:npm/pkg@v1.0.0',
    'pkg:npm/@scope/pkg@1.0.0',
    'pkg:npm/%40scope%2fpkg@1.0.0',
    'pkg:npm/%40scope/a/b@1.0.0',
    'pkg:npm/scope/pkg@1.0.0',
    'pkg:npm/pkg@1.0.0?repository_url=https://example.com',
    'pkg:npm/pkg@1.0.0#sub',
    'pkg:pypi/pkg@1.0.0',
    'PKG:npm/pkg@1.0.0',
    ' pkg:npm/pkg@1.0.0',
    'pkg:npm/pkg@1.0.0\n',
    'pkg:npm/../pkg@1.0.0',
    `pkg:npm/${'a'.repeat(300)}@1.0.0`,
  ])('is not %j', (text) => {
    expect(() => parsePurl(text)).toThrow(expect.objectContaining({ code: 'INPUT_MALFORMED' }));
  });

  test.each([
    { name: '', version: '1.0.0' },
    { name: '@scope', version: '1.0.0' },
    { name: 'a/b', version: '1.0.0' },
    { name: 'a', version: '' },
    { name: 'a', version: '1.0' },
    { name: 'a', version: 1 as never },
    { name: null as never, version: '1.0.0' },
  ])('is not written for %j', (id) => {
    expect(() => encodePurl(id)).toThrow(expect.objectContaining({ code: 'INPUT_MALFORMED' }));
  });
});
