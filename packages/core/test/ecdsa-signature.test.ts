// SPDX-License-Identifier: Apache-2.0

import { sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, decodeHex, encodeUint } from '../src/bytes.js';
import { CURVES, type CurveName } from '../src/curve.js';
import { TAG, encodeDer, encodeInteger } from '../src/der.js';
import { encodeEcdsaSignature, parseEcdsaSignature, selectEcdsaScalars } from '../src/ecdsa-signature.js';
import { codeOf } from './fault.js';
import { makeEcPair } from './keys.js';

const CURVE_NAMES: readonly CurveName[] = ['P-256', 'P-384', 'P-521'];
const { n } = CURVES['P-256'];
const R = 0x1234n;
const S = n - 1n;

function encode(r: bigint | Uint8Array, s: bigint | Uint8Array, ...more: readonly Uint8Array[]): Uint8Array {
  const integer = (value: bigint | Uint8Array): Uint8Array =>
    value instanceof Uint8Array ? encodeDer(TAG.integer, value) : encodeInteger(value);
  return encodeDer(TAG.sequence, integer(r), integer(s), ...more);
}

describe('ECDSA signatures', () => {
  test.each(CURVE_NAMES)('of %s go from fixed width to DER and back', (curve) => {
    const { bytes, n } = CURVES[curve];
    // Also short numbers, whose DER is short and whose fixed form starts with zeros.
    const scalar = fc
      .tuple(fc.bigInt(1n, n - 1n), fc.nat(8 * bytes))
      .map(([value, shift]) => (value >> BigInt(shift)) + 1n);
    const check = (r: bigint, s: bigint): void => {
      const fixed = concatBytes(encodeUint(r % n || 1n, bytes), encodeUint(s % n || 1n, bytes));
      expect(parseEcdsaSignature(encodeEcdsaSignature(fixed), curve)).toEqual(fixed);
    };
    fc.assert(fc.property(scalar, scalar, check));
  });

  test.each(CURVE_NAMES)('of %s have the two forms that the host gives them', (curve) => {
    const { privateKey } = makeEcPair(curve);
    for (let i = 0; i < 8; i++) {
      const der = sign('sha256', Uint8Array.of(i), { key: privateKey, dsaEncoding: 'der' });
      const fixed = parseEcdsaSignature(der, curve);
      expect(fixed).toHaveLength(2 * CURVES[curve].bytes);
      expect(encodeEcdsaSignature(fixed)).toEqual(Uint8Array.from(der));
    }
  });

  test.each<[id: string, what: string, der: Uint8Array]>([
    ['SG-015', 'r of 0', encode(0n, S)],
    ['SG-015', 's of 0', encode(R, 0n)],
    ['SG-015', 'r of n', encode(n, S)],
    ['SG-015', 's of n', encode(R, n)],
    ['SG-015', 'r of n + r', encode(n + R, S)],
    ['SG-015', 'r of 33 bytes', encode(1n << 256n, S)],
    ['SG-015', 'a negative r', encode(Uint8Array.of(0xed, 0xcc), S)],
    ['SG-015', 'a negative s', encode(R, Uint8Array.of(0xff))],
    ['SG-015', 'r with zeros in front', encode(concatBytes(new Uint8Array(30), Uint8Array.of(0x12, 0x34)), S)],
    ['SG-015', 'an INTEGER without content', encode(new Uint8Array(0), S)],
    ['SG-016', 'a long form length', concatBytes(Uint8Array.of(0x30, 0x81), encode(R, S).subarray(1))],
    [
      'SG-016',
      'an indefinite length',
      concatBytes(Uint8Array.of(0x30, 0x80), encode(R, S).subarray(2), new Uint8Array(2)),
    ],
    ['SG-016', 'trailing bytes', concatBytes(encode(R, S), Uint8Array.of(0))],
    ['SG-016', 'a third number', encode(R, S, encodeInteger(1))],
    ['SG-016', 'one number', encodeDer(TAG.sequence, encodeInteger(R))],
    ['SG-016', 'a set', encodeDer(TAG.set, encodeInteger(R), encodeInteger(S))],
    ['SG-016', 'a truncated sequence', encode(R, S).subarray(0, -1)],
    ['SG-016', 'a number of 2,000 bytes', encode(new Uint8Array(2_000).fill(1), S)],
    ['SG-017', 'fixed width', concatBytes(encodeUint(R, 32), encodeUint(S, 32))],
    ['SG-030', 'nothing', new Uint8Array(0)],
  ])('%s: are refused with %s', (_id, _what, der) => {
    expect(codeOf(() => parseEcdsaSignature(der, 'P-256'))).toMatch(/^INPUT_(MALFORMED|TOO_LARGE)$/);
    expect(selectEcdsaScalars(der, 'P-256')).toBeUndefined();
  });

  test('may have 1 and n − 1, and a high s', () => {
    expect(selectEcdsaScalars(encode(1n, n - 1n), 'P-256')).toEqual(
      concatBytes(encodeUint(1, 32), encodeUint(n - 1n, 32)),
    );
  });

  test('are bounded by the order of their own curve', () => {
    expect(selectEcdsaScalars(encode(n, n), 'P-384')).toBeDefined();
  });

  test.each([[''], ['01'], ['010203']])('are not encoded from %j', (hex) => {
    expect(codeOf(() => encodeEcdsaSignature(decodeHex(hex)))).toBe('CONFIG_INVALID');
  });

  test('in any bytes give scalars or nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 150 }), (bytes) => selectEcdsaScalars(bytes, 'P-521') === undefined),
    );
  });
});
