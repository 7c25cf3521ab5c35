// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { encodeBase64, encodeUtf8 } from '@keywax/core/bytes';
import { isKeywaxError } from '@keywax/core/errors';
import { parseJson } from '@keywax/core/json';
import { generateSigningKey } from '@keywax/stack/lab';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import { decodeKeysTarget, decodeRegistryKeys } from '../src/index.js';
import { checkDistinctKeys, selectRegistryKey } from '../src/registry-keys.js';

const p256 = generateSigningKey('P-256');
const p384 = generateSigningKey('P-384');
const served = {
  keyid: 'SHA256:x',
  keytype: 'ecdsa-sha2-nistp256',
  scheme: 'ecdsa-sha2-nistp256',
  key: encodeBase64(p256.spki),
  expires: null as string | null,
};
const target = {
  keyId: 'SHA256:x',
  keyUsage: 'npm:signatures',
  publicKey: {
    rawBytes: encodeBase64(p256.spki),
    keyDetails: 'PKIX_ECDSA_P256_SHA_256',
    validFor: { start: '2025-01-13T00:00:00.000Z' },
  },
};

describe('keys that a registry serves', () => {
  test('are read with their expiry', () => {
    const expires = '2025-01-29T00:00:00.000Z';
    expect(decodeRegistryKeys({ keys: [{ ...served, expires }] })).toMatchObject([
      { keyId: 'SHA256:x', key: { kind: 'ec', curve: 'P-256' }, expires: new Date(expires), source: 'registry' },
    ]);
    expect(decodeRegistryKeys({ keys: [served] })[0]).not.toHaveProperty('expires');
  });

  test('are read from an object, from text, from bytes and from a value of the reader', () => {
    const text = JSON.stringify({ keys: [served] });
    const documents = [{ keys: [served] }, text, encodeUtf8(text), parseJson(text, { maxBytes: 4096 })];
    for (const document of documents) expect(decodeRegistryKeys(document)).toHaveLength(1);
  });

  test.each<[string, object]>([
    ['another kind', { keytype: 'ssh-rsa' }],
    ['another scheme', { scheme: 'ecdsa-sha2-nistp384' }],
    ['no kind', { keytype: null }],
    ['another curve', { key: encodeBase64(p384.spki) }],
    [
      'a point that is not on its curve',
      { key: encodeBase64(p256.spki.map((byte, i) => (i === 90 ? byte ^ 1 : byte))) },
    ],
  ])('are left out where they are of %s', (_, members) => {
    expect(decodeRegistryKeys({ keys: [{ ...served, ...members }] })).toEqual([]);
  });

  test.each<[string, unknown, string]>([
    ['no list', {}, 'INPUT_MALFORMED'],
    ['a list in its place', [served], 'INPUT_MALFORMED'],
    ['no id', { keys: [{ ...served, keyid: undefined }] }, 'INPUT_MALFORMED'],
    ['an empty id', { keys: [{ ...served, keyid: '' }] }, 'SERVICE_INVALID'],
    ['no key', { keys: [{ ...served, key: null }] }, 'INPUT_MALFORMED'],
    ['a key that is no DER', { keys: [{ ...served, key: 'AAAA' }] }, 'INPUT_MALFORMED'],
    ['an expiry that is no time', { keys: [{ ...served, expires: 'soon' }] }, 'INPUT_MALFORMED'],
    ['an id twice', { keys: [served, served] }, 'SERVICE_INVALID'],
    [
      'endlessly many',
      { keys: Array.from({ length: 65 }, (_, i) => ({ ...served, keyid: `${i}` })) },
      'INPUT_TOO_LARGE',
    ],
    ['a name twice', '{"keys":[],"keys":[]}', 'INPUT_MALFORMED'],
    ['too many bytes', ' '.repeat(300_000), 'INPUT_TOO_LARGE'],
  ])('are refused with %s', (_, document, code) => {
    expect(() => decodeRegistryKeys(document as object)).toThrow(expect.objectContaining({ code }));
  });

  test('are read or refused, whatever the document', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        for (const decode of [decodeRegistryKeys, decodeKeysTarget]) {
          try {
            decode(text);
          } catch (error) {
            if (!isKeywaxError(error)) throw error;
          }
        }
      }),
    );
  });
});

describe('keys of a TUF target', () => {
  test('are each for one use', () => {
    const keys = decodeKeysTarget({ keys: [target, { ...target, keyUsage: 'npm:attestations' }] });
    expect(keys.map(({ usage, source }) => [usage, source])).toEqual([
      ['signatures', 'tuf'],
      ['attestations', 'tuf'],
    ]);
    expect(selectRegistryKey(keys, 'SHA256:x', 'attestations')).toBe(keys[1]);
    expect(selectRegistryKey(keys.slice(0, 1), 'SHA256:x', 'attestations')).toBeUndefined();
    expect(selectRegistryKey(keys, 'SHA256:y', 'signatures')).toBeUndefined();
  });

  test.each<[string, object]>([
    ['another use', { keyUsage: 'npm:other' }],
    ['another algorithm', { publicKey: { ...target.publicKey, keyDetails: 'PKIX_ED25519' } }],
  ])('are left out where they are of %s', (_, members) => {
    expect(decodeKeysTarget({ keys: [{ ...target, ...members }] })).toEqual([]);
  });

  test('are refused where an id stands twice for one use', () => {
    expect(() => decodeKeysTarget({ keys: [target, target] })).toThrow(
      expect.objectContaining({ code: 'SERVICE_INVALID' }),
    );
    const [key] = decodeKeysTarget({ keys: [target] });
    const keys =
      key === undefined
        ? []
        : [key, { ...key, usage: undefined }].map(({ usage, ...rest }) =>
            usage === undefined ? rest : { ...rest, usage },
          );
    expect(() => checkDistinctKeys(keys)).toThrow(expect.objectContaining({ code: 'SERVICE_INVALID' }));
  });
});

describeCorpus('the target of production', () => {
  test('has two keys, each for both uses, of which one has expired', () => {
    const keys = decodeKeysTarget(readFileSync(corpus('trust/production/npm-registry-keys.json')));
    expect(keys.map(({ usage }) => usage)).toEqual(['signatures', 'attestations', 'signatures', 'attestations']);
    expect(keys.map(({ expires }) => expires?.toISOString())).toEqual([
      '2025-01-29T00:00:00.000Z',
      '2025-01-29T00:00:00.000Z',
      undefined,
      undefined,
    ]);
  });
});
