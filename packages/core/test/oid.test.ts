// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, decodeHex, encodeHex } from '../src/bytes.js';
import { TAG, encodeDer, parseDer } from '../src/der.js';
import { OID, decodeOid, encodeOid, readOid } from '../src/oid.js';
import { codeOf } from './fault.js';
import { describeOpenssl, runOpenssl } from './openssl.js';

const MAX_ARC = (1n << 64n) - 1n;
const arc = fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, MAX_ARC));
const top = fc.oneof(
  fc.tuple(fc.constantFrom(0n, 1n), fc.bigInt(0n, 39n)),
  fc.tuple(fc.constant(2n), fc.bigInt(0n, MAX_ARC - 80n)),
);
const dotted = fc.tuple(top, fc.array(arc, { maxLength: 30 })).map(([first, rest]) => [...first, ...rest].join('.'));

function read(bytes: Uint8Array): string {
  return readOid(parseDer(bytes, '$'), '$');
}

describe('object identifiers', () => {
  test('go from dotted decimal to DER and back', () => {
    fc.assert(fc.property(dotted, (text) => read(encodeOid(text)) === text));
  });

  test('are accepted in their one encoding alone', () => {
    const check = (content: Uint8Array): boolean => {
      const bytes = encodeDer(TAG.oid, content);
      return codeOf(() => read(bytes)) !== 'accepted' || encodeHex(encodeOid(read(bytes))) === encodeHex(bytes);
    };
    fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), check), { numRuns: 1_000 });
  });

  test.each([
    ['2a864886f70d01010b', '1.2.840.113549.1.1.11'],
    ['2b06010401d679020402', '1.3.6.1.4.1.11129.2.4.2'],
    ['00', '0.0'],
    ['27', '0.39'],
    ['28', '1.0'],
    ['4f', '1.39'],
    ['50', '2.0'],
    ['8837', '2.999'],
    ['2a81ffffffffffffffff7f', `1.2.${MAX_ARC}`],
  ])('read %s as %s', (hex, text) => {
    expect(decodeOid(decodeHex(hex), '$')).toBe(text);
    expect(encodeHex(encodeOid(text).subarray(2))).toBe(hex);
  });

  test.each<[what: string, content: Uint8Array, code: string]>([
    ['no arcs', new Uint8Array(0), 'INPUT_MALFORMED'],
    ['a first arc with a leading zero', decodeHex('8001'), 'INPUT_MALFORMED'],
    ['a later arc with a leading zero', decodeHex('2a8001'), 'INPUT_MALFORMED'],
    ['a last arc that is cut', decodeHex('2a86'), 'INPUT_MALFORMED'],
    ['an arc of 2^64', decodeHex('2a82808080808080808000'), 'INPUT_TOO_LARGE'],
    [
      'an arc of a million bytes',
      concatBytes(Uint8Array.of(0x2a), new Uint8Array(1_000_000).fill(0xff), Uint8Array.of(1)),
      'INPUT_TOO_LARGE',
    ],
    ['33 arcs', new Uint8Array(32).fill(0x2a), 'INPUT_TOO_LARGE'],
    ['a million arcs', new Uint8Array(1_000_000).fill(1), 'INPUT_TOO_LARGE'],
  ])('with %s are refused', (_what, content, code) => {
    expect(codeOf(() => decodeOid(content, '$'))).toBe(code);
  });

  test('have at most 32 arcs', () => {
    expect(decodeOid(new Uint8Array(31).fill(1), '$').split('.')).toHaveLength(32);
  });

  test('have a tag of their own', () => {
    expect(codeOf(() => read(encodeDer(TAG.octetString, decodeHex('2a03'))))).toBe('INPUT_MALFORMED');
  });

  test('are known once each', () => {
    expect(new Set(Object.values(OID)).size).toBe(Object.keys(OID).length);
  });
});

describeOpenssl('object identifiers beside OpenSSL', () => {
  test('read the same', () => {
    // OpenSSL prints names for identifiers that it knows; the arc 2.999 is for examples and has none.
    const samples = fc
      .sample(fc.array(arc, { minLength: 1, maxLength: 10 }), { numRuns: 40, seed: 7 })
      .map((arcs) => `2.999.${arcs.join('.')}`);
    const output = runOpenssl(['asn1parse', '-inform', 'DER'], encodeDer(TAG.sequence, ...samples.map(encodeOid)));
    expect([...output.matchAll(/OBJECT +:([0-9.]+)/g)].map((match) => match[1])).toEqual(samples);
  });

  test('have the names that the table gives them', () => {
    const names: Readonly<Partial<Record<keyof typeof OID, string>>> = {
      ecPublicKey: 'id-ecPublicKey',
      prime256v1: 'prime256v1',
      secp384r1: 'secp384r1',
      secp521r1: 'secp521r1',
      rsaEncryption: 'rsaEncryption',
      rsassaPss: 'rsassaPss',
      mgf1: 'mgf1',
      ed25519: 'ED25519',
      ecdsaWithSha256: 'ecdsa-with-SHA256',
      ecdsaWithSha384: 'ecdsa-with-SHA384',
      ecdsaWithSha512: 'ecdsa-with-SHA512',
      sha256WithRsa: 'sha256WithRSAEncryption',
      sha384WithRsa: 'sha384WithRSAEncryption',
      sha512WithRsa: 'sha512WithRSAEncryption',
      sha256: 'sha256',
      sha384: 'sha384',
      sha512: 'sha512',
      subjectKeyIdentifier: 'X509v3 Subject Key Identifier',
      keyUsage: 'X509v3 Key Usage',
      subjectAltName: 'X509v3 Subject Alternative Name',
      basicConstraints: 'X509v3 Basic Constraints',
      nameConstraints: 'X509v3 Name Constraints',
      certificatePolicies: 'X509v3 Certificate Policies',
      authorityKeyIdentifier: 'X509v3 Authority Key Identifier',
      policyConstraints: 'X509v3 Policy Constraints',
      extendedKeyUsage: 'X509v3 Extended Key Usage',
      anyExtendedKeyUsage: 'Any Extended Key Usage',
      codeSigning: 'Code Signing',
      timeStamping: 'Time Stamping',
      sctList: 'CT Precertificate SCTs',
      precertificatePoison: 'CT Precertificate Poison',
      signedData: 'pkcs7-signedData',
      tstInfo: 'id-smime-ct-TSTInfo',
      contentType: 'contentType',
      messageDigest: 'messageDigest',
      signingTime: 'signingTime',
      signingCertificate: 'id-smime-aa-signingCertificate',
      signingCertificateV2: 'id-smime-aa-signingCertificateV2',
    };
    const keys = Object.keys(names) as (keyof typeof OID)[];
    const output = runOpenssl(
      ['asn1parse', '-inform', 'DER'],
      encodeDer(TAG.sequence, ...keys.map((key) => encodeOid(OID[key]))),
    );
    expect([...output.matchAll(/OBJECT +:(.*)/g)].map((match) => match[1])).toEqual(keys.map((key) => names[key]));
  });
});
