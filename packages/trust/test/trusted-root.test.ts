// SPDX-License-Identifier: Apache-2.0

import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import { codeOf, withMember } from '../../bundle/test/sample.js';
import { sweepMembers } from '../../bundle/test/sweep.js';
import { encodeRsaSpki, exportSpki, makeEcPair } from '../../core/test/keys.js';
import { makeIntermediate, makeRoot, mintCertificate } from '../../core/test/mint.js';
import { decodeTrustedRoot } from '../src/index.js';
import {
  b64,
  edKey,
  intermediate,
  leaf,
  root,
  sampleAuthority,
  sampleLog,
  sampleLogV2,
  sampleRoot,
  sha256,
} from './sample.js';

const codeOfRoot = (value: object | string): string => codeOf(() => decodeTrustedRoot(value));
const LOG = 'tlogs.0';

describe('a trusted root', () => {
  test('is decoded with nothing unusable', () => {
    const decoded = decodeTrustedRoot(sampleRoot());
    const all = [
      ...decoded.logs,
      ...decoded.ctLogs,
      ...decoded.certificateAuthorities,
      ...decoded.timestampAuthorities,
    ];
    expect(all.map(({ unusable }) => unusable)).toEqual(Array.from({ length: 7 }, () => undefined));
    expect(decoded.logs.map(({ origin }) => origin)).toEqual(['rekor.example', 'log.example']);
    expect(decoded.logs[0]).toMatchObject({
      suite: { scheme: 'ecdsa', hash: 'sha256' },
      operator: 'log.example',
      validFor: { start: new Date('2025-01-01T00:00:00Z') },
    });
    expect(decoded.certificateAuthorities[0]?.chain.map(({ der }) => der)).toEqual(
      [intermediate, root].map(({ certificate }) => certificate.der),
    );
    expect(Object.isFrozen(decoded) && Object.isFrozen(decoded.logs[0])).toBe(true);
  });

  test.each([
    'application/vnd.dev.sigstore.trustedroot.v0.1+json',
    'application/vnd.dev.sigstore.trustedroot.v0.2+json',
  ])('may have the media type %s', (mediaType) => {
    expect(decodeTrustedRoot({ ...sampleRoot(), mediaType }).mediaType).toBe(mediaType);
  });

  test('may be empty: whether that is enough is for the policy', () => {
    const { mediaType } = sampleRoot();
    expect(decodeTrustedRoot({ mediaType })).toEqual({
      mediaType,
      logs: [],
      ctLogs: [],
      certificateAuthorities: [],
      timestampAuthorities: [],
    });
  });

  test('may list one log twice', () => {
    const { tlogs } = sampleRoot();
    expect(decodeTrustedRoot({ ...sampleRoot(), tlogs: [...tlogs, ...tlogs] }).logs).toHaveLength(4);
  });

  test('may leave ends open, and ends may be starts', () => {
    const open = withMember(sampleRoot(), `${LOG}.publicKey.validFor.end`, null);
    expect(decodeTrustedRoot(open).logs[0]?.validFor).toEqual({ start: new Date('2025-01-01T00:00:00Z') });
    expect(codeOfRoot(withMember(sampleRoot(), `${LOG}.publicKey.validFor.end`, '2025-01-01T00:00:00Z'))).toBe(
      'accepted',
    );
  });
});

