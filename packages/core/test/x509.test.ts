// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, encodeUtf8 } from '../src/bytes.js';
import { TAG, contextTag, encodeBitString, encodeDer, encodeInteger } from '../src/der.js';
import { isKeywaxError } from '../src/errors.js';
import { OID, encodeOid } from '../src/oid.js';
import { formatName, isEmptyName, isSelfIssued, parseCertificate } from '../src/x509.js';
import { codeOf } from './fault.js';
import {
  CERT_SIGN,
  type CertificateParts,
  EMPTY,
  EMPTY_NAME,
  alternativeNames,
  authorityKeyIdentifier,
  basicConstraints,
  directoryName,
  dnsName,
  emailName,
  encodeAlgorithm,
  encodeName,
  encodeRelativeName,
  extendedKeyUsage,
  extension,
  flipByte,
  keyUsage,
  leafExtensions,
  makeIntermediate,
  makeLeaf,
  makeRoot,
  mintLeaf,
  nameConstraints,
  octets,
  sequence,
  uriName,
} from './mint.js';

const root = makeRoot();
const good = makeLeaf(root).certificate;
const base = leafExtensions(root);
const unknown = '1.3.6.1.4.1.55738.1';

/** How parsing a leaf with these parts ends. */
function parseWith(parts: Partial<CertificateParts>): string {
  return codeOf(() => parseCertificate(mintLeaf(root, parts), '$'));
}

/** How parsing a leaf with one more extension ends. */
function parseWithExtension(...extensions: readonly Uint8Array[]): string {
  return parseWith({ extensions: [...base, ...extensions] });
}

