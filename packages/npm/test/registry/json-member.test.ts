// SPDX-License-Identifier: Apache-2.0

import { encodeUtf8 } from '@keywax/core/bytes';
import { isKeywaxError } from '@keywax/core/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { selectJsonMember } from '../../src/registry/json-member.js';

function select(text: string, name: string): string | undefined {
  const found = selectJsonMember(encodeUtf8(text), name, '$');
  return found === undefined ? undefined : new TextDecoder().decode(found);
}

describe('a member of a JSON object', () => {
  test.each([
    ['{}', undefined],
    [' { } ', undefined],
    ['{"b":1}', undefined],
    ['{"a":1}', '1'],
    ['{"b":{"a":2},"a":[1,{"a":"}"}]}', '[1,{"a":"}"}]'],
    ['{"b":"\\"a\\":1,\\\\","a" : true }', 'true '],
    ['{"\\u0061":1}', '1'],
    ['{"b":"\\ud800","a":{}}', '{}'],
  ])('of %s is found without reading the others', (text, expected) => {
    expect(select(text, 'a')).toBe(expected);
  });

  test('is what JSON.parse says', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (object, other) => {
        const text = JSON.stringify(object, undefined, 1);
        for (const name of [...Object.keys(object), other]) {
          const found = select(text, name);
          const expected = Object.hasOwn(object, name) ? JSON.stringify(object[name]) : undefined;
          expect(found === undefined ? undefined : JSON.stringify(JSON.parse(found))).toBe(expected);
        }
      }),
    );
  });

  test.each([
    '',
    '[]',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":[}',
    '{"a":"',
    '{"a":1,}',
    '{a:1}',
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
  ])('of %s is refused', (text) => {
    expect(() => select(text, 'a')).toThrow(expect.objectContaining({ code: 'INPUT_MALFORMED' }) as Error);
  });

  test('of any bytes gives a value or a typed error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.string({ unit: fc.constantFrom('{', '}', '"', 'a', ':', ',', '[', ']', '\\', ' ') }).map(encodeUtf8),
        ),
        (bytes) => {
          try {
            selectJsonMember(bytes, 'a', '$');
          } catch (error) {
            expect(isKeywaxError(error)).toBe(true);
          }
        },
      ),
    );
  });
});
