// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, encodeUtf8 } from '../src/bytes.js';
import { nodeCrypto } from '../src/crypto.node.js';
import { TAG, contextTag, encodeDer, encodeInteger } from '../src/der.js';
import { isKeywaxError } from '../src/errors.js';
import { OID, encodeOid } from '../src/oid.js';
import {
  checkTimestampSigner,
  encodeTimestampRequest,
  matchTimestampNonce,
  parseTimestampResponse,
} from '../src/timestamp.js';
import { codeOf } from './fault.js';
import { judgePath } from './judge-path.js';
import {
  DIGITAL_SIGNATURE,
  DURING,
  EMPTY,
  KEY_AGREEMENT,
  basicConstraints,
  directoryName,
  encodeAlgorithm,
  encodeName,
  extendedKeyUsage,
  extension,
  flipByte,
  keyIdentifier,
  keyUsage,
  makeIntermediate,
  makeLeaf,
  makeRoot,
  octets,
  sequence,
} from './mint.js';
import {
  type InfoParts,
  SHA256,
  TSA_EXTENSIONS,
  type TimestampParts,
  attribute,
  certificateId,
  contentType,
  encodeInfo,
  issuerSerial,
  makeTsa,
  messageDigest,
  mintTimestamp,
  mintToken,
  sha256,
  signingCertificate,
  sortSet,
} from './mint-timestamp.js';

const root = makeRoot();
const tsa = makeTsa(root);
const stamped = encodeUtf8('a signature');
const good = mintTimestamp(tsa, stamped);
const info = encodeInfo(stamped);
const ownId = certificateId(tsa.certificate.der);
const usual = [contentType(), messageDigest(info), signingCertificate(ownId)];

function parseWith(parts: Partial<TimestampParts>): string {
  return codeOf(() => parseTimestampResponse(mintTimestamp(tsa, stamped, parts), '$'));
}

function parseWithAttributes(...attributes: readonly Uint8Array[]): string {
  return parseWith({ attributes: sortSet(attributes) });
}

function status(value: number, ...rest: readonly Uint8Array[]): Uint8Array {
  return sequence(encodeInteger(value), ...rest);
}

