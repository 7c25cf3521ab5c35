// SPDX-License-Identifier: Apache-2.0
// Attaches signatures to an image: a bundle as its referrer, or a layer of the older format behind a tag.

import { BUNDLE_MEDIA_TYPE, type SerializedBundle } from '@keywax/bundle';
import { encodeUtf8 } from '@keywax/core/bytes';
import type { Annotations, Descriptor } from '../registry/descriptor.js';
import { makeAnnotations } from '../registry/descriptor.js';
import { registryInvalid } from '../registry/failure.js';
import { type Manifest, encodeManifest } from '../registry/manifest.js';
import { MEDIA_TYPES } from '../registry/media-types.js';
import type { Repository } from '../registry/repository.js';
import { expectEvidenceTag } from './subject.js';

/** A bundle with what the manifest around it says of it. */
export interface BundleAttachment {
  readonly subject: Descriptor;
  readonly bundle: SerializedBundle;
  readonly predicateType: string;
  readonly now: Date;
}

/** Attaches a bundle as a referrer of its subject, as cosign 3 does; gives the descriptor of the referrer. */
export function attachBundle(
  repository: Repository,
  { subject, bundle, predicateType, now }: BundleAttachment,
): Promise<Descriptor> {
  return repository.attachReferrer({
    subject,
    artifactType: BUNDLE_MEDIA_TYPE,
    layers: [{ mediaType: BUNDLE_MEDIA_TYPE, bytes: encodeUtf8(JSON.stringify(bundle)) }],
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': predicateType,
      'org.opencontainers.image.created': `${now.toISOString().slice(0, 19)}Z`,
    },
  });
}

/** A layer of the older format. */
export interface LayerAttachment {
  readonly subject: Descriptor;
  readonly suffix: 'sig' | 'att';
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly annotations: Annotations;
}

/** Appends a layer to the manifest behind the tag of the subject, as cosign 2 does; gives the descriptor of the layer. */
export async function attachLayer(
  repository: Repository,
  { subject, suffix, mediaType, bytes, annotations }: LayerAttachment,
): Promise<Descriptor> {
  const tag = expectEvidenceTag(subject.digest, suffix);
  const layer: Descriptor = { ...(await repository.uploadBlob(bytes, mediaType)), annotations };
  await repository.updateTag({
    tag,
    isMade: ({ manifest }) => expectManifest(manifest, tag).layers.some((known) => isSameLayer(known, layer)),
    change: async (found) => {
      const manifest = await appendLayer(repository, found && expectManifest(found.manifest, tag), layer);
      return { bytes: encodeManifest(manifest), mediaType: manifest.mediaType };
    },
  });
  return layer;
}

function expectManifest(manifest: { readonly kind: string }, tag: string): Manifest {
  if (manifest.kind !== 'manifest')
    throw registryInvalid(`tag ${tag}`, 'a manifest of signatures', `an ${manifest.kind}`);
  return manifest as Manifest;
}

/** Signatures of one payload differ in their annotations alone. */
function isSameLayer(a: Descriptor, b: Descriptor): boolean {
  const [names, others] = [Object.entries(a.annotations ?? {}), b.annotations ?? {}];
  return (
    a.digest === b.digest &&
    names.length === Object.keys(others).length &&
    names.every(([name, value]) => others[name] === value)
  );
}

async function appendLayer(repository: Repository, found: Manifest | undefined, layer: Descriptor): Promise<Manifest> {
  const layers = [...(found?.layers ?? []), layer];
  // The form of an image's config, which older clients read.
  const config = {
    architecture: '',
    created: '0001-01-01T00:00:00Z',
    os: '',
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    config: {},
  };
  const described = await repository.uploadBlob(encodeUtf8(JSON.stringify(config)), MEDIA_TYPES.ociConfig);
  const base = found ?? {
    kind: 'manifest',
    mediaType: MEDIA_TYPES.ociManifest,
    annotations: makeAnnotations([]),
  };
  return { ...base, config: described, layers };
}
