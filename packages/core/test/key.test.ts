// SPDX-License-Identifier: Apache-2.0

import { ed25519 } from '@noble/curves/ed25519.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import fc from 'fast-check';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { concatBytes, decodeHex, encodeHex, encodeUint } from '../src/bytes.js';
import { CURVES, ED25519_ORDER, isCurvePoint, isEd25519Point } from '../src/curve.js';
import { TAG, encodeDer, encodeInteger } from '../src/der.js';
import { parsePkcs1PublicKey, parsePublicKey, parsePublicKeyPem } from '../src/key.js';
import { decodeUint } from '../src/modular.js';
import { OID, encodeOid } from '../src/oid.js';
import { codeOf } from './fault.js';
import {
  encodeEcSpki,
  encodeEd25519Spki,
  encodeRsaSpki,
  encodeSpki,
  exportSpki,
  makeEcPair,
  makeEd25519Pair,
  makeRsaPair,
} from './keys.js';

const NOBLE = { 'P-256': p256, 'P-384': p384, 'P-521': p521 } as const;
const CURVE_NAMES = ['P-256', 'P-384', 'P-521'] as const;
const NULL = encodeDer(TAG.null);

const ec = makeEcPair('P-256').publicKey;
const rsa = makeRsaPair(2_048).publicKey;
const edwards = makeEd25519Pair().publicKey;
if (ec.kind !== 'ec' || rsa.kind !== 'rsa' || edwards.kind !== 'ed25519') throw new Error('keys of other kinds');
const modulus = decodeUint(rsa.modulus);
const E = 65_537n;
const point = ec.point;
const x = point.subarray(1, 33);
const y = point.subarray(33);

const REJECTED = 'KEY_REJECTED';
const MALFORMED = 'INPUT_MALFORMED';
const UNSUPPORTED = 'INPUT_UNSUPPORTED';
const ZERO = Uint8Array.of(0);
const P256 = encodeOid(OID.prime256v1);
const host = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const integer = (value: bigint): Uint8Array => encodeInteger(value);
const sequence = (...members: readonly Uint8Array[]): Uint8Array => encodeDer(TAG.sequence, ...members);
const bareRsa = sequence(integer(modulus), integer(E));
const withRsaBits = (bits: Uint8Array): Uint8Array => encodeSpki(OID.rsaEncryption, NULL, bits);
const withPoint = (...pieces: readonly Uint8Array[]): Uint8Array =>
  encodeEcSpki(OID.prime256v1, concatBytes(...pieces));
const makeHostEcSpki = (namedCurve: string): Uint8Array =>
  exportSpki(generateKeyPairSync('ec', { namedCurve }).publicKey);

/** A P-256 key whose parameters spell out the curve itself, made by OpenSSL. */
const EXPLICIT_CURVE = decodeHex(
  '3082014b3082010306072a8648ce3d02013081f7020101302c06072a8648ce3d0101022100ffffffff00000001000000000000000000000000ffffffffffffffffffffffff305b0420ffffffff00000001000000000000000000000000fffffffffffffffffffffffc04205ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b031500c49d360886e704936a6678e1139d26b7819f7e900441046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551020101034200042a49d7c17be772e4826864b334ebe0194d2cf6b56884b677eb2da135062ba359554b4abee27174a516e8ecc9a6c2a621c3441c3687e524b383935c020944abc9',
);

const ORDER_8 = '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05';
/** Points whose order divides 8, in every encoding that some implementation takes. */
const SMALL_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  ORDER_8,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
];
const NON_CANONICAL = [
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p, that is 0
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p + 1
  'f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p + 3, on the curve as y = 3
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
];
const OFF_CURVE = `02${'00'.repeat(31)}`;

