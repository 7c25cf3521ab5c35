// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { BUNDLE_MEDIA_TYPE, MAX_BUNDLE_BYTES, decodeBundle, encodeBundle } from '../src/index.js';
import { MEDIA_TYPES, codeOf, sampleBundle, sampleEntry, sampleEntryV2, sampleEnvelope, withMember } from './sample.js';

const MATERIAL = 'verificationMaterial';
const ENTRY = `${MATERIAL}.tlogEntries.0`;
const b64 = (length: number): string => Buffer.alloc(length, 1).toString('base64');

function codeOfText(text: string | Uint8Array): string {
  return codeOf(() => decodeBundle(text));
}

/** The code for a bundle whose JSON text has `from` replaced by `to`. */
function codeWithText(from: string, to: string): string {
  const text = JSON.stringify(sampleBundle());
  expect(text).toContain(from);
  return codeOfText(text.replace(from, to));
}

describe('a bundle', () => {
  test.each(Object.keys(MEDIA_TYPES) as (keyof typeof MEDIA_TYPES)[])('of version %s is decoded', (version) => {
    const bundle = decodeBundle(sampleBundle(version));
    expect(bundle).toMatchObject({
      version,
      mediaType: MEDIA_TYPES[version],
      material: { kind: 'certificate' },
      content: { kind: 'message' },
    });
    expect(bundle.entries).toHaveLength(1);
    expect(bundle.timestamps).toEqual([new Uint8Array(100).fill(8)]);
  });

  test('is read from text, bytes and objects alike', () => {
    const object = sampleEnvelope();
    const text = JSON.stringify(object, undefined, 2);
    const bundle = decodeBundle(object);
    expect(decodeBundle(text)).toEqual(bundle);
    expect(decodeBundle(new TextEncoder().encode(text))).toEqual(bundle);
    expect(bundle.content).toMatchObject({ payloadType: 'application/vnd.in-toto+json', keyId: 'key' });
  });

  test('shares nothing with the object that it was read from', () => {
    const object = sampleBundle();
    const bundle = decodeBundle(object);
    object.mediaType = 'other';
    expect(bundle.mediaType).toBe(BUNDLE_MEDIA_TYPE);
    expect(Object.isFrozen(bundle) && Object.isFrozen(bundle.entries) && Object.isFrozen(bundle.entries[0])).toBe(true);
  });

  test('keeps the spelling of its media type', () => {
    const old = withMember(sampleBundle(), 'mediaType', 'application/vnd.dev.sigstore.bundle+json;version=0.3');
    expect(encodeBundle(decodeBundle(old)).mediaType).toBe(old.mediaType);
    expect(decodeBundle(old).version).toBe('0.3');
  });

  test('may rely on timestamps alone', () => {
    const bundle = decodeBundle(withMember(sampleBundle(), `${MATERIAL}.tlogEntries`, undefined));
    expect(bundle.entries).toEqual([]);
    expect(bundle.timestamps).toHaveLength(1);
  });

  test('may name a key by a hint that objects inherit', () => {
    const { certificate: _certificate, ...material } = sampleBundle().verificationMaterial;
    const bundle = decodeBundle({
      ...sampleBundle(),
      verificationMaterial: { ...material, publicKey: { hint: '__proto__' } },
    });
    expect(bundle.material).toEqual({ kind: 'publicKey', hint: '__proto__' });
  });
});

