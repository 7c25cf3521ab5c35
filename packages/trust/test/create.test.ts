// SPDX-License-Identifier: Apache-2.0

import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { encodePem } from '@keywax/core/pem';
import { codeOf } from '../../bundle/test/sample.js';
import { exportSpki, makeEcPair } from '../../core/test/keys.js';
import { makeRoot } from '../../core/test/mint.js';
import {
  type TrustedRootParts,
  createTrustedRoot,
  decodeTrustedRoot,
  encodeTrustedRoot,
  mergeTrustedRoots,
} from '../src/index.js';
import { edKey, intermediate, leaf, root, sampleAuthority, sampleLog, sampleRoot, sha256 } from './sample.js';

const ecKey = makeEcPair('P-256').publicKey;
const validFor = { start: new Date('2025-01-01T00:00:00Z') };
const baseUrl = 'https://log.example:8080/path';
const V01 = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';
const V02 = 'application/vnd.dev.sigstore.trustedroot.v0.2+json';

const pemChain = (...certificates: readonly { readonly certificate: { readonly der: Uint8Array } }[]): string =>
  certificates.map(({ certificate }) => encodePem('CERTIFICATE', certificate.der)).join('');

const PARTS: TrustedRootParts = {
  certificateAuthorities: [{ chain: pemChain(intermediate, root), uri: 'https://ca.example' }],
  timestampAuthorities: [{ chain: [leaf.certificate.der, root.certificate.der], validFor: { end: new Date(2e12) } }],
  logs: [
    { key: encodePem('PUBLIC KEY', ecKey.spki), baseUrl, validFor },
    { key: edKey.spki, baseUrl, validFor, majorApiVersion: 2 },
  ],
  ctLogs: [{ key: edKey.spki, validFor: { ...validFor, end: new Date('2026-01-01T00:00:00Z') } }],
};

describe('a trusted root that is created', () => {
  test('has the ids, algorithms and names of its keys and certificates', () => {
    const created = createTrustedRoot(PARTS);
    expect(created.mediaType).toBe(V01);
    expect(created.logs).toMatchObject([
      { origin: 'log.example:8080', keyDetails: 'PKIX_ECDSA_P256_SHA_256', logId: sha256(ecKey.spki), validFor },
      { keyDetails: 'PKIX_ED25519', logId: sha256('log.example:8080\n\u0001', edKey.raw) },
    ]);
    expect(created.ctLogs).toMatchObject([{ baseUrl: '', logId: sha256(edKey.spki) }]);
    expect(created.certificateAuthorities).toMatchObject([
      {
        uri: 'https://ca.example',
        subject: { commonName: 'CN=root' },
        certificates: [intermediate, root].map(({ certificate }) => certificate.der),
        validFor: {
          start: new Date(Math.max(...[intermediate, root].map(({ certificate }) => certificate.notBefore.getTime()))),
        },
      },
    ]);
    expect(created.timestampAuthorities[0]?.validFor.end).toEqual(new Date(2e12));
    expect(decodeTrustedRoot(encodeTrustedRoot(created))).toEqual(created);
  });

  test('is of version 0.2 where it names an operator', () => {
    const [log] = PARTS.logs ?? [];
    const { mediaType, logs } = createTrustedRoot({ logs: log === undefined ? [] : [{ ...log, operator: 'me' }] });
    expect({ mediaType, operator: logs[0]?.operator }).toEqual({ mediaType: V02, operator: 'me' });
  });

  test.each([
    ['1', sha256(edKey.spki)],
    ['2', sha256('log.example:8080\n\u0001', edKey.raw)],
  ] as const)('gives a log of version %s with an Ed25519 key its id', (version, logId) => {
    const { logs } = createTrustedRoot({
      logs: [{ key: edKey.spki, baseUrl, validFor, majorApiVersion: version === '1' ? 1 : 2 }],
    });
    expect(logs).toMatchObject([{ logId, checkpointKeyId: logId }]);
  });

  test.each([2_048, 3_072])('takes an RSA key of %i bits', (modulusLength) => {
    const key = exportSpki(generateKeyPairSync('rsa', { modulusLength }).publicKey);
    expect(createTrustedRoot({ ctLogs: [{ key, validFor }] }).ctLogs[0]?.keyDetails).toBe(
      `PKIX_RSA_PKCS1V15_${modulusLength}_SHA256`,
    );
  });

  const privatePem = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  const weak = exportSpki(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey);
  const log = (more: object) => ({ logs: [{ key: ecKey.spki, baseUrl, validFor, ...more }] });
  const authority = (chain: string | readonly Uint8Array[]) => ({ certificateAuthorities: [{ chain }] });
  test.each<readonly [string, TrustedRootParts, string]>([
    ['a private key', log({ key: privatePem }), 'KEY_REJECTED'],
    ['a weak key', log({ key: weak }), 'KEY_REJECTED'],
    ['two keys in one text', log({ key: encodePem('PUBLIC KEY', ecKey.spki).repeat(2) }), 'INPUT_MALFORMED'],
    ['a certificate for a key', log({ key: pemChain(root) }), 'KEY_REJECTED'],
    ['an Ed25519 key of no version', log({ key: edKey.spki }), 'CONFIG_INVALID'],
    ['a URL that is none', log({ baseUrl: 'log.example' }), 'TRUST_INVALID'],
    ['an end before the start', log({ validFor: { ...validFor, end: new Date(0) } }), 'TRUST_INVALID'],
    ['a start that is no date', log({ validFor: { start: new Date(Number.NaN) } }), 'CONFIG_INVALID'],
    ['no certificate', authority([]), 'CONFIG_INVALID'],
    ['no certificate in PEM', authority(''), 'INPUT_MALFORMED'],
    ['a key for a certificate', authority(encodePem('PUBLIC KEY', ecKey.spki)), 'INPUT_MALFORMED'],
    ['a chain in reverse', authority(pemChain(root, intermediate)), 'TRUST_INVALID'],
    ['a leaf first in a certificate authority', authority(pemChain(leaf, root)), 'TRUST_INVALID'],
    ['a leaf alone', { timestampAuthorities: [{ chain: pemChain(leaf) }] }, 'TRUST_INVALID'],
  ])('is refused for %s', (_, parts, code) => {
    expect(codeOf(() => createTrustedRoot(parts))).toBe(code);
  });

  test('never repeats a private key', () => {
    const secret = privatePem.split('\n')[1] ?? '';
    expect(() => createTrustedRoot(log({ key: privatePem }))).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining(secret) as string }),
    );
  });
});

