// SPDX-License-Identifier: Apache-2.0

import { parseJson, readPlainJson } from '@keywax/core/json';
import { type PlainJson, encodeCanonical } from '@keywax/stack/tuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalizeOlpc } from '../src/canonical.js';

const canonicalize = (text: string): string => canonicalizeOlpc(parseJson(text, { maxBytes: 10_000 }));

describe('canonical JSON', () => {
  test.each([
    ['{ "b" : 1, "a" : [ true, false, null ] }', '{"a":[true,false,null],"b":1}'],
    ['{"\\u0061":"\\u00e9"}', '{"a":"é"}'],
    [String.raw`"a\"b\\c\/d"`, String.raw`"a\"b\\c/d"`],
    [String.raw`"\n\t\u0000\u001f\u007f"`, '"\n\t\0\x1f\x7f"'],
    ['{"B":1,"a":1,"_":1,"A":1}', '{"A":1,"B":1,"_":1,"a":1}'],
    ['{"\\uffff":1,"\\ud83d\\ude00":2,"\\ud7ff":3}', '{"\ud7ff":3,"\uffff":1,"😀":2}'],
    ['{"aa":1,"a":2,"":3}', '{"":3,"a":2,"aa":1}'],
    ['{"__proto__":1,"constructor":2}', '{"__proto__":1,"constructor":2}'],
    [
      '[-1,0,9007199254740993,-123456789012345678901234567890]',
      '[-1,0,9007199254740993,-123456789012345678901234567890]',
    ],
    ['{}', '{}'],
    ['[]', '[]'],
  ])('of %s is %s', (text, canonical) => expect(canonicalize(text)).toBe(canonical));

  test.each(['1.5', '1.0', '1e3', '-0', '1E0', '0.0'])('has no number %s', (text) => {
    expect(() => canonicalize(text)).toThrow(expect.objectContaining({ code: 'INPUT_MALFORMED' }));
  });

  test('agrees with another implementation, and is the same for any order of members', () => {
    const value = fc.letrec<{ value: PlainJson }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.string({ unit: 'grapheme' }),
        fc.maxSafeInteger(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(
          fc.string({ unit: 'binary', maxLength: 3 }).filter((name) => name.isWellFormed()),
          tie('value'),
          { maxKeys: 6 },
        ),
      ),
    })).value;
    fc.assert(
      fc.property(value, (json) => {
        fc.pre(JSON.stringify(json).isWellFormed());
        const canonical = canonicalizeOlpc(readPlainJson(json, { maxBytes: 100_000 }));
        expect(canonical).toBe(new TextDecoder().decode(encodeCanonical(json)));
        expect(canonicalizeOlpc(readPlainJson(reverse(json), { maxBytes: 100_000 }))).toBe(canonical);
      }),
    );
  });
});

function reverse(value: PlainJson): PlainJson {
  if (Array.isArray(value)) return value.map(reverse);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]): [string, PlainJson] => [name, reverse(member)])
      .reverse(),
  );
}
