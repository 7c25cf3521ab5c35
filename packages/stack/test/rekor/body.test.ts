// SPDX-License-Identifier: Apache-2.0

import { decodeEntryBody, encodeDsseV1Body, encodeHashedRekordV1Body, encodeHashedRekordV2Body } from '@keywax/bundle';
import { encodeUtf8 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import {
  describeDsseV1,
  describeDsseV2,
  describeHashedRekordV1,
  describeHashedRekordV2,
  describeIntoto,
  encodeBody,
  generateSigningKey,
} from '@keywax/stack/lab';
import { describe, expect, test } from 'vitest';

const key = generateSigningKey('P-256');
const verifier = { kind: 'publicKey', spki: key.spki } as const;
const payload = encodeUtf8('{"é":1}');
const signed = {
  algorithm: 'sha256',
  digest: hash('sha256', payload),
  signature: Uint8Array.of(0x30, 1, 2),
  verifier,
} as const;

describe('the bodies of the stack and of the client are the same bytes', () => {
  test('hashedrekord 0.0.1', () => {
    expect(encodeBody(describeHashedRekordV1(signed))).toEqual(encodeHashedRekordV1Body(signed));
  });

  test('hashedrekord 0.0.2', () => {
    const keyDetails = 'PKIX_ECDSA_P256_SHA_256';
    expect(encodeBody(describeHashedRekordV2(signed, keyDetails))).toEqual(
      encodeHashedRekordV2Body({ ...signed, keyDetails }),
    );
  });

  test('dsse 0.0.1', () => {
    const envelopeText = '{"payload":"…"}';
    const signatures = [{ signature: signed.signature, verifier }];
    const envelopeHash = hash('sha256', encodeUtf8(envelopeText));
    const theirs = encodeDsseV1Body({ envelopeHash, payloadHash: hash('sha256', payload), signatures });
    expect(encodeBody(describeDsseV1({ envelopeText, payload, signatures }))).toEqual(theirs);
  });
});

describe('the bodies that are only read', () => {
  const signatures = [{ signature: signed.signature, verifier }];
  const entry = { logIndex: 0n, logId: new Uint8Array(32), integratedTime: 0n };

  test('intoto 0.0.2', () => {
    const body = encodeBody(describeIntoto({ payload, payloadType: 'type', signatures }));
    const decoded = decodeEntryBody({ ...entry, kind: 'intoto', version: '0.0.2', body });
    expect(decoded.digest.value).toEqual(hash('sha256', payload));
    expect(decoded.signatures).toEqual(signatures);
  });

  test('dsse 0.0.2', () => {
    const keyDetails = 'PKIX_ECDSA_P256_SHA_256';
    const body = encodeBody(describeDsseV2(payload, [{ signature: signed.signature, verifier, keyDetails }]));
    const decoded = decodeEntryBody({ ...entry, kind: 'dsse', version: '0.0.2', body });
    expect(decoded.digest.value).toEqual(hash('sha256', payload));
    expect(decoded.signatures).toEqual([{ ...signatures[0], keyDetails }]);
  });
});