describe('parseCertificate', () => {
  test('reads what was minted', () => {
    expect(good.serialNumber).toEqual(Uint8Array.of(7));
    expect(good.issuer).toEqual(root.name);
    expect(isEmptyName(good.subject)).toBe(true);
    expect(good.notBefore.toISOString()).toBe('2025-01-01T00:00:00.000Z');
    expect(good.notAfter.toISOString()).toBe('2026-01-01T00:00:00.000Z');
    expect(good.signatureScheme).toEqual({ scheme: 'ecdsa', hash: 'sha256' });
    expect([...(good.keyUsage ?? [])]).toEqual(['digitalSignature']);
    expect(good.extendedKeyUsage).toEqual({ critical: false, purposes: [OID.codeSigning] });
    expect(good.subjectAltNames).toEqual([{ kind: 'uri', value: 'https://example.com/signer' }]);
    expect(good.authorityKeyIdentifier?.keyIdentifier).toEqual(root.certificate.subjectKeyIdentifier);
    expect(good.basicConstraints).toBeUndefined();
    expect(isSelfIssued(good)).toBe(false);
    expect(isSelfIssued(root.certificate)).toBe(true);
  });

  test('gives views of the received bytes, never copies', () => {
    const { buffer } = good.der;
    const extensionValues = [...good.extensions.values()].map(({ value }) => value);
    for (const view of [good.tbs, good.issuer, good.subject, good.spki, good.signature, ...extensionValues]) {
      expect(view.buffer).toBe(buffer);
    }
  });

  const rows: readonly (readonly [id: string, what: string, code: string, parts: Partial<CertificateParts>])[] = [
    [
      'CP-020',
      'the same extension twice, the second critical',
      'INPUT_MALFORMED',
      { extensions: [...base, extendedKeyUsage([OID.timeStamping], true)] },
    ],
    [
      'CP-020',
      'the same extension twice, the first critical',
      'INPUT_MALFORMED',
      { extensions: [extendedKeyUsage([OID.timeStamping], true), ...base] },
    ],
    [
      'CP-020',
      'the same unknown extension twice',
      'INPUT_MALFORMED',
      { extensions: [...base, extension(unknown, EMPTY), extension(unknown, EMPTY)] },
    ],
    [
      'CT-016',
      'the certificate timestamps twice',
      'INPUT_MALFORMED',
      { extensions: [extension(OID.sctList, EMPTY), ...base, extension(OID.sctList, EMPTY)] },
    ],
    [
      'CP-021',
      'another algorithm outside than inside',
      'CERTIFICATE_PATH_INVALID',
      { outerAlgorithm: encodeAlgorithm(OID.ecdsaWithSha384) },
    ],
    [
      'CP-021',
      'other parameters outside than inside',
      'CERTIFICATE_PATH_INVALID',
      { outerAlgorithm: encodeAlgorithm(OID.ecdsaWithSha256, encodeDer(TAG.null)) },
    ],
    ['CP-022', 'an element after the extensions', 'INPUT_MALFORMED', { afterExtensions: encodeInteger(1) }],
    [
      'CP-022',
      'an element inside the key',
      'INPUT_MALFORMED',
      { spki: sequence(encodeAlgorithm(OID.ecPublicKey), encodeBitString(EMPTY), encodeInteger(1)) },
    ],
    [
      'CP-022',
      'a third time in the validity',
      'INPUT_MALFORMED',
      { notAfter: concatBytes(utc('260101000000Z'), utc('270101000000Z')) },
    ],
    [
      'CP-022',
      'an empty list of extensions',
      'INPUT_MALFORMED',
      { extensions: [], afterExtensions: encodeDer(contextTag(3), sequence()) },
    ],
    [
      'CP-023',
      'a serial number with a padding octet',
      'INPUT_MALFORMED',
      { serialNumber: encodeDer(TAG.integer, Uint8Array.of(0, 7)) },
    ],
    [
      'CP-023',
      'a critical flag of 01',
      'INPUT_MALFORMED',
      { extensions: [sequence(encodeOid(unknown), encodeDer(TAG.boolean, Uint8Array.of(1)), octets(EMPTY))] },
    ],
    [
      'CP-023',
      'a critical flag of FALSE',
      'INPUT_MALFORMED',
      { extensions: [sequence(encodeOid(unknown), encodeDer(TAG.boolean, Uint8Array.of(0)), octets(EMPTY))] },
    ],
    ['CP-024', 'version 1', 'CERTIFICATE_PROFILE_INVALID', { version: EMPTY }],
    [
      'CP-024',
      'version 1, written out',
      'CERTIFICATE_PROFILE_INVALID',
      { version: encodeDer(contextTag(0), encodeInteger(0)) },
    ],
    ['CP-024', 'version 2', 'CERTIFICATE_PROFILE_INVALID', { version: encodeDer(contextTag(0), encodeInteger(1)) }],
    ['CP-024', 'version 4', 'CERTIFICATE_PROFILE_INVALID', { version: encodeDer(contextTag(0), encodeInteger(3)) }],
    ['CP-025', 'serial number zero', 'CERTIFICATE_PROFILE_INVALID', { serialNumber: encodeInteger(0) }],
    [
      'CP-025',
      'a negative serial number',
      'CERTIFICATE_PROFILE_INVALID',
      { serialNumber: encodeDer(TAG.integer, Uint8Array.of(0xff)) },
    ],
    [
      'CP-025',
      'a serial number of 21 octets',
      'CERTIFICATE_PROFILE_INVALID',
      { serialNumber: encodeInteger(new Uint8Array(21).fill(1)) },
    ],
    ['CP-025', 'a serial number of 20 octets', 'accepted', { serialNumber: encodeInteger(new Uint8Array(20).fill(1)) }],
    ['CP-026', 'UTCTime in 2049', 'accepted', { notAfter: utc('491231235959Z') }],
    ['CP-026', 'GeneralizedTime in 2050', 'accepted', { notAfter: generalized('20500101000000Z') }],
    ['CP-026', 'GeneralizedTime before 2050', 'INPUT_MALFORMED', { notAfter: generalized('20491231235959Z') }],
    ['CP-026', 'GeneralizedTime with an offset', 'INPUT_MALFORMED', { notAfter: generalized('20500101000000+0100') }],
    ['CP-026', 'GeneralizedTime with a fraction', 'INPUT_MALFORMED', { notAfter: generalized('20500101000000.5Z') }],
    ['CP-026', 'UTCTime without seconds', 'INPUT_MALFORMED', { notAfter: utc('4912312359Z') }],
    ['CP-026', 'UTCTime with month 13', 'INPUT_MALFORMED', { notAfter: utc('491331235959Z') }],
    ['CP-026', 'UTCTime on 30 February', 'INPUT_MALFORMED', { notAfter: utc('490230235959Z') }],
    [
      'CP-026',
      'a time of another type',
      'INPUT_MALFORMED',
      { notAfter: encodeDer(TAG.ia5String, encodeUtf8('491231235959Z')) },
    ],
    [
      'CP-027',
      'a signature with SHA-1',
      'INPUT_UNSUPPORTED',
      { algorithm: encodeAlgorithm('1.2.840.113549.1.1.5', encodeDer(TAG.null)) },
    ],
    [
      'CP-027',
      'a signature with MD5',
      'INPUT_UNSUPPORTED',
      { algorithm: encodeAlgorithm('1.2.840.113549.1.1.4', encodeDer(TAG.null)) },
    ],
    ['CP-027', 'ECDSA with SHA-1', 'INPUT_UNSUPPORTED', { algorithm: encodeAlgorithm('1.2.840.10045.4.1') }],
    [
      'CP-031',
      'an object identifier of 33 arcs',
      'INPUT_TOO_LARGE',
      { extensions: [extension(`1.3${'.1'.repeat(31)}`, EMPTY)] },
    ],
    [
      'CP-031',
      'an object identifier of 33 arcs in a name',
      'INPUT_TOO_LARGE',
      { subject: encodeName('x', `1.3${'.1'.repeat(31)}`) },
    ],
    [
      'CP-031',
      'an INTEGER of 1,025 bytes',
      'INPUT_TOO_LARGE',
      { serialNumber: encodeInteger(new Uint8Array(1_025).fill(1)) },
    ],
    ['CP-031', 'more than 64 KiB', 'INPUT_TOO_LARGE', { extensions: [extension(unknown, new Uint8Array(65_536))] }],
    ['CP-031', '33 levels', 'INPUT_TOO_LARGE', { subject: nest(33) }],
    [
      '4.3',
      '65 extensions',
      'INPUT_TOO_LARGE',
      { extensions: Array.from({ length: 65 }, (_, i) => extension(`${unknown}.${i}`, EMPTY)) },
    ],
    [
      '4.3',
      '64 extensions',
      'accepted',
      { extensions: Array.from({ length: 64 }, (_, i) => extension(`${unknown}.${i}`, EMPTY)) },
    ],
    ['CP-033', 'a T61String in a name', 'accepted', { subject: encodeName('x', '2.5.4.3', 0x14) }],
    ['CP-033', 'a BMPString in a name', 'accepted', { subject: encodeName('xy', '2.5.4.3', 0x1e) }],
    ['CP-033', 'a relative name without attributes', 'INPUT_MALFORMED', { subject: sequence(encodeDer(TAG.set)) }],
    [
      'CP-033',
      'an attribute of three members',
      'INPUT_MALFORMED',
      { subject: sequence(encodeDer(TAG.set, sequence(encodeOid('2.5.4.3'), encodeInteger(1), encodeInteger(1)))) },
    ],
    [
      'CP-034',
      'a signature with unused bits',
      'INPUT_MALFORMED',
      { signature: encodeDer(TAG.bitString, Uint8Array.of(1, 0x80)) },
    ],
    [
      'CP-034',
      'a key with unused bits',
      'INPUT_MALFORMED',
      { spki: sequence(encodeAlgorithm(OID.ecPublicKey), encodeDer(TAG.bitString, Uint8Array.of(1, 0x80))) },
    ],
    [
      'CP-035',
      'an unknown extension that looks like broken DER',
      'accepted',
      { extensions: [...base, extension(unknown, Uint8Array.of(0x30, 0x80, 0x01))] },
    ],
    [
      'CP-037',
      'RSA-PSS over SHA-1 by default',
      'INPUT_UNSUPPORTED',
      { algorithm: encodeAlgorithm(OID.rsassaPss, sequence()) },
    ],
    [
      'CP-037',
      'RSA-PSS with a salt longer than the digest',
      'INPUT_UNSUPPORTED',
      { algorithm: pss(OID.sha256, OID.sha256, 33) },
    ],
    ['CP-037', 'RSA-PSS with two hash functions', 'INPUT_UNSUPPORTED', { algorithm: pss(OID.sha256, OID.sha512, 32) }],
    ['CP-037', 'RSA-PSS with one hash function', 'accepted', { algorithm: pss(OID.sha384, OID.sha384, 48) }],
    [
      'RFC 5280 §4.1.2.8',
      'a unique identifier of the issuer',
      'CERTIFICATE_PROFILE_INVALID',
      { beforeExtensions: encodeDer(0x81, Uint8Array.of(0, 1)) },
    ],
    [
      'RFC 5280 §4.1.2.8',
      'a unique identifier of the subject',
      'CERTIFICATE_PROFILE_INVALID',
      { beforeExtensions: encodeDer(0x82, Uint8Array.of(0, 1)) },
    ],
  ];

  test.each(rows)('%s: %s → %s', (_id, _what, code, parts) => {
    expect(parseWith(parts)).toBe(code);
  });

  test.each([
    ['CP-022', 'a byte after the certificate', concatBytes(good.der, Uint8Array.of(0))],
    [
      'CP-023',
      'an indefinite length',
      concatBytes(Uint8Array.of(0x30, 0x80), good.der.subarray(4), Uint8Array.of(0, 0)),
    ],
    [
      'CP-023',
      'a length of three octets where two do',
      concatBytes(Uint8Array.of(0x30, 0x83, 0), good.der.subarray(2)),
    ],
    ['BP-047', 'PEM in place of DER', encodeUtf8('-----BEGIN CERTIFICATE-----\n')],
    ['', 'nothing', EMPTY],
  ])('%s: %s → INPUT_MALFORMED', (_id, _what, der) => {
    expect(codeOf(() => parseCertificate(der, '$'))).toBe('INPUT_MALFORMED');
  });

  test('CP-036: the signed bytes of a name whose SET is not sorted stay as received', () => {
    const attribute = (text: string): Uint8Array =>
      sequence(encodeOid('2.5.4.3'), encodeDer(TAG.utf8String, encodeUtf8(text)));
    const subject = sequence(encodeDer(TAG.set, attribute('b'), attribute('a')));
    const { certificate } = makeLeaf(root, { subject });
    expect(certificate.subject).toEqual(subject);
    expect(certificate.der.subarray(4, 4 + certificate.tbs.length)).toEqual(certificate.tbs);
  });

  test('is refused at every truncation', () => {
    for (let length = 0; length < good.der.length; length++) {
      expect(codeOf(() => parseCertificate(good.der.subarray(0, length), '$'))).toBe('INPUT_MALFORMED');
    }
  });

  test('gives a certificate or a KeywaxError for every flipped byte', () => {
    for (let index = 0; index < good.der.length; index++) {
      const mutant = flipByte(good.der, index);
      expectValueOrFault(mutant);
    }
  });

  test('gives a certificate or a KeywaxError for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), expectValueOrFault));
    const splice = fc.tuple(fc.nat(good.der.length), fc.nat(40), fc.uint8Array({ maxLength: 8 }));
    fc.assert(
      fc.property(splice, ([at, removed, inserted]) => {
        expectValueOrFault(concatBytes(good.der.subarray(0, at), inserted, good.der.subarray(at + removed)));
      }),
    );
  });
});