describe('parseTimestampResponse', () => {
  test('reads what was minted', () => {
    const { info: read, signer, certificates } = parseTimestampResponse(good, '$');
    expect(read.bytes).toEqual(info);
    expect(read.policy).toBe('1.3.6.1.4.1.57264.2');
    expect(read.imprint).toEqual({ hash: 'sha256', digest: sha256(stamped) });
    expect(read.serialNumber).toEqual(Uint8Array.of(99));
    expect(read.genTime).toEqual(DURING);
    expect(read.nonce).toBeUndefined();
    expect(signer.id).toEqual({ kind: 'issuerSerial', issuer: root.name, serialNumber: Uint8Array.of(7) });
    expect(signer.hash).toBe('sha256');
    expect(signer.messageDigest).toEqual(sha256(info));
    expect(signer.certificateHashes).toEqual([{ hash: 'sha256', value: sha256(tsa.certificate.der) }]);
    expect(signer.scheme).toEqual({ scheme: 'ecdsa', hash: 'sha256' });
    expect(certificates).toEqual([]);
  });

  test('gives the attributes as they were signed', () => {
    const { signer } = parseTimestampResponse(good, '$');
    expect(signer.signedAttributes).toEqual(encodeDer(TAG.set, ...sortSet(usual)));
    expect(verifiesAsReceived(good)).toBe(true);
  });

  test('leaves the received bytes alone', () => {
    const received = good.slice();
    parseTimestampResponse(received, '$');
    expect(received).toEqual(good);
  });

  const failInfo = encodeDer(TAG.bitString, Uint8Array.of(5, 0x20));
  const text = sequence(encodeDer(TAG.utf8String, encodeUtf8('no')));
  const certificates = (...members: readonly Uint8Array[]): Uint8Array => encodeDer(contextTag(0), ...members);
  const sha1 = encodeAlgorithm('1.3.14.3.2.26');
  const keyId = encodeDer(0x80, keyIdentifier(tsa.pair));

  const rows: readonly (readonly [id: string, what: string, code: string, parts: Partial<TimestampParts>])[] = [
    ['TS-003', 'granted with modifications', 'accepted', { status: status(1) }],
    ['TS-003', 'granted with a text', 'accepted', { status: status(0, text) }],
    ['TS-003', 'rejected', 'TIMESTAMP_INVALID', { status: status(2) }],
    ['TS-003', 'waiting', 'TIMESTAMP_INVALID', { status: status(3, text) }],
    ['TS-003', 'a revocation warning', 'TIMESTAMP_INVALID', { status: status(4) }],
    [
      'TS-003',
      'a status of −1',
      'TIMESTAMP_INVALID',
      { status: sequence(encodeDer(TAG.integer, Uint8Array.of(0xff))) },
    ],
    ['TS-004', 'granted, with failure information', 'TIMESTAMP_INVALID', { status: status(0, failInfo) }],
    [
      'TS-006',
      'another content than was digested',
      'TIMESTAMP_INVALID',
      { eContent: encodeDer(contextTag(0), octets(encodeInfo(encodeUtf8('other')))) },
    ],
    [
      'TS-006',
      'another digest than of the content',
      'TIMESTAMP_INVALID',
      { attributes: sortSet([contentType(), messageDigest(EMPTY), signingCertificate(ownId)]) },
    ],
    ['TS-007', 'no signed attributes', 'TIMESTAMP_INVALID', { signedAttributes: EMPTY }],
    [
      'TS-007',
      'an empty set of signed attributes',
      'TIMESTAMP_INVALID',
      { signedAttributes: encodeDer(contextTag(0)) },
    ],
    ['TS-008', 'content of type data', 'TIMESTAMP_INVALID', { eContentType: encodeOid('1.2.840.113549.1.7.1') }],
    ['TS-008', 'no content', 'TIMESTAMP_INVALID', { eContent: EMPTY }],
    ['TS-008', 'enveloped data', 'TIMESTAMP_INVALID', { contentType: encodeOid('1.2.840.113549.1.7.3') }],
    ['T2', 'signed data of version 1', 'TIMESTAMP_INVALID', { version: encodeInteger(1) }],
    ['TS-012', 'no signer', 'TIMESTAMP_INVALID', { signerInfos: () => [] }],
    ['TS-012', 'two signers', 'TIMESTAMP_INVALID', { signerInfos: (signer) => [signer, signer] }],
    ['T3', 'a signer named by key identifier', 'accepted', { sid: keyId, signerVersion: encodeInteger(3) }],
    ['T3', 'a key identifier in version 1', 'TIMESTAMP_INVALID', { sid: keyId }],
    ['T3', 'issuer and serial number in version 3', 'TIMESTAMP_INVALID', { signerVersion: encodeInteger(3) }],
    [
      'TS-027',
      'a digest algorithm that was not announced',
      'TIMESTAMP_INVALID',
      { digestAlgorithms: [encodeAlgorithm(OID.sha512)] },
    ],
    ['TS-027', 'no announced digest algorithm', 'TIMESTAMP_INVALID', { digestAlgorithms: [] }],
    ['TS-027', 'an announced digest algorithm that is not known', 'accepted', { digestAlgorithms: [sha1, SHA256] }],
    [
      'TS-027',
      'another hash in the signature than of the content',
      'TIMESTAMP_INVALID',
      { signatureAlgorithm: encodeAlgorithm(OID.ecdsaWithSha384) },
    ],
    ['TS-027', 'SHA-1 as digest algorithm', 'INPUT_UNSUPPORTED', { digestAlgorithm: sha1, digestAlgorithms: [sha1] }],
    ['TS-028', 'ECDSA with SHA-1', 'INPUT_UNSUPPORTED', { signatureAlgorithm: encodeAlgorithm('1.2.840.10045.4.1') }],
    [
      'TS-028',
      'RSA-PSS with defaults',
      'INPUT_UNSUPPORTED',
      { signatureAlgorithm: encodeAlgorithm(OID.rsassaPss, sequence()) },
    ],
    ['TS-028', 'Ed25519', 'INPUT_UNSUPPORTED', { signatureAlgorithm: encodeAlgorithm(OID.ed25519) }],
    [
      'T5',
      'RSA named by its key type',
      'accepted',
      { signatureAlgorithm: encodeAlgorithm(OID.rsaEncryption, encodeDer(TAG.null)) },
    ],
    ['T1', 'an empty set of certificates', 'accepted', { certificates: certificates() }],
    ['T1', 'an embedded certificate', 'accepted', { certificates: certificates(tsa.certificate.der) }],
    ['T1', 'an attribute certificate', 'INPUT_MALFORMED', { certificates: certificates(encodeDer(0xa1)) }],
    [
      'TS-030',
      '17 embedded certificates',
      'INPUT_TOO_LARGE',
      { certificates: certificates(...Array.from({ length: 17 }, () => sequence())) },
    ],
    [
      'TS-030',
      'more than 64 KiB',
      'INPUT_TOO_LARGE',
      { certificates: certificates(sequence(octets(new Uint8Array(65_536)))) },
    ],
    [
      'TS-030',
      'an object identifier of 60 KiB',
      'INPUT_TOO_LARGE',
      { info: { policy: encodeDer(TAG.oid, new Uint8Array(60_000).fill(1)) } },
    ],
    ['TS-030', '40 nested sets', 'INPUT_TOO_LARGE', { certificates: certificates(nestedSets(40)) }],
    [
      'T1',
      'unsigned attributes',
      'accepted',
      { afterSignature: encodeDer(contextTag(1), attribute('1.2.3', encodeInteger(1))) },
    ],
    ['T1', 'a member after the signer', 'INPUT_MALFORMED', { afterSignature: encodeInteger(1) }],
  ];

  test.each(rows)('%s: %s → %s', (_id, _what, code, parts) => {
    expect(parseWith(parts)).toBe(code);
  });

  test.each([
    ['TS-001', 'nothing', EMPTY],
    ['TS-001', 'three zero bytes', new Uint8Array(3)],
    ['TS-001', 'an empty SEQUENCE', sequence()],
    ['TS-001', 'a byte after the response', concatBytes(good, Uint8Array.of(0))],
    ['TS-002', 'a bare token', mintToken(tsa, stamped)],
    ['TS-035', 'an indefinite length', concatBytes(Uint8Array.of(0x30, 0x80), good.subarray(4), Uint8Array.of(0, 0))],
  ])('%s: %s → INPUT_MALFORMED', (_id, _what, der) => {
    expect(codeOf(() => parseTimestampResponse(der, '$'))).toBe('INPUT_MALFORMED');
  });

  test('TS-003: a granted response without token is refused', () => {
    expect(codeOf(() => parseTimestampResponse(sequence(status(0)), '$'))).toBe('TIMESTAMP_INVALID');
  });

  test('TS-003: quotes the text of an authority that refuses', () => {
    const refusal = sequence(status(2, sequence(encodeDer(TAG.utf8String, encodeUtf8('no\u001b[2J')))));
    expect(() => parseTimestampResponse(refusal, '$')).toThrow('found status 2 "no\\u001b[2J"');
  });

  test('TS-001: is refused at every truncation', () => {
    for (let length = 0; length < good.length; length++) {
      expect(codeOf(() => parseTimestampResponse(good.subarray(0, length), '$'))).toBe('INPUT_MALFORMED');
    }
  });

  test('TS-005: does not verify with any signed byte flipped', () => {
    const { info: read, signer } = parseTimestampResponse(good, '$');
    const attributesAt = Buffer.from(good).indexOf(signer.signedAttributes.subarray(1));
    const ranges = [
      [read.bytes.byteOffset - good.byteOffset, read.bytes.length],
      [attributesAt, signer.signedAttributes.length - 1],
      [signer.signature.byteOffset - good.byteOffset, signer.signature.length],
    ] as const;
    for (const [start, length] of ranges) {
      for (let index = start; index < start + length; index++) {
        const mutant = flipByte(good, index);
        expect(verifiesAsReceived(mutant)).toBe(false);
      }
    }
  });

  test('gives a value or a KeywaxError for any bytes', () => {
    const splice = fc.tuple(fc.nat(good.length), fc.nat(40), fc.uint8Array({ maxLength: 8 }));
    fc.assert(
      fc.property(splice, ([at, removed, inserted]) => {
        const mutant = concatBytes(good.subarray(0, at), inserted, good.subarray(at + removed));
        expect(codeOf(() => parseTimestampResponse(mutant, '$'))).toMatch(/^(accepted|INPUT_|TIMESTAMP_INVALID)/);
      }),
    );
  });
});

