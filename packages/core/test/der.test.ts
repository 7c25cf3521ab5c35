// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, decodeHex, encodeHex } from '../src/bytes.js';
import {
  type DerElement,
  TAG,
  contentBytes,
  contextTag,
  elementBytes,
  encodeBitString,
  encodeDer,
  encodeHeader,
  encodeInteger,
  openElement,
  parseDer,
  readBitString,
  readBitStringBytes,
  readBoolean,
  readInteger,
  readIntegerBytes,
  readMembers,
  readOctetString,
  readSmallInteger,
  readUtf8String,
} from '../src/der.js';
import { codeOf, faultOf } from './fault.js';
import { describeOpenssl, runOpenssl } from './openssl.js';

function parse(hex: string): DerElement {
  return parseDer(decodeHex(hex), '$');
}

/** A chain of `depth` SEQUENCEs, each in the one before. */
function nest(depth: number): Uint8Array {
  let bytes = new Uint8Array(0);
  for (let i = 0; i < depth; i++) bytes = Uint8Array.from(encodeDer(TAG.sequence, bytes));
  return bytes;
}

/** A structure of primitive and constructed elements. */
type Tree =
  | { readonly tag: number; readonly content: Uint8Array }
  | { readonly tag: number; readonly members: readonly Tree[] };
const primitive = fc.record({
  tag: fc.constantFrom(0x04, 0x80, 0x9e, 0x41),
  content: fc.uint8Array({ maxLength: 300 }),
});
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    primitive,
    fc.record({ tag: fc.constantFrom(0x30, 0x31, 0xa0, 0xbe), members: fc.array(tie('tree'), { maxLength: 4 }) }),
  ),
}));

function encodeTree(node: Tree): Uint8Array {
  return 'content' in node ? encodeDer(node.tag, node.content) : encodeDer(node.tag, ...node.members.map(encodeTree));
}

function readTree(element: DerElement): Tree {
  const { tag } = element;
  if ((tag & 0x20) === 0) return { tag, content: contentBytes(element) };
  return { tag, members: readMembers(element, '$', tag, 4).map(readTree) };
}

describe('parseDer', () => {
  test('reads back what was encoded, and keeps its bytes', () => {
    const check = (node: Tree): void => {
      const bytes = encodeTree(node);
      const element = parseDer(bytes, '$');
      expect(readTree(element)).toEqual(node);
      expect(elementBytes(element)).toEqual(bytes);
    };
    fc.assert(fc.property(tree, check));
  });

  test('gives an element or a typed error for any bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.uint8Array({ maxLength: 64 }).map((content) => encodeDer(0x30, content)),
    );
    fc.assert(
      fc.property(bytes, (input) =>
        ['accepted', 'INPUT_MALFORMED', 'INPUT_TOO_LARGE'].includes(codeOf(() => parseDer(input, '$'))),
      ),
    );
  });

  test('takes only the one encoding: what it accepts, it encodes to the same bytes', () => {
    const bytes = fc
      .uint8Array({ maxLength: 12 })
      .map((content) => concatBytes(Uint8Array.of(0x30, content.length), content));
    const check = (input: Uint8Array): void => {
      if (codeOf(() => readTree(parseDer(input, '$'))) === 'accepted')
        expect(encodeTree(readTree(parseDer(input, '$')))).toEqual(input);
    };
    fc.assert(fc.property(bytes, check), { numRuns: 2_000 });
  });

  test.each<[what: string, hex: string]>([
    ['nothing', ''],
    ['a tag alone', '30'],
    ['content that is cut', '0402ff'],
    ['a length that is cut', '048201'],
    ['trailing bytes', '04010000'],
    ['a second element', '0401000401ff'],
    ['an indefinite length', '30800000'],
    ['an indefinite length inside', '300630800401000000'],
    ['a long form below 128', '048100'],
    ['a long form of 127', `04817f${'00'.repeat(127)}`],
    ['a length with a leading zero', `04820080${'00'.repeat(128)}`],
    ['a length of five bytes', '04850000000001ff'],
    ['the reserved length', '04ff'],
    ['a length beyond memory', '0484ffffffff00'],
    ['a tag number above 30', '1f1f0100'],
    ['a tag number above 30 inside', '30041f810000'],
    ['a member that is longer than its parent', '3003040200'],
    ['a member that is cut', '300104'],
    ['a BER form deep inside', '3008a0063004a0800000'],
  ])('refuses %s', (_what, hex) => {
    expect(faultOf(() => parseDer(decodeHex(hex), '$.x'))).toBe('INPUT_MALFORMED $.x');
  });

  test('bounds nesting at 32 without recursion', () => {
    expect(codeOf(() => parseDer(nest(32), '$'))).toBe('accepted');
    expect(codeOf(() => parseDer(nest(33), '$'))).toBe('INPUT_TOO_LARGE');
    // 10,000 levels, built from the inside out (ATTACKS CP-031).
    const headers: Uint8Array[] = [];
    for (let i = 0, length = 0; i < 10_000; i++) {
      const header = encodeHeader(TAG.sequence, length);
      headers.unshift(header);
      length += header.length;
    }
    expect(codeOf(() => parseDer(concatBytes(...headers), '$'))).toBe('INPUT_TOO_LARGE');
  });

  test('reads a view into a larger buffer', () => {
    const element = parseDer(decodeHex('ffff0401aaffff').subarray(2, 5), '$');
    expect(encodeHex(readOctetString(element, '$'))).toBe('aa');
  });
});

