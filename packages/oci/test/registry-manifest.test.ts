// SPDX-License-Identifier: Apache-2.0

import { encodeUtf8 } from '@keywax/core/bytes';
import { type ErrorCode, isKeywaxError } from '@keywax/core/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Descriptor,
  type Index,
  MEDIA_TYPES,
  type Manifest,
  artifactTypeOf,
  decodeManifest,
  encodeManifest,
} from '../src/index.js';
import { digestOf, indexText, manifestText } from './registry-hosts.js';

const LAYER = { mediaType: 'application/vnd.example.layer', digest: digestOf('layer'), size: 5 };
const EMPTY = { mediaType: MEDIA_TYPES.ociEmpty, digest: digestOf('{}'), size: 2 };

function decode(text: string, mediaType: string = MEDIA_TYPES.ociManifest): Manifest | Index {
  return decodeManifest(encodeUtf8(text), mediaType);
}

function withLayer(changes: Record<string, unknown>): string {
  return manifestText({ layers: [{ ...LAYER, ...changes }] });
}

describe('a manifest', () => {
  test('is decoded with its annotations, subject and artifact type', () => {
    const text = manifestText({
      artifactType: 'application/vnd.example+json',
      subject: { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf('subject', 'sha512'), size: 7 },
      annotations: { a: 'b', ['__proto__']: 'd' },
    });
    const manifest = decode(text);
    expect(manifest).toMatchObject({ kind: 'manifest', artifactType: 'application/vnd.example+json' });
    expect(manifest.annotations['a']).toBe('b');
    expect(Object.entries(manifest.annotations)).toContainEqual(['__proto__', 'd']);
    expect(manifest.annotations['toString']).toBeUndefined();
  });

  test.each([
    [{}, MEDIA_TYPES.ociConfig],
    [{ artifactType: 'application/vnd.example' }, 'application/vnd.example'],
    [{ config: EMPTY, artifactType: 'application/vnd.example' }, 'application/vnd.example'],
  ])('with %j is of type %s', (changes, type) => {
    expect(artifactTypeOf(decode(manifestText(changes)))).toBe(type);
  });

  test.each([
    ['an OCI manifest without a media type', manifestText({ mediaType: undefined }), MEDIA_TYPES.ociManifest],
    ['a Docker manifest', manifestText({ mediaType: MEDIA_TYPES.dockerManifest }), MEDIA_TYPES.dockerManifest],
    ['an index without a media type', indexText([], { mediaType: undefined }), MEDIA_TYPES.ociIndex],
    ['a Docker list', indexText([], { mediaType: MEDIA_TYPES.dockerManifestList }), MEDIA_TYPES.dockerManifestList],
    ['an image without layers', manifestText({ layers: [] }), MEDIA_TYPES.ociManifest],
    ['further members', manifestText({ 'x-other': { a: 1 } }), MEDIA_TYPES.ociManifest],
    ['1,000 layers', manifestText({ layers: Array.from({ length: 1_000 }, () => LAYER) }), MEDIA_TYPES.ociManifest],
    ['an empty blob', withLayer({ size: 0 }), MEDIA_TYPES.ociManifest],
    ['a layer of a type with a parameter', withLayer({ mediaType: 'a/b+json;version=0.2' }), MEDIA_TYPES.ociManifest],
    ['an artifact type with a parameter', manifestText({ artifactType: 'a/b; v=1; w=2' }), MEDIA_TYPES.ociManifest],
  ])('may be %s', (_name, text, mediaType) => {
    expect(decode(text, mediaType).mediaType).toBe(mediaType);
  });

  test.each<[string, string, string | undefined, ErrorCode]>([
    ['served as an index (OC-012)', manifestText(), MEDIA_TYPES.ociIndex, 'REGISTRY_INVALID'],
    ['served as a Docker manifest (OC-012)', manifestText(), MEDIA_TYPES.dockerManifest, 'REGISTRY_INVALID'],
    ['an index that is served as a manifest', indexText([]), MEDIA_TYPES.ociManifest, 'REGISTRY_INVALID'],
    [
      'without a media type, as Docker',
      manifestText({ mediaType: undefined }),
      MEDIA_TYPES.dockerManifest,
      'REGISTRY_INVALID',
    ],
    ['served as JSON', manifestText(), 'application/json', 'REGISTRY_INVALID'],
    ['served as nothing', manifestText(), '', 'REGISTRY_INVALID'],
    ['of schema 1', manifestText({ schemaVersion: 1 }), undefined, 'REGISTRY_INVALID'],
    ['with `manifests` too (OC-012)', manifestText({ manifests: [] }), undefined, 'REGISTRY_INVALID'],
    ['with `fsLayers` too (OC-012)', manifestText({ fsLayers: [] }), undefined, 'REGISTRY_INVALID'],
    ['an index with `layers` too (OC-012)', indexText([], { layers: [] }), MEDIA_TYPES.ociIndex, 'REGISTRY_INVALID'],
    [
      'an index with a `config` too (OC-012)',
      indexText([], { config: EMPTY }),
      MEDIA_TYPES.ociIndex,
      'REGISTRY_INVALID',
    ],
    [
      'with a media type twice',
      manifestText().replace('{', `{"mediaType":"${MEDIA_TYPES.ociIndex}",`),
      undefined,
      'REGISTRY_INVALID',
    ],
    ['without a config', manifestText({ config: undefined }), undefined, 'REGISTRY_INVALID'],
    ['without layers', manifestText({ layers: undefined }), undefined, 'REGISTRY_INVALID'],
    ['an index without entries', indexText([], { manifests: undefined }), MEDIA_TYPES.ociIndex, 'REGISTRY_INVALID'],
    ['a negative size (OC-013)', withLayer({ size: -1 }), undefined, 'REGISTRY_INVALID'],
    ['a fraction of a byte (OC-013)', withLayer({ size: 1.5 }), undefined, 'REGISTRY_INVALID'],
    ['a size above 2^53 (OC-013)', withLayer({ size: 2 ** 53 }), undefined, 'REGISTRY_INVALID'],
    ['a size as text (OC-013)', withLayer({ size: '5' }), undefined, 'REGISTRY_INVALID'],
    ['no size (OC-013)', withLayer({ size: undefined }), undefined, 'REGISTRY_INVALID'],
    [
      'a digest in upper case (OC-014)',
      withLayer({ digest: LAYER.digest.toUpperCase() }),
      undefined,
      'REGISTRY_INVALID',
    ],
    ['a digest with dot segments (OC-014)', withLayer({ digest: 'sha256:../../x' }), undefined, 'REGISTRY_INVALID'],
    ['a digest of md5 (OC-014)', withLayer({ digest: `md5:${'a'.repeat(32)}` }), undefined, 'REGISTRY_INVALID'],
    ['a media type with a newline', withLayer({ mediaType: 'a/b\nc: d' }), undefined, 'REGISTRY_INVALID'],
    ['a parameter without a value', withLayer({ mediaType: 'a/b;version=' }), undefined, 'REGISTRY_INVALID'],
    ['a parameter with a newline', withLayer({ mediaType: 'a/b;v=1\nc: d' }), undefined, 'REGISTRY_INVALID'],
    ['five parameters', withLayer({ mediaType: `a/b${';v=1'.repeat(5)}` }), undefined, 'REGISTRY_INVALID'],
    ['an annotation that is no text', manifestText({ annotations: { a: 1 } }), undefined, 'REGISTRY_INVALID'],
    [
      'the empty config without an artifact type (OC-027)',
      manifestText({ config: EMPTY }),
      undefined,
      'REGISTRY_INVALID',
    ],
    [
      'another blob as the empty config (OC-027)',
      manifestText({ artifactType: 'a/b', config: { ...EMPTY, digest: LAYER.digest } }),
      undefined,
      'REGISTRY_INVALID',
    ],
    ['not JSON', '<html>', undefined, 'REGISTRY_INVALID'],
    ['nothing', '', undefined, 'REGISTRY_INVALID'],
    ['an array', '[]', undefined, 'REGISTRY_INVALID'],
    ['text behind the document', `${manifestText()}{}`, undefined, 'REGISTRY_INVALID'],
    [
      '1,001 layers (OC-015)',
      manifestText({ layers: Array.from({ length: 1_001 }, () => LAYER) }),
      undefined,
      'INPUT_TOO_LARGE',
    ],
    [
      '10,000 entries (OC-015)',
      indexText(Array.from({ length: 10_000 }, () => LAYER)),
      MEDIA_TYPES.ociIndex,
      'INPUT_TOO_LARGE',
    ],
    [
      '257 annotations',
      manifestText({ annotations: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [i, ''])) }),
      undefined,
      'INPUT_TOO_LARGE',
    ],
    ['more than 4 MiB', manifestText({ annotations: { a: 'x'.repeat(4_194_304) } }), undefined, 'INPUT_TOO_LARGE'],
  ])('that is %s is refused', (_name, text, mediaType, code) => {
    expect(() => decode(text, mediaType)).toThrow(expect.objectContaining({ code }));
  });
});