describe('text that is not strict JSON is refused', () => {
  const text = JSON.stringify(sampleBundle());
  test.each([
    ['nothing', ''],
    ['white space', ' \n'],
    ['a second document', `${text}{}`],
    ['a NUL after it', `${text}\0`],
    ['a byte order mark', `\ufeff${text}`],
    ['an array', `[${text}]`],
    ['a string', JSON.stringify(text)],
    ['null', 'null'],
    ['a number', '1'],
    ['a repeated name', text.replace('{', `{"mediaType":${JSON.stringify(BUNDLE_MEDIA_TYPE)},`)],
    ['a name repeated in escapes', text.replace('"signature":', '"\\u0073ignature":"AAAA","signature":')],
    ['a lone surrogate', text.replace('{', '{"mediaTyp\\ud800":"",')],
  ])('%s', (_name, input) => {
    expect(codeOfText(input)).toBe('INPUT_MALFORMED');
    expect(codeOfText(new TextEncoder().encode(input))).toBe('INPUT_MALFORMED');
  });

  test.each([
    ['UTF-16', Buffer.from(text, 'utf16le')],
    ['invalid UTF-8', Buffer.concat([Buffer.from('{"mediaType":"'), Buffer.of(0xff), Buffer.from('"}')])],
    ['gzip', Buffer.from('1f8b0800000000000003ab562a4a2c57b252500200c1a1d0f90b000000', 'hex')],
  ])('%s', (_name, input) => {
    expect(codeOfText(input)).toBe('INPUT_MALFORMED');
  });

  test('a text that breaks off anywhere', () => {
    for (let end = 0; end < text.length; end += 7) expect(codeOfText(text.slice(0, end))).toBe('INPUT_MALFORMED');
  });

  test('more than 16 MiB, 32 levels or 200,000 values', () => {
    expect(codeOfText(new Uint8Array(MAX_BUNDLE_BYTES + 1))).toBe('INPUT_TOO_LARGE');
    expect(codeOfText('['.repeat(33))).toBe('INPUT_TOO_LARGE');
    expect(codeOfText('['.repeat(5_000_000))).toBe('INPUT_TOO_LARGE');
    expect(codeOfText(`[${'0,'.repeat(200_000)}0]`)).toBe('INPUT_TOO_LARGE');
  });
});

