// SPDX-License-Identifier: Apache-2.0
// The documents of the older format, written and read: round trips, vectors, and what any bytes may do.

import { decodeBundle, decodeStatement } from '@keywax/bundle';
import { isKeywaxError } from '@keywax/core/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeLayerAnnotations, makeLayerBundle } from '../src/image/layer.js';
import { parsePredicateType, PREDICATE_TYPES } from '../src/image/predicate.js';
import { decodeSimpleSigning, encodeSimpleSigning } from '../src/image/simple-signing.js';
import { encodeImageStatement, readSubjectAnnotations } from '../src/image/statement.js';
import { evidenceTag } from '../src/image/subject.js';
import { makeAnnotations } from '../src/registry/descriptor.js';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const names = fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), { maxKeys: 8 });
const hex = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => `sha256:${Buffer.from(bytes).toString('hex')}`);

describe('the payload of the older format', () => {
  test('comes back as it went in', () => {
    fc.assert(
      fc.property(hex, fc.string({ unit: 'binary' }), names, (digest, name, annotations) => {
        const payload = { digest, name, annotations: makeAnnotations(Object.entries(annotations)) };
        expect(decodeSimpleSigning(encodeSimpleSigning(payload))).toEqual(payload);
      }),
    );
  });

  test.each([
    ['with no annotations at all', '{"critical":C}', {}],
    ['with null', '{"critical":C,"optional":null}', {}],
    [
      'with values that are no text, which are left out',
      '{"critical":C,"optional":{"n":1,"t":"x","o":{}}}',
      { t: 'x' },
    ],
    ['with spaces', ' { "critical" : C } ', {}],
  ])('is read %s', (_, template, annotations) => {
    const critical = `{"identity":{"docker-reference":"x/y"},"image":{"docker-manifest-digest":"${DIGEST}"},"type":"cosign container image signature"}`;
    const read = decodeSimpleSigning(Buffer.from(template.replace('C', critical)));
    expect(read).toEqual({ digest: DIGEST, name: 'x/y', annotations });
  });

  test.each([
    ['', 'STATEMENT_INVALID'],
    ['{}', 'STATEMENT_INVALID'],
    ['{"critical":null}', 'STATEMENT_INVALID'],
    [
      `{"critical":{"identity":{"docker-reference":"x"},"image":{"docker-manifest-digest":"${DIGEST.toUpperCase()}"},"type":"cosign container image signature"}}`,
      'STATEMENT_INVALID',
    ],
    [
      `{"critical":{"identity":{"docker-reference":"x"},"image":{"docker-manifest-digest":"${DIGEST}"},"type":"atomic container signature"}}`,
      'STATEMENT_INVALID',
    ],
    [
      `{"critical":{"identity":{"docker-reference":"x"},"image":{"docker-manifest-digest":"${DIGEST}","docker-manifest-digest":"${DIGEST}"},"type":"cosign container image signature"}}`,
      'STATEMENT_INVALID',
    ],
    [' '.repeat(1_048_577), 'INPUT_TOO_LARGE'],
  ])('is refused: %j', (text, code) => {
    expect(() => decodeSimpleSigning(Buffer.from(text))).toThrow(expect.objectContaining({ code }));
  });
});

test('annotations come back from the subject that is the image alone', () => {
  fc.assert(
    fc.property(names, (given) => {
      const annotations = makeAnnotations(Object.entries(given));
      const parts = { digest: DIGEST, name: 'x', predicateType: 'https://x/y', predicate: {}, annotations };
      const statement = decodeStatement(encodeImageStatement(parts));
      expect(readSubjectAnnotations(statement, DIGEST)).toEqual(annotations);
      expect(readSubjectAnnotations(statement, `sha256:${'00'.repeat(32)}`)).toEqual({});
    }),
  );
});