describe('parsePublicKey', () => {
  test.each(CURVE_NAMES)('reads a %s key of the host', (curve) => {
    const spki = exportSpki(generateKeyPairSync('ec', { namedCurve: curve }).publicKey);
    const point = spki.slice(-1 - 2 * CURVES[curve].bytes);
    expect(parsePublicKey(spki, '$')).toEqual({ kind: 'ec', curve, spki, point });
  });

  test.each([2_048, 3_072])('reads an RSA key of %i bits of the host', (bits) => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
    const { n } = publicKey.export({ format: 'jwk' });
    const spki = exportSpki(publicKey);
    const expected = {
      kind: 'rsa',
      bits,
      spki,
      modulus: Uint8Array.from(Buffer.from(n ?? '', 'base64url')),
      exponent: Uint8Array.of(1, 0, 1),
    };
    expect(parsePublicKey(spki, '$')).toEqual(expected);
  });

  test('reads an Ed25519 key of the host', () => {
    const spki = exportSpki(generateKeyPairSync('ed25519').publicKey);
    expect(parsePublicKey(spki, '$')).toEqual({ kind: 'ed25519', spki, raw: spki.slice(-32) });
  });

  test('keeps a copy of the bytes in a frozen record', () => {
    const input = Uint8Array.from(ec.spki);
    const key = parsePublicKey(input, '$');
    input.fill(0);
    expect(key).toEqual(ec);
    expect(Object.isFrozen(key)).toBe(true);
  });

  test.each<[id: string, what: string, spki: Uint8Array, code: string]>([
    ['SG-008', 'exponent 0', encodeRsaSpki(modulus, 0n), REJECTED],
    ['SG-008', 'exponent 1', encodeRsaSpki(modulus, 1n), REJECTED],
    ['SG-008', 'exponent 2', encodeRsaSpki(modulus, 2n), REJECTED],
    ['SG-008', 'exponent 3', encodeRsaSpki(modulus, 3n), REJECTED],
    ['SG-008', 'exponent 65535', encodeRsaSpki(modulus, E - 2n), REJECTED],
    ['SG-008', 'an even exponent', encodeRsaSpki(modulus, E + 1n), REJECTED],
    ['SG-008', 'exponent 2^32 + 1', encodeRsaSpki(modulus, (1n << 32n) + 1n), REJECTED],
    ['SG-008', 'exponent 2^64 + 1', encodeRsaSpki(modulus, (1n << 64n) + 1n), REJECTED],
    ['SG-008', 'a negative exponent', encodeRsaSpki(modulus, encodeDer(TAG.integer, Uint8Array.of(0x81))), REJECTED],
    ['SG-009', '1,024 bits', encodeRsaSpki((1n << 1023n) + 1n, E), REJECTED],
    ['SG-009', '2,047 bits', encodeRsaSpki((1n << 2046n) + 1n, E), REJECTED],
    ['SG-009', '4,097 bits', encodeRsaSpki((1n << 4096n) + 1n, E), REJECTED],
    ['SG-009', '8,184 bits', encodeRsaSpki((1n << 8183n) + 1n, E), REJECTED],
    ['SG-009', '16,384 bits', encodeRsaSpki((1n << 16383n) + 1n, E), REJECTED],
    ['SG-010', 'a negative modulus', encodeRsaSpki(encodeDer(TAG.integer, encodeUint(modulus, 256)), E), REJECTED],
    ['SG-010', 'a padded modulus', encodeRsaSpki(encodeDer(TAG.integer, encodeUint(modulus, 258)), E), MALFORMED],
    ['SG-010', 'an even modulus', encodeRsaSpki(modulus - 1n, E), REJECTED],
    ['SG-010', 'a modulus of 0', encodeRsaSpki(0n, E), REJECTED],
    ['SG-010', 'a third RSA number', withRsaBits(sequence(integer(modulus), integer(E), integer(3n))), MALFORMED],
    ['SG-010', 'one RSA number', withRsaBits(sequence(integer(modulus))), MALFORMED],
    ['SG-010', 'bytes after the RSA numbers', withRsaBits(concatBytes(bareRsa, ZERO)), MALFORMED],
    ['SG-010', 'bytes after the key', concatBytes(rsa.spki, ZERO), MALFORMED],
    ['SG-010', 'RSA without parameters', encodeSpki(OID.rsaEncryption, undefined, bareRsa), REJECTED],
    ['SG-010', 'RSA with parameters', encodeSpki(OID.rsaEncryption, sequence(), bareRsa), REJECTED],
    [
      'SG-010',
      'RSA with a NULL of two bytes',
      encodeSpki(OID.rsaEncryption, encodeDer(TAG.null, NULL), bareRsa),
      REJECTED,
    ],
    ['SG-012', 'a point off the curve', withPoint(Uint8Array.of(4), y, x), REJECTED],
    ['SG-012', 'the point (0, 0)', withPoint(Uint8Array.of(4), new Uint8Array(64)), REJECTED],
    ['SG-012', 'the point at infinity', withPoint(ZERO), REJECTED],
    ['SG-012', 'no point', withPoint(), REJECTED],
    ['SG-012', 'a compressed point', withPoint(p256.Point.fromBytes(point).toBytes(true)), REJECTED],
    ['SG-012', 'a hybrid point', withPoint(Uint8Array.of(6 + ((y.at(-1) ?? 0) & 1)), x, y), REJECTED],
    ['SG-012', 'a point with a byte more', withPoint(point, ZERO), REJECTED],
    ['SG-012', 'a point of another curve', encodeEcSpki(OID.secp384r1, point), REJECTED],
    ['SG-013', 'a curve by its parameters', EXPLICIT_CURVE, REJECTED],
    ['SG-013', 'an implicit curve', encodeSpki(OID.ecPublicKey, NULL, point), REJECTED],
    ['SG-013', 'no curve', encodeSpki(OID.ecPublicKey, undefined, point), REJECTED],
    ['SG-013', 'two curves', encodeSpki(OID.ecPublicKey, concatBytes(P256, P256), point), MALFORMED],
    ['SG-014', 'secp256k1', makeHostEcSpki('secp256k1'), UNSUPPORTED],
    ['SG-014', 'brainpoolP256r1', makeHostEcSpki('brainpoolP256r1'), UNSUPPORTED],
    ['SG-014', 'P-224', makeHostEcSpki('secp224r1'), UNSUPPORTED],
    ['SG-019', 'Ed25519 off the curve', encodeEd25519Spki(decodeHex(OFF_CURVE)), REJECTED],
    ['SG-019', 'Ed25519 of 31 bytes', encodeEd25519Spki(edwards.raw.subarray(1)), REJECTED],
    ['SG-019', 'Ed25519 with parameters', encodeSpki(OID.ed25519, NULL, edwards.raw), REJECTED],
    ['SG-022', 'Ed448', exportSpki(generateKeyPairSync('ed448').publicKey), UNSUPPORTED],
    ['SG-022', 'X25519', exportSpki(generateKeyPairSync('x25519').publicKey), UNSUPPORTED],
    ['SG-022', 'RSA bound to PSS', encodeSpki(OID.rsassaPss, undefined, bareRsa), UNSUPPORTED],
    ['SG-022', 'DSA', encodeSpki('1.2.840.10040.4.1', undefined, point), UNSUPPORTED],
    ['SG-022', 'ML-DSA-65', encodeSpki('2.16.840.1.101.3.4.3.18', undefined, new Uint8Array(1_952)), UNSUPPORTED],
    [
      'TR-013',
      'a PKCS#8 private key',
      Uint8Array.from(host.privateKey.export({ type: 'pkcs8', format: 'der' })),
      REJECTED,
    ],
    [
      'TR-013',
      'a SEC 1 private key',
      Uint8Array.from(host.privateKey.export({ type: 'sec1', format: 'der' })),
      REJECTED,
    ],
    ['TR-013', 'a bare RSA key', bareRsa, REJECTED],
    [
      'TR-013',
      'the start of a certificate',
      sequence(sequence(encodeDer(0xa0, integer(2n)), integer(1n)), NULL),
      REJECTED,
    ],
    ['—', 'a long form length', concatBytes(Uint8Array.of(0x30, 0x81), ec.spki.subarray(1)), MALFORMED],
    ['—', 'a third member', encodeDer(TAG.sequence, ec.spki.subarray(2), NULL), MALFORMED],
    ['—', 'unused bits', Uint8Array.from(ec.spki, (byte, i) => (i === 25 ? 1 : byte)), MALFORMED],
    ['—', 'nothing', new Uint8Array(0), MALFORMED],
  ])('%s: refuses %s', (_id, _what, spki, code) => {
    expect(codeOf(() => parsePublicKey(spki, '$'))).toBe(code);
  });

  test.each(SMALL_ORDER)('SG-019: refuses Ed25519 of small order, %s', (hex) => {
    expect(codeOf(() => parsePublicKey(encodeEd25519Spki(decodeHex(hex)), '$'))).toBe(REJECTED);
  });

  test.each(NON_CANONICAL)('SG-019: refuses Ed25519 that is not canonical, %s', (hex) => {
    expect(codeOf(() => parsePublicKey(encodeEd25519Spki(decodeHex(hex)), '$'))).toBe(REJECTED);
  });

  test.each<[what: string, spki: Uint8Array]>([
    ['the smallest exponent and modulus', encodeRsaSpki((1n << 2047n) + 1n, E)],
    ['the largest exponent and modulus', encodeRsaSpki((1n << 4096n) - 1n, (1n << 32n) - 1n)],
    ['a modulus that does not fill its bytes', encodeRsaSpki((1n << 2050n) + 1n, E)],
  ])('takes RSA with %s', (_what, spki) => {
    expect(codeOf(() => parsePublicKey(spki, '$'))).toBe('accepted');
  });

  test('gives a key or a typed error for any change of one byte, and never the same key', () => {
    for (const { spki } of [ec, rsa, edwards]) {
      const changes = fc.tuple(fc.nat(spki.length - 1), fc.integer({ min: 1, max: 255 }));
      const check = ([index, mask]: readonly [number, number]): boolean => {
        const changed = Uint8Array.from(spki, (byte, i) => (i === index ? byte ^ mask : byte));
        const outcome = codeOf(() => expect(parsePublicKey(changed, '$').spki).toEqual(changed));
        return ['accepted', 'KEY_REJECTED', 'INPUT_MALFORMED', 'INPUT_UNSUPPORTED', 'INPUT_TOO_LARGE'].includes(
          outcome,
        );
      };
      fc.assert(fc.property(changes, check));
    }
  });

  test('gives a typed error for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) =>
        codeOf(() => parsePublicKey(bytes, '$')).startsWith('INPUT_'),
      ),
    );
  });
});