describe('the signed attributes', () => {
  const digest = messageDigest(info);
  const own = signingCertificate(ownId);
  const signingTime = attribute(OID.signingTime, encodeDer(TAG.utcTime, encodeUtf8('250601000000Z')));
  const sha1Id = attribute(OID.signingCertificate, sequence(sequence(sequence(octets(new Uint8Array(20))))));
  const sha512Id = sequence(encodeAlgorithm(OID.sha512), octets(new Uint8Array(64)));

  test.each([
    ['TS-008', 'no content type', 'TIMESTAMP_INVALID', [digest, own]],
    ['TS-008', 'another content type', 'TIMESTAMP_INVALID', [contentType('1.2.840.113549.1.7.1'), digest, own]],
    ['TS-008', 'no message digest', 'TIMESTAMP_INVALID', [contentType(), own]],
    ['TS-009', 'a content type twice', 'TIMESTAMP_INVALID', [contentType(), contentType(), digest, own]],
    ['TS-009', 'a message digest twice', 'TIMESTAMP_INVALID', [contentType(), digest, messageDigest(EMPTY), own]],
    [
      'TS-009',
      'an unknown attribute twice',
      'TIMESTAMP_INVALID',
      [...usual, attribute('1.2.3', encodeInteger(1)), attribute('1.2.3', encodeInteger(2))],
    ],
    [
      'TS-009',
      'a message digest of two values',
      'TIMESTAMP_INVALID',
      [contentType(), attribute(OID.messageDigest, octets(sha256(info)), octets(sha256(info))), own],
    ],
    ['TS-009', 'a message digest of no value', 'TIMESTAMP_INVALID', [contentType(), attribute(OID.messageDigest), own]],
    [
      'TS-009',
      'a message digest of 20 bytes',
      'TIMESTAMP_INVALID',
      [contentType(), attribute(OID.messageDigest, octets(new Uint8Array(20))), own],
    ],
    ['TS-010', 'no signing certificate', 'TIMESTAMP_INVALID', [contentType(), digest]],
    ['TS-010', 'a signing certificate by SHA-1 alone', 'TIMESTAMP_INVALID', [contentType(), digest, sha1Id]],
    ['TS-010', 'a signing certificate by SHA-1 too', 'accepted', [...usual, sha1Id]],
    [
      'TS-010',
      'an empty list of signing certificates',
      'TIMESTAMP_INVALID',
      [contentType(), digest, signingCertificate()],
    ],
    [
      'TS-010',
      'a certificate hash of 20 bytes',
      'TIMESTAMP_INVALID',
      [contentType(), digest, signingCertificate(sequence(octets(new Uint8Array(20))))],
    ],
    [
      'TS-010',
      'a certificate hash by SHA-1',
      'INPUT_UNSUPPORTED',
      [
        contentType(),
        digest,
        signingCertificate(sequence(encodeAlgorithm('1.3.14.3.2.26'), octets(new Uint8Array(20)))),
      ],
    ],
    ['TS-010', 'two certificate hashes', 'accepted', [contentType(), digest, signingCertificate(ownId, sha512Id)]],
    [
      'TS-010',
      '17 certificate hashes',
      'INPUT_TOO_LARGE',
      [contentType(), digest, signingCertificate(...Array.from({ length: 17 }, () => ownId))],
    ],
    [
      'TS-013',
      'issuer and serial number of the signer',
      'accepted',
      [contentType(), digest, signingCertificate(certificateId(tsa.certificate.der, issuerSerial(root.name)))],
    ],
    [
      'TS-013',
      'the serial number of another',
      'TIMESTAMP_INVALID',
      [
        contentType(),
        digest,
        signingCertificate(certificateId(tsa.certificate.der, issuerSerial(root.name, encodeInteger(8)))),
      ],
    ],
    [
      'TS-013',
      'the issuer of another',
      'TIMESTAMP_INVALID',
      [contentType(), digest, signingCertificate(certificateId(tsa.certificate.der, issuerSerial(encodeName('x'))))],
    ],
    [
      'TS-013',
      'another certificate by issuer and serial number, not the first',
      'accepted',
      [contentType(), digest, signingCertificate(ownId, certificateId(EMPTY, issuerSerial(encodeName('x'))))],
    ],
    ['', 'a signing time', 'accepted', [...usual, signingTime]],
    [
      '4.3',
      '33 attributes',
      'INPUT_TOO_LARGE',
      [...usual, ...Array.from({ length: 30 }, (_, i) => attribute(`1.2.${i}`, encodeInteger(1)))],
    ],
    [
      '4.3',
      '32 attributes',
      'accepted',
      [...usual, ...Array.from({ length: 29 }, (_, i) => attribute(`1.2.${i}`, encodeInteger(1)))],
    ],
  ])('%s: %s → %s', (_id, _what, code, attributes) => {
    expect(parseWithAttributes(...attributes)).toBe(code);
  });

  test('TS-011: out of DER order are refused, although signed as received', () => {
    expect(parseWith({ attributes: sortSet(usual).toReversed() })).toBe('TIMESTAMP_INVALID');
  });

  test('TS-010: name every certificate, that of the signer first', () => {
    const attributes = sortSet([contentType(), digest, signingCertificate(ownId, sha512Id)]);
    const { signer } = parseTimestampResponse(mintTimestamp(tsa, stamped, { attributes }), '$');
    expect(signer.certificateHashes.map(({ hash }) => hash)).toEqual(['sha256', 'sha512']);
  });
});

