// SPDX-License-Identifier: Apache-2.0
// Images to sign, pushed by us or by skopeo, and registries to push them to.

import { execFile, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type OciRegistryOptions, startOciRegistry } from '@keywax/stack/oci-registry';
import { describe } from 'vitest';
import { type Repository, openRepository, parseReference } from '../src/index.js';
import { startDockerRegistry } from './docker-registry.js';

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX = 'application/vnd.oci.image.index.v1+json';

/** A registry of either kind. */
export interface TestRegistry extends AsyncDisposable {
  readonly host: string;
  readonly url: string;
}

const hasDocker = spawnSync('docker-registry', ['--version']).status === 0;
const hasSkopeo = spawnSync('skopeo', ['--version']).status === 0;

/** Both registries: ours with the referrers API, and docker-registry without; the latter skipped where it is absent. */
export function describeRegistries(
  body: (start: (options?: OciRegistryOptions) => Promise<TestRegistry>) => void,
): void {
  describe('on a registry with the referrers API', () => body((options) => startOciRegistry(options)));
  describe('on a registry with a fallback tag', () =>
    body((options) => startOciRegistry({ ...options, referrers: false })));
  describe.skipIf(!hasDocker)(`on docker-registry${hasDocker ? '' : ' (not installed)'}`, () =>
    body(() => startDockerRegistry()),
  );
}

/** Tests that need skopeo. */
export function describeSkopeo(name: string, body: () => void): void {
  describe.skipIf(!hasSkopeo)(hasSkopeo ? name : `${name} (skopeo is not installed)`, body);
}

/** Runs skopeo. */
export async function skopeo(...args: readonly string[]): Promise<string> {
  return (await promisify(execFile)('skopeo', ['--insecure-policy', ...args])).stdout;
}

export function digestOf(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** A document of an image, with its descriptor. */
interface Part {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

function makeImage(): { readonly manifest: Part; readonly blobs: readonly Part[] } {
  const layer = { bytes: new Uint8Array(randomBytes(512)), mediaType: 'application/vnd.oci.image.layer.v1.tar' };
  const rootfs = { type: 'layers', diff_ids: [digestOf(layer.bytes)] };
  const config = json({ architecture: 'amd64', os: 'linux', rootfs }, 'application/vnd.oci.image.config.v1+json');
  const members = { config: describePart(config), layers: [describePart(layer)] };
  return { manifest: json({ schemaVersion: 2, mediaType: MANIFEST, ...members }, MANIFEST), blobs: [layer, config] };
}

function json(value: object, mediaType: string): Part {
  return { bytes: new TextEncoder().encode(JSON.stringify(value)), mediaType };
}

export function describePart({ bytes, mediaType }: Part) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function makeIndex(images: readonly Part[]): Part {
  const architectures = ['amd64', 'arm64', 'riscv64'];
  const manifests = images.map((image, i) => ({
    ...describePart(image),
    platform: { os: 'linux', architecture: architectures[i] ?? 'amd64' },
  }));
  return json({ schemaVersion: 2, mediaType: INDEX, manifests }, INDEX);
}

/** Pushes an image and tags it; gives its digest. */
export async function pushImage(reference: string): Promise<string> {
  const repository = openRepository(parseReference(reference));
  const image = makeImage();
  await putImage(repository, image);
  const { descriptor } = await repository.putManifest(image.manifest.bytes, MANIFEST, repository.reference.tag);
  return descriptor.digest;
}

async function putImage(repository: Repository, { manifest, blobs }: ReturnType<typeof makeImage>): Promise<void> {
  for (const { bytes, mediaType } of blobs) await repository.uploadBlob(bytes, mediaType);
  await repository.putManifest(manifest.bytes, MANIFEST);
}

/** Pushes an index of two images; gives its digest and theirs. */
export async function pushIndex(
  reference: string,
): Promise<{ readonly digest: string; readonly images: readonly string[] }> {
  const repository = openRepository(parseReference(reference));
  const images = [makeImage(), makeImage()];
  for (const image of images) await putImage(repository, image);
  const index = makeIndex(images.map(({ manifest }) => manifest));
  const { descriptor } = await repository.putManifest(index.bytes, INDEX, repository.reference.tag);
  return { digest: descriptor.digest, images: images.map(({ manifest }) => describePart(manifest).digest) };
}

/** Writes an index of two images as an OCI layout with the tag `v1`, and runs `use` with its folder. */
export async function withLayout(use: (folder: string, digest: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'keywax-layout-'));
  try {
    const images = [makeImage(), makeImage()];
    const index = makeIndex(images.map(({ manifest }) => manifest));
    const blobs = join(folder, 'blobs', 'sha256');
    await mkdir(blobs, { recursive: true });
    for (const { bytes } of [index, ...images.flatMap(({ manifest, blobs: parts }) => [manifest, ...parts])])
      await writeFile(join(blobs, digestOf(bytes).slice(7)), bytes);
    const annotations = { 'org.opencontainers.image.ref.name': 'v1' };
    const root = { schemaVersion: 2, mediaType: INDEX, manifests: [{ ...describePart(index), annotations }] };
    await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    await writeFile(join(folder, 'index.json'), JSON.stringify(root));
    await use(folder, describePart(index).digest);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A manifest as a registry serves it. */
export async function fetchJson(url: string): Promise<Record<string, unknown>> {
  const accept = `${MANIFEST}, ${INDEX}`;
  return (await fetch(url, { headers: { accept } })).json() as Promise<Record<string, unknown>>;
}