describe('parsePkcs1PublicKey', () => {
  test('wraps the key into the one SubjectPublicKeyInfo of it', () => {
    expect(parsePkcs1PublicKey(bareRsa, '$')).toEqual(rsa);
  });

  test('agrees with the key id that a log derives from the host’s encoding', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const spki = parsePkcs1PublicKey(Uint8Array.from(publicKey.export({ type: 'pkcs1', format: 'der' })), '$').spki;
    expect(createHash('sha256').update(spki).digest('hex')).toBe(
      createHash('sha256').update(exportSpki(publicKey)).digest('hex'),
    );
  });

  test.each<[what: string, bytes: Uint8Array, code: string]>([
    ['a SubjectPublicKeyInfo', rsa.spki, 'INPUT_MALFORMED'],
    [
      'a private key',
      Uint8Array.from(
        generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ type: 'pkcs1', format: 'der' }),
      ),
      'KEY_REJECTED',
    ],
    ['trailing bytes', concatBytes(bareRsa, ZERO), 'INPUT_MALFORMED'],
    ['exponent 3', sequence(integer(modulus), integer(3n)), 'KEY_REJECTED'],
    ['nothing', new Uint8Array(0), 'INPUT_MALFORMED'],
  ])('refuses %s', (_what, bytes, code) => {
    expect(codeOf(() => parsePkcs1PublicKey(bytes, '$'))).toBe(code);
  });
});