describe('openElement', () => {
  test('reads members in order, and knows the end', () => {
    const cursor = openElement(parse('300702010105000500'), '$');
    expect(cursor.next(TAG.integer).tag).toBe(TAG.integer);
    expect(cursor.optional(TAG.integer)).toBeUndefined();
    expect(cursor.optional(TAG.null)?.tag).toBe(TAG.null);
    expect(codeOf(() => cursor.end())).toBe('INPUT_MALFORMED');
    expect(cursor.more()).toBe(true);
    cursor.next();
    expect(cursor.more()).toBe(false);
    expect(cursor.optional(TAG.null)).toBeUndefined();
    expect(codeOf(() => cursor.end())).toBe('accepted');
    expect(codeOf(() => cursor.next())).toBe('INPUT_MALFORMED');
  });

  test('refuses another tag, and leaves the member to be read', () => {
    const cursor = openElement(parse('a1030201ff'), '$', contextTag(1));
    expect(codeOf(() => cursor.next(TAG.null))).toBe('INPUT_MALFORMED');
    expect(readInteger(cursor.next(), '$')).toBe(-1n);
    expect(codeOf(() => openElement(parse('3100'), '$'))).toBe('INPUT_MALFORMED');
    expect(codeOf(() => openElement(parse('1000'), '$'))).toBe('INPUT_MALFORMED'); // a primitive SEQUENCE
  });

  test('lists members up to a bound', () => {
    expect(readMembers(parse('310405000500'), '$', TAG.set, 2)).toHaveLength(2);
    expect(codeOf(() => readMembers(parse('310405000500'), '$', TAG.set, 1))).toBe('INPUT_TOO_LARGE');
  });
});

describe('contextTag', () => {
  test('tags constructed elements unless asked otherwise', () => {
    expect([contextTag(0), contextTag(3), contextTag(6, 'primitive')]).toEqual([0xa0, 0xa3, 0x86]);
  });
});

