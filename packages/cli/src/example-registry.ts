// SPDX-License-Identifier: Apache-2.0
// A container registry for `keywax stack`, with an image to try signatures on.

import { MEDIA_TYPES, encodeManifest, openRepository, parseReference } from '@keywax/oci';
import { type OciRegistry, startOciRegistry } from '@keywax/stack/oci-registry';

/** A registry that holds an image. */
export interface ExampleRegistry {
  readonly registry: OciRegistry;
  /** Name of the image. */
  readonly image: string;
}

/** Starts a registry and puts an image of one empty layer there. @throws FILE_FAILED where the port is taken */
export async function startExampleRegistry(port: number): Promise<ExampleRegistry> {
  const registry = await startOciRegistry({ port });
  const image = `${registry.host}/hello:v1`;
  const repository = openRepository(parseReference(image));
  const layer = await repository.uploadBlob(new Uint8Array(1_024), 'application/vnd.oci.image.layer.v1.tar'); // an empty archive
  const config = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [layer.digest] } };
  const described = await repository.uploadBlob(
    new TextEncoder().encode(JSON.stringify(config)),
    MEDIA_TYPES.ociConfig,
  );
  const mediaType = MEDIA_TYPES.ociManifest;
  const manifest = { kind: 'manifest', mediaType, config: described, layers: [layer], annotations: {} } as const;
  await repository.putManifest(encodeManifest(manifest), mediaType, 'v1');
  return { registry, image };
}
