// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import {
  ALGORITHM_SUITES,
  defaultSuite,
  matchSuiteKey,
  parseHashAlgorithm,
  parseSignatureAlgorithm,
  selectSuite,
} from '../src/algorithms.js';
import { decodeHex } from '../src/bytes.js';
import { type DerElement, TAG, encodeDer, parseDer } from '../src/der.js';
import { type PublicKey, parsePublicKey } from '../src/key.js';
import { OID, encodeOid } from '../src/oid.js';
import { codeOf } from './fault.js';
import { encodeRsaSpki, makeEcPair, makeEd25519Pair } from './keys.js';

const NULL = encodeDer(TAG.null);
const p256 = makeEcPair('P-256').publicKey;
const p384 = makeEcPair('P-384').publicKey;
const p521 = makeEcPair('P-521').publicKey;
const edwards = makeEd25519Pair().publicKey;
const [rsa2048, rsa2056, rsa3072, rsa4096] = [2_048n, 2_056n, 3_072n, 4_096n].map((bits) =>
  parsePublicKey(encodeRsaSpki((1n << bits) - 1n, 65_537n), '$'),
) as [PublicKey, PublicKey, PublicKey, PublicKey];

function algorithm(oid: string, ...parameters: readonly Uint8Array[]): DerElement {
  return parseDer(encodeDer(TAG.sequence, encodeOid(oid), ...parameters), '$');
}

describe('the algorithm table', () => {
  test('has one row for each name', () => {
    expect(new Set(ALGORITHM_SUITES.map((row) => row.keyDetails)).size).toBe(ALGORITHM_SUITES.length);
    for (const row of ALGORITHM_SUITES) expect(selectSuite(row.keyDetails)).toBe(row);
  });

  test.each([
    '',
    'PUBLIC_KEY_DETAILS_UNSPECIFIED',
    'PKIX_ECDSA_P256_HMAC_SHA_256',
    'PKCS1_RSA_PSS',
    'PKIX_RSA_PSS',
    'ML_DSA_65',
    'LMS_SHA256',
    'pkix_ed25519',
    'PKIX_ED25519 ',
    '7',
    '__proto__',
    'toString',
  ])('has no row for %j', (name) => {
    expect(selectSuite(name)).toBeUndefined();
  });

  test('lets weak and old rows be verified, never signed with', () => {
    const verifyOnly = ALGORITHM_SUITES.filter((row) => !row.signable).map((row) => row.keyDetails);
    expect(verifyOnly).toEqual([
      'PKIX_ECDSA_P384_SHA_256',
      'PKIX_ECDSA_P521_SHA_256',
      'PKIX_RSA_PKCS1V15_2048_SHA256',
      'PKIX_RSA_PSS_2048_SHA256',
      'PKCS1_RSA_PKCS1V5',
    ]);
  });

  test('calls everything prehashed but pure Ed25519', () => {
    expect(ALGORITHM_SUITES.filter((row) => !row.prehashed).map((row) => row.keyDetails)).toEqual(['PKIX_ED25519']);
  });

  test.each<[keyDetails: string, keys: readonly PublicKey[]]>([
    ['PKIX_ECDSA_P256_SHA_256', [p256]],
    ['PKIX_ECDSA_P384_SHA_384', [p384]],
    ['PKIX_ECDSA_P384_SHA_256', [p384]],
    ['PKIX_ECDSA_P521_SHA_512', [p521]],
    ['PKIX_ECDSA_P521_SHA_256', [p521]],
    ['PKIX_ED25519', [edwards]],
    ['PKIX_ED25519_PH', [edwards]],
    ['PKIX_RSA_PKCS1V15_2048_SHA256', [rsa2048]],
    ['PKIX_RSA_PKCS1V15_3072_SHA256', [rsa3072]],
    ['PKIX_RSA_PKCS1V15_4096_SHA256', [rsa4096]],
    ['PKIX_RSA_PSS_2048_SHA256', [rsa2048]],
    ['PKIX_RSA_PSS_3072_SHA256', [rsa3072]],
    ['PKIX_RSA_PSS_4096_SHA256', [rsa4096]],
    ['PKCS1_RSA_PKCS1V5', [rsa2048, rsa2056, rsa3072, rsa4096]],
  ])('gives %s its keys alone', (keyDetails, keys) => {
    const suite = selectSuite(keyDetails);
    const all = [p256, p384, p521, edwards, rsa2048, rsa2056, rsa3072, rsa4096];
    expect(suite && all.filter((key) => matchSuiteKey(suite, key))).toEqual(keys);
  });
});

