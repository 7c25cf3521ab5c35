// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { isKeywaxError } from '@keywax/core/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import { decodeLenientBundle, upgradeBundle } from '../src/convert.js';
import { BUNDLE_MEDIA_TYPE, decodeBundle, encodeBundle } from '../src/index.js';
import { MEDIA_TYPES, sampleBundle, sampleEntryV2, sampleEnvelope, withMember } from './sample.js';

/** The same JSON under the names of the protobuf definition. */
function toSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toSnakeCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      toSnakeCase(member),
    ]),
  );
}

function toUrlAlphabet(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toUrlAlphabet);
  if (typeof value === 'string') return /^[A-Za-z0-9+/]{20,}={0,2}$/.test(value) ? bare(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toUrlAlphabet(member)]));
}

function bare(base64: string): string {
  return base64.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');
}

const ALGORITHM = 'messageSignature.messageDigest.algorithm';
const CHAIN = { certificates: [{ rawBytes: 'BwcH' }, { rawBytes: 'CAgI' }] };
const withUnset = {
  ...sampleBundle(),
  dsseEnvelope: null,
  verificationMaterial: { ...sampleBundle().verificationMaterial, publicKey: null, x509CertificateChain: null },
};

describe('a bundle in another form is the same bundle', () => {
  test.each([
    ['in the strict form', sampleBundle(), sampleBundle()],
    ['in names of the protobuf definition', toSnakeCase(sampleBundle()), sampleBundle()],
    ['an envelope in such names', toSnakeCase(sampleEnvelope()), sampleEnvelope()],
    ['0.1 in such names', toSnakeCase(sampleBundle('0.1')), sampleBundle('0.1')],
    ['with the number of its hash algorithm', withMember(sampleBundle(), ALGORITHM, 1), sampleBundle()],
    ['with base64 for URLs', toUrlAlphabet(sampleBundle()), sampleBundle()],
    ['with null for what is unset', withUnset, sampleBundle()],
    [
      'with a chain in 0.3',
      withMember(
        withMember(sampleBundle(), 'verificationMaterial.certificate', undefined),
        'verificationMaterial.x509CertificateChain',
        CHAIN,
      ),
      withMember(sampleBundle(), 'verificationMaterial.certificate', { rawBytes: 'BwcH' }),
    ],
    ['with a single certificate in 0.2', { ...sampleBundle(), mediaType: MEDIA_TYPES['0.2'] }, sampleBundle('0.2')],
  ])('%s', (_, lenient, strict) => {
    const decoded = decodeLenientBundle(JSON.stringify(lenient));
    expect(encodeBundle(decoded)).toEqual(strict);
    expect(decoded).toEqual(decodeBundle(strict));
    if (JSON.stringify(lenient) !== JSON.stringify(strict))
      expect(() => decodeBundle(JSON.stringify(lenient))).toThrow(/expected/);
  });
});