describe('values', () => {
  test('INTEGERs go from numbers to DER and back', () => {
    const numbers = fc.oneof(fc.bigInt(0n, 1n << 70n), fc.bigInt(0n, 1n << 4_000n));
    fc.assert(fc.property(numbers, (value) => readInteger(parseDer(encodeInteger(value), '$'), '$') === value));
    fc.assert(
      fc.property(fc.nat(), (value) => readSmallInteger(parseDer(encodeInteger(value), '$'), '$', 2 ** 31) === value),
    );
  });

  test('INTEGERs are encoded without padding from magnitudes with and without zeros in front', () => {
    expect(encodeHex(encodeInteger(Uint8Array.of(0, 0, 0x80)))).toBe('02020080');
    expect(encodeHex(encodeInteger(Uint8Array.of(0, 0x7f)))).toBe('02017f');
    expect(encodeHex(encodeInteger(new Uint8Array(0)))).toBe('020100');
    expect(encodeHex(encodeInteger(0))).toBe('020100');
  });

  test.each([
    ['020100', 0n],
    ['02017f', 127n],
    ['02020080', 128n],
    ['0201ff', -1n],
    ['020180', -128n],
    ['0202ff7f', -129n],
    ['02080123456789abcdef', 0x0123456789abcdefn],
  ])('INTEGER %s is %s', (hex, value) => {
    expect(readInteger(parse(hex), '$')).toBe(value);
  });

  test.each<[what: string, read: () => unknown, code: string]>([
    ['an empty INTEGER', () => readInteger(parse('0200'), '$'), 'INPUT_MALFORMED'],
    ['a padded positive INTEGER', () => readIntegerBytes(parse('0202007f'), '$'), 'INPUT_MALFORMED'],
    ['a padded negative INTEGER', () => readIntegerBytes(parse('0202ff80'), '$'), 'INPUT_MALFORMED'],
    ['an INTEGER of 1,025 bytes', () => readInteger(parse(`02820401${'01'.repeat(1_025)}`), '$'), 'INPUT_TOO_LARGE'],
    ['an ENUMERATED as INTEGER', () => readInteger(parse('0a0101'), '$'), 'INPUT_MALFORMED'],
    ['a negative small INTEGER', () => readSmallInteger(parse('0201ff'), '$', 10), 'INPUT_MALFORMED'],
    ['a small INTEGER above its bound', () => readSmallInteger(parse('02010b'), '$', 10), 'INPUT_MALFORMED'],
    ['BOOLEAN 01', () => readBoolean(parse('010101'), '$'), 'INPUT_MALFORMED'],
    ['an empty BOOLEAN', () => readBoolean(parse('0100'), '$'), 'INPUT_MALFORMED'],
    ['a BOOLEAN of two bytes', () => readBoolean(parse('0102ffff'), '$'), 'INPUT_MALFORMED'],
    ['a constructed OCTET STRING', () => readOctetString(parse('24030401aa'), '$'), 'INPUT_MALFORMED'],
    ['a BIT STRING without the first byte', () => readBitString(parse('0300'), '$'), 'INPUT_MALFORMED'],
    ['a BIT STRING with 8 unused bits', () => readBitString(parse('03020800'), '$'), 'INPUT_MALFORMED'],
    ['an empty BIT STRING with unused bits', () => readBitString(parse('030101'), '$'), 'INPUT_MALFORMED'],
    ['set unused bits', () => readBitString(parse('03020481'), '$'), 'INPUT_MALFORMED'],
    ['a BIT STRING that is not of whole bytes', () => readBitStringBytes(parse('030204a0'), '$'), 'INPUT_MALFORMED'],
    ['a constructed BIT STRING', () => readBitString(parse('2304030200aa'), '$'), 'INPUT_MALFORMED'],
    ['a UTF8String that is not UTF-8', () => readUtf8String(parse('0c01ff'), '$'), 'INPUT_MALFORMED'],
    ['a UTF8String with a byte order mark', () => readUtf8String(parse('0c03efbbbf'), '$'), 'INPUT_MALFORMED'],
    ['an IA5String as UTF8String', () => readUtf8String(parse('160161'), '$'), 'INPUT_MALFORMED'],
  ])('%s is refused', (_what, read, code) => {
    expect(codeOf(read)).toBe(code);
  });

  test('the others are read', () => {
    expect([readBoolean(parse('0101ff'), '$'), readBoolean(parse('010100'), '$')]).toEqual([true, false]);
    expect(readBitString(parse('03020780'), '$')).toEqual({ bytes: Uint8Array.of(0x80), unusedBits: 7 });
    expect(readBitString(parse('030100'), '$')).toEqual({ bytes: new Uint8Array(0), unusedBits: 0 });
    expect(readBitStringBytes(parseDer(encodeBitString(Uint8Array.of(1, 2)), '$'), '$')).toEqual(Uint8Array.of(1, 2));
    expect(readUtf8String(parse('0c03e282ac'), '$')).toBe('€');
    expect(readSmallInteger(parse('0a0101'), '$', 1, TAG.enumerated)).toBe(1);
    expect(readSmallInteger(parse('02010a'), '$', 10)).toBe(10);
  });
});

describeOpenssl('the DER reader beside OpenSSL', () => {
  /** Every element as OpenSSL lists it: offset, depth, lengths of header and content, and the form. */
  function list(element: DerElement, depth = 0): readonly string[] {
    const form = (element.tag & 0x20) === 0 ? 'prim' : 'cons';
    const { start, contentStart, end } = element;
    const line = `${start}:d=${depth} hl=${contentStart - start} l=${end - contentStart} ${form}`;
    if (form === 'prim') return [line];
    return [line, ...readMembers(element, '$', element.tag, 4).flatMap((member) => list(member, depth + 1))];
  }

  test('finds the same elements at the same places', () => {
    for (const node of fc.sample(tree, { numRuns: 20, seed: 7 })) {
      const bytes = encodeTree(node);
      const lines = runOpenssl(['asn1parse', '-inform', 'DER'], bytes).trimEnd().split('\n');
      const pattern = /^ *(\d+):d=(\d+) +hl=(\d+) l= *(\d+) (prim|cons):/;
      expect(list(parseDer(bytes, '$'))).toEqual(
        lines.map((line) => line.replace(pattern, '$1:d=$2 hl=$3 l=$4 $5\n').split('\n')[0]),
      );
    }
  });

  test('reads the same INTEGERs', () => {
    const numbers = fc.sample(fc.bigInt(0n, 1n << 300n), { numRuns: 40, seed: 7 });
    const output = runOpenssl(['asn1parse', '-inform', 'DER'], encodeDer(TAG.sequence, ...numbers.map(encodeInteger)));
    const read = [...output.matchAll(/INTEGER +:([0-9A-F]+)/g)].map((match) => BigInt(`0x${match[1]}`));
    expect(read).toEqual(numbers);
  });
});
