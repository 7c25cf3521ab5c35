// SPDX-License-Identifier: Apache-2.0
// The same calls through `@sigstore/bundle` and through the subpath in its place.

import { readFileSync, readdirSync } from 'node:fs';
import * as ours from '@keywax/compat/bundle';
import { type BundleRequest, createLab } from '@keywax/stack/lab';
import * as theirs from '@sigstore/bundle';
import { describe, expect, test } from 'vitest';
import { corpus, describeCorpus, hasCorpus } from '../../../test/corpus.js';
import { observe, summarize } from './compat-outcome.js';

type Functions = Readonly<Record<string, (bundle: theirs.Bundle) => unknown>>;

const OURS = ours as unknown as Functions;
const THEIRS = theirs as unknown as Functions;
const lab = await createLab();
const MADE = await Promise.all(
  (['message', 'dsse'] as const).flatMap((content) =>
    (['v1', 'v2', 'both', 'none'] as const).flatMap((logs) =>
      (['0.1', '0.2', '0.3'] as const).flatMap((version) =>
        [false, true].map(async (managedKey) => {
          const request: BundleRequest = { content, logs, version, managedKey };
          return [JSON.stringify(request), (await lab.makeBundle(request)).bundle] as const;
        }),
      ),
    ),
  ),
);

function listCorpus(): readonly (readonly [path: string, bundle: unknown])[] {
  if (!hasCorpus) return [];
  const paths = ['real/js', 'real/npm', 'real/python'].flatMap((folder) =>
    readdirSync(corpus(folder)).map((name) => `${folder}/${name}`),
  );
  return paths
    .filter((path) => /\.(sigstore|json)$/.test(path))
    .map((path) => [path, JSON.parse(readFileSync(corpus(path), 'utf8'))] as const);
}

describe('bundleFromJSON', () => {
  test.each(MADE)('of %s', async (_, bundle) => {
    expect(await observe(() => ours.bundleFromJSON(bundle))).toEqual(
      await observe(() => theirs.bundleFromJSON(bundle)),
    );
  });

  describeCorpus('of real bundles', () => {
    test.each(listCorpus())('%s', async (_, bundle) => {
      expect(await observe(() => ours.bundleFromJSON(bundle))).toEqual(
        await observe(() => theirs.bundleFromJSON(bundle)),
      );
    });
  });

  test.each([
    ['nothing', {}],
    ['text', 'x'],
    ['a number', 7],
    ['a list', []],
    ['members of other types', { mediaType: 1, verificationMaterial: 'x', messageSignature: 'y' }],
    [
      'lists that are none',
      {
        mediaType: theirs.BUNDLE_V03_MEDIA_TYPE,
        verificationMaterial: { certificate: { rawBytes: 'AA==' }, tlogEntries: {} },
        dsseEnvelope: { payload: 'AA==', signatures: 'x' },
      },
    ],
    [
      'an empty chain',
      {
        mediaType: theirs.BUNDLE_V02_MEDIA_TYPE,
        verificationMaterial: { x509CertificateChain: {} },
        dsseEnvelope: { payload: 'AA==', signatures: [{ sig: 'AA==' }] },
      },
    ],
    ['an unknown member', { ...MADE[4]?.[1], more: true }],
    [
      'an empty certificate in a chain',
      {
        mediaType: theirs.BUNDLE_V02_MEDIA_TYPE,
        verificationMaterial: { x509CertificateChain: { certificates: [{}, { rawBytes: 'AA==' }] } },
        messageSignature: {},
      },
    ],
  ])('of %s', async (_, json) => {
    expect(await observe(() => ours.bundleFromJSON(json))).toEqual(await observe(() => theirs.bundleFromJSON(json)));
  });

  test.each([
    ['null (raw-errors)', null, 'TypeError'],
    ['base64 with junk in it (base64)', { mediaType: 'x', messageSignature: { signature: 'A!A=' } }, 'ValidationError'],
    [
      'an unknown hash function (hash-algorithm)',
      { messageSignature: { messageDigest: { algorithm: 'MD5' } } },
      'Error',
    ],
  ])('of %s is a ValidationError', async (_, json, their) => {
    expect(summarize(await observe(() => theirs.bundleFromJSON(json)))).toBe(their);
    expect(summarize(await observe(() => ours.bundleFromJSON(json)))).toBe('ValidationError');
  });
});

