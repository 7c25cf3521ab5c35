// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import { canonicalizeJson } from '../src/jcs.js';
import { parseJson, readPlainJson } from '../src/json.js';
import { codeOf } from './fault.js';

const limits = { maxBytes: 1 << 20 };
const canonicalize = (text: string): string => canonicalizeJson(parseJson(text, limits));

describe('canonicalizeJson', () => {
  // RFC 8785 appendix B, and the edges of safe integers.
  test.each([
    ['0', '0'],
    ['-0', '0'],
    ['-0.0', '0'],
    ['1.0', '1'],
    ['56.0', '56'],
    ['1e3', '1000'],
    ['5e-324', '5e-324'],
    ['-5e-324', '-5e-324'],
    ['1.7976931348623157e308', '1.7976931348623157e+308'],
    ['9007199254740992', '9007199254740992'],
    ['9007199254740993', '9007199254740992'],
    ['-9007199254740992', '-9007199254740992'],
    ['295147905179352830000', '295147905179352830000'],
    ['9.999999999999997e22', '9.999999999999997e+22'],
    ['1e23', '1e+23'],
    ['1.0000000000000001e23', '1.0000000000000001e+23'],
    ['999999999999999700000', '999999999999999700000'],
    ['1e21', '1e+21'],
    ['9.999999999999997e-7', '9.999999999999997e-7'],
    ['0.000001', '0.000001'],
    ['333333333.33333329', '333333333.3333333'],
    ['1424953923781206.25', '1424953923781206.2'],
    ['1e-400', '0'],
  ])('writes the number %s as %s', (text, canonical) => {
    expect(canonicalize(text)).toBe(canonical);
  });

  test.each(['1e309', '-1e400', `1${'0'.repeat(400)}`])('refuses %s, which no double can hold', (text) => {
    expect(codeOf(() => canonicalize(text))).toBe('INPUT_MALFORMED');
  });

  test('refuses lone surrogates', () => {
    expect(codeOf(() => canonicalizeJson('\ud800'))).toBe('INPUT_MALFORMED');
    expect(codeOf(() => canonicalizeJson(new Map([['\udc00', 1]])))).toBe('INPUT_MALFORMED');
  });

  test.each([
    ['{ "b" : 1 , "a" : [ true , null ] }', '{"a":[true,null],"b":1}'],
    ['{"\\uffff":1,"\\ud83d\\ude02":2}', '{"😂":2,"\uffff":1}'],
    ['{"__proto__":1,"10":2,"9":3}', '{"10":2,"9":3,"__proto__":1}'],
    ['"\\u0000\\u001f\\u007f\\u0080\\/\\u2028"', '"\\u0000\\u001f\u007f\u0080/\u2028"'],
  ])('writes %s without space, sorted by UTF-16 code units', (text, canonical) => {
    expect(canonicalize(text)).toBe(canonical);
  });

  test('gives the bytes that a signed entry timestamp covers', () => {
    const text = canonicalizeJson(
      readPlainJson(
        {
          logIndex: 7,
          logID: 'a050837d85070582ccf7394b0988847cc312cb88259b894899f6f239cf1791a5',
          integratedTime: 1700000000,
          body: 'e30=',
        },
        limits,
      ),
    );
    expect(createHash('sha256').update(text).digest('hex')).toBe(
      '2b5848a58adc761db6189f204334d7d39899b9b2dc3b183f188a1dc714f78708',
    );
  });

  test('is idempotent and keeps the value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        const canonical = canonicalize(text);
        expect(canonicalize(canonical)).toBe(canonical);
        // -0 becomes 0 (RFC 8785 §3.2.2.3).
        expect(JSON.parse(canonical)).toEqual(
          JSON.parse(text, (_, value: unknown) => (Object.is(value, -0) ? 0 : value)),
        );
      }),
    );
  });
});

describeCorpus('canonicalizeJson on the vectors of RFC 8785', () => {
  const names = () => readdirSync(corpus('jcs')).filter((name) => name.endsWith('.input.json'));
  test('writes each input as its output', () => {
    expect(names().length).toBeGreaterThanOrEqual(6);
    for (const name of names()) {
      const output = readFileSync(corpus(`jcs/${name.replace('.input.', '.output.')}`), 'utf8').trimEnd();
      expect(canonicalize(readFileSync(corpus(`jcs/${name}`), 'utf8')), name).toBe(output);
    }
  });
});
