// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import { encodeUtf8 } from '../src/bytes.js';
import {
  type JsonLimits,
  type JsonValue,
  encodeJson,
  memberPath,
  parseJson,
  readJson,
  readPlainJson,
  toPlainJson,
} from '../src/json.js';
import { codeOf } from './fault.js';

const limits = { maxBytes: 1 << 24 };
const number = (text: string): JsonValue => ({ kind: 'number', text });
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

describe('parseJson', () => {
  test.each<[string, JsonValue]>([
    ['null', null],
    [' \t\r\n true \n', true],
    ['false', false],
    ['""', ''],
    ['"a\\"\\\\\\/\\b\\f\\n\\r\\tz"', 'a"\\/\b\f\n\r\tz'],
    ['"\\u0000\\u00e9\\uD83D\\uDE02é😂"', '\0é😂é😂'],
    ['"\\ud7ff\\ue000"', '\ud7ff\ue000'],
    ['"\\ud800\\udc00\\udbff\\udfff"', '\ud800\udc00\udbff\udfff'],
    ['0', 0],
    ['-1', -1],
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['9007199254740992', number('9007199254740992')],
    ['9223372036854775807', number('9223372036854775807')],
    ['-0', number('-0')],
    ['1.0', number('1.0')],
    ['1e3', number('1e3')],
    ['-1.5E+10', number('-1.5E+10')],
    ['2e-3', number('2e-3')],
    ['[]', []],
    ['[ 1 , [ ] ]', [1, []]],
    ['{}', new Map()],
    [
      '{ "a" : { "b" : [ null ] } , "__proto__" : 1 }',
      new Map<string, JsonValue>([
        ['a', new Map([['b', [null]]])],
        ['__proto__', 1],
      ]),
    ],
    [deep(32), JSON.parse(deep(32)) as JsonValue],
  ])('reads %j', (text, value) => {
    expect(parseJson(text, limits)).toEqual(value);
    expect(parseJson(encodeUtf8(text), limits)).toEqual(value);
  });

  test.each([
    ['nothing', ''],
    ['only white space', ' \n'],
    ['a second document', '{}{}'],
    ['garbage after the value', '{} x'],
    ['NUL after the value', '{}\0'],
    ['a byte order mark', '\ufeff{}'],
    ['no-break space', '\u00a0{}'],
    ['a lone high surrogate escape', '"\\ud800"'],
    ['a lone low surrogate escape', '"\\udc00"'],
    ['a high surrogate escape and another escape', '"\\ud800\\n"'],
    ['a high surrogate escape and a character', '"\\ud800a"'],
    ['two high surrogate escapes', '"\\ud800\\ud800"'],
    ['a duplicate name', '{"a":1,"a":1}'],
    ['a deep duplicate name', '{"a":[{"b":1,"c":2,"b":3}]}'],
    ['a duplicate name that differs by an escape', '{"signature":1,"\\u0073ignature":2}'],
    ['a duplicate __proto__', '{"__proto__":1,"__proto__":2}'],
    ['a comma before the end of an array', '[1,]'],
    ['a comma before the end of an object', '{"a":1,}'],
    ['two commas', '[1,,2]'],
    ['no comma', '[1 2]'],
    ['no colon', '{"a" 1}'],
    ['a bare name', '{a:1}'],
    ['a name without its first quote', '{a":1}'],
    ['another word of four letters', 'nulx'],
    ['a name that is a number', '{1:1}'],
    ['single quotes', "'a'"],
    ['an unknown word', 'nul'],
    ['an upper-case word', 'True'],
    ['NaN', 'NaN'],
    ['a comment', '{}/**/'],
    ['a leading zero', '01'],
    ['a negative leading zero', '-01'],
    ['a plus sign', '+1'],
    ['a bare minus', '-'],
    ['a fraction without digits', '1.'],
    ['a fraction without a whole', '.5'],
    ['an exponent without digits', '1e+'],
    ['hex', '0x10'],
    ['a control character', '"\u0001"'],
    ['a control character after an escape', '"\\n\u0001"'],
    ['a line feed in a string', '"\n"'],
    ['an unknown escape', '"\\x41"'],
    ['an upper-case unicode escape', '"\\U0041"'],
    ['a short unicode escape', '"\\u004"'],
    ['a unicode escape with other characters', '"\\u00+1"'],
    ['an open string', '"abc'],
    ['an open string that ends in a backslash', '"abc\\'],
    ['an open array', '[1'],
    ['an open object', '{"a":1'],
    ['an object that ends as an array', '{"a":1]'],
  ])('refuses %s', (_, text) => {
    expect(codeOf(() => parseJson(text, limits))).toBe('INPUT_MALFORMED');
    expect(codeOf(() => parseJson(encodeUtf8(text), limits))).toBe('INPUT_MALFORMED');
  });

  test.each([
    ['a stray continuation byte', [0x22, 0x80, 0x22]],
    ['an overlong form', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate in CESU form', [0x22, 0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80, 0x22]],
    ['a truncated sequence', [0x22, 0xe2, 0x82]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
    ['a gzip stream', [0x1f, 0x8b, 0x08, 0x00]],
  ])('refuses %s', (_, bytes) => {
    expect(codeOf(() => parseJson(Uint8Array.from(bytes), limits))).toBe('INPUT_MALFORMED');
  });

  test('refuses lone surrogates in text', () => {
    expect(codeOf(() => parseJson('"\ud800"', limits))).toBe('INPUT_MALFORMED');
    expect(codeOf(() => parseJson('{"\udc00":1}', limits))).toBe('INPUT_MALFORMED');
  });

  test.each([
    ['33 levels', deep(33), limits],
    ['10,000 levels', deep(10_000), limits],
    ['5,000,000 open levels', '['.repeat(5_000_000), limits],
    ['objects below a given depth', '{"a":{"b":{}}}', { ...limits, maxDepth: 2 }],
    ['4,097 members', `{${Array.from({ length: 4097 }, (_, i) => `"${i}":0`).join()}}`, limits],
    ['a million members', `{${Array.from({ length: 1_000_000 }, (_, i) => `"${i}":0`).join()}}`, limits],
    ['members above a given bound', '{"a":1,"b":2}', { ...limits, maxMembers: 1 }],
    ['200,001 values', `[${'0,'.repeat(199_999)}0]`, limits],
    ['values above a given bound', '[0,0]', { ...limits, maxValues: 2 }],
    ['bytes above the bound', '[0,0]', { maxBytes: 4 }],
    ['bytes above the bound, although not characters', '"éé"', { maxBytes: 5 }],
    ['bytes of surrogate pairs above the bound', '"😂"', { maxBytes: 5 }],
  ])('refuses %s as too large', (_, text, bounds) => {
    expect(codeOf(() => parseJson(text, bounds))).toBe('INPUT_TOO_LARGE');
    expect(codeOf(() => parseJson(encodeUtf8(text), bounds))).toBe('INPUT_TOO_LARGE');
  });

  test.each([
    ['"éé"', { maxBytes: 6 }],
    ['"😂"', { maxBytes: 6 }],
    ['[0,0]', { maxBytes: 5, maxValues: 3, maxDepth: 1 }],
    ['{"a":1}', { maxBytes: 7, maxMembers: 1 }],
  ])('accepts %s exactly at its bounds', (text, bounds) => {
    expect(codeOf(() => parseJson(text, bounds))).toBe('accepted');
    expect(codeOf(() => parseJson(encodeUtf8(text), bounds))).toBe('accepted');
  });

  test('counts bytes as UTF-8 has them', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '\u007f', '\u0080', '\u07ff', '\u0800', '\ud7ff', '\ue000', '\uffff', '😂'),
    });
    fc.assert(
      fc.property(text, (value) => {
        const document = `"${value}"`;
        const maxBytes = Buffer.byteLength(document);
        expect(codeOf(() => parseJson(document, { maxBytes }))).toBe('accepted');
        expect(codeOf(() => parseJson(document, { maxBytes: maxBytes - 1 }))).toBe('INPUT_TOO_LARGE');
      }),
    );
  });

  test('refuses every proper prefix of a document', () => {
    const text = '{"a":[1,-2.5e3,true,null,"x\\u00e9\\n"],"b":{"c":""}}';
    for (let end = 0; end < text.length; end++)
      expect(codeOf(() => parseJson(text.slice(0, end), limits))).toBe('INPUT_MALFORMED');
  });

  test('says where the fault is', () => {
    expect(() => parseJson('{"a":1,"a":2}', limits, 'bundle')).toThrow(
      /^bundle: expected JSON with each name once .*"a"$/,
    );
    expect(() => parseJson('[1', limits)).toThrow(/^\$: .* at the end of the input$/);
  });

  test('reads what the host reads, for any JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(toPlainJson(parseJson(text, limits))).toEqual(JSON.parse(text));
      }),
    );
  });

  test('gives a value or a KeywaxError for any bytes, and never accepts what the host refuses', () => {
    const fragment = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '\\u',
      'd800',
      '0',
      '-',
      '.',
      'e',
      'null',
      ' ',
      'é',
      '\ufeff',
    );
    const text = fc
      .array(fc.oneof(fragment, fc.string({ maxLength: 3 })), { maxLength: 12 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), text.map(encodeUtf8)), (bytes) => {
        const code = codeOf(() => parseJson(bytes, limits));
        expect(['accepted', 'INPUT_MALFORMED']).toContain(code);
        if (code === 'accepted') expect(() => JSON.parse(new TextDecoder().decode(bytes))).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });

  test('reads back what it encodes, members in their order and numbers as they were written', () => {
    fc.assert(
      fc.property(jsonValue(), (value) => {
        const text = encodeJson(value);
        expect(parseJson(text, limits)).toEqual(value);
        expect(encodeJson(parseJson(text, limits))).toBe(text);
      }),
    );
  });
});