describe('a trusted root is refused for', () => {
  test.each<readonly [string, string, unknown, string]>([
    ...[
      undefined,
      null,
      1,
      '',
      'application/json',
      'application/vnd.dev.sigstore.trustedroot+json;version=0.2',
      'application/vnd.dev.sigstore.trustedroot+json;version=0.1 ',
    ].map(
      (mediaType) => [`the media type ${JSON.stringify(mediaType)}`, 'mediaType', mediaType, 'TRUST_INVALID'] as const,
    ),
    ['an unknown member', 'extra', null, 'INPUT_MALFORMED'],
    ['an unknown member of a log', `${LOG}.extra`, 1, 'INPUT_MALFORMED'],
    ['a snake_case member', `${LOG}.base_url`, 'https://rekor.example', 'INPUT_MALFORMED'],
    ['a log without a window', `${LOG}.publicKey.validFor`, undefined, 'TRUST_INVALID'],
    ['a log without a start', `${LOG}.publicKey.validFor.start`, undefined, 'TRUST_INVALID'],
    ['a certificate log without a window', 'ctlogs.0.publicKey.validFor', undefined, 'TRUST_INVALID'],
    ['a certificate authority without a window', 'certificateAuthorities.0.validFor', undefined, 'TRUST_INVALID'],
    ['a timestamp authority without a window', 'timestampAuthorities.0.validFor', null, 'TRUST_INVALID'],
    ['an end before its start', `${LOG}.publicKey.validFor.end`, '2024-12-31T23:59:59.999Z', 'TRUST_INVALID'],
    ...['2025-02-30T00:00:00Z', '2025-01-01', 'now', '', 0].map(
      (date) => [`the date ${JSON.stringify(date)}`, `${LOG}.publicKey.validFor.start`, date, 'TRUST_INVALID'] as const,
    ),
    ['no public key', `${LOG}.publicKey`, undefined, 'TRUST_INVALID'],
    ['no key bytes', `${LOG}.publicKey.rawBytes`, undefined, 'TRUST_INVALID'],
    ['empty key bytes', `${LOG}.publicKey.rawBytes`, '', 'TRUST_INVALID'],
    ['no key details', `${LOG}.publicKey.keyDetails`, undefined, 'TRUST_INVALID'],
    ['key details by number', `${LOG}.publicKey.keyDetails`, 5, 'INPUT_MALFORMED'],
    ['no hash algorithm', `${LOG}.hashAlgorithm`, undefined, 'TRUST_INVALID'],
    ['no log id', `${LOG}.logId`, undefined, 'TRUST_INVALID'],
    ['a log id of 31 bytes', `${LOG}.logId.keyId`, b64(new Uint8Array(31)), 'TRUST_INVALID'],
    ['a checkpoint key id of 5 bytes', `${LOG}.checkpointKeyId`, { keyId: b64(new Uint8Array(5)) }, 'TRUST_INVALID'],
    ['a log that signs its name without a base URL', 'tlogs.1.baseUrl', '', 'TRUST_INVALID'],
    ['a base URL with userinfo', `${LOG}.baseUrl`, 'https://a@rekor.example', 'TRUST_INVALID'],
    ['a base URL with a dotted path', `${LOG}.baseUrl`, 'https://rekor.example/../a', 'TRUST_INVALID'],
    ['no certificate', 'certificateAuthorities.0.certChain.certificates', [], 'TRUST_INVALID'],
    ['no certificate chain', 'certificateAuthorities.0.certChain', undefined, 'TRUST_INVALID'],
    [
      'a certificate that is not DER',
      'certificateAuthorities.0.certChain.certificates.0.rawBytes',
      b64('-----BEGIN CERTIFICATE-----'),
      'TRUST_INVALID',
    ],
    [
      'a certificate with bytes after it',
      'certificateAuthorities.1.certChain.certificates.0.rawBytes',
      b64(Buffer.concat([root.certificate.der, Buffer.of(0)])),
      'TRUST_INVALID',
    ],
    [
      'eleven certificates',
      'certificateAuthorities.0.certChain.certificates',
      Array.from({ length: 11 }, () => 'x'),
      'INPUT_TOO_LARGE',
    ],
    ['100,000 authorities', 'certificateAuthorities', Array.from({ length: 100_000 }, () => 'x'), 'INPUT_TOO_LARGE'],
    ['65 logs', 'tlogs', Array.from({ length: 65 }, () => 'x'), 'INPUT_TOO_LARGE'],
  ])('%s', (_name, path, member, code) => {
    expect(codeOfRoot(withMember(sampleRoot(), path, member))).toBe(code);
  });

  const other = makeRoot('other');
  test.each([
    ['a certificate chain in reverse', 'certificateAuthorities', sampleAuthority(root, intermediate)],
    ['a certificate chain with a stranger', 'certificateAuthorities', sampleAuthority(intermediate, root, other)],
    ['a certificate chain that does not lead on', 'certificateAuthorities', sampleAuthority(intermediate, other)],
    ['a leaf in place of a certificate authority', 'certificateAuthorities', sampleAuthority(leaf)],
    ['a leaf first in a certificate authority', 'certificateAuthorities', sampleAuthority(leaf, root)],
    ['a leaf without its authority', 'timestampAuthorities', sampleAuthority(leaf)],
    ['a leaf last', 'timestampAuthorities', sampleAuthority(root, leaf)],
    ['a leaf twice', 'timestampAuthorities', sampleAuthority(leaf, leaf, root)],
  ])('%s', (_name, kind, authority) => {
    expect(codeOfRoot({ ...sampleRoot(), [kind]: [authority] })).toBe('TRUST_INVALID');
  });

  test('one key id with two keys', () => {
    const [log] = sampleRoot().tlogs;
    const twin = withMember({ ...log }, 'publicKey.rawBytes', b64(makeEcPair('P-256').publicKey.spki));
    expect(codeOfRoot({ ...sampleRoot(), tlogs: [log, twin] })).toBe('TRUST_INVALID');
    expect(codeOfRoot({ ...sampleRoot(), ctlogs: [log, twin] })).toBe('TRUST_INVALID');
  });

  test('repeated names, bytes after it, and more than 1 MiB', () => {
    const text = JSON.stringify(sampleRoot());
    expect(codeOfRoot(text.replace('{', '{"tlogs":[],'))).toBe('INPUT_MALFORMED');
    expect(codeOfRoot(`${text}{}`)).toBe('INPUT_MALFORMED');
    expect(codeOfRoot(text.padEnd((1 << 20) + 1))).toBe('INPUT_TOO_LARGE');
    expect(codeOfRoot(text.padEnd(1 << 20))).toBe('accepted');
  });
});

