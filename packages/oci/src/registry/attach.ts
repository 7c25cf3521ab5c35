// SPDX-License-Identifier: Apache-2.0
// Attaches an artifact to a manifest as its referrer (distribution spec, "Pushing Manifests with Subject").

import type { Annotations, Descriptor } from './descriptor.js';
import { makeAnnotations } from './descriptor.js';
import { registryInvalid } from './failure.js';
import { addToFallbackTag } from './fallback-tag.js';
import { EMPTY_CONFIG, type Index, type Manifest, artifactTypeOf, encodeManifest } from './manifest.js';
import { putManifest } from './manifests.js';
import { MEDIA_TYPES } from './media-types.js';
import type { OnProgress } from './progress.js';
import type { Session } from './session.js';
import { uploadBytes } from './uploads.js';

/** An artifact to attach. */
export interface Attachment {
  /** The manifest that it is about. */
  readonly subject: Descriptor;
  readonly artifactType: string;
  readonly layers: readonly AttachmentLayer[];
  /** Of the manifest; `org.opencontainers.image.created` among them where the caller wants it. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One blob of an artifact. */
export interface AttachmentLayer {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A session, and whether its registry has the referrers API, found out once. */
export interface AttachTarget {
  readonly session: Session;
  readonly hasReferrersApi: () => Promise<boolean>;
  readonly onProgress?: OnProgress | undefined;
}

/** Uploads the blobs and the manifest of an artifact, and lists it among the referrers of its subject. */
export async function attachReferrer(target: AttachTarget, attachment: Attachment): Promise<Descriptor> {
  const { session, onProgress } = target;
  await uploadBytes(session, new Uint8Array([0x7b, 0x7d]), onProgress); // {}
  const layers: Descriptor[] = [];
  for (const { mediaType, bytes, annotations } of attachment.layers) {
    const blob = await uploadBytes(session, bytes, onProgress);
    layers.push({ mediaType, ...blob, ...(annotations === undefined ? {} : { annotations: copy(annotations) }) });
  }
  const { mediaType, digest, size } = attachment.subject;
  const manifest: Manifest = {
    kind: 'manifest',
    mediaType: MEDIA_TYPES.ociManifest,
    artifactType: attachment.artifactType,
    config: EMPTY_CONFIG,
    layers,
    subject: { mediaType, digest, size },
    annotations: copy(attachment.annotations ?? {}),
  };
  return putReferrer(target, encodeManifest(manifest), manifest.mediaType);
}

/**
 * Writes a manifest that has a subject, and lists it where the registry does not: one that does not answer with
 * `OCI-Subject`, or that echoes it without having the API (PROTOCOL 9.2).
 */
export async function putReferrer(
  { session, hasReferrersApi }: AttachTarget,
  bytes: Uint8Array,
  mediaType: string,
): Promise<Descriptor> {
  const { descriptor, manifest, subjectAccepted } = await putManifest(session, { bytes, mediaType });
  const { subject } = manifest;
  if (subject === undefined) throw registryInvalid(descriptor.digest, 'a manifest with a subject', 'none');
  const entry = describeReferrer(descriptor, manifest);
  if (!subjectAccepted || !(await hasReferrersApi())) await addToFallbackTag(session, subject.digest, entry);
  return entry;
}

/** The descriptor of a referrer in a list of them: with its artifact type and annotations. */
function describeReferrer(descriptor: Descriptor, manifest: Manifest | Index): Descriptor {
  const artifactType = artifactTypeOf(manifest);
  const isAnnotated = Object.keys(manifest.annotations).length > 0;
  return Object.freeze({
    ...descriptor,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(isAnnotated ? { annotations: manifest.annotations } : {}),
  });
}

function copy(annotations: Readonly<Record<string, string>>): Annotations {
  return makeAnnotations(Object.entries(annotations));
}