const digest = fc.uint8Array({ maxLength: 4 }).map((bytes) => digestOf(bytes));
const annotations = fc.dictionary(fc.string(), fc.string(), { maxKeys: 3, noNullPrototype: false });
const descriptor: fc.Arbitrary<Descriptor> = fc.record(
  {
    mediaType: fc.constantFrom('application/vnd.example', 'a/b+json', 'a/b;version=0.2'),
    digest,
    size: fc.maxSafeNat(),
    artifactType: fc.constantFrom('application/vnd.example.a', 'c/d'),
    annotations,
    platform: fc.record({ os: fc.string(), architecture: fc.string() }),
  },
  { requiredKeys: ['mediaType', 'digest', 'size'] },
);

test('a manifest that is encoded and decoded is the same', () => {
  const manifest: fc.Arbitrary<Manifest> = fc.record({
    kind: fc.constant('manifest'),
    mediaType: fc.constantFrom(MEDIA_TYPES.ociManifest, MEDIA_TYPES.dockerManifest),
    artifactType: fc.constant('application/vnd.example'),
    config: descriptor,
    layers: fc.array(descriptor, { maxLength: 3 }),
    subject: descriptor,
    annotations,
  });
  const index: fc.Arbitrary<Index> = fc.record({
    kind: fc.constant('index'),
    mediaType: fc.constantFrom(MEDIA_TYPES.ociIndex, MEDIA_TYPES.dockerManifestList),
    manifests: fc.array(descriptor, { maxLength: 3 }),
    annotations,
  });
  fc.assert(
    fc.property(fc.oneof(manifest, index), (value) => {
      const bytes = encodeManifest(value);
      const decoded = decodeManifest(bytes, value.mediaType);
      expect(JSON.parse(JSON.stringify(decoded))).toEqual(JSON.parse(JSON.stringify(value)));
      expect(encodeManifest(decoded)).toEqual(bytes);
    }),
  );
});

test('any JSON is a manifest or refused', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(...Object.values(MEDIA_TYPES)), (text, mediaType) => {
      try {
        decode(text, mediaType);
      } catch (error) {
        if (!isKeywaxError(error)) throw error;
      }
    }),
  );
});