describe('defaultSuite', () => {
  test.each<[key: PublicKey, prehash: boolean, keyDetails: string]>([
    [p256, false, 'PKIX_ECDSA_P256_SHA_256'],
    [p384, false, 'PKIX_ECDSA_P384_SHA_384'],
    [p521, true, 'PKIX_ECDSA_P521_SHA_512'],
    [edwards, false, 'PKIX_ED25519'],
    [edwards, true, 'PKIX_ED25519_PH'],
    [rsa2048, false, 'PKIX_RSA_PKCS1V15_2048_SHA256'],
    [rsa3072, true, 'PKIX_RSA_PKCS1V15_3072_SHA256'],
    [rsa4096, false, 'PKIX_RSA_PKCS1V15_4096_SHA256'],
  ])('takes for %o with prehash %s the row %s', (key, prehash, keyDetails) => {
    expect(defaultSuite(key, { prehash }).keyDetails).toBe(keyDetails);
  });

  test('refuses an RSA size that is not in the table', () => {
    expect(codeOf(() => defaultSuite(rsa2056))).toBe('INPUT_UNSUPPORTED');
  });
});

// AlgorithmIdentifiers that OpenSSL wrote into certificates.
const PSS_SHA256_SALT_32 =
  '304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120';
const PSS_SHA384_SALT_48 =
  '304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130';
const PSS_SHA512_SALT_64 =
  '304106092a864886f70d01010a3034a00f300d06096086480165030402030500a11c301a06092a864886f70d010108300d06096086480165030402030500a203020140';
const PSS_SHA256_SALT_20 =
  '303c06092a864886f70d01010a302fa00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500';
const PSS_SHA256_SALT_0 =
  '304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020100';
const PSS_SHA256_SALT_222 =
  '304206092a864886f70d01010a3035a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a204020200de';
const PSS_SHA1 = '300d06092a864886f70d01010a3000';
const PSS_SHA256_MGF_SHA512 =
  '304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402030500a203020120';