function jsonValue(): fc.Arbitrary<JsonValue> {
  const written = fc.constantFrom('1.50', '-0', '1e3', '9007199254740993', '-1E-7');
  const text = fc.string({ unit: 'binary' });
  return fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, true, false),
      fc.maxSafeInteger().filter((n) => !Object.is(n, -0)),
      written.map(number),
      text,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.array(fc.tuple(text, tie('value')), { maxLength: 4 }).map((members) => new Map(members)),
    ),
  })).value;
}

describe('readPlainJson', () => {
  test('copies what JSON.parse returns to what parseJson returns', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5, noUnicodeString: false }), (text) => {
        const plain: unknown = JSON.parse(text);
        expect(toPlainJson(readPlainJson(plain, limits))).toEqual(plain);
      }),
    );
  });

  test.each<[string, unknown, JsonValue]>([
    ['members that are undefined are absent', { a: undefined, b: 1 }, new Map([['b', 1]])],
    ['objects without a prototype', Object.assign(Object.create(null) as object, { a: 1 }), new Map([['a', 1]])],
    [
      'numbers beyond safe integers',
      [1.5, 2 ** 53, -0, 1e21],
      [number('1.5'), number('9007199254740992'), number('-0'), number('1e+21')],
    ],
    ['an own __proto__', JSON.parse('{"__proto__":{"a":1}}'), new Map([['__proto__', new Map([['a', 1]])]])],
  ])('reads %s', (_, value, expected) => {
    expect(readPlainJson(value, limits)).toEqual(expected);
  });

  test('ignores inherited and symbol members, and reads getters once', () => {
    let reads = 0;
    const value = {
      get a() {
        return ++reads;
      },
      [Symbol('s')]: 1,
    };
    expect(readPlainJson(value, limits)).toEqual(new Map([['a', 1]]));
    expect(reads).toBe(1);
  });

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['a function', { a: () => 1 }],
    ['a symbol', [Symbol('s')]],
    ['a bigint', [1n]],
    ['NaN', [Number.NaN]],
    ['infinity', [Number.POSITIVE_INFINITY]],
    ['a hole', new Array(1)],
    ['undefined in an array', [undefined]],
    ['a Date', { a: new Date(0) }],
    ['bytes', { a: new Uint8Array(1) }],
    ['a Buffer', { a: Buffer.from('a') }],
    ['a Map', new Map()],
    ['a boxed string', Object('a')],
    ['an object that inherits members', Object.create({ a: 1 })],
    ['a lone surrogate', ['\ud800']],
    ['a lone surrogate in a name', { '\ud800': 1 }],
    [
      'a getter that throws',
      {
        get a(): never {
          throw new TypeError('no');
        },
      },
    ],
  ])('refuses %s', (_, value) => {
    expect(codeOf(() => readPlainJson(value, limits))).toBe('INPUT_MALFORMED');
  });

  test.each<[string, () => unknown]>([
    [
      'a cycle',
      () => {
        const a: unknown[] = [];
        a.push(a);
        return a;
      },
    ],
    ['33 levels', () => JSON.parse(deep(33))],
    ['a long array', () => new Array(4_000_000_000)],
    ['4,097 members', () => Object.fromEntries(Array.from({ length: 4097 }, (_, i) => [i, i]))],
    ['long text', () => ['a'.repeat(20_000_000)]],
  ])('refuses %s as too large', (_, make) => {
    expect(codeOf(() => readPlainJson(make(), limits))).toBe('INPUT_TOO_LARGE');
  });

  test.each<[string, unknown, JsonLimits]>([
    ['levels', [{ a: [] }], { ...limits, maxDepth: 3 }],
    ['members', { a: 1, b: 2 }, { ...limits, maxMembers: 2 }],
    ['values', [{ a: 1 }, [2]], { ...limits, maxValues: 5 }],
    ['text', { ab: 'c' }, { maxBytes: 3 }],
  ])('accepts as many %s as are allowed, and not one more', (_, value, bounds) => {
    const fewer = Object.fromEntries(
      Object.entries(bounds).map(([name, bound]) => [name, name === 'maxBytes' && bound > 9 ? bound : bound - 1]),
    );
    expect(codeOf(() => readPlainJson(value, bounds))).toBe('accepted');
    expect(codeOf(() => readPlainJson(value, { ...bounds, ...fewer }))).toBe('INPUT_TOO_LARGE');
  });

  test('says at which path the fault is', () => {
    expect(() => readPlainJson({ a: [0, { 'b c': 1n }] }, limits)).toThrow(/^\$\.a\[1\]\["b c"\]: /);
  });
});