describe('a log is unusable, and its root is not, for', () => {
  const rsa1024 = exportSpki(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey);
  const koblitz = exportSpki(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey);
  const explicit = Uint8Array.from(
    generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }).publicKey.export({
      type: 'spki',
      format: 'der',
    }),
  );
  const pkcs1 = Uint8Array.from(
    generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey.export({ type: 'pkcs1', format: 'der' }),
  );
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = exportSpki(pair.publicKey);
  const privateKey = Uint8Array.from(pair.privateKey.export({ type: 'pkcs8', format: 'der' }));
  test.each<readonly [string, Uint8Array, string]>([
    ['key details that are not known', spki, 'ML_DSA_65'],
    ['key details that are not specified', spki, 'PUBLIC_KEY_DETAILS_UNSPECIFIED'],
    ['key details of another curve', spki, 'PKIX_ECDSA_P384_SHA_384'],
    ['key details of another kind', spki, 'PKIX_ED25519'],
    ['an RSA key of 1,024 bits', rsa1024, 'PKIX_RSA_PKCS1V15_2048_SHA256'],
    ['an RSA key with exponent 3', encodeRsaSpki((1n << 2_048n) - 1n, 3n), 'PKIX_RSA_PKCS1V15_2048_SHA256'],
    ['a curve that is not in use', koblitz, 'PKIX_ECDSA_P256_SHA_256'],
    ['a curve by its parameters', explicit, 'PKIX_ECDSA_P256_SHA_256'],
    ['bytes after the key', Uint8Array.of(...spki, 0), 'PKIX_ECDSA_P256_SHA_256'],
    ['a private key', privateKey, 'PKIX_ECDSA_P256_SHA_256'],
    ['a certificate', root.certificate.der, 'PKIX_ECDSA_P256_SHA_256'],
    ['a PKCS#1 key that is called SPKI', pkcs1, 'PKIX_RSA_PKCS1V15_2048_SHA256'],
  ])('%s', (_name, rawKey, keyDetails) => {
    const log = {
      ...sampleRoot().tlogs[0],
      publicKey: { rawBytes: b64(rawKey), keyDetails, validFor: { start: '2025-01-01T00:00:00Z' } },
      logId: { keyId: b64(sha256(rawKey)) },
    };
    const [decoded] = decodeTrustedRoot({ ...sampleRoot(), tlogs: [log] }).logs;
    expect(decoded).toMatchObject({ keyDetails, rawKey, unusable: expect.any(String) as string });
    expect(decoded !== undefined && ('key' in decoded || 'suite' in decoded || 'checkpointKeyId' in decoded)).toBe(
      false,
    );
  });

  test.each([
    ['another hash function', 'hashAlgorithm', 'SHA2_512'],
    ['an id that is not its key’s', 'logId.keyId', b64(new Uint8Array(32))],
    ['a checkpoint key id that is not its key’s', 'checkpointKeyId', { keyId: b64(new Uint8Array(32)) }],
    ['the beginning of one', 'checkpointKeyId', { keyId: b64(new Uint8Array(4)) }],
  ])('%s', (_name, path, member) => {
    for (const [i, tlog] of sampleRoot().tlogs.entries()) {
      const [decoded] = decodeTrustedRoot({ ...sampleRoot(), tlogs: [withMember<object>(tlog, path, member)] }).logs;
      expect([i, decoded?.key, typeof decoded?.unusable]).toEqual([i, undefined, 'string']);
    }
  });

  test('an id that is bound to another name', () => {
    const [decoded] = decodeTrustedRoot({
      ...sampleRoot(),
      tlogs: [sampleLogV2('https://log.example', 'evil.example')],
    }).logs;
    expect(decoded?.unusable).toBe('the key id is not that of the key');
  });

  test('the id of a note key in a certificate log', () => {
    const [decoded] = decodeTrustedRoot({
      ...sampleRoot(),
      ctlogs: [sampleLogV2('https://log.example', 'log.example')],
    }).ctLogs;
    expect(decoded?.unusable).toBe('the key id is not that of the key');
  });
});