describe('bundleToJSON', () => {
  const good = MADE.filter(([, bundle]) => {
    try {
      return theirs.bundleFromJSON(bundle) !== undefined;
    } catch {
      return false;
    }
  });

  test.each(good)('of %s, with the list of entries always (entries-listed)', (_, bundle) => {
    const expected = structuredClone(theirs.bundleToJSON(theirs.bundleFromJSON(bundle)));
    expected.verificationMaterial.tlogEntries ??= [];
    expect(ours.bundleToJSON(ours.bundleFromJSON(bundle))).toEqual(expected);
  });
});

describe('envelopes', () => {
  test.each([
    ['whole', { payload: 'AAAA', payloadType: 'text/plain', signatures: [{ sig: 'AAAA', keyid: 'k' }] }],
    ['without key id', { payload: 'AAAA', payloadType: 'text/plain', signatures: [{ sig: 'AAAA' }] }],
    ['empty', {}],
  ])('%s', (_, json) => {
    const [our, their] = [ours.envelopeFromJSON(json), theirs.envelopeFromJSON(json)];
    expect(our).toEqual(their);
    expect(ours.envelopeToJSON(our)).toEqual(theirs.envelopeToJSON(their));
  });
});

describe('new bundles', () => {
  const signature = Buffer.from('signature');
  test.each([
    ['with a certificate', { certificate: Buffer.from('certificate') }],
    ['with a chain', { certificate: Buffer.from('certificate'), certificateChain: true }],
    ['with a hint', { keyHint: 'hint' }],
    ['with nothing', {}],
    ['with certificate and hint', { certificate: Buffer.from('certificate'), keyHint: 'hint' }],
  ])('%s', (_, options) => {
    const message = { digest: Buffer.from('digest'), signature, ...options };
    const envelope = { artifact: Buffer.from('artifact'), artifactType: 'text/plain', signature, ...options };
    expect(ours.toMessageSignatureBundle(message)).toEqual(theirs.toMessageSignatureBundle(message));
    expect(ours.toDSSEBundle(envelope)).toEqual(theirs.toDSSEBundle(envelope));
  });
});

describe('what a bundle is', () => {
  const GUARDS = [
    'isBundleWithCertificateChain',
    'isBundleWithPublicKey',
    'isBundleWithMessageSignature',
    'isBundleWithDsseEnvelope',
    'isBundleV01',
  ] as const;
  const ASSERTIONS = ['assertBundle', 'assertBundleV01', 'assertBundleV02', 'assertBundleLatest'] as const;
  const bundles = MADE.map(([, json]) => decode(json)).filter((bundle) => bundle !== undefined);

  test.each(GUARDS)('%s', (name) => {
    const [our, their] = [OURS, THEIRS].map((module) => module[name]);
    expect(bundles.map((bundle) => our?.(bundle))).toEqual(bundles.map((bundle) => their?.(bundle)));
  });

  test.each(ASSERTIONS)('%s', async (name) => {
    for (const bundle of bundles) {
      const call = (module: Functions) => () => module[name]?.(bundle);
      expect(await observe(call(OURS))).toEqual(await observe(call(THEIRS)));
    }
  });

  test('media types', () => {
    const select = (module: object) =>
      Object.fromEntries(Object.entries(module).filter(([name]) => name.endsWith('_MEDIA_TYPE')));
    expect(select(ours)).toEqual(select(theirs));
  });

  test('a ValidationError has its own name (error-names)', () => {
    const error = new ours.ValidationError('message', ['a.b']);
    expect(error).toMatchObject({ name: 'ValidationError', message: 'message', fields: ['a.b'] });
    expect(new theirs.ValidationError('message', ['a.b']).name).toBe('Error');
  });

  function decode(json: unknown): theirs.Bundle | undefined {
    try {
      return theirs.bundleFromJSON(json);
    } catch {
      return undefined;
    }
  }
});