describe('a bundle is refused for', () => {
  test.each<readonly [string, string, unknown, string]>([
    ['no media type', 'mediaType', undefined, 'BUNDLE_INVALID'],
    ['a media type null', 'mediaType', null, 'BUNDLE_INVALID'],
    ['a media type that is a number', 'mediaType', 3, 'BUNDLE_INVALID'],
    ...[
      `${BUNDLE_MEDIA_TYPE}\n`,
      ` ${BUNDLE_MEDIA_TYPE}`,
      BUNDLE_MEDIA_TYPE.toUpperCase(),
      `${BUNDLE_MEDIA_TYPE};charset=utf-8`,
    ].map((type) => [`the media type ${JSON.stringify(type)}`, 'mediaType', type, 'INPUT_UNSUPPORTED'] as const),
    ...['0.0', '0.4', '0.9', '9.9', '1.0', '0.10'].flatMap((version) => [
      [
        `version ${version}`,
        'mediaType',
        `application/vnd.dev.sigstore.bundle+json;version=${version}`,
        'INPUT_UNSUPPORTED',
      ] as const,
      [
        `version ${version} in the new form`,
        'mediaType',
        `application/vnd.dev.sigstore.bundle.v${version}+json`,
        'INPUT_UNSUPPORTED',
      ] as const,
    ]),
    ['an unknown member', 'extra', 1, 'INPUT_MALFORMED'],
    ['an unknown member below', `${MATERIAL}.extra`, null, 'INPUT_MALFORMED'],
    ['a snake_case member', `${ENTRY}.log_index`, '12', 'INPUT_MALFORMED'],
    ['no verification material', MATERIAL, undefined, 'BUNDLE_INVALID'],
    ['verification material that is text', MATERIAL, '', 'INPUT_MALFORMED'],
    ['two contents', 'dsseEnvelope', sampleEnvelope().dsseEnvelope, 'BUNDLE_INVALID'],
    ['no content', 'messageSignature', undefined, 'BUNDLE_INVALID'],
    ['a content null', 'messageSignature', null, 'BUNDLE_INVALID'],
    ['a second content null', 'dsseEnvelope', null, 'BUNDLE_INVALID'],
    ['an empty content', 'messageSignature', {}, 'BUNDLE_INVALID'],
    ['two materials', `${MATERIAL}.publicKey`, { hint: 'key' }, 'BUNDLE_INVALID'],
    ['no material', `${MATERIAL}.certificate`, undefined, 'BUNDLE_INVALID'],
    ['a material null', `${MATERIAL}.certificate`, null, 'BUNDLE_INVALID'],
    ['a second material null', `${MATERIAL}.publicKey`, null, 'BUNDLE_INVALID'],
    ['an empty material', `${MATERIAL}.certificate`, {}, 'BUNDLE_INVALID'],
    ['an empty certificate', `${MATERIAL}.certificate.rawBytes`, '', 'BUNDLE_INVALID'],
    ['a certificate above 64 KiB', `${MATERIAL}.certificate.rawBytes`, b64(65_537), 'INPUT_TOO_LARGE'],
    ['33 entries', `${MATERIAL}.tlogEntries`, Array.from({ length: 33 }, () => 'x'), 'INPUT_TOO_LARGE'],
    [
      '33 timestamps',
      `${MATERIAL}.timestampVerificationData.rfc3161Timestamps`,
      Array.from({ length: 33 }, () => 'x'),
      'INPUT_TOO_LARGE',
    ],
    [
      'an empty timestamp',
      `${MATERIAL}.timestampVerificationData.rfc3161Timestamps.0.signedTimestamp`,
      '',
      'BUNDLE_INVALID',
    ],
    [
      'a timestamp above 64 KiB',
      `${MATERIAL}.timestampVerificationData.rfc3161Timestamps.0.signedTimestamp`,
      b64(65_537),
      'INPUT_TOO_LARGE',
    ],
    ['no message digest', 'messageSignature.messageDigest', undefined, 'BUNDLE_INVALID'],
    ['no digest algorithm', 'messageSignature.messageDigest.algorithm', undefined, 'BUNDLE_INVALID'],
    [
      'an unspecified digest algorithm',
      'messageSignature.messageDigest.algorithm',
      'HASH_ALGORITHM_UNSPECIFIED',
      'BUNDLE_INVALID',
    ],
    ...['SHA1', 'sha2_256', 'SHA2_256 ', 'md5', 'SHA3_256', ''].map(
      (name) =>
        [
          `the digest algorithm ${JSON.stringify(name)}`,
          'messageSignature.messageDigest.algorithm',
          name,
          'INPUT_UNSUPPORTED',
        ] as const,
    ),
    ['a digest algorithm by number', 'messageSignature.messageDigest.algorithm', 1, 'INPUT_MALFORMED'],
    ['no digest', 'messageSignature.messageDigest.digest', undefined, 'BUNDLE_INVALID'],
    ['a digest of another length', 'messageSignature.messageDigest.digest', b64(31), 'BUNDLE_INVALID'],
    ['a digest of another algorithm', 'messageSignature.messageDigest.algorithm', 'SHA2_512', 'BUNDLE_INVALID'],
    ['no signature', 'messageSignature.signature', undefined, 'BUNDLE_INVALID'],
    ['an empty signature', 'messageSignature.signature', '', 'BUNDLE_INVALID'],
    ...['AAA=\n', ' AAAA', 'AA-_', 'AA+_', 'AAA', 'AAA==', 'AB==', 'AAAA====', 'A', '====', 'ÀAAA'].map(
      (text) => [`the base64 ${JSON.stringify(text)}`, 'messageSignature.signature', text, 'INPUT_MALFORMED'] as const,
    ),
    ...[true, 1, [], {}].map(
      (value) =>
        [`${JSON.stringify(value)} for a signature`, 'messageSignature.signature', value, 'INPUT_MALFORMED'] as const,
    ),
  ])('%s', (_name, path, member, code) => {
    expect(codeOf(() => decodeBundle(withMember(sampleBundle(), path, member)))).toBe(code);
  });

  test.each([
    ['a chain in 0.3', '0.3', { x509CertificateChain: { certificates: [{ rawBytes: b64(9) }] } }],
    ['a single certificate in 0.1', '0.1', { certificate: { rawBytes: b64(9) } }],
    ['a single certificate in 0.2', '0.2', { certificate: { rawBytes: b64(9) } }],
    ['an empty chain in 0.2', '0.2', { x509CertificateChain: { certificates: [] } }],
    ['a chain without certificates in 0.2', '0.2', { x509CertificateChain: {} }],
  ] as const)('%s', (_name, version, material) => {
    const verificationMaterial = { tlogEntries: [sampleEntry()], ...material };
    expect(codeOf(() => decodeBundle({ ...sampleBundle(version), verificationMaterial }))).toBe('BUNDLE_INVALID');
  });

  test('eleven certificates', () => {
    const chain = { certificates: Array.from({ length: 11 }, () => ({ rawBytes: 'AAAA' })) };
    expect(codeOf(() => decodeBundle(withMember(sampleBundle('0.2'), `${MATERIAL}.x509CertificateChain`, chain)))).toBe(
      'INPUT_TOO_LARGE',
    );
  });

  test.each([
    ['without a hint', {}, 'BUNDLE_INVALID'],
    ['of null', { hint: null }, 'BUNDLE_INVALID'],
    ['with an empty hint', { hint: '' }, 'KEY_NOT_FOUND'],
    ['with a hint of 1 MiB', { hint: 'a'.repeat(1 << 20) }, 'KEY_NOT_FOUND'],
  ])('a public key %s', (_name, publicKey, code) => {
    expect(codeOf(() => decodeBundle({ ...sampleBundle(), verificationMaterial: { publicKey } }))).toBe(code);
  });

  test.each(['__proto__', 'constructor', 'toString'])('a member %s, on every level', (name) => {
    for (const place of ['{"mediaType"', '{"certificate"', '{"rawBytes"', '{"logIndex"', '{"keyId"', '{"algorithm"']) {
      expect(codeWithText(place, place.replace('{', `{${JSON.stringify(name)}:{"polluted":true},`))).toBe(
        'INPUT_MALFORMED',
      );
    }
    expect('polluted' in {}).toBe(false);
  });
});