describe('TSTInfo', () => {
  const time = (text: string): Partial<InfoParts> => ({ genTime: encodeDer(TAG.generalizedTime, encodeUtf8(text)) });
  const flag = (value: number): Uint8Array => encodeDer(TAG.boolean, Uint8Array.of(value));
  const extensions = (critical: boolean): Uint8Array => encodeDer(contextTag(1), extension('1.2.3', EMPTY, critical));
  const accuracy = (...members: readonly Uint8Array[]): Uint8Array => sequence(...members);
  const all = concatBytes(
    accuracy(encodeInteger(1), encodeDer(0x80, Uint8Array.of(1)), encodeDer(0x81, Uint8Array.of(1))),
    flag(0xff),
    encodeInteger(5),
    encodeDer(contextTag(0), directoryName(encodeName('tsa'))),
  );

  test.each([
    [
      'TS-024',
      'SHA-1',
      'INPUT_UNSUPPORTED',
      { algorithm: encodeAlgorithm('1.3.14.3.2.26'), digest: octets(new Uint8Array(20)) },
    ],
    [
      'TS-024',
      'MD5',
      'INPUT_UNSUPPORTED',
      { algorithm: encodeAlgorithm('1.2.840.113549.2.5'), digest: octets(new Uint8Array(16)) },
    ],
    ['TS-024', 'SHA3-256', 'INPUT_UNSUPPORTED', { algorithm: encodeAlgorithm('2.16.840.1.101.3.4.2.8') }],
    ['TS-024', 'SHA-256 without parameters', 'accepted', { algorithm: encodeAlgorithm(OID.sha256) }],
    [
      'TS-024',
      'SHA-256 with odd parameters',
      'INPUT_MALFORMED',
      { algorithm: encodeAlgorithm(OID.sha256, encodeInteger(1)) },
    ],
    ['TS-024', 'a digest too short', 'TIMESTAMP_INVALID', { digest: octets(new Uint8Array(31)) }],
    ['TS-024', 'a digest of another algorithm', 'TIMESTAMP_INVALID', { algorithm: encodeAlgorithm(OID.sha512) }],
    ['TS-025', 'a fraction', 'accepted', time('20250601000000.5Z')],
    ['TS-025', 'a fraction that ends in zero', 'INPUT_MALFORMED', time('20250601000000.50Z')],
    ['TS-025', 'no Z', 'INPUT_MALFORMED', time('20250601000000')],
    ['TS-025', 'an offset', 'INPUT_MALFORMED', time('20250601000000+0000')],
    ['TS-025', 'a leap second', 'INPUT_MALFORMED', time('20241231235960Z')],
    ['TS-025', 'year 0', 'INPUT_MALFORMED', time('00000601000000Z')],
    ['TS-025', 'month 13', 'INPUT_MALFORMED', time('20251301000000Z')],
    ['CK-009', 'a year of five digits', 'INPUT_MALFORMED', time('120250601000000Z')],
    ['TS-025', 'UTCTime', 'INPUT_MALFORMED', { genTime: encodeDer(TAG.utcTime, encodeUtf8('250601000000Z')) }],
    ['TS-026', 'version 2', 'TIMESTAMP_INVALID', { version: encodeInteger(2) }],
    ['TS-026', 'an unknown critical extension', 'TIMESTAMP_INVALID', { rest: extensions(true) }],
    ['TS-026', 'an unknown extension', 'TIMESTAMP_INVALID', { rest: extensions(false) }],
    ['T6', 'all that may be left out', 'accepted', { rest: all }],
    ['T6', 'ordering FALSE written out', 'INPUT_MALFORMED', { rest: flag(0) }],
    ['T6', 'an accuracy of 1,000 ms', 'INPUT_MALFORMED', { rest: accuracy(encodeDer(0x80, Uint8Array.of(3, 0xe8))) }],
    ['T6', 'a negative accuracy', 'INPUT_MALFORMED', { rest: accuracy(encodeDer(TAG.integer, Uint8Array.of(0xff))) }],
    ['T6', 'members out of order', 'INPUT_MALFORMED', { rest: concatBytes(encodeInteger(5), flag(0xff)) }],
    ['T6', 'an authority that is no name', 'INPUT_MALFORMED', { rest: encodeDer(contextTag(0), encodeInteger(1)) }],
  ])('%s: %s → %s', (_id, _what, code, parts) => {
    expect(parseWith({ info: parts })).toBe(code);
  });

  test('TS-025: keeps the milliseconds of a fraction', () => {
    const { info: read } = parseTimestampResponse(
      mintTimestamp(tsa, stamped, { info: time('20250601000000.0129Z') }),
      '$',
    );
    expect(read.genTime.toISOString()).toBe('2025-06-01T00:00:00.012Z');
  });
});