describe('readJson', () => {
  test('reads text, bytes and parsed JSON alike', () => {
    const expected = new Map([['a', 1]]);
    for (const input of ['{"a":1}', encodeUtf8('{"a":1}'), Buffer.from('{"a":1}'), { a: 1 }]) {
      expect(readJson(input, limits)).toEqual(expected);
    }
  });

  test('refuses bytes that are detached', () => {
    const bytes = Uint8Array.from(encodeUtf8('{"a":1}'));
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    expect(codeOf(() => readJson(bytes, limits))).toBe('INPUT_MALFORMED');
  });
});

test.each([2_047, 2_048, 2_049, 5_000, 100_000])('%i escapes in one string are all read', (count) => {
  const text = '\\n\\u00e9x'.repeat(count);
  expect(parseJson(`"${text}"`, { maxBytes: 2_000_000 })).toBe('\néx'.repeat(count));
});

describe('toPlainJson', () => {
  test('keeps __proto__ as an own member and pollutes nothing', () => {
    const plain = toPlainJson(
      parseJson('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}', limits),
    );
    expect(Object.keys(plain as object)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(plain)).toBe(Object.prototype);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('memberPath', () => {
  test.each([
    ['mediaType', '$.mediaType'],
    ['a b', '$["a b"]'],
    ['', '$[""]'],
    ['\u001b[2J', '$["\\u001b[2J"]'],
    ['x'.repeat(100), `$["${'x'.repeat(63)}…"]`],
  ])('writes %j as %s', (name, path) => {
    expect(memberPath('$', name)).toBe(path);
  });
});

describeCorpus('parseJson on real files', () => {
  test('reads trusted roots and bundles as the host does', () => {
    const files = ['trust/production', 'trust/staging'].flatMap((folder) =>
      readdirSync(corpus(folder))
        .filter((name) => name.endsWith('.json'))
        .map((name) => `${folder}/${name}`),
    );
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const bytes = readFileSync(corpus(file));
      expect(toPlainJson(parseJson(bytes, limits))).toEqual(JSON.parse(bytes.toString()));
    }
  });
});
