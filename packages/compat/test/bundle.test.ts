// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { createLab } from '@keywax/stack/lab';
import { decodeTrustedRoot, encodeTrustedRoot } from '@keywax/trust';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import {
  BUNDLE_V02_MEDIA_TYPE,
  BUNDLE_V03_MEDIA_TYPE,
  type Bundle,
  ValidationError,
  bundleFromJSON,
  bundleToJSON,
  envelopeFromJSON,
} from '../src/bundle.js';
import { trustedRootFromJSON, trustedRootToJSON } from '../src/trust/json.js';

const bytes = (minLength = 0): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength, maxLength: 40 }).map((array) => Buffer.from(array));
const int64 = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String);
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

const entry = fc.record({
  logIndex: int64,
  logId: fc.record({ keyId: bytes() }),
  kindVersion: fc.record({ kind: fc.string(), version: fc.string() }),
  integratedTime: int64,
  inclusionPromise: optional(fc.record({ signedEntryTimestamp: bytes() })),
  inclusionProof: fc.record({
    logIndex: int64,
    rootHash: bytes(),
    treeSize: int64,
    hashes: fc.array(bytes(), { maxLength: 4 }),
    checkpoint: fc.record({ envelope: fc.string() }),
  }),
  canonicalizedBody: bytes(),
});

const bundles: fc.Arbitrary<Bundle> = fc.record({
  mediaType: fc.constantFrom(BUNDLE_V02_MEDIA_TYPE, BUNDLE_V03_MEDIA_TYPE),
  verificationMaterial: fc.record({
    content: fc.oneof(
      fc.record({ $case: fc.constant('publicKey' as const), publicKey: fc.record({ hint: fc.string() }) }),
      fc.record({ $case: fc.constant('certificate' as const), certificate: fc.record({ rawBytes: bytes(1) }) }),
    ),
    tlogEntries: fc.array(entry, { maxLength: 3 }),
    timestampVerificationData: optional(
      fc.record({ rfc3161Timestamps: fc.array(fc.record({ signedTimestamp: bytes() }), { maxLength: 3 }) }),
    ),
  }),
  content: fc.oneof(
    fc.record({
      $case: fc.constant('messageSignature' as const),
      messageSignature: fc.record({
        messageDigest: fc.record({ algorithm: fc.integer({ min: 1, max: 5 }), digest: bytes(1) }),
        signature: bytes(1),
      }),
    }),
    fc.record({
      $case: fc.constant('dsseEnvelope' as const),
      dsseEnvelope: fc.record({
        payload: bytes(1),
        payloadType: fc.string(),
        signatures: fc.array(fc.record({ sig: bytes(1), keyid: fc.string() }), { minLength: 1, maxLength: 1 }),
      }),
    }),
  ),
});

describe('the codec of bundles', () => {
  test('decodes what it encodes', () => {
    fc.assert(
      fc.property(bundles, (bundle) => {
        expect(bundleFromJSON(JSON.parse(JSON.stringify(bundleToJSON(bundle))))).toEqual(bundle);
      }),
    );
  });

  test.each([
    ['a bundle', bundleFromJSON],
    ['an envelope', envelopeFromJSON],
    ['a trusted root', trustedRootFromJSON],
  ])('takes any JSON for %s, or throws a ValidationError', (_, decode) => {
    const names = [
      'mediaType',
      'dsseEnvelope',
      'payload',
      'signatures',
      'verificationMaterial',
      'tlogs',
      'publicKey',
      'validFor',
      'start',
    ];
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue({ maxDepth: 0 }),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 5 }),
      ),
    })).value;
    fc.assert(
      fc.property(json, (value) => {
        try {
          decode(value);
        } catch (error) {
          expect(error).toBeInstanceOf(ValidationError);
        }
      }),
    );
  });

  test('reads own members alone', () => {
    expect(() => bundleFromJSON(Object.create({ mediaType: BUNDLE_V03_MEDIA_TYPE }))).toThrow(
      expect.objectContaining({ fields: ['mediaType', 'content', 'verificationMaterial'] }),
    );
  });
});

describe('the codec of trusted roots', async () => {
  const { trustedRoot } = await createLab();

  const reencode = (json: unknown) =>
    encodeTrustedRoot(decodeTrustedRoot(trustedRootToJSON(trustedRootFromJSON(json))));

  test('names the instant that is none', () => {
    const json = { tlogs: [{ publicKey: { validFor: { start: '2024-02-30T00:00:00Z' } } }] };
    expect(() => trustedRootFromJSON(json)).toThrow(
      expect.objectContaining({ fields: ['tlogs[0].publicKey.validFor.start'] }),
    );
  });

  test('loses nothing of what the engine reads', () => {
    expect(reencode(trustedRoot())).toEqual(encodeTrustedRoot(decodeTrustedRoot(trustedRoot())));
  });

  describeCorpus('of real instances', () => {
    test.each(['production', 'staging'])('%s', (instance) => {
      const json = JSON.parse(readFileSync(corpus(`trust/${instance}/trusted_root.json`), 'utf8'));
      expect(reencode(json)).toEqual(encodeTrustedRoot(decodeTrustedRoot(json)));
    });
  });
});