describe('a layer', () => {
  const body = { apiVersion: '0.0.1', kind: 'hashedrekord', spec: { signature: {}, data: {} } };
  const log = {
    SignedEntryTimestamp: btoa('promise'),
    Payload: {
      body: btoa(JSON.stringify(body)),
      integratedTime: 1_700_000_000,
      logIndex: 2 ** 40,
      logID: 'cd'.repeat(32),
    },
  };

  test('of an attestation becomes a bundle 0.1 with the entry of its annotation, and back', () => {
    const envelope = {
      payloadType: 'application/vnd.in-toto+json',
      payload: btoa('{}'),
      signatures: [{ keyid: '', sig: btoa('s') }],
    };
    const annotations = makeAnnotations([
      ['dev.cosignproject.cosign/signature', ''],
      ['dev.sigstore.cosign/bundle', JSON.stringify(log)],
      ['dev.sigstore.cosign/rfc3161timestamp', JSON.stringify({ SignedRFC3161Timestamp: btoa('stamp') })],
      ['predicateType', 'https://x/y'],
    ]);
    const bytes = Buffer.from(JSON.stringify(envelope));
    const bundle = decodeBundle(makeLayerBundle({ kind: 'attestation', bytes, annotations }));
    expect(bundle).toMatchObject({
      version: '0.1',
      material: { kind: 'publicKey' },
      entries: [{ kind: 'hashedrekord', version: '0.0.1', logIndex: 2n ** 40n, integratedTime: 1_700_000_000n }],
      content: { kind: 'dsse', payloadType: 'application/vnd.in-toto+json' },
    });
    expect(bundle.timestamps).toHaveLength(1);
    expect(encodeLayerAnnotations(bundle, { chain: [], predicateType: 'https://x/y' })).toEqual(annotations);
  });

  test('whose body is the JSON itself is read too', () => {
    const plain = { ...log, Payload: { ...log.Payload, body: JSON.stringify(body) } };
    const annotations = makeAnnotations([['dev.sigstore.cosign/bundle', JSON.stringify(plain)]]);
    const bytes = Buffer.from(JSON.stringify({ payloadType: 'x', payload: '', signatures: [{ sig: btoa('s') }] }));
    const { entries } = decodeBundle(makeLayerBundle({ kind: 'attestation', bytes, annotations }));
    expect(Buffer.from(entries[0]?.body ?? []).toString()).toBe(JSON.stringify(body));
  });

  test('of any bytes and annotations is a bundle or an error of ours', () => {
    const keys = [
      'dev.cosignproject.cosign/signature',
      'dev.sigstore.cosign/certificate',
      'dev.sigstore.cosign/chain',
      'dev.sigstore.cosign/bundle',
      'dev.sigstore.cosign/rfc3161timestamp',
    ];
    const values = fc.oneof(fc.string(), fc.json(), fc.constant(JSON.stringify(log)), fc.base64String());
    const annotations = fc.record(Object.fromEntries(keys.map((key) => [key, values])), { requiredKeys: [] });
    const kind = fc.constantFrom('signature' as const, 'attestation' as const);
    fc.assert(
      fc.property(
        kind,
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        annotations,
        (of, bytes, given) => {
          try {
            decodeBundle(
              makeLayerBundle({
                kind: of,
                bytes,
                annotations: makeAnnotations(Object.entries(given as Record<string, string>)),
              }),
            );
          } catch (error) {
            expect(isKeywaxError(error)).toBe(true);
            expect(isKeywaxError(error, 'INTERNAL_ERROR')).toBe(false);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

test.each(Object.entries(PREDICATE_TYPES))('%s is %s', (short, uri) => {
  expect(parsePredicateType(short)).toBe(uri);
  expect(parsePredicateType(uri)).toBe(uri);
});

test.each(['', 'toString', '__proto__', 'constructor', 'x y', 'https://x y', `https://${'x'.repeat(2_048)}`])(
  '%j is no predicate type',
  (type) => {
    expect(() => parsePredicateType(type)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  },
);

test('the tags beside an image have the algorithm and the digits of its digest', () => {
  expect(evidenceTag(DIGEST, 'sig')).toBe(`sha256-${'ab'.repeat(32)}.sig`);
});
