// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import {
  type Decoder,
  arm,
  arrayOf,
  decodeBase64Field,
  decodeBoolean,
  decodeInt32,
  decodeInt64,
  decodeJsonObject,
  decodeJsonValue,
  decodeObject,
  decodeOpenObject,
  decodeRfc3339,
  decodeString,
  expectOneArm,
  integerWithin,
  isAbsent,
  mapOf,
  oneOfNames,
  optional,
  required,
  transform,
  withDefault,
} from '../src/decode.js';
import { parseJson } from '../src/json.js';
import { faultOf } from './fault.js';

const limits = { maxBytes: 1 << 20 };
const decode = <T>(decoder: Decoder<T>, text: string): T => decoder(parseJson(text, limits), '$');

describe('a decoder of scalars', () => {
  test.each<[string, Decoder<unknown>, string, unknown]>([
    ['a string', decodeString, '"é"', 'é'],
    ['a boolean', decodeBoolean, 'false', false],
    ['an int32', decodeInt32, '-2147483648', -2147483648],
    ['an integer at its bound', integerWithin(0, 5), '5', 5],
    ['int64 text', decodeInt64, '"9223372036854775807"', 9223372036854775807n],
    ['int64 zero', decodeInt64, '"0"', 0n],
    ['an int64 that is the number zero', decodeInt64, '0', 0n],
    ['an int64 number', decodeInt64, '9007199254740991', 9007199254740991n],
    ['base64', decodeBase64Field, '"AQI="', Uint8Array.of(1, 2)],
    ['empty base64', decodeBase64Field, '""', new Uint8Array(0)],
    ['a time', decodeRfc3339, '"2021-01-12T11:53:27.000Z"', new Date('2021-01-12T11:53:27Z')],
    ['a name', oneOfNames(['SHA2_256', 'SHA2_384']), '"SHA2_384"', 'SHA2_384'],
    ['any value', decodeJsonValue, 'null', null],
    ['an object as it is', decodeJsonObject, '{"a":1}', new Map([['a', 1]])],
  ])('reads %s', (_, decoder, text, value) => {
    expect(decode(decoder, text)).toEqual(value);
  });

  test.each<[string, Decoder<unknown>, readonly string[]]>([
    ['a string', decodeString, ['null', '1', '1.5', 'true', '[]', '{}']],
    ['a boolean', decodeBoolean, ['null', '0', '"true"', '[]']],
    ['an int32', decodeInt32, ['null', '2147483648', '-2147483649', '1.0', '1e0', '-0', '"1"', 'true']],
    ['an integer within bounds', integerWithin(1, 5), ['0', '6']],
    [
      'an int64',
      decodeInt64,
      [
        'null',
        '""',
        '" 1"',
        '"1 "',
        '"+1"',
        '"01"',
        '"1e3"',
        '"0x1"',
        '"1.0"',
        '"-0"',
        '"-1"',
        '"1n"',
        '"1\\n"',
        '"１"',
        '-1',
        '1.0',
        '1e3',
        '-0',
      ],
    ],
    [
      'an int64 in range',
      decodeInt64,
      [
        '"-9223372036854775808"',
        '"9223372036854775808"',
        '"18446744073709551616"',
        `"${'9'.repeat(400)}"`,
        '9007199254740992',
        '9223372036854775807',
      ],
    ],
    ['base64', decodeBase64Field, ['null', '1', '"AQI"', '"AQ==="', '"AR=="', '"-_8="', '"A Q="', '"AQI=\\n"']],
    ['a time', decodeRfc3339, ['null', '0', '""', '"2024-02-30T00:00:00Z"']],
    ['a name that is a string', oneOfNames(['SHA2_256']), ['null', '1', '["SHA2_256"]']],
    ['an object', decodeJsonObject, ['null', '[]', '"{}"', '1.5']],
  ])('refuses what is not %s', (_, decoder, texts) => {
    for (const text of texts)
      expect(
        faultOf(() => decode(decoder, text)),
        text,
      ).toBe('INPUT_MALFORMED $');
    expect(faultOf(() => decoder(undefined, '$'))).toBe('INPUT_MALFORMED $');
  });

  test('refuses a value where none is', () => {
    expect(faultOf(() => decodeJsonValue(undefined, '$'))).toBe('INPUT_MALFORMED $');
  });

  test.each(['"sha2_256"', '"SHA2_256 "', '"SHA3_256"', '"toString"', '""'])(
    'calls the unknown name %s unsupported',
    (text) => {
      expect(faultOf(() => decode(oneOfNames(['SHA2_256']), text))).toBe('INPUT_UNSUPPORTED $');
    },
  );

  test('does not repeat the content of a value of the wrong kind', () => {
    expect(() => decode(decodeBoolean, '"secret"')).toThrow('$: expected true or false, found a string');
    expect(() => decode(decodeString, '["secret"]')).toThrow('$: expected a string, found an array');
  });
});