describe('even so refused is', () => {
  test.each([
    ['a member under both names', { ...sampleBundle(), media_type: MEDIA_TYPES['0.3'] }, 'INPUT_MALFORMED'],
    [
      'a member twice',
      JSON.stringify(sampleBundle()).replace('{"mediaType"', '{"mediaType":"","mediaType"'),
      'INPUT_MALFORMED',
    ],
    ['a member that no bundle has', { ...sampleBundle(), hint: 'x' }, 'INPUT_MALFORMED'],
    ['a hash algorithm of another number', withMember(sampleBundle(), ALGORITHM, 4), 'INPUT_UNSUPPORTED'],
    ['no hash algorithm', withMember(sampleBundle(), ALGORITHM, 0), 'INPUT_UNSUPPORTED'],
    ['a number that none has', withMember(sampleBundle(), ALGORITHM, 1.5), 'INPUT_UNSUPPORTED'],
    ['base64 in both alphabets', withMember(sampleBundle(), 'messageSignature.signature', 'A-+='), 'INPUT_MALFORMED'],
    [
      'another version',
      { ...sampleBundle(), mediaType: 'application/vnd.dev.sigstore.bundle.v0.4+json' },
      'INPUT_UNSUPPORTED',
    ],
    ['no media type', withMember(sampleBundle(), 'mediaType', undefined), 'BUNDLE_INVALID'],
    ['no material', withMember(sampleBundle(), 'verificationMaterial', undefined), 'BUNDLE_INVALID'],
    [
      'a certificate and a chain',
      withMember(sampleBundle(), 'verificationMaterial.x509CertificateChain', CHAIN),
      'BUNDLE_INVALID',
    ],
    [
      'an entry without a proof',
      withMember(sampleBundle(), 'verificationMaterial.tlogEntries.0.inclusionProof', undefined),
      'BUNDLE_INVALID',
    ],
    ['a list', '[]', 'INPUT_MALFORMED'],
    ['no JSON', '{', 'INPUT_MALFORMED'],
  ])('%s', (_, bundle, code) => {
    expect(() => decodeLenientBundle(bundle)).toThrow(expect.objectContaining({ code }));
  });
});

test('whatever JSON comes is a bundle or an error of ours', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      try {
        decodeLenientBundle(text);
      } catch (error) {
        expect(isKeywaxError(error)).toBe(true);
      }
    }),
  );
});

describe('an upgrade', () => {
  test.each(['0.1', '0.2', '0.3'] as const)('of a bundle %s with proofs is a bundle 0.3', (version) => {
    const upgraded = encodeBundle(upgradeBundle(decodeBundle(sampleBundle(version))));
    expect(upgraded).toEqual(sampleBundle('0.3'));
    expect(decodeBundle(upgraded).mediaType).toBe(BUNDLE_MEDIA_TYPE);
  });

  test('keeps the leaf of a chain alone', () => {
    const bundle = withMember(sampleBundle('0.2'), 'verificationMaterial.x509CertificateChain', CHAIN);
    expect(encodeBundle(upgradeBundle(decodeBundle(bundle))).verificationMaterial.certificate).toEqual({
      rawBytes: 'BwcH',
    });
  });

  test('leaves an entry of Rekor v2 as it is', () => {
    const bundle = withMember(sampleBundle(), 'verificationMaterial.tlogEntries', [sampleEntryV2()]);
    expect(encodeBundle(upgradeBundle(decodeBundle(bundle)))).toEqual(bundle);
  });

  test.each([
    ['a proof', 'inclusionProof'],
    ['a checkpoint', 'inclusionProof.checkpoint'],
  ])('is refused without %s', (_, member) => {
    const bundle = decodeBundle(
      withMember(sampleBundle('0.1'), `verificationMaterial.tlogEntries.0.${member}`, undefined),
    );
    expect(() => upgradeBundle(bundle)).toThrow(expect.objectContaining({ code: 'BUNDLE_INVALID' }));
  });
});

describeCorpus('real bundles', () => {
  test.each([
    ['real/js/bundleV01-dsse-with-proof.sigstore', 'upgraded'],
    ['real/js/bundleV01-full-cert-chain.sigstore', 'BUNDLE_INVALID'],
    ['real/js/bundleV01-intoto-no-proof.sigstore', 'BUNDLE_INVALID'],
    ['real/js/bundleV02-dsse.sigstore', 'upgraded'],
    ['real/js/bundleV03-dsse.sigstore', 'upgraded'],
  ])('%s: %s', (path, outcome) => {
    const bundle = decodeLenientBundle(readFileSync(corpus(path)));
    expect(bundle).toEqual(decodeBundle(readFileSync(corpus(path))));
    let actual = 'upgraded';
    try {
      decodeBundle(encodeBundle(upgradeBundle(bundle)));
    } catch (error) {
      actual = isKeywaxError(error) ? error.code : 'none of ours';
    }
    expect(actual).toBe(outcome);
  });
});