describe('an envelope is refused for', () => {
  const signature = { sig: b64(70) };
  test.each([
    ['no signature', 'signatures', [], 'BUNDLE_INVALID'],
    ['signatures null', 'signatures', null, 'BUNDLE_INVALID'],
    ['two signatures', 'signatures', [signature, signature], 'BUNDLE_INVALID'],
    ['two signatures of which one is broken', 'signatures', [signature, {}], 'BUNDLE_INVALID'],
    ['an empty signature', 'signatures', [{ sig: '' }], 'BUNDLE_INVALID'],
    ['signatures that are an object', 'signatures', {}, 'INPUT_MALFORMED'],
    ['no payload', 'payload', undefined, 'BUNDLE_INVALID'],
    ['a payload in the URL alphabet', 'payload', 'e-_9', 'INPUT_MALFORMED'],
    ['no payload type', 'payloadType', undefined, 'BUNDLE_INVALID'],
    ['an empty payload type', 'payloadType', '', 'STATEMENT_INVALID'],
    ['a payload type of 257 bytes', 'payloadType', 'a'.repeat(257), 'INPUT_TOO_LARGE'],
    ['a payload type beyond ASCII', 'payloadType', 'application/vnd.in-tot\u00f6+json', 'INPUT_UNSUPPORTED'],
    ['a payload type with a control character', 'payloadType', 'text/plain\n', 'INPUT_UNSUPPORTED'],
  ])('%s', (_name, path, member, code) => {
    expect(codeOf(() => decodeBundle(withMember(sampleEnvelope(), `dsseEnvelope.${path}`, member)))).toBe(code);
  });

  test('a lone surrogate in its payload type', () => {
    const text = JSON.stringify(sampleEnvelope()).replace('vnd.in-toto', '\\ud800');
    expect(codeOfText(text)).toBe('INPUT_MALFORMED');
  });
});

