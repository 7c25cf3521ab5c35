// SPDX-License-Identifier: Apache-2.0
// Small images for tests: random layers, so that no two are the same.

import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import {
  type Descriptor,
  type Index,
  MEDIA_TYPES,
  type Manifest,
  type Repository,
  encodeManifest,
} from '../src/index.js';

/** Pushes an image of two layers. */
export async function pushImage(repository: Repository, tag?: string): Promise<Descriptor> {
  const config = await repository.uploadBlob(
    Buffer.from(`{"n":"${randomBytes(8).toString('hex')}"}`),
    MEDIA_TYPES.ociConfig,
  );
  const layers: Descriptor[] = [];
  for (const size of [100, 100_000]) {
    layers.push(
      await repository.uploadBlob(gzipSync(randomBytes(size)), 'application/vnd.oci.image.layer.v1.tar+gzip'),
    );
  }
  const { ociManifest: mediaType } = MEDIA_TYPES;
  const manifest: Manifest = { kind: 'manifest', mediaType, config, layers, annotations: {} };
  return (await repository.putManifest(encodeManifest(manifest), mediaType, tag)).descriptor;
}

/** Pushes an index of an image for each of two platforms. */
export async function pushIndex(
  repository: Repository,
  tag: string,
): Promise<{ readonly index: Descriptor; readonly images: readonly Descriptor[] }> {
  const images: Descriptor[] = [];
  for (const architecture of ['amd64', 'arm64']) {
    images.push({ ...(await pushImage(repository)), platform: { os: 'linux', architecture } });
  }
  const { ociIndex: mediaType } = MEDIA_TYPES;
  const index: Index = { kind: 'index', mediaType, manifests: images, annotations: {} };
  return { index: (await repository.putManifest(encodeManifest(index), mediaType, tag)).descriptor, images };
}