describe('parseSignatureAlgorithm', () => {
  test.each<[what: string, element: DerElement, scheme: string, hash: string]>([
    ['ecdsa-with-SHA256', algorithm(OID.ecdsaWithSha256), 'ecdsa', 'sha256'],
    ['ecdsa-with-SHA384', algorithm(OID.ecdsaWithSha384), 'ecdsa', 'sha384'],
    ['ecdsa-with-SHA512', algorithm(OID.ecdsaWithSha512), 'ecdsa', 'sha512'],
    ['sha256WithRSAEncryption', algorithm(OID.sha256WithRsa, NULL), 'rsa-pkcs1', 'sha256'],
    ['sha384WithRSAEncryption', algorithm(OID.sha384WithRsa, NULL), 'rsa-pkcs1', 'sha384'],
    ['sha512WithRSAEncryption without parameters', algorithm(OID.sha512WithRsa), 'rsa-pkcs1', 'sha512'],
    ['Ed25519', algorithm(OID.ed25519), 'ed25519', 'sha512'],
    ['RSA-PSS with SHA-256', parseDer(decodeHex(PSS_SHA256_SALT_32), '$'), 'rsa-pss', 'sha256'],
    ['RSA-PSS with SHA-384', parseDer(decodeHex(PSS_SHA384_SALT_48), '$'), 'rsa-pss', 'sha384'],
    ['RSA-PSS with SHA-512', parseDer(decodeHex(PSS_SHA512_SALT_64), '$'), 'rsa-pss', 'sha512'],
    ['RSA-PSS with the default salt of 20 bytes', parseDer(decodeHex(PSS_SHA256_SALT_20), '$'), 'rsa-pss', 'sha256'],
    ['RSA-PSS without salt', parseDer(decodeHex(PSS_SHA256_SALT_0), '$'), 'rsa-pss', 'sha256'],
  ])('reads %s', (_what, element, scheme, hash) => {
    expect(parseSignatureAlgorithm(element, '$')).toMatchObject({ scheme, hash });
  });

  test.each<[what: string, element: DerElement, code: string]>([
    ['sha1WithRSAEncryption', algorithm('1.2.840.113549.1.1.5', NULL), 'INPUT_UNSUPPORTED'],
    ['md5WithRSAEncryption', algorithm('1.2.840.113549.1.1.4', NULL), 'INPUT_UNSUPPORTED'],
    ['ecdsa-with-SHA1', algorithm('1.2.840.10045.4.1'), 'INPUT_UNSUPPORTED'],
    ['sha224WithRSAEncryption', algorithm('1.2.840.113549.1.1.14', NULL), 'INPUT_UNSUPPORTED'],
    ['Ed448', algorithm('1.3.101.113'), 'INPUT_UNSUPPORTED'],
    ['a bare rsaEncryption outside of CMS', algorithm(OID.rsaEncryption, NULL), 'INPUT_UNSUPPORTED'],
    ['RSA-PSS with SHA-1', parseDer(decodeHex(PSS_SHA1), '$'), 'INPUT_UNSUPPORTED'],
    ['RSA-PSS with two hash functions', parseDer(decodeHex(PSS_SHA256_MGF_SHA512), '$'), 'INPUT_UNSUPPORTED'],
    ['RSA-PSS with a maximal salt', parseDer(decodeHex(PSS_SHA256_SALT_222), '$'), 'INPUT_UNSUPPORTED'],
    [
      'RSA-PSS with a negative salt',
      parseDer(decodeHex(PSS_SHA256_SALT_0.replace(/00$/, 'ff')), '$'),
      'INPUT_UNSUPPORTED',
    ],
    [
      'RSA-PSS with another trailer',
      parseDer(decodeHex(PSS_SHA256_SALT_20.replace('303c', '3041').replace('302f', '3034') + 'a303020102'), '$'),
      'INPUT_MALFORMED',
    ],
    ['RSA-PSS without parameters', algorithm(OID.rsassaPss), 'INPUT_MALFORMED'],
    ['RSA-PSS with NULL', algorithm(OID.rsassaPss, NULL), 'INPUT_MALFORMED'],
    ['ECDSA with NULL', algorithm(OID.ecdsaWithSha256, NULL), 'INPUT_MALFORMED'],
    ['Ed25519 with NULL', algorithm(OID.ed25519, NULL), 'INPUT_MALFORMED'],
    ['RSA with an OID', algorithm(OID.sha256WithRsa, encodeOid(OID.sha256)), 'INPUT_MALFORMED'],
    ['a third member', algorithm(OID.sha256WithRsa, NULL, NULL), 'INPUT_MALFORMED'],
    ['an empty sequence', parseDer(encodeDer(TAG.sequence), '$'), 'INPUT_MALFORMED'],
    ['a bare OID', parseDer(encodeOid(OID.sha256WithRsa), '$'), 'INPUT_MALFORMED'],
  ])('refuses %s', (_what, element, code) => {
    expect(codeOf(() => parseSignatureAlgorithm(element, '$'))).toBe(code);
  });

  test('takes the hash function that CMS names elsewhere for a bare rsaEncryption, and for nothing else', () => {
    const options = { digest: 'sha384' } as const;
    expect(parseSignatureAlgorithm(algorithm(OID.rsaEncryption, NULL), '$', options)).toEqual({
      scheme: 'rsa-pkcs1',
      hash: 'sha384',
    });
    expect(parseSignatureAlgorithm(algorithm(OID.sha256WithRsa, NULL), '$', options)).toEqual({
      scheme: 'rsa-pkcs1',
      hash: 'sha256',
    });
    expect(codeOf(() => parseSignatureAlgorithm(algorithm(OID.ecPublicKey), '$', options))).toBe('INPUT_UNSUPPORTED');
  });
});

describe('parseHashAlgorithm', () => {
  test.each([
    ['sha256', algorithm(OID.sha256)],
    ['sha384', algorithm(OID.sha384, NULL)],
    ['sha512', algorithm(OID.sha512, NULL)],
  ])('reads %s', (hash, element) => {
    expect(parseHashAlgorithm(element, '$')).toBe(hash);
  });

  test.each<[what: string, element: DerElement, code: string]>([
    ['SHA-1', algorithm('1.3.14.3.2.26', NULL), 'INPUT_UNSUPPORTED'],
    ['MD5', algorithm('1.2.840.113549.2.5', NULL), 'INPUT_UNSUPPORTED'],
    ['SHA3-256', algorithm('2.16.840.1.101.3.4.2.8'), 'INPUT_UNSUPPORTED'],
    ['parameters', algorithm(OID.sha256, encodeDer(TAG.sequence)), 'INPUT_MALFORMED'],
  ])('refuses %s', (_what, element, code) => {
    expect(codeOf(() => parseHashAlgorithm(element, '$'))).toBe(code);
  });
});