describe('checkTimestampSigner', () => {
  const [usage, purpose] = TSA_EXTENSIONS as [Uint8Array, Uint8Array];
  const invalid = 'TIMESTAMP_INVALID';
  test.each([
    ['TS-017', 'no extended key usage', invalid, [usage]],
    ['TS-017', 'timeStamping that is not critical', invalid, [usage, extendedKeyUsage([OID.timeStamping])]],
    ['TS-017', 'codeSigning', invalid, [usage, extendedKeyUsage([OID.codeSigning], true)]],
    ['TS-017', 'any purpose', invalid, [usage, extendedKeyUsage([OID.anyExtendedKeyUsage], true)]],
    [
      'TS-017',
      'another purpose after timeStamping',
      invalid,
      [usage, extendedKeyUsage([OID.timeStamping, OID.codeSigning], true)],
    ],
    [
      'TS-017',
      'an unknown purpose before timeStamping',
      invalid,
      [usage, extendedKeyUsage(['1.2.3', OID.timeStamping], true)],
    ],
    ['TS-017', 'timeStamping twice', invalid, [usage, extendedKeyUsage([OID.timeStamping, OID.timeStamping], true)]],
    ['TS-018', 'CA TRUE', invalid, [usage, purpose, basicConstraints(true)]],
    ['TS-018', 'CA FALSE', 'accepted', [usage, purpose, basicConstraints(false)]],
    ['TS-018', 'keyCertSign', invalid, [keyUsage(2, 0x84), purpose]],
    ['T7', 'key agreement alone', invalid, [KEY_AGREEMENT, purpose]],
    ['T7', 'no key usage', invalid, [purpose]],
    ['T7', 'an unknown critical extension', invalid, [usage, purpose, extension('1.2.3.4', Uint8Array.of(5, 0), true)]],
    ['T7', 'the profile', 'accepted', [DIGITAL_SIGNATURE, purpose]],
  ])('%s: %s → %s', (_id, _what, code, extensions) => {
    const { certificate } = makeLeaf(root, { subject: encodeName('tsa'), extensions });
    expect(codeOf(() => checkTimestampSigner(certificate))).toBe(code);
  });

  test.each([
    ['TS-019', 'has another purpose', 'CERTIFICATE_PATH_INVALID', [extendedKeyUsage([OID.codeSigning])]],
    ['TS-019', 'has this purpose', 'accepted', [extendedKeyUsage([OID.timeStamping])]],
    ['TS-019', 'has no purpose', 'accepted', []],
  ])('%s: a path whose intermediate %s → %s', (_id, _what, code, more) => {
    const ca = makeIntermediate(root, 'tsa ca', {}, more);
    const request = {
      anchors: [root.certificate],
      intermediates: [ca.certificate],
      purpose: OID.timeStamping,
      times: [DURING],
    };
    expect(judgePath(makeTsa(ca).certificate, request)).toBe(code);
  });
});

