// SPDX-License-Identifier: Apache-2.0
// Manifests and indexes (OCI image spec, manifest.md and image-index.md; Docker's version 2, schema 2).
// Refused: more than 4 MiB, more than 1,000 layers or entries, a media type in the document that is not the one it was
// served with, documents that could be read as manifest and as index, the empty config without an artifact type.

import { encodeUtf8 } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeJsonObject,
  decodeOpenObject,
  integerWithin,
  optional,
  required,
} from '@keywax/core/decode';
import { type JsonObject, type JsonValue, encodeJson, parseJson } from '@keywax/core/json';
import {
  type Annotations,
  type Descriptor,
  decodeAnnotations,
  decodeDescriptor,
  decodeMediaType,
  encodeDescriptor,
  mayHave,
} from './descriptor.js';
import { readRegistry, registryInvalid } from './failure.js';
import { INDEX_TYPES, MANIFEST_TYPES, MEDIA_TYPES } from './media-types.js';

/** The largest manifest or index, in bytes (ATTACKS 4.3). */
export const MAX_MANIFEST_BYTES = 4_194_304;
/** The most layers of a manifest, entries of an index, and referrers of a subject (ATTACKS 4.3). */
export const MAX_ENTRIES = 1_000;

/** The manifest of one image or artifact. */
export interface Manifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations: Annotations;
}

/** A list of manifests, such as one per platform. */
export interface Index {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations: Annotations;
}

/** The digest and size of `{}`, the empty config of artifacts (OCI image spec, manifest.md). */
export const EMPTY_CONFIG: Descriptor = /* @__PURE__ */ Object.freeze({
  mediaType: MEDIA_TYPES.ociEmpty,
  digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  size: 2,
});

/** Members by which another kind of document is known; schema 1 had `fsLayers`. */
const FOREIGN_MEMBERS: Readonly<Record<'manifest' | 'index', readonly string[]>> = {
  manifest: ['manifests', 'fsLayers', 'history'],
  index: ['config', 'layers', 'fsLayers', 'history'],
};

interface ManifestMembers extends Omit<Manifest, 'kind' | 'mediaType'> {
  readonly schemaVersion: number;
}
interface IndexMembers extends Omit<Index, 'kind' | 'mediaType'> {
  readonly schemaVersion: number;
}

const decodeManifestMembers: Decoder<ManifestMembers> = /* @__PURE__ */ decodeOpenObject<ManifestMembers>({
  schemaVersion: integerWithin(2, 2),
  artifactType: mayHave(decodeMediaType),
  config: decodeDescriptor,
  layers: required(arrayOf(decodeDescriptor, MAX_ENTRIES)),
  subject: mayHave(decodeDescriptor),
  annotations: decodeAnnotations,
});

const decodeIndexMembers: Decoder<IndexMembers> = /* @__PURE__ */ decodeOpenObject<IndexMembers>({
  schemaVersion: integerWithin(2, 2),
  artifactType: mayHave(decodeMediaType),
  manifests: required(arrayOf(decodeDescriptor, MAX_ENTRIES)),
  subject: mayHave(decodeDescriptor),
  annotations: decodeAnnotations,
});

/**
 * Decodes a manifest or index that was served as `mediaType`, which has no parameters.
 * @throws REGISTRY_INVALID, INPUT_TOO_LARGE
 */
export function decodeManifest(bytes: Uint8Array, mediaType: string, what = 'manifest'): Manifest | Index {
  const kind = kindOf(mediaType);
  if (kind === undefined)
    throw registryInvalid(what, 'the media type of a manifest or index', mediaType === '' ? 'none' : mediaType);
  return readRegistry(what, () => {
    const document = decodeJsonObject(parseJson(bytes, { maxBytes: MAX_MANIFEST_BYTES }), '$');
    checkFace(document, { what, kind, mediaType });
    if (kind === 'index') {
      const { schemaVersion: _, ...members } = decodeIndexMembers(document, '$');
      return Object.freeze({ kind, mediaType, ...members });
    }
    const { schemaVersion: _, ...members } = decodeManifestMembers(document, '$');
    checkEmptyConfig(members, what);
    return Object.freeze({ kind, mediaType, ...members });
  });
}

function kindOf(mediaType: string): 'manifest' | 'index' | undefined {
  if (MANIFEST_TYPES.includes(mediaType)) return 'manifest';
  return INDEX_TYPES.includes(mediaType) ? 'index' : undefined;
}

/** One document is one thing, whoever reads it: by its header, by its `mediaType`, or by its members (ATTACKS OC-012). */
function checkFace(
  document: JsonObject,
  { what, kind, mediaType }: { readonly what: string; readonly kind: 'manifest' | 'index'; readonly mediaType: string },
): void {
  const own = optional(decodeMediaType)(document.get('mediaType'), '$.mediaType');
  if (own === undefined && mediaType.startsWith('application/vnd.docker.'))
    throw registryInvalid(what, `the media type ${mediaType} within the document`, 'none');
  if (own !== undefined && own !== mediaType) throw registryInvalid(what, `a document of type ${mediaType}`, own);
  const foreign = FOREIGN_MEMBERS[kind].find((name) => document.has(name));
  if (foreign !== undefined) throw registryInvalid(what, `one kind of document, ${kind}`, `a member ${foreign} too`);
}

/** The empty config is one blob, and says nothing about the artifact (ATTACKS OC-027). */
function checkEmptyConfig({ config, artifactType }: Pick<Manifest, 'config' | 'artifactType'>, what: string): void {
  if (config.mediaType !== MEDIA_TYPES.ociEmpty) return;
  if (config.digest !== EMPTY_CONFIG.digest || config.size !== EMPTY_CONFIG.size)
    throw registryInvalid(what, 'the digest and size of {} for the empty config', config.digest);
  if (artifactType === undefined) throw registryInvalid(what, 'an artifact type beside the empty config', 'none');
}

/** What a manifest or index is of: its artifact type, or the media type of its config (OCI distribution spec). */
export function artifactTypeOf(manifest: Manifest | Index): string | undefined {
  return manifest.artifactType ?? (manifest.kind === 'manifest' ? manifest.config.mediaType : undefined);
}

/** The bytes of a manifest or index, in the order of members of the specification's examples. */
export function encodeManifest(manifest: Manifest | Index): Uint8Array {
  const { mediaType, artifactType, subject, annotations } = manifest;
  const members: [string, JsonValue][] = [
    ['schemaVersion', 2],
    ['mediaType', mediaType],
  ];
  if (artifactType !== undefined) members.push(['artifactType', artifactType]);
  if (manifest.kind === 'index') members.push(['manifests', manifest.manifests.map(encodeDescriptor)]);
  else {
    members.push(['config', encodeDescriptor(manifest.config)]);
    members.push(['layers', manifest.layers.map(encodeDescriptor)]);
  }
  if (subject !== undefined) members.push(['subject', encodeDescriptor(subject)]);
  const names = Object.entries(annotations);
  if (names.length > 0) members.push(['annotations', new Map(names)]);
  return encodeUtf8(encodeJson(new Map(members)));
}
