// SPDX-License-Identifier: Apache-2.0
// The client against registries that are really there: our own, with the referrers API and without, and docker-registry;
// and beside another client, skopeo.

import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { startOciRegistry } from '@keywax/stack/oci-registry';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type Descriptor,
  type Repository,
  copyImage,
  dockerCredentials,
  fixedCredentials,
  openRepository,
  parseReference,
} from '../src/index.js';
import { describeDockerRegistry, startDockerRegistry } from './docker-registry.js';
import { digestOf, failure, readAll } from './registry-hosts.js';
import { pushImage, pushIndex } from './registry-images.js';

const TYPE = 'application/vnd.example.signature';
const SEVERAL = 6;

interface Registry extends AsyncDisposable {
  readonly host: string;
}

function attach(repository: Repository, subject: Descriptor, text: string): Promise<Descriptor> {
  return repository.attachReferrer({
    subject,
    artifactType: TYPE,
    layers: [{ mediaType: TYPE, bytes: Buffer.from(text) }],
  });
}

function digestsOf(descriptors: readonly Descriptor[]): ReadonlySet<string> {
  return new Set(descriptors.map(({ digest }) => digest));
}

function testRegistry(start: () => Promise<Registry>): void {
  const running: Registry[] = [];
  const hostOf = (): string => running[0]?.host ?? expect.fail('no registry');
  const open = (name: string): Repository => openRepository(parseReference(`${hostOf()}/${name}`));

  beforeAll(async () => {
    running.push(await start());
  });
  afterAll(async () => {
    await Promise.all(running.splice(0).map((registry) => registry[Symbol.asyncDispose]()));
  });

  test('keeps images and tags', async () => {
    const repository = open('keeps/images:v1');
    const image = await pushImage(repository, 'v1');
    await expect(repository.resolve()).resolves.toEqual(image);
    await expect(repository.resolve(image.digest)).resolves.toEqual(image);
    await expect(repository.hasManifest(image.digest)).resolves.toBe(true);
    await expect(repository.hasManifest(digestOf('x'))).resolves.toBe(false);
    await expect(repository.listTags()).resolves.toEqual(['v1']);
    await failure('IMAGE_NOT_FOUND', repository.resolve('v2'));
    await failure('IMAGE_NOT_FOUND', open('no/such').listTags());
    await failure('IMAGE_NOT_FOUND', repository.fetchBlob({ digest: digestOf('x'), size: 1 }));
  });

  test('takes blobs in one piece and in chunks', async () => {
    const repository = open('takes/blobs');
    const inChunks = openRepository(repository.reference, { chunkBytes: 4_000_000 });
    for (const [size, to] of [0, 1, 65_536, 65_537, 9_000_000].flatMap(
      (bytes) =>
        [
          [bytes, repository],
          [bytes, inChunks],
        ] as const,
    )) {
      const bytes = randomBytes(size);
      const blob = await repository.uploadBlob(bytes);
      expect(bytes.equals(await readAll(repository.streamBlob(blob)))).toBe(true);
      const other = randomBytes(size);
      const chunks = async function* () {
        for (let offset = 0; offset < size; offset += 1_000_000) yield other.subarray(offset, offset + 1_000_000);
      };
      await to.uploadBlob({ digest: digestOf(other), size, chunks: chunks() });
      expect(other.equals(await readAll(repository.streamBlob({ digest: digestOf(other), size })))).toBe(true);
    }
  });

  test('mounts blobs', async () => {
    const blob = await open('mounts/from').uploadBlob(randomBytes(1_000));
    const to = open('mounts/to');
    await expect(to.mountBlob(blob.digest, 'mounts/from')).resolves.toBe(true);
    await expect(to.hasBlob(blob.digest)).resolves.toBe(true);
    await expect(to.mountBlob(digestOf('x'), 'mounts/from')).resolves.toBe(false);
  });

  test('lists what is attached, by type', async () => {
    const repository = open('lists/attached');
    const image = await pushImage(repository, 'v1');
    await expect(repository.listReferrers(image.digest)).resolves.toEqual([]);
    const attached = await repository.attachReferrer({
      subject: image,
      artifactType: TYPE,
      layers: [{ mediaType: TYPE, bytes: Buffer.from('x'), annotations: { l: '1' } }],
      annotations: { a: 'b' },
    });
    await expect(repository.listReferrers(image.digest, { artifactType: TYPE })).resolves.toEqual([attached]);
    await expect(repository.listReferrers(image.digest, { artifactType: 'a/b' })).resolves.toEqual([]);
    const { manifest } = await repository.fetchManifest(attached.digest);
    expect(manifest).toMatchObject({ artifactType: TYPE, subject: image, annotations: { a: 'b' } });
  });

  test('loses nothing that is attached at the same time', async () => {
    const repository = open('loses/nothing');
    const image = await pushImage(repository, 'v1');
    const attached = await Promise.all(Array.from({ length: SEVERAL }, (_, i) => attach(repository, image, `${i}`)));
    expect(digestsOf(await repository.listReferrers(image.digest))).toEqual(digestsOf(attached));
  });

  test('loses nothing that several processes attach at the same time', async () => {
    const image = await pushImage(open('loses/nothing/either'), 'v1');
    // Copies of the modules know nothing of each other's updates, like processes.
    const copies: typeof import('../src/index.js')[] = [];
    for (let i = 0; i < SEVERAL; i++) {
      vi.resetModules();
      copies.push(await import('../src/index.js'));
    }
    const attached = await Promise.all(
      copies.map((copy, i) =>
        attach(copy.openRepository(parseReference(`${hostOf()}/loses/nothing/either`)), image, `${i}`),
      ),
    );
    const repository = open('loses/nothing/either');
    expect(digestsOf(await repository.listReferrers(image.digest))).toEqual(digestsOf(attached));
  });

  test('copies images of many platforms with what is attached', async () => {
    const from = open('copies/from:v1');
    const to = open('copies/to:v1');
    const { index, images } = await pushIndex(from, 'v1');
    const attached = await Promise.all([index, ...images].map((image) => attach(from, image, image.digest)));
    await expect(copyImage({ from, to, referrers: true })).resolves.toEqual(index);
    const lists = await Promise.all([index, ...images].map(({ digest }) => to.listReferrers(digest)));
    expect(digestsOf(lists.flat())).toEqual(digestsOf(attached));
  });
}