describe('parsePublicKeyPem', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const pkcs8 = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const sec1 = pair.privateKey.export({ type: 'sec1', format: 'pem' }).toString();
  const encrypted = pair.privateKey
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString();

  test('reads one block', () => {
    expect(parsePublicKeyPem(pem, '$').spki).toEqual(exportSpki(pair.publicKey));
    expect(codeOf(() => parsePublicKeyPem(pem.replaceAll('\n', '\r\n'), '$'))).toBe('accepted');
  });

  test.each<[id: string, what: string, text: string, code: string]>([
    ['SG-023', 'text before', `key:\n${pem}`, 'INPUT_MALFORMED'],
    ['SG-023', 'text after', `${pem}key`, 'INPUT_MALFORMED'],
    ['SG-023', 'two blocks', pem + pem, 'INPUT_MALFORMED'],
    ['SG-023', 'no block', '', 'INPUT_MALFORMED'],
    ['SG-024', 'a PKCS#8 private key', pkcs8, 'KEY_REJECTED'],
    ['SG-024', 'a SEC 1 private key', sec1, 'KEY_REJECTED'],
    ['SG-024', 'an encrypted private key', encrypted, 'KEY_REJECTED'],
    ['SG-024', 'a private key after a public one', pem + pkcs8, 'KEY_REJECTED'],
    ['SG-024', 'a private key with headers', sec1.replace('\n', '\nProc-Type: 4,ENCRYPTED\n\n'), 'KEY_REJECTED'],
    ['SG-024', 'a private key under a public label', pkcs8.replaceAll('PRIVATE', 'PUBLIC'), 'KEY_REJECTED'],
    [
      '—',
      'a bare RSA key',
      generateKeyPairSync('rsa', { modulusLength: 2_048 })
        .publicKey.export({ type: 'pkcs1', format: 'pem' })
        .toString(),
      'KEY_REJECTED',
    ],
    ['—', 'a certificate', pem.replaceAll('PUBLIC KEY', 'CERTIFICATE'), 'KEY_REJECTED'],
  ])('%s: refuses %s', (_id, _what, text, code) => {
    expect(codeOf(() => parsePublicKeyPem(text, '$'))).toBe(code);
  });

  test('echoes nothing of a private key', () => {
    for (const text of [pkcs8, sec1, encrypted, pkcs8.replaceAll('PRIVATE', 'PUBLIC')]) {
      let message = '';
      try {
        parsePublicKeyPem(text, '$');
      } catch (error) {
        message = JSON.stringify(error) + String((error as Error).stack);
      }
      const secrets = text.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
      expect(message).toContain('KEY_REJECTED');
      for (const line of secrets) expect(message).not.toContain(line.slice(0, 12));
    }
  });
});