describe('the extensions of a certificate', () => {
  const bits = (...content: readonly number[]): Uint8Array => encodeDer(TAG.bitString, Uint8Array.from(content));
  const wrong = (id: string, value: Uint8Array): Uint8Array => extension(id, value);
  const otherName = (inner: Uint8Array): Uint8Array => encodeDer(0xa0, encodeOid('1.3.6.1.4.1.57264.1.7'), inner);

  test.each([
    [
      'CP-010',
      'a negative path length',
      'CERTIFICATE_PATH_INVALID',
      wrong(
        OID.basicConstraints,
        sequence(encodeDer(TAG.boolean, Uint8Array.of(0xff)), encodeDer(TAG.integer, Uint8Array.of(0xff))),
      ),
    ],
    ['CP-010', 'a path length without CA', 'CERTIFICATE_PATH_INVALID', basicConstraints(false, 0)],
    ['CP-010', 'a path length beyond all paths', 'CERTIFICATE_PATH_INVALID', basicConstraints(true, 2 ** 32)],
    [
      'CP-023',
      'CA FALSE written out',
      'INPUT_MALFORMED',
      wrong(OID.basicConstraints, sequence(encodeDer(TAG.boolean, Uint8Array.of(0)))),
    ],
    ['', 'no CA', 'accepted', basicConstraints(false)],
    [
      'CP-022',
      'a third member of basic constraints',
      'INPUT_MALFORMED',
      wrong(OID.basicConstraints, sequence(encodeInteger(1), encodeInteger(1))),
    ],
    [
      'CP-022',
      'bytes after basic constraints',
      'INPUT_MALFORMED',
      wrong(OID.basicConstraints, concatBytes(sequence(), Uint8Array.of(0))),
    ],
    [
      'CP-022',
      'bytes after a key identifier',
      'INPUT_MALFORMED',
      wrong(OID.subjectKeyIdentifier, concatBytes(octets(Uint8Array.of(1)), Uint8Array.of(0))),
    ],
    ['', 'an empty key identifier', 'INPUT_MALFORMED', wrong(OID.subjectKeyIdentifier, octets(EMPTY))],
    [
      '',
      'a key identifier without its OCTET STRING',
      'INPUT_MALFORMED',
      wrong(OID.subjectKeyIdentifier, new Uint8Array(20)),
    ],
    ['CP-012', 'name constraints without subtrees', 'INPUT_MALFORMED', wrong(OID.nameConstraints, sequence())],
    ['CP-012', 'an empty list of subtrees', 'INPUT_MALFORMED', nameConstraints({ permitted: [] })],
    [
      'CP-012',
      'a subtree with a minimum',
      'INPUT_MALFORMED',
      wrong(
        OID.nameConstraints,
        sequence(encodeDer(contextTag(0), sequence(dnsName('a'), encodeDer(0x80, Uint8Array.of(1))))),
      ),
    ],
    [
      'CP-012',
      '65 subtrees',
      'INPUT_TOO_LARGE',
      nameConstraints({ permitted: Array.from({ length: 65 }, () => dnsName('a')) }),
    ],
  ])('%s: %s → %s', (_id, _what, code, added) => {
    expect(parseWithExtension(added)).toBe(code);
  });

  test.each([
    ['CP-034', 'a key usage bit among the unused ones', 'INPUT_MALFORMED', keyUsage(7, 0x81)],
    ['CP-034', 'a key usage that ends in zero bits', 'INPUT_MALFORMED', keyUsage(6, 0x80)],
    ['CP-034', 'a key usage that ends in a zero byte', 'INPUT_MALFORMED', keyUsage(0, 0x80, 0)],
    ['CP-016', 'a key usage without bits', 'INPUT_MALFORMED', keyUsage(0)],
    ['CP-016', 'a key usage of ten bits', 'INPUT_MALFORMED', keyUsage(6, 0x80, 0x40)],
    ['', 'a key usage of nine bits', 'accepted', keyUsage(7, 0x80, 0x80)],
    [
      'CP-034',
      'a key usage that is no BIT STRING',
      'INPUT_MALFORMED',
      extension(OID.keyUsage, octets(Uint8Array.of(7, 0x80))),
    ],
    ['CP-034', 'eight unused bits', 'INPUT_MALFORMED', extension(OID.keyUsage, bits(8, 0x80))],
  ])('%s: %s → %s', (_id, _what, code, usage) => {
    expect(parseWith({ extensions: [usage] })).toBe(code);
  });

  test('CP-015: an extended key usage without purposes is refused', () => {
    expect(parseWith({ extensions: [extendedKeyUsage([])] })).toBe('INPUT_MALFORMED');
  });

  test.each([
    ['4.3', '17 alternative names', 'INPUT_TOO_LARGE', Array.from({ length: 17 }, () => uriName('a'))],
    ['4.3', '16 alternative names', 'accepted', Array.from({ length: 16 }, () => uriName('a'))],
    ['ID-027', 'an empty list of alternative names', 'INPUT_MALFORMED', []],
    ['ID-009', 'an otherName without value', 'INPUT_MALFORMED', [encodeDer(0xa0, encodeOid('1.2.3'))]],
    [
      'ID-009',
      'an otherName with two values',
      'INPUT_MALFORMED',
      [otherName(encodeDer(contextTag(0), octets(EMPTY), octets(EMPTY)))],
    ],
    [
      'ID-009',
      'an otherName without its tag',
      'INPUT_MALFORMED',
      [otherName(encodeDer(TAG.utf8String, encodeUtf8('a')))],
    ],
    ['ID-008', 'a directoryName that is no name', 'INPUT_MALFORMED', [directoryName(encodeInteger(1))]],
    ['ID-008', 'a kind of name that does not exist', 'INPUT_MALFORMED', [encodeDer(0x89, EMPTY)]],
    ['ID-008', 'a constructed URI', 'INPUT_MALFORMED', [encodeDer(0xa6, octets(EMPTY))]],
  ])('%s: %s → %s', (_id, _what, code, names) => {
    expect(parseWith({ extensions: [alternativeNames(names)] })).toBe(code);
  });

  const utf8 = encodeDer(TAG.utf8String, encodeUtf8('alice!example.com'));
  test.each([
    ['an e-mail address', emailName('a@b.example'), { kind: 'email', value: 'a@b.example' }],
    ['a URI', uriName('https://a.example/%C3%A9'), { kind: 'uri', value: 'https://a.example/%C3%A9' }],
    ['a host name', dnsName('a.example'), { kind: 'dns', value: 'a.example' }],
    [
      'an otherName',
      otherName(encodeDer(contextTag(0), utf8)),
      { kind: 'otherName', typeId: '1.3.6.1.4.1.57264.1.7', value: utf8 },
    ],
    [
      'an address',
      encodeDer(0x87, Uint8Array.of(127, 0, 0, 1)),
      { kind: 'other', tag: 7, bytes: Uint8Array.of(127, 0, 0, 1) },
    ],
    ['a directory name', directoryName(EMPTY_NAME), { kind: 'other', tag: 4, bytes: EMPTY_NAME }],
    [
      'ID-010: an e-mail address with NUL',
      emailName('a@b.example\0.c'),
      { kind: 'other', tag: 1, bytes: encodeUtf8('a@b.example\0.c') },
    ],
    [
      'ID-010: a URI with a line break',
      uriName('https://a\nb'),
      { kind: 'other', tag: 6, bytes: encodeUtf8('https://a\nb') },
    ],
    [
      'ID-010: a URI with a zero-width space',
      uriName('https://a\u200bb'),
      { kind: 'other', tag: 6, bytes: encodeUtf8('https://a\u200bb') },
    ],
    [
      'ID-011: a URI with byte E8 in place of 68',
      uriName(Uint8Array.of(0xe8, 0x74)),
      { kind: 'other', tag: 6, bytes: Uint8Array.of(0xe8, 0x74) },
    ],
    ['an empty URI', uriName(''), { kind: 'other', tag: 6, bytes: EMPTY }],
  ])('gives %s as what can be compared, or as bytes that no text matches', (_what, name, expected) => {
    const { certificate } = makeLeaf(root, { extensions: [alternativeNames([name])] });
    expect(certificate.subjectAltNames).toEqual([expected]);
  });

  test('an authority key identifier is read in all its parts', () => {
    const issuer = encodeDer(0xa1, directoryName(root.name));
    const whole = sequence(encodeDer(0x80, Uint8Array.of(1)), issuer, encodeDer(0x82, Uint8Array.of(7)));
    const { certificate } = makeLeaf(root, { extensions: [extension(OID.authorityKeyIdentifier, whole)] });
    expect(certificate.authorityKeyIdentifier).toEqual({
      keyIdentifier: Uint8Array.of(1),
      issuer: [{ kind: 'other', tag: 4, bytes: root.name }],
      serialNumber: Uint8Array.of(7),
    });
    expect(parseWith({ extensions: [extension(OID.authorityKeyIdentifier, sequence(issuer))] })).toBe(
      'INPUT_MALFORMED',
    );
    expect(parseWith({ extensions: [authorityKeyIdentifier(EMPTY)] })).toBe('INPUT_MALFORMED');
  });

  test('those of a CA are read in all their parts', () => {
    const { certificate } = makeIntermediate(root, 'ca', {
      extensions: [
        basicConstraints(true, 3),
        CERT_SIGN,
        nameConstraints({ permitted: [dnsName('a.example')], excluded: [emailName('b.example')] }),
      ],
    });
    expect(certificate.basicConstraints).toEqual({ critical: true, ca: true, pathLength: 3 });
    expect([...(certificate.keyUsage ?? [])]).toEqual(['keyCertSign', 'cRLSign']);
    expect(certificate.nameConstraints).toEqual({
      critical: true,
      permitted: [{ kind: 'dns', value: 'a.example' }],
      excluded: [{ kind: 'email', value: 'b.example' }],
    });
  });
});