describe('an entry is refused for', () => {
  test.each([
    ...[
      '',
      ' 1',
      '+1',
      '01',
      '1e3',
      '0x1',
      '1.0',
      '-0',
      '-1',
      '9223372036854775808',
      '18446744073709551616',
      '9'.repeat(400),
      1.5,
      -1,
      [],
      {},
      true,
    ].map(
      (index) => [`the index ${JSON.stringify(index).slice(0, 30)}`, 'logIndex', index, 'INPUT_MALFORMED'] as const,
    ),
    ['an index above 2^53 as a number', 'logIndex', 2 ** 53, 'INPUT_MALFORMED'],
    ['a negative time', 'integratedTime', '-1', 'INPUT_MALFORMED'],
    ['a negative tree size', 'inclusionProof.treeSize', '-1', 'INPUT_MALFORMED'],
    ['no log id', 'logId', undefined, 'BUNDLE_INVALID'],
    ['a log id without bytes', 'logId', {}, 'BUNDLE_INVALID'],
    ['a log id of 31 bytes', 'logId.keyId', b64(31), 'BUNDLE_INVALID'],
    ['no kind', 'kindVersion', undefined, 'BUNDLE_INVALID'],
    ['an empty kind', 'kindVersion.kind', '', 'BUNDLE_INVALID'],
    ['no version', 'kindVersion.version', undefined, 'BUNDLE_INVALID'],
    ['an empty promise', 'inclusionPromise.signedEntryTimestamp', '', 'BUNDLE_INVALID'],
    ['a promise without bytes', 'inclusionPromise', {}, 'BUNDLE_INVALID'],
    ['no body', 'canonicalizedBody', undefined, 'BUNDLE_INVALID'],
    ['an empty body', 'canonicalizedBody', '', 'BUNDLE_INVALID'],
    ['a body above 1 MiB', 'canonicalizedBody', b64((1 << 20) + 1), 'INPUT_TOO_LARGE'],
    ['no proof', 'inclusionProof', undefined, 'BUNDLE_INVALID'],
    ['a proof null', 'inclusionProof', null, 'BUNDLE_INVALID'],
    ['an empty proof', 'inclusionProof', {}, 'BUNDLE_INVALID'],
    ['a proof without a root', 'inclusionProof.rootHash', undefined, 'BUNDLE_INVALID'],
    ['a proof without a size', 'inclusionProof.treeSize', undefined, 'BUNDLE_INVALID'],
    ['a root of 33 bytes', 'inclusionProof.rootHash', b64(33), 'PROOF_INVALID'],
    ['a hash of 31 bytes', 'inclusionProof.hashes.1', b64(31), 'PROOF_INVALID'],
    ['64 hashes', 'inclusionProof.hashes', Array.from({ length: 64 }, () => 'x'), 'INPUT_TOO_LARGE'],
    ['a proof without a checkpoint', 'inclusionProof.checkpoint', undefined, 'BUNDLE_INVALID'],
    ['a checkpoint null', 'inclusionProof.checkpoint', null, 'BUNDLE_INVALID'],
    ['a checkpoint without an envelope', 'inclusionProof.checkpoint', {}, 'BUNDLE_INVALID'],
    ['an empty checkpoint', 'inclusionProof.checkpoint.envelope', '', 'BUNDLE_INVALID'],
    ['a checkpoint above 64 KiB', 'inclusionProof.checkpoint.envelope', 'é'.repeat(32_769), 'INPUT_TOO_LARGE'],
  ] as const)('%s', (_name, path, member, code) => {
    expect(codeOf(() => decodeBundle(withMember(sampleBundle(), `${ENTRY}.${path}`, member)))).toBe(code);
  });

  test('being the only one of two without a proof', () => {
    const bundle = sampleBundle();
    bundle.verificationMaterial.tlogEntries = [sampleEntry(), withMember(sampleEntry(), 'inclusionProof', undefined)];
    expect(codeOf(() => decodeBundle(bundle))).toBe('BUNDLE_INVALID');
  });
});