describe('trusted roots that are merged', () => {
  test('list each entry once, in the order of their first appearance', () => {
    const first = decodeTrustedRoot(sampleRoot());
    const more = {
      ...sampleRoot(),
      certificateAuthorities: [sampleAuthority(makeRoot('other')), sampleAuthority(root)],
    };
    const merged = mergeTrustedRoots([first, decodeTrustedRoot(more), first]);
    expect(merged.logs).toEqual(first.logs);
    expect(merged.certificateAuthorities).toEqual([
      ...first.certificateAuthorities,
      ...decodeTrustedRoot(more).certificateAuthorities.slice(0, 1),
    ]);
    expect(decodeTrustedRoot(encodeTrustedRoot(merged))).toEqual(merged);
  });

  test('keep the windows of one log apart', () => {
    const [entry] = sampleRoot().tlogs;
    const later = { ...entry, publicKey: { ...entry?.publicKey, validFor: { start: '2026-02-01T00:00:00Z' } } };
    const roots = [entry, later].map((tlog) => decodeTrustedRoot({ mediaType: V01, tlogs: [tlog] }));
    expect(mergeTrustedRoots(roots).logs).toHaveLength(2);
  });

  test('are one root as it is, where there is one', () => {
    const first = decodeTrustedRoot(sampleRoot());
    expect(mergeTrustedRoots([first])).toBe(first);
  });

  test.each(['tlogs', 'ctlogs'])('are refused for one key id with two keys among %s', (kind) => {
    const good = sampleLog(ecKey, 'PKIX_ECDSA_P256_SHA_256', 'https://log.example');
    const bad = { ...good, publicKey: sampleLog(edKey, 'PKIX_ED25519', '').publicKey };
    const roots = [good, bad].map((entry) => decodeTrustedRoot({ mediaType: V01, [kind]: [entry] }));
    expect(codeOf(() => mergeTrustedRoots(roots))).toBe('TRUST_INVALID');
  });

  test('are refused for no root, and for more entries than one may have', () => {
    const starts = Array.from({ length: 65 }, (_, i) => ({ start: new Date(i) }));
    const roots = starts.map((window) => createTrustedRoot({ ctLogs: [{ key: ecKey.spki, validFor: window }] }));
    expect(codeOf(() => mergeTrustedRoots([]))).toBe('CONFIG_INVALID');
    expect(codeOf(() => mergeTrustedRoots(roots))).toBe('INPUT_TOO_LARGE');
    expect(mergeTrustedRoots(roots.slice(1)).ctLogs).toHaveLength(64);
  });
});