describe('our registry', () => testRegistry(() => startOciRegistry()));
describe('our registry without the referrers API', () => testRegistry(() => startOciRegistry({ referrers: false })));
describeDockerRegistry('docker-registry', () => testRegistry(startDockerRegistry));

describe.each(['basic', 'bearer'] as const)('our registry with %s authentication', (kind) => {
  const auth = { kind, username: 'user', password: 'the password' };

  test('takes credentials, and nothing without', async () => {
    await using registry = await startOciRegistry({ auth });
    const reference = parseReference(`${registry.host}/a/b`);
    const credential = { kind: 'basic', username: 'user', password: 'the password' } as const;
    const repository = openRepository(reference, { credentials: fixedCredentials(registry.host, credential) });
    const image = await pushImage(repository, 'v1');
    const attached = await attach(repository, image, 'x');
    expect(digestsOf(await repository.listReferrers(image.digest))).toEqual(digestsOf([attached]));
    await failure('REGISTRY_UNAUTHORIZED', openRepository(reference).resolve('v1'));
    const wrong = fixedCredentials(registry.host, { ...credential, password: 'CANARY-s3cr3t' });
    await failure('REGISTRY_UNAUTHORIZED', openRepository(reference, { credentials: wrong }).resolve('v1'));
  });
});

const hasSkopeo = spawnSync('skopeo', ['--version']).status === 0;

describe.skipIf(!hasSkopeo)(hasSkopeo ? 'skopeo' : 'skopeo (not installed)', () => {
  test('copies what we pushed, and we read what it copied', async () => {
    await using registry = await startOciRegistry();
    const pushed = await pushIndex(openRepository(parseReference(`${registry.host}/ours`)), 'v1');
    const images = [`docker://${registry.host}/ours:v1`, `docker://${registry.host}/theirs:v1`];
    const options = '--all --insecure-policy --src-tls-verify=false --dest-tls-verify=false'.split(' ');
    const { status, stderr } = await run(['copy', ...options, ...images]);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const theirs = openRepository(parseReference(`${registry.host}/theirs:v1`), {
      credentials: dockerCredentials({ directory: '/nonexistent', environment: {} }),
    });
    const { manifest: index } = await theirs.fetchManifest('v1');
    if (index.kind !== 'index') return expect.fail('expected an index');
    expect(digestsOf(index.manifests)).toEqual(digestsOf(pushed.images));
    const { manifest } = await theirs.fetchManifest(pushed.images[0]?.digest ?? '');
    if (manifest.kind !== 'manifest') return expect.fail('expected a manifest');
    for (const layer of manifest.layers) await expect(theirs.fetchBlob(layer)).resolves.toHaveLength(layer.size);
  });
});

/** Runs skopeo beside the registry of this process. */
async function run(args: readonly string[]): Promise<{ readonly status: number | null; readonly stderr: string }> {
  const child = spawn('skopeo', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, stderr })));
}
