// SPDX-License-Identifier: Apache-2.0
// Controls about what was signed and with which key.

import { constants, sign } from 'node:crypto';
import { encodeBase64, encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import {
  type BodyVerifier,
  describeDsseV2,
  encodeBody,
  encodeVerifierPem,
  generateSigningKey,
  selectKeyDetails,
  signBytes,
} from '@keywax/stack/lab';
import { expect } from 'vitest';
import { unsafeNoArtifact } from '../../src/index.js';
import type { Control } from './case.js';
import { ARTIFACT, NOW, asking, changed, made, seconds } from './forge.js';

const SHA256 = encodeHex(hash('sha256', ARTIFACT));

/** A statement about the given subjects. */
export function encodeStatement(subject: readonly object[], changes: object = {}): Uint8Array {
  const predicateType = 'https://slsa.dev/provenance/v1';
  return encodeUtf8(
    JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject, predicateType, predicate: {}, ...changes }),
  );
}

/** An intoto 0.0.2 entry, whose text fields are encoded once more. */
export function encodeIntotoBody(
  {
    payload,
    payloadType,
    signature,
    verifier,
  }: { payload: Uint8Array; payloadType: string; signature: Uint8Array; verifier: BodyVerifier },
  version = '0.0.2',
): Uint8Array {
  const twice = (bytes: Uint8Array): string => encodeBase64(encodeUtf8(encodeBase64(bytes)));
  const publicKey = encodeBase64(encodeUtf8(encodeVerifierPem(verifier)));
  const digest = { algorithm: 'sha256', value: encodeHex(hash('sha256', payload)) };
  const envelope = { payloadType, signatures: [{ publicKey, sig: twice(signature) }] };
  return encodeBody({
    apiVersion: version,
    kind: 'intoto',
    spec: { content: { envelope, hash: digest, payloadHash: digest } },
  });
}

/** Signs with RSA-PSS over SHA-256 and a salt of the given length. */
export function signPss(saltLength: number) {
  return (key: { privateKey: Parameters<typeof sign>[2] }, data: Uint8Array): Uint8Array =>
    Uint8Array.from(
      sign('sha256', data, {
        ...({ key: key.privateKey } as { key: never }),
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength,
      }),
    );
}

const MANAGED = { managedKey: true } as const;

