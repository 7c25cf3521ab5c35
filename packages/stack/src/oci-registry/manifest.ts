// SPDX-License-Identifier: Apache-2.0
// What a registry reads of a manifest (image-spec 1.1). Refused: what is no JSON object or larger than 4 MiB, a
// `schemaVersion` other than 2, a media type that is unknown or is not the request's, a document that is an image and an
// index at once, and descriptors without a proper media type, digest or size.

import {
  arrayOf,
  decodeInt32,
  decodeJsonObject,
  decodeOpenObject,
  decodeString,
  integerWithin,
  mapOf,
  optional,
  transform,
} from '@keywax/core/decode';
import { KeywaxError } from '@keywax/core/errors';
import { parseJson } from '@keywax/core/json';
import { attempt } from '../service.js';
import { isDigest } from './digest.js';

/** The most bytes of a manifest. */
export const MAX_MANIFEST_BYTES = 4_194_304;

const MAX_DESCRIPTORS = 20_000; // above what clients take, so that their bounds can be tried

const IMAGES: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]);

const INDEXES: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);

/** What the registry answers by. */
export interface ManifestFacts {
  /** Of the image or index: its `artifactType`, or the media type of an image's config. */
  readonly artifactType?: string;
  readonly annotations: ReadonlyMap<string, string>;
  /** Digest of what the manifest refers to. */
  readonly subject?: string;
  /** Digests of config and layers. */
  readonly blobs: readonly string[];
  /** Digests of the manifests of an index. */
  readonly manifests: readonly string[];
}

const decodeDigest = transform(decodeString, (text, at) => {
  if (!isDigest(text)) throw new KeywaxError('INPUT_MALFORMED', `${at}: no digest`);
  return text;
});

const decodeDescriptor = decodeOpenObject({
  mediaType: decodeString,
  digest: decodeDigest,
  size: integerWithin(0, Number.MAX_SAFE_INTEGER),
});

const decodeMembers = decodeOpenObject({
  schemaVersion: decodeInt32,
  mediaType: optional(decodeString),
  artifactType: optional(decodeString),
  config: optional(decodeDescriptor),
  layers: arrayOf(decodeDescriptor, MAX_DESCRIPTORS),
  manifests: arrayOf(decodeDescriptor, MAX_DESCRIPTORS),
  subject: optional(decodeDescriptor),
  annotations: mapOf(decodeString, MAX_DESCRIPTORS),
});

/** Reads a manifest that was pushed as `mediaType`; text says why it is refused. */
export function readManifest(bytes: Uint8Array, mediaType: string): ManifestFacts | string {
  const read = attempt(() => {
    const object = decodeJsonObject(parseJson(bytes, { maxBytes: MAX_MANIFEST_BYTES }), '$');
    return { object, members: decodeMembers(object, '$') };
  });
  if (read === undefined) return 'not a manifest';
  const { object, members } = read;
  if (members.schemaVersion !== 2) return 'schemaVersion is not 2';
  if (members.mediaType !== undefined && members.mediaType !== mediaType)
    return 'mediaType is not the Content-Type of the request';
  if (!IMAGES.has(mediaType) && !INDEXES.has(mediaType)) return 'unknown media type';
  if (!hasOneFace(object, IMAGES.has(mediaType))) return 'neither an image nor an index';
  const artifactType = members.artifactType ?? members.config?.mediaType;
  return {
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(members.subject === undefined ? {} : { subject: members.subject.digest }),
    annotations: members.annotations,
    blobs: [...(members.config === undefined ? [] : [members.config]), ...members.layers].map(({ digest }) => digest),
    manifests: members.manifests.map(({ digest }) => digest),
  };
}

/** An image has a config and layers and no manifests, an index the opposite. */
function hasOneFace(object: ReadonlyMap<string, unknown>, isImage: boolean): boolean {
  const ofImage = [object.has('config'), object.has('layers')];
  const ofIndex = [object.has('manifests')];
  const [wanted, unwanted] = isImage ? [ofImage, ofIndex] : [ofIndex, ofImage];
  return wanted.every(Boolean) && !unwanted.some(Boolean);
}
