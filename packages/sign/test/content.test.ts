// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto';
import { type KeyDetails, selectSuite } from '@keywax/core/algorithms';
import { encodeUtf8 } from '@keywax/core/bytes';
import { parsePublicKey } from '@keywax/core/key';
import { type KeyKind, generateSigningKey } from '@keywax/stack/lab';
import type { Service } from '@keywax/trust';
import { describe, expect, test } from 'vitest';
import { type SignableContent, describeContent, selectSigningSuite, signedBytes } from '../src/content.js';

const message: SignableContent = { kind: 'message', artifact: encodeUtf8('artifact') };
const dsse: SignableContent = { kind: 'dsse', payload: encodeUtf8('{}') };

function log(majorApiVersion: number): Service {
  return { url: 'https://log.example', majorApiVersion, validFor: { start: new Date(0) }, operator: '' };
}

const KEYS: Readonly<Record<KeyKind, ReturnType<typeof parsePublicKey>>> = {
  'P-256': makeKey('P-256'),
  'P-384': makeKey('P-384'),
  'P-521': makeKey('P-521'),
  ed25519: makeKey('ed25519'),
  'rsa-2048': makeKey('rsa-2048'),
  'rsa-3072': makeKey('rsa-3072'),
  'rsa-4096': makeKey('rsa-4096'),
};

function makeKey(kind: KeyKind): ReturnType<typeof parsePublicKey> {
  return parsePublicKey(generateSigningKey(kind).spki, 'key');
}

const P256 = 'PKIX_ECDSA_P256_SHA_256';
const P384 = 'PKIX_ECDSA_P384_SHA_384';
const P521 = 'PKIX_ECDSA_P521_SHA_512';
const ED25519 = 'PKIX_ED25519';
const ED25519_PH = 'PKIX_ED25519_PH';
const RSA_3072 = 'PKIX_RSA_PKCS1V15_3072_SHA256';
const RSA_4096 = 'PKIX_RSA_PKCS1V15_4096_SHA256';
const NOT_SHA256 = /a key that signs with SHA-256/;
const ONE_FORM = /one form of Ed25519/;

describe('the algorithm of a signature', () => {
  // For a message whatever the logs; for an envelope without logs, on v1, on v2, on both.
  test.each<[KeyKind, ...(KeyDetails | RegExp)[]]>([
    ['P-256', P256, P256, P256, P256, P256],
    ['P-384', P384, P384, NOT_SHA256, P384, NOT_SHA256],
    ['P-521', P521, P521, NOT_SHA256, P521, NOT_SHA256],
    ['ed25519', ED25519_PH, ED25519, ED25519, ED25519_PH, ONE_FORM],
    ['rsa-3072', RSA_3072, RSA_3072, RSA_3072, RSA_3072, RSA_3072],
    ['rsa-4096', RSA_4096, RSA_4096, RSA_4096, RSA_4096, RSA_4096],
    ['rsa-2048', ...Array.from({ length: 5 }, () => /a key for new signatures/)],
  ])('with a key of kind %s is what all logs can record', (kind, onMessage, ...onEnvelope) => {
    const logs = [[], [log(1)], [log(2)], [log(1), log(2)]];
    for (const some of logs) expectSuite(message, some, onMessage);
    logs.forEach((some, i) => expectSuite(dsse, some, onEnvelope[i]));

    function expectSuite(
      content: SignableContent,
      some: readonly Service[],
      expected: KeyDetails | RegExp = /none/,
    ): void {
      const select = () => selectSigningSuite(content, KEYS[kind], some);
      if (typeof expected === 'string') expect(select()).toBe(selectSuite(expected));
      else
        expect(select).toThrow(
          expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(expected) }),
        );
    }
  });

  test('is not guessed for an RSA key of a size that the registry does not list', () => {
    const key = { ...KEYS['rsa-3072'], bits: 3_200 } as ReturnType<typeof parsePublicKey>;
    expect(() => selectSigningSuite(message, key, [])).toThrow(expect.objectContaining({ code: 'INPUT_UNSUPPORTED' }));
  });
});

describe('what is signed', () => {
  test('is the artifact itself', () => {
    expect(signedBytes(message)).toEqual(encodeUtf8('artifact'));
  });

  test.each<[string | undefined, string]>([
    [undefined, 'DSSEv1 28 application/vnd.in-toto+json 2 {}'],
    ['text/plain', 'DSSEv1 10 text/plain 2 {}'],
    ['é', 'DSSEv1 2 é 2 {}'],
  ])('is the encoding of an envelope with payload type %s', (payloadType, encoded) => {
    expect(signedBytes({ ...dsse, ...(payloadType === undefined ? {} : { payloadType }) })).toEqual(
      encodeUtf8(encoded),
    );
  });
});

describe('what a bundle carries', () => {
  const signature = Uint8Array.of(1, 2, 3);

  test.each([
    [P256, 'sha256'],
    [P384, 'sha384'],
    [ED25519_PH, 'sha512'],
  ] as const)('is the digest of the artifact by the hash function of %s, %s', (keyDetails, algorithm) => {
    const suite = selectSuite(keyDetails);
    if (suite === undefined) throw new Error(keyDetails);
    expect(describeContent(message, suite, signature)).toEqual({
      kind: 'message',
      digest: { algorithm, value: Uint8Array.from(createHash(algorithm).update('artifact').digest()) },
      signature,
    });
  });

  test('is the envelope, by default of a statement', () => {
    const suite = selectSuite(P256);
    if (suite === undefined) throw new Error(P256);
    const envelope = { kind: 'dsse', payload: encodeUtf8('{}'), signature, keyId: '' };
    expect(describeContent(dsse, suite, signature)).toEqual({
      ...envelope,
      payloadType: 'application/vnd.in-toto+json',
    });
    const text = describeContent({ ...dsse, payloadType: 'text/plain' }, suite, signature);
    expect(text).toEqual({ ...envelope, payloadType: 'text/plain' });
  });
});