export const SIGNATURE_CONTROLS: Readonly<Record<string, Control>> = {
  'v1-message': { id: 'OK-03', title: 'a message in Rekor v1', make: made({ content: 'message', logs: 'v1' }) },
  'v1-dsse': { id: 'OK-06', title: 'an envelope in Rekor v1', make: made({ content: 'dsse', logs: 'v1' }) },
  'v1-intoto': {
    id: 'OK-06, RV1-018',
    title: 'an envelope in Rekor v1 as intoto 0.0.2',
    make: made({ content: 'dsse', logs: 'v1', steps: { bodyV1: (parts) => encodeIntotoBody(parts) } }),
    rulings: ['RUL-17'],
  },
  'v2-message': { id: 'OK-04', title: 'a message in Rekor v2', make: made({ content: 'message', logs: 'v2' }) },
  'v2-dsse': { id: 'OK-05', title: 'an envelope in Rekor v2', make: made({ content: 'dsse', logs: 'v2' }) },
  'v2-dsse-kind': {
    id: 'RV2-035',
    title: 'an envelope in Rekor v2 as dsse 0.0.2',
    make: made({
      content: 'dsse',
      logs: 'v2',
      steps: {
        bodyV2: ({ payload, signature, verifier, key }) =>
          encodeBody(describeDsseV2(payload, [{ signature, verifier, keyDetails: selectKeyDetails(key) }])),
      },
    }),
    rulings: ['RUL-17'],
  },
  'v1-v2-message': {
    id: 'TH-009',
    title: 'a message in both versions of Rekor, two logs demanded',
    make: asking(made({ content: 'message', logs: 'both' }), { logThreshold: 2 }),
    proves: ({ entries, times }) => {
      expect(entries).toHaveLength(2);
      expect(times.map(({ source }) => source)).toEqual(['timestamp', 'log']);
    },
    rulings: ['RUL-16'],
  },
  'bundle-0.1': {
    id: 'OK-01',
    title: 'a bundle 0.1 with promise and proof',
    make: made({ content: 'message', logs: 'v1', version: '0.1', steps: { timestamps: () => [] } }),
    rulings: ['RUL-8'],
  },
  'bundle-0.1-promise': {
    id: 'OK-01',
    title: 'a bundle 0.1 with the promise alone',
    make: changed('bundle-0.1', 'verificationMaterial.tlogEntries.0.inclusionProof', undefined),
    rulings: ['RUL-8'],
  },
  'bundle-0.1-no-checkpoint': {
    id: 'OK-01',
    title: 'a bundle 0.1 whose proof has no checkpoint, which counts for nothing',
    make: changed('bundle-0.1', 'verificationMaterial.tlogEntries.0.inclusionProof.checkpoint', undefined),
    proves: ({ report }) => {
      const row = report.checks.find(({ id }) => id === 'checkpoint.decode');
      expect(row?.state).toBe('skipped');
    },
    rulings: ['RUL-8'],
  },
  'bundle-0.2': {
    id: 'OK-02',
    title: 'a bundle 0.2',
    make: made({ content: 'message', logs: 'v1', version: '0.2', steps: { timestamps: () => [] } }),
    rulings: ['RUL-8'],
  },
  'bundle-0.2-no-promise': {
    id: 'OK-02',
    title: 'a bundle 0.2 without a promise',
    make: changed(
      made({ content: 'message', logs: 'v1', version: '0.2' }),
      'verificationMaterial.tlogEntries.0.inclusionPromise',
      undefined,
    ),
    proves: ({ times }) => expect(times.map(({ source }) => source)).toEqual(['timestamp']),
    rulings: ['RUL-8'],
  },
  'bundle-0.3-parameter': {
    id: 'OK-03',
    title: 'a bundle 0.3 with its version as a parameter of the media type',
    make: changed('v2-message', 'mediaType', 'application/vnd.dev.sigstore.bundle+json;version=0.3'),
  },
  'null-members': {
    id: 'OK-03',
    title: 'a bundle that writes what it lacks as null',
    make: changed('v2-message', 'verificationMaterial.tlogEntries.0.inclusionPromise', null),
    rulings: ['RUL-20'],
  },
  'managed-v1': {
    id: 'OK-07',
    title: 'a managed key in Rekor v1',
    make: made({ content: 'message', logs: 'v1', ...MANAGED }),
  },
  'managed-v2': {
    id: 'OK-07',
    title: 'a managed key without a window in Rekor v2 needs no proven time',
    make: made({ content: 'message', logs: 'v2', ...MANAGED, steps: { timestamps: () => [] } }),
    proves: ({ times, signer }) => {
      expect(times).toEqual([]);
      expect(signer.kind).toBe('key');
    },
    rulings: ['RUL-23'],
  },
  'managed-window': {
    id: 'OK-07, SG-025',
    title: 'a managed key in the last second of its window',
    make: async (bench) => {
      const key = generateSigningKey('P-256');
      const validFor = { start: seconds(-60), end: NOW };
      const attempt = await made({ content: 'message', logs: 'v2', ...MANAGED, key })(bench);
      return { ...attempt, request: { ...attempt.request, identity: { key: { publicKey: key.spki, validFor } } } };
    },
    rulings: ['RUL-23'],
  },
  'managed-dsse': {
    id: 'OK-07',
    title: 'an envelope signed with a managed key',
    make: made({ content: 'dsse', logs: 'v2', ...MANAGED }),
  },
  'p-384': {
    id: 'OK-08',
    title: 'a P-384 key with SHA-384',
    make: made(() => ({ content: 'message', logs: 'v2', key: generateSigningKey('P-384') })),
  },
  'p-384-sha-256': {
    id: 'SG-005',
    title: 'a P-384 key with SHA-256, which bundle and log both name',
    make: made(() => ({ content: 'message', logs: 'v1', key: generateSigningKey('P-384'), hash: 'sha256' })),
    rulings: ['RUL-9'],
  },
  'p-521': {
    id: 'OK-08',
    title: 'a P-521 key with SHA-512',
    make: made(() => ({ content: 'dsse', logs: 'v2', key: generateSigningKey('P-521') })),
  },
  'rsa-2048': {
    id: 'OK-08',
    title: 'an RSA key of 2,048 bits',
    make: made(({ rsa }) => ({ content: 'message', logs: 'v2', key: rsa })),
  },
  'rsa-pss': {
    id: 'OK-08, SG-007',
    title: 'RSA-PSS with a salt as long as the digest',
    make: async (bench) => {
      const identity = { key: { publicKey: bench.rsa.spki, keyDetails: 'PKIX_RSA_PSS_2048_SHA256' } };
      return asking(
        made({ content: 'message', logs: 'v1', ...MANAGED, key: bench.rsa, steps: { sign: signPss(32) } }),
        { identity },
      )(bench);
    },
    rulings: ['RUL-22'],
  },
  'rsa-pss-salt-0': {
    id: 'SG-007',
    title: 'RSA-PSS without a salt',
    make: async (bench) => {
      const identity = { key: { publicKey: bench.rsa.spki, keyDetails: 'PKIX_RSA_PSS_2048_SHA256' } };
      return asking(made({ content: 'message', logs: 'v1', ...MANAGED, key: bench.rsa, steps: { sign: signPss(0) } }), {
        identity,
      })(bench);
    },
    rulings: ['RUL-22'],
  },
  ed25519: {
    id: 'OK-08',
    title: 'an Ed25519 key in Rekor v1',
    make: made(() => ({ content: 'dsse', logs: 'v1', key: generateSigningKey('ed25519') })),
  },
  ed25519ph: {
    id: 'OK-08',
    title: 'an Ed25519 key that signs a digest in Rekor v2',
    make: made(() => ({ content: 'message', logs: 'v2', key: generateSigningKey('ed25519') })),
  },
  'multiple-subjects': {
    id: 'OK-20, DS-016',
    title: 'a statement whose second subject is the artifact',
    make: made({
      content: 'dsse',
      logs: 'v1',
      payload: encodeStatement([
        { name: 'other', digest: { sha256: '00'.repeat(32) } },
        { name: 'this', digest: { sha256: SHA256, md5: '0' } },
      ]),
    }),
    proves: ({ subject }) => expect(subject?.name).toBe('this'),
  },
  'predicate-type': {
    id: 'DS-019',
    title: 'a statement with the predicate type that was asked for',
    make: asking('v1-dsse', { predicateType: 'https://slsa.dev/provenance/v1' }),
  },
  'no-artifact': {
    id: 'DS-021',
    title: 'a statement for which the caller names no artifact',
    make: asking('v1-dsse', { artifact: unsafeNoArtifact }),
  },
  'other-payload': {
    id: 'DS-007',
    title: 'an envelope with another payload where the caller asks for it',
    make: asking(made({ content: 'dsse', logs: 'v1', payload: encodeUtf8('text'), payloadType: 'text/plain' }), {
      payloadType: 'text/plain',
      artifact: unsafeNoArtifact,
    }),
    proves: ({ payload, statement }) => {
      expect(payload).toEqual(encodeUtf8('text'));
      expect(statement).toBeUndefined();
    },
  },
  'key-id': {
    id: 'DS-024',
    title: 'an envelope with a key id, which nothing relies on',
    make: changed('v1-dsse', 'dsseEnvelope.signatures.0.keyid', 'another'),
  },
  'empty-artifact': {
    id: 'OK-22',
    title: 'an empty artifact',
    make: made({ content: 'message', logs: 'v2', artifact: new Uint8Array() }),
  },
  'large-artifact': {
    id: 'OK-22',
    title: 'an artifact of two million bytes',
    make: made({ content: 'message', logs: 'v2', artifact: new Uint8Array(2_000_000) }),
  },
  digest: {
    id: 'OK-22',
    title: 'the digest of an artifact',
    make: asking('v2-message', { artifact: { sha256: SHA256 } }),
  },
  'high-s': {
    id: 'SG-018',
    title: 'an ECDSA signature whatever half its s lies in',
    make: made({
      content: 'message',
      logs: 'v2',
      steps: { sign: (key, data, hashName) => flipS(signBytes(key, data, hashName)) },
    }),
  },
};

/** The other signature that verifies: s becomes n - s. */
export function flipS(der: Uint8Array): Uint8Array {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const rLength = der[3] ?? 0;
  const s = BigInt(`0x${encodeHex(der.subarray(6 + rLength))}`);
  return encodeScalars(BigInt(`0x${encodeHex(der.subarray(4, 4 + rLength))}`), order - s);
}

/** An ECDSA signature of two numbers, whatever they are (RFC 3279 section 2.2.3). */
export function encodeScalars(r: bigint, s: bigint): Uint8Array {
  const [first, second] = [r, s].map(encodeMagnitude) as [Uint8Array, Uint8Array];
  return Uint8Array.from([0x30, first.length + second.length, ...first, ...second]);
}

function encodeMagnitude(value: bigint): Uint8Array {
  const hex = value.toString(16);
  const bytes = Uint8Array.from(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'));
  const padded = (bytes[0] ?? 0) >= 0x80 ? [0, ...bytes] : [...bytes];
  return Uint8Array.from([0x02, padded.length, ...padded]);
}