describe('an authority is unusable, and its root is not, for', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const { pair } = root;
  const sha1 = Uint8Array.of(0x30, 0x09, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01);
  test.each([
    ['a key on another curve', mintCertificate(pair.privateKey, {}, exportSpki(publicKey))],
    ['a signature with SHA-1', mintCertificate(pair.privateKey, { algorithm: sha1 }, pair.publicKey.spki)],
    [
      'a certificate of version 1',
      mintCertificate(pair.privateKey, { version: new Uint8Array(0) }, pair.publicKey.spki),
    ],
  ])('%s', (_name, der) => {
    const [decoded] = decodeTrustedRoot({
      ...sampleRoot(),
      certificateAuthorities: [sampleAuthority({ certificate: { der } })],
    }).certificateAuthorities;
    expect(decoded).toMatchObject({ chain: [], certificates: [der], unusable: expect.any(String) as string });
  });
});

describe('the ids of a log', () => {
  const spkiId = sha256(edKey.spki);
  const noteId = sha256('log.example\n\u0001', edKey.raw);
  test.each([
    ['v1', spkiId, undefined, spkiId],
    ['v2', noteId, undefined, noteId],
    ['v1 that signs checkpoints as v2', spkiId, noteId, noteId],
    ['v1 that says so by a hint', spkiId, noteId.subarray(0, 4), noteId],
    ['v2 that says so twice', noteId, noteId, noteId],
    ['v1 that says so by a hint of its own', spkiId, spkiId.subarray(0, 4), spkiId],
  ])('of kind %s lead to the id that signs checkpoints', (_name, logId, checkpointKeyId, expected) => {
    const log = {
      ...sampleLog(edKey, 'PKIX_ED25519', 'https://log.example'),
      logId: { keyId: b64(logId) },
      checkpointKeyId: checkpointKeyId === undefined ? null : { keyId: b64(checkpointKeyId) },
    };
    const [decoded] = decodeTrustedRoot({ ...sampleRoot(), tlogs: [log] }).logs;
    expect(decoded).toMatchObject({ logId, checkpointKeyId: expected });
  });

  test('are those of the published vector', () => {
    const spki = Buffer.from(
      '302a300506032b657003210003a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8',
      'hex',
    );
    const log = {
      ...sampleLog(edKey, 'PKIX_ED25519', 'http://rekor.local'),
      logId: { keyId: 'UxRpAFq2cCCMgbCpvtJgBzG2RNiZIuTCzaw9dB98RXA=' },
    };
    const [decoded] = decodeTrustedRoot({
      ...sampleRoot(),
      tlogs: [withMember(log, 'publicKey.rawBytes', b64(spki))],
    }).logs;
    expect(decoded).toMatchObject({ origin: 'rekor.local', key: { kind: 'ed25519' } });
  });

  test('of PKCS#1 keys are those of their SPKI', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const pkcs1 = Uint8Array.from(publicKey.export({ type: 'pkcs1', format: 'der' }));
    const spki = exportSpki(publicKey);
    const key = { rawBytes: b64(pkcs1), keyDetails: 'PKCS1_RSA_PKCS1V5', validFor: { start: '2021-01-01T00:00:00Z' } };
    const log = { hashAlgorithm: 'SHA2_256', publicKey: key, logId: { keyId: b64(sha256(spki)) } };
    const [decoded] = decodeTrustedRoot({ ...sampleRoot(), ctlogs: [log] }).ctLogs;
    expect(decoded).toMatchObject({ key: { kind: 'rsa', spki }, rawKey: pkcs1, origin: '' });
  });

  test('of a log without a name may be those of its key', () => {
    const [log] = sampleRoot().tlogs;
    const [decoded] = decodeTrustedRoot({ ...sampleRoot(), tlogs: [{ ...log, baseUrl: undefined }] }).logs;
    expect(decoded).toMatchObject({ baseUrl: '', origin: '', key: { kind: 'ec' } });
  });
});