describe('what an entry must carry by version', () => {
  const v1 = sampleEntry();
  const { inclusionPromise: _promise, ...unpromised } = v1;
  const { inclusionProof, ...unproven } = v1;
  const { checkpoint: _checkpoint, ...bareProof } = inclusionProof;
  const v2 = sampleEntryV2();
  test.each([
    ['promise and proof', v1, 'accepted', 'accepted', 'accepted'],
    ['a promise alone', unproven, 'accepted', 'BUNDLE_INVALID', 'BUNDLE_INVALID'],
    [
      'a promise and a proof without checkpoint',
      { ...v1, inclusionProof: bareProof },
      'accepted',
      'BUNDLE_INVALID',
      'BUNDLE_INVALID',
    ],
    ['a proof alone', unpromised, 'BUNDLE_INVALID', 'accepted', 'accepted'],
    [
      'a proof and the promise null',
      { ...unpromised, inclusionPromise: null },
      'BUNDLE_INVALID',
      'accepted',
      'accepted',
    ],
    ['neither', { ...unproven, inclusionPromise: null }, 'BUNDLE_INVALID', 'BUNDLE_INVALID', 'BUNDLE_INVALID'],
    ['Rekor v2 with a proof', v2, 'BUNDLE_INVALID', 'accepted', 'accepted'],
    [
      'Rekor v2 with all members of its answer',
      { ...v2, integratedTime: '0', inclusionPromise: null },
      'BUNDLE_INVALID',
      'accepted',
      'accepted',
    ],
    [
      'Rekor v2 with a promise',
      { ...v2, inclusionPromise: v1.inclusionPromise },
      'BUNDLE_INVALID',
      'BUNDLE_INVALID',
      'BUNDLE_INVALID',
    ],
    ['Rekor v2 with a time', { ...v2, integratedTime: '1' }, 'BUNDLE_INVALID', 'BUNDLE_INVALID', 'BUNDLE_INVALID'],
    [
      'Rekor v2 without a checkpoint',
      { ...v2, inclusionProof: bareProof },
      'BUNDLE_INVALID',
      'BUNDLE_INVALID',
      'BUNDLE_INVALID',
    ],
    [
      'an envelope of Rekor v2 with a time',
      { ...v2, kindVersion: { kind: 'dsse', version: '0.0.2' }, integratedTime: '1' },
      'BUNDLE_INVALID',
      'BUNDLE_INVALID',
      'BUNDLE_INVALID',
    ],
    [
      'a kind of Rekor v1 with a version like that of v2',
      { ...v1, kindVersion: { kind: 'intoto', version: '0.0.2' } },
      'accepted',
      'accepted',
      'accepted',
    ],
  ])('%s', (_name, entry, ...codes) => {
    const versions = ['0.1', '0.2', '0.3'] as const;
    expect(
      versions.map((version) =>
        codeOf(() => decodeBundle(withMember(sampleBundle(version), `${MATERIAL}.tlogEntries`, [entry]))),
      ),
    ).toEqual(codes);
  });

  test('index 0 may be left out, as ProtoJSON does', () => {
    const entry = withMember(withMember(v1, 'logIndex', undefined), 'inclusionProof.logIndex', undefined);
    const [decoded] = decodeBundle(withMember(sampleBundle(), `${MATERIAL}.tlogEntries`, [entry])).entries;
    expect(decoded).toMatchObject({ logIndex: 0n, proof: { logIndex: 0n } });
  });

  test('indexes are exact up to 2^63 − 1', () => {
    const entry = { ...v1, logIndex: '9223372036854775807', integratedTime: 1_700_000_000 };
    const [decoded] = decodeBundle(withMember(sampleBundle(), `${MATERIAL}.tlogEntries`, [entry])).entries;
    expect(decoded).toMatchObject({ logIndex: 2n ** 63n - 1n, integratedTime: 1_700_000_000n });
  });
});

describe('encoding', () => {
  test('refuses a bundle 0.3 with a chain', () => {
    const bundle = decodeBundle(sampleBundle());
    const chain = { kind: 'certificate', certificates: [Uint8Array.of(1), Uint8Array.of(2)] } as const;
    expect(codeOf(() => encodeBundle({ ...bundle, material: chain }))).toBe('BUNDLE_INVALID');
  });

  test('restores what was decoded', () => {
    expect(encodeBundle(decodeBundle(sampleBundle()))).toEqual(sampleBundle());
    expect(encodeBundle(decodeBundle(sampleBundle('0.1')))).toEqual(sampleBundle('0.1'));
    expect(encodeBundle(decodeBundle(sampleEnvelope()))).toEqual(sampleEnvelope());
  });
});