describe('decodeObject', () => {
  const point = decodeObject({ x: decodeInt32, label: optional(decodeString), tags: arrayOf(decodeString, 2) });

  test('gives a frozen record without the members that are absent', () => {
    const record = decode(point, '{"x":1,"label":null}');
    expect(record).toEqual({ x: 1, tags: [] });
    expect(Object.keys(record)).toEqual(['x', 'tags']);
    expect(Object.isFrozen(record) && Object.isFrozen(record.tags)).toBe(true);
  });

  test.each([
    ['{"x":1,"y":2}', 'INPUT_MALFORMED $.y'],
    ['{"x":1,"y":null}', 'INPUT_MALFORMED $.y'],
    ['{"x":1,"__proto__":{"x":2}}', 'INPUT_MALFORMED $.__proto__'],
    ['{"x":1,"constructor":1}', 'INPUT_MALFORMED $.constructor'],
    ['{"x":1,"toString":1}', 'INPUT_MALFORMED $.toString'],
    ['{"x":1,"X":1}', 'INPUT_MALFORMED $.X'],
    ['{"x":1,"a\\nb":1}', 'INPUT_MALFORMED $["a\\nb"]'],
    ['{}', 'INPUT_MALFORMED $.x'],
    ['{"x":null}', 'INPUT_MALFORMED $.x'],
    ['{"x":1,"label":2}', 'INPUT_MALFORMED $.label'],
    ['{"x":1,"tags":["a",1]}', 'INPUT_MALFORMED $.tags[1]'],
    ['{"x":1,"tags":[null]}', 'INPUT_MALFORMED $.tags[0]'],
    ['{"x":1,"tags":{"0":"a"}}', 'INPUT_MALFORMED $.tags'],
    ['{"x":1,"tags":["a","b","c"]}', 'INPUT_TOO_LARGE $.tags'],
    ['{"x":1,"tags":[1,2,3]}', 'INPUT_TOO_LARGE $.tags'],
    ['[]', 'INPUT_MALFORMED $'],
    ['"x"', 'INPUT_MALFORMED $'],
    ['1.5', 'INPUT_MALFORMED $'],
    ['null', 'INPUT_MALFORMED $'],
  ])('refuses %s with the path of the fault', (text, fault) => {
    expect(faultOf(() => decode(point, text))).toBe(fault);
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  test('does not find inherited members', () => {
    expect(decode(decodeObject({ toString: optional(decodeString) }), '{}')).toEqual({});
  });
});

describe('decodeOpenObject', () => {
  test('lets other members be', () => {
    expect(decode(decodeOpenObject({ x: decodeInt32 }), '{"x":1,"y":2,"__proto__":3}')).toEqual({ x: 1 });
  });
});

describe('mapOf', () => {
  test('keeps any name as a key', () => {
    expect(decode(mapOf(decodeInt32, 2), '{"__proto__":1,"b":2}')).toEqual(
      new Map([
        ['__proto__', 1],
        ['b', 2],
      ]),
    );
    expect(decode(mapOf(decodeInt32, 2), 'null')).toEqual(new Map());
  });

  test.each([
    ['{"a":1,"b":2,"c":3}', 'INPUT_TOO_LARGE $'],
    ['{"a b":"1"}', 'INPUT_MALFORMED $["a b"]'],
    ['[]', 'INPUT_MALFORMED $'],
  ])('refuses %s', (text, fault) => {
    expect(faultOf(() => decode(mapOf(decodeInt32, 2), text))).toBe(fault);
  });
});

describe('a value that may be absent', () => {
  test.each([
    ['optional', optional(decodeString), undefined],
    ['withDefault', withDefault(decodeString, ''), ''],
  ])('%s takes null for absent', (_, decoder, value) => {
    expect(decoder(undefined, '$')).toBe(value);
    expect(decoder(null, '$')).toBe(value);
    expect(decoder('a', '$')).toBe('a');
    expect(faultOf(() => decoder(1, '$'))).toBe('INPUT_MALFORMED $');
  });

  test('required names the path with the code of its document', () => {
    const decoder = required(decodeString, 'BUNDLE_INVALID');
    expect(faultOf(() => decoder(undefined, '$.a'))).toBe('BUNDLE_INVALID $.a');
    expect(faultOf(() => decoder(null, '$.a'))).toBe('BUNDLE_INVALID $.a');
    expect(faultOf(() => decoder(1, '$.a'))).toBe('INPUT_MALFORMED $.a');
    expect(faultOf(() => required(decodeString)(null, '$.a'))).toBe('INPUT_MALFORMED $.a');
    expect(decoder('', '$.a')).toBe('');
  });

  test('isAbsent tells null and nothing from empty values', () => {
    expect([undefined, null, '', 0, false].map(isAbsent)).toEqual([true, true, false, false, false]);
  });
});

describe('a one-of', () => {
  const names = ['key', 'certificate'] as const;
  const decoder = transform(
    decodeObject({ key: arm(decodeString, 'BUNDLE_INVALID'), certificate: arm(decodeString, 'BUNDLE_INVALID') }),
    (record, at) => ({ record, kind: expectOneArm(record, names, { at, code: 'BUNDLE_INVALID' }) }),
  );

  test('names the arm that is present', () => {
    expect(decode(decoder, '{"certificate":""}')).toEqual({ record: { certificate: '' }, kind: 'certificate' });
  });

  test.each([
    ['{}', 'BUNDLE_INVALID $'],
    ['{"key":"a","certificate":"b"}', 'BUNDLE_INVALID $'],
    ['{"key":null}', 'BUNDLE_INVALID $.key'],
    ['{"key":null,"certificate":"b"}', 'BUNDLE_INVALID $.key'],
    ['{"key":1}', 'INPUT_MALFORMED $.key'],
  ])('refuses %s', (text, fault) => {
    expect(faultOf(() => decode(decoder, text))).toBe(fault);
  });
});

test('a polluted prototype adds no member to what is decoded', () => {
  const decode = decodeObject<{ a?: string; b?: string }>({ a: optional(decodeString), b: optional(decodeString) });
  Reflect.defineProperty(Object.prototype, 'b', { value: 'polluted', configurable: true });
  try {
    const record = decode(parseJson('{"a":"x"}', { maxBytes: 100 }), '$');
    expect(record.b).toBeUndefined();
    expect(expectOneArm(record, ['a', 'b'], { at: '$', code: 'BUNDLE_INVALID' })).toBe('a');
  } finally {
    Reflect.deleteProperty(Object.prototype, 'b');
  }
});
