// SPDX-License-Identifier: Apache-2.0
// The client against registries that are really there: our own, with the referrers API, and docker-registry, without.

import { randomBytes } from 'node:crypto';
import { startOciRegistry } from '@keywax/stack/oci-registry';
import { describe, expect, test } from 'vitest';
import { MEDIA_TYPES, encodeManifest, openRepository, parseReference } from '../src/index.js';
import type { Descriptor, Manifest, Repository } from '../src/index.js';
import { describeDockerRegistry, startDockerRegistry } from './docker-registry.js';

const TYPE = 'application/vnd.example.test';
const started: AsyncDisposable[] = [];

async function start<T extends AsyncDisposable>(registry: Promise<T>): Promise<T> {
  const running = await registry;
  started.push(running);
  return running;
}

async function pushImage(repository: Repository, tag: string): Promise<Descriptor> {
  const config = await repository.uploadBlob(Buffer.from('{}'), MEDIA_TYPES.ociConfig);
  const layer = await repository.uploadBlob(randomBytes(100_000), 'application/vnd.oci.image.layer.v1.tar');
  const manifest: Manifest = {
    kind: 'manifest',
    mediaType: MEDIA_TYPES.ociManifest,
    config,
    layers: [layer],
    annotations: {},
  };
  return (await repository.putManifest(encodeManifest(manifest), manifest.mediaType, tag)).descriptor;
}

function describeRegistry(name: string, startRegistry: () => Promise<{ host: string } & AsyncDisposable>): void {
  describe(name, () => {
    test('works', async () => {
      const registry = await start(startRegistry());
      const repository = openRepository(parseReference(`${registry.host}/a/b`));
      const image = await pushImage(repository, 'v1');
      expect(await repository.resolve('v1')).toEqual(image);
      expect(await repository.listTags()).toEqual(['v1']);
      expect(await repository.listReferrers(image.digest)).toEqual([]);
      const attached = await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          repository.attachReferrer({
            subject: image,
            artifactType: TYPE,
            layers: [{ mediaType: TYPE, bytes: Buffer.from(`${i}`) }],
            annotations: { n: `${i}` },
          }),
        ),
      );
      const listed = await repository.listReferrers(image.digest, { artifactType: TYPE });
      expect(new Set(listed.map(({ digest }) => digest))).toEqual(new Set(attached.map(({ digest }) => digest)));
      await Promise.all(started.splice(0).map((one) => one[Symbol.asyncDispose]()));
    });
  });
}

describeRegistry('our registry', () => startOciRegistry());
describeRegistry('our registry without the referrers API', () => startOciRegistry({ referrers: false }));
describeDockerRegistry('docker-registry', () => describeRegistry('', startDockerRegistry));