describe('formatName', () => {
  test.each([
    ['nothing for an empty name', EMPTY_NAME, ''],
    [
      'the last relative name first',
      sequence(encodeRelativeName('sigstore.dev', '2.5.4.10'), encodeRelativeName('sigstore')),
      'CN=sigstore, O=sigstore.dev',
    ],
    ['characters with a meaning escaped', encodeName('GitHub, Inc. = "x"'), 'CN=GitHub\\, Inc. \\= \\"x\\"'],
    [
      'control and format characters escaped',
      encodeName('a\u001b[2J\u202eb\u200b'),
      'CN=a\\u{1b}[2J\\u{202e}b\\u{200b}',
    ],
    ['an unknown type by its number', encodeName('x', '1.2.3'), '1.2.3=x'],
    ['a string type that is not decoded as DER in hex', encodeName('ab', '2.5.4.3', 0x1e), 'CN=#1e026162'],
    [
      'broken UTF-8 as DER in hex',
      sequence(encodeDer(TAG.set, sequence(encodeOid('2.5.4.3'), encodeDer(TAG.utf8String, Uint8Array.of(0xff))))),
      'CN=#0c01ff',
    ],
    [
      'two attributes of one relative name',
      sequence(
        encodeDer(
          TAG.set,
          sequence(encodeOid('2.5.4.3'), encodeDer(TAG.utf8String, encodeUtf8('a'))),
          sequence(encodeOid('2.5.4.10'), encodeDer(TAG.utf8String, encodeUtf8('b'))),
        ),
      ),
      'CN=a+O=b',
    ],
  ])('shows %s', (_what, name, text) => {
    expect(formatName(name)).toBe(text);
  });

  test('cuts long names', () => {
    expect(formatName(encodeName('x'.repeat(5_000)))).toHaveLength(256);
  });
});

function expectValueOrFault(der: Uint8Array): void {
  try {
    parseCertificate(der, '$');
  } catch (error) {
    if (!isKeywaxError(error)) throw error;
  }
}

function utc(text: string): Uint8Array {
  return encodeDer(TAG.utcTime, encodeUtf8(text));
}

function generalized(text: string): Uint8Array {
  return encodeDer(TAG.generalizedTime, encodeUtf8(text));
}

function nest(levels: number): Uint8Array {
  let inner = sequence();
  for (let i = 1; i < levels; i++) inner = sequence(inner);
  return inner;
}

function pss(hash: string, maskHash: string, salt: number): Uint8Array {
  const explicit = (n: number, inner: Uint8Array): Uint8Array => encodeDer(contextTag(n), inner);
  return encodeAlgorithm(
    OID.rsassaPss,
    sequence(
      explicit(0, encodeAlgorithm(hash)),
      explicit(1, encodeAlgorithm(OID.mgf1, encodeAlgorithm(maskHash))),
      explicit(2, encodeInteger(salt)),
    ),
  );
}