describe('the curves', () => {
  test.each(CURVE_NAMES)('have the parameters of %s that a second implementation has', (name) => {
    const { p, b, n, a } = NOBLE[name].Point.CURVE();
    expect({ p, b, n }).toEqual({ p: CURVES[name].p, b: CURVES[name].b, n: CURVES[name].n });
    expect(a).toBe(p - 3n);
    expect(CURVES[name].bytes).toBe(Math.ceil(p.toString(16).length / 2));
  });

  test.each(CURVE_NAMES)('hold for %s the points that a second implementation takes', (name) => {
    const { bytes, p } = CURVES[name];
    const { Point } = NOBLE[name];
    for (let k = 1n; k <= 20n; k++) {
      const { x, y } = Point.BASE.multiply(k).toAffine();
      const encode = (a: bigint, b: bigint): Uint8Array =>
        concatBytes(Uint8Array.of(4), encodeUint(a, bytes), encodeUint(b, bytes));
      expect(isCurvePoint(name, encode(x, y))).toBe(true);
      expect(isCurvePoint(name, encode(x, p - y))).toBe(true);
      expect(isCurvePoint(name, encode(x, y ^ 1n))).toBe(false);
      expect(isCurvePoint(name, encode(x + 1n, y))).toBe(false);
    }
  });

  test('refuse coordinates that are not below p', () => {
    // x = p + 5 stands for x = 5, which is on P-256.
    const { x, y } = p256.Point.fromBytes(concatBytes(Uint8Array.of(2), encodeUint(5, 32))).toAffine();
    const encode = (a: bigint): Uint8Array => concatBytes(Uint8Array.of(4), encodeUint(a, 32), encodeUint(y, 32));
    expect(isCurvePoint('P-256', encode(x))).toBe(true);
    expect(isCurvePoint('P-256', encode(x + CURVES['P-256'].p))).toBe(false);
  });

  test('hold for edwards25519 the points that a second implementation takes, but for those of small order', () => {
    expect(ED25519_ORDER).toBe(ed25519.Point.CURVE().n);
    const accepts = (raw: Uint8Array): boolean => {
      try {
        return !ed25519.Point.fromBytes(raw).isSmallOrder();
      } catch {
        return false;
      }
    };
    const random = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(random, (raw) => isEd25519Point(raw) === accepts(raw)),
      { numRuns: 200 },
    );
    for (const hex of [...SMALL_ORDER, ...NON_CANONICAL, OFF_CURVE]) expect(accepts(decodeHex(hex)), hex).toBe(false);
  });

  test('know every point of small order', () => {
    const torsion = ed25519.Point.fromHex(ORDER_8);
    const encodings = Array.from({ length: 8 }, (_, k) => encodeHex(torsion.multiplyUnsafe(BigInt(k)).toBytes()));
    expect(new Set(encodings).size).toBe(8);
    for (const hex of encodings) expect(isEd25519Point(decodeHex(hex))).toBe(false);
    expect(isEd25519Point(torsion.add(ed25519.Point.BASE).toBytes())).toBe(true);
  });
});