describeCorpus('the trusted roots of the corpus', () => {
  const paths = (): readonly string[] => [
    ...readdirSync(corpus('conformance/bundle-verify'))
      .map((name) => `conformance/bundle-verify/${name}/trusted_root.json`)
      .filter((path) => existsSync(corpus(path))),
    'trust/production/trusted_root.json',
    'trust/staging/trusted_root.json',
    'real/go/scaffolding.json',
    'real/go/public-good.json',
  ];

  test('are decoded with nothing unusable', () => {
    for (const path of paths()) {
      const decoded = decodeTrustedRoot(readFileSync(corpus(path)));
      const all = [
        ...decoded.logs,
        ...decoded.ctLogs,
        ...decoded.certificateAuthorities,
        ...decoded.timestampAuthorities,
      ];
      expect([path, all.filter(({ unusable }) => unusable !== undefined)]).toEqual([path, []]);
    }
  });

  test('have the origins that their checkpoints name', () => {
    const [, log] = decodeTrustedRoot(readFileSync(corpus('trust/production/trusted_root.json'))).logs;
    expect(log).toMatchObject({ origin: 'log2025-1.rekor.sigstore.dev', key: { kind: 'ed25519' } });
    const custom = 'conformance/bundle-verify/intoto-with-custom-trust-root/trusted_root.json';
    expect(decodeTrustedRoot(readFileSync(corpus(custom))).logs[0]?.origin).toBe('localhost:8000');
  });

  /** What a trusted root may lack: labels, the ends of windows, and whole lists, whose absence the policy notices. */
  const UNNOTICED = [
    ...['tlogs', 'ctlogs', 'certificateAuthorities', 'timestampAuthorities'].flatMap((name) =>
      ['delete', 'null', 'empty'].map((how) => `${how} ${name}`),
    ),
    ...['tlogs', 'ctlogs'].flatMap((name) => ['delete', 'null', 'empty'].map((how) => `${how} ${name}[].baseUrl`)),
    ...['delete', 'null'].map((how) => `${how} ctlogs[].publicKey.validFor.end`),
    ...['certificateAuthorities', 'timestampAuthorities'].flatMap((name) =>
      ['delete', 'null', 'empty'].flatMap((how) =>
        ['subject', 'subject.organization', 'subject.commonName', 'uri'].map((member) => `${how} ${name}[].${member}`),
      ),
    ),
    ...['delete', 'null'].map((how) => `${how} certificateAuthorities[].validFor.end`),
  ];
  test('are refused with one member spoilt, but for a short list', () => {
    const document: unknown = JSON.parse(readFileSync(corpus('trust/production/trusted_root.json'), 'utf8'));
    const unnoticed = [...sweepMembers(document)]
      .filter(({ text }) => codeOfRoot(text) === 'accepted')
      .map(({ name }) => name);
    expect([...new Set(unnoticed)].sort()).toEqual([...UNNOTICED].sort());
  });
});

describe('anything else', () => {
  test('gives a trusted root or an error of ours', () => {
    fc.assert(fc.property(fc.uint8Array(), (input) => typeof codeOf(() => decodeTrustedRoot(input)) === 'string'));
    fc.assert(fc.property(fc.json(), (input) => typeof codeOfRoot(input) === 'string'));
    fc.assert(fc.property(fc.object(), (input) => typeof codeOfRoot(input) === 'string'));
  });

  test('of a certificate gives a trusted root or an error of ours', () => {
    const { der } = makeIntermediate(root, 'changed').certificate;
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const bytes = Uint8Array.from(der);
        bytes[place] = (bytes[place] ?? 0) ^ change;
        codeOfRoot({
          ...sampleRoot(),
          certificateAuthorities: [sampleAuthority({ certificate: { der: bytes } }, root)],
        });
      }),
    );
  });
});