describe('a request', () => {
  test('has the bytes of RFC 3161 §2.4.1', () => {
    const digest = new Uint8Array(32).fill(0xab);
    const imprint = sequence(encodeAlgorithm(OID.sha256, encodeDer(TAG.null)), octets(digest));
    expect(encodeTimestampRequest({ hash: 'sha256', digest })).toEqual(sequence(encodeInteger(1), imprint));
    const nonce = Uint8Array.of(0x80, 1);
    expect(encodeTimestampRequest({ hash: 'sha256', digest, nonce, certReq: true })).toEqual(
      sequence(
        encodeInteger(1),
        imprint,
        encodeDer(TAG.integer, Uint8Array.of(0, 0x80, 1)),
        encodeDer(TAG.boolean, Uint8Array.of(0xff)),
      ),
    );
  });

  test.each([
    ['the same', Uint8Array.of(0, 0x80, 1), true],
    ['another', Uint8Array.of(0, 0x80, 2), false],
    ['the same bits, but negative', Uint8Array.of(0x80, 1), false],
    ['a longer one', Uint8Array.of(1, 0, 0x80, 1), false],
    ['none', undefined, false],
  ])('TS-029: is answered by %s nonce', (_what, content, matches) => {
    const rest = content === undefined ? EMPTY : encodeDer(TAG.integer, content);
    const timestamp = parseTimestampResponse(mintTimestamp(tsa, stamped, { info: { rest } }), '$');
    expect(matchTimestampNonce(timestamp, Uint8Array.of(0x80, 1))).toBe(matches);
  });
});

/** False too for what does not parse; throws for anything but a `KeywaxError`. */
function verifiesAsReceived(der: Uint8Array): boolean {
  try {
    const { scheme, signature, signedAttributes: bytes } = parseTimestampResponse(der, '$').signer;
    return (
      nodeCrypto.verifySync?.({ key: tsa.pair.publicKey, scheme, signature, data: { kind: 'message', bytes } }) === true
    );
  } catch (error) {
    if (isKeywaxError(error)) return false;
    throw error;
  }
}

function nestedSets(levels: number): Uint8Array {
  let inner = sequence();
  for (let i = 1; i < levels; i++) inner = encodeDer(TAG.set, inner);
  return sequence(inner);
}
