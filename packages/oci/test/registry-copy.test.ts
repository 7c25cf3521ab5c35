// SPDX-License-Identifier: Apache-2.0
// Copies of images: within a registry, between registries, of many platforms, with what refers to them.

import { randomBytes } from 'node:crypto';
import { type OciRegistryOptions, startOciRegistry } from '@keywax/stack/oci-registry';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type Descriptor,
  MEDIA_TYPES,
  type Repository,
  type RepositoryOptions,
  type TransferProgress,
  copyImage,
  fixedCredentials,
  openRepository,
  parseReference,
} from '../src/index.js';
import { digestOf, failure, indexText, manifestText, serveRegistry } from './registry-hosts.js';
import { pushImage, pushIndex } from './registry-images.js';

const TYPE = 'application/vnd.example.signature';
const started: AsyncDisposable[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((registry) => registry[Symbol.asyncDispose]()));
});

async function start(options?: OciRegistryOptions) {
  const registry = await startOciRegistry(options);
  started.push(registry);
  const open = (name: string, more?: RepositoryOptions): Repository =>
    openRepository(parseReference(`${registry.host}/${name}`), more);
  return { registry, open };
}

function attach(repository: Repository, subject: Descriptor, text = 'signature'): Promise<Descriptor> {
  return repository.attachReferrer({
    subject,
    artifactType: TYPE,
    layers: [{ mediaType: TYPE, bytes: Buffer.from(text) }],
  });
}

describe('an image that is copied', () => {
  test('within a registry has its layers mounted', async () => {
    const { open, registry } = await start();
    const steps: TransferProgress[] = [];
    const from = open('a:v1');
    const to = open('b/c:v2', { onProgress: (step) => steps.push(step) });
    const image = await pushImage(from, 'v1');
    const before = registry.requests.length;
    await expect(copyImage({ from, to })).resolves.toEqual(image);
    await expect(to.resolve('v2')).resolves.toEqual(image);
    expect(steps.map(({ kind }) => kind)).toEqual(['mount', 'mount', 'mount']);
    expect(registry.requests.slice(before).filter(({ path }) => /\/blobs\/sha256/.test(path))).toEqual([]);
  });

  test('between registries is the same in every byte', async () => {
    const [source, target] = [await start(), await start({ referrers: false })];
    const from = source.open('a:v1');
    const to = target.open('a:v1');
    const image = await pushImage(from, 'v1');
    await copyImage({ from, to });
    const [one, other] = await Promise.all([from.fetchManifest('v1'), to.fetchManifest('v1')]);
    expect(other).toEqual(one);
    if (one.manifest.kind !== 'manifest') return expect.fail('no manifest');
    for (const layer of one.manifest.layers)
      await expect(to.fetchBlob(layer)).resolves.toEqual(await from.fetchBlob(layer));
    expect(other.descriptor).toEqual(image);
  });

  test('for many platforms has all of them', async () => {
    const [source, target] = [await start(), await start()];
    const from = source.open('a');
    const to = target.open('a');
    const { index, images } = await pushIndex(from, 'latest');
    await copyImage({ from, to, source: index.digest, tag: 'copy', concurrency: 2 });
    await expect(to.resolve('copy')).resolves.toEqual(index);
    for (const { digest } of images) await expect(to.hasManifest(digest)).resolves.toBe(true);
  });

  test.each([true, false])('takes what refers to it along, with the referrers API: %s', async (referrers) => {
    const [source, target] = [await start({ referrers: !referrers }), await start({ referrers })];
    const from = source.open('a');
    const to = target.open('a');
    const { index, images } = await pushIndex(from, 'latest');
    const [image = index] = images;
    const first = await attach(from, index);
    const second = await attach(from, image);
    const ofSecond = await attach(from, second, 'of the signature');
    await copyImage({ from, to, referrers: true });
    await expect(to.listReferrers(index.digest)).resolves.toMatchObject([{ digest: first.digest, artifactType: TYPE }]);
    await expect(to.listReferrers(image.digest)).resolves.toMatchObject([{ digest: second.digest }]);
    await expect(to.listReferrers(second.digest)).resolves.toMatchObject([{ digest: ofSecond.digest }]);
  });

  test('leaves what refers to it unless told otherwise', async () => {
    const { open } = await start();
    const [from, to] = [open('a:v1'), open('b:v1')];
    const image = await pushImage(from, 'v1');
    await attach(from, image);
    await copyImage({ from, to });
    await expect(to.listReferrers(image.digest)).resolves.toEqual([]);
  });

  test("takes cosign's older tags along", async () => {
    const { open } = await start();
    const [from, to] = [open('a:v1'), open('b:v1')];
    const image = await pushImage(from, 'v1');
    const tag = `${image.digest.replace(':', '-')}.sig`;
    const signature = await pushImage(from, tag);
    await copyImage({ from, to, signatureTags: true });
    await expect(to.resolve(tag)).resolves.toEqual(signature);
    expect(new Set(await to.listTags())).toEqual(new Set(['v1', tag]));
  });

  test('is copied twice in vain, but without harm', async () => {
    const { open } = await start();
    const [from, to] = [open('a:v1'), open('b:v1')];
    const image = await pushImage(from, 'v1');
    await copyImage({ from, to });
    await expect(copyImage({ from, to })).resolves.toEqual(image);
  });

  test('within its repository gets another tag', async () => {
    const { open } = await start();
    const from = open('a:v1');
    const image = await pushImage(from, 'v1');
    await copyImage({ from, to: from, tag: 'v2' });
    await expect(from.resolve('v2')).resolves.toEqual(image);
  });

  test('leaves layers that no registry keeps where they are', async () => {
    const foreign = {
      mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
      digest: digestOf('not here'),
      size: 8,
    };
    const text = manifestText({ layers: [foreign] });
    const source = await serveRegistry((response, { path }) =>
      path.includes('/manifests/')
        ? response.writeHead(200, { 'content-type': MEDIA_TYPES.ociManifest }).end(text)
        : response.end('{}'),
    );
    const target = await serveRegistry((response, { method }) => {
      if (method === 'HEAD') response.writeHead(404).end();
      else response.writeHead(method === 'PUT' ? 201 : 202, { location: '/upload' }).end();
    });
    await copyImage({ from: source.repository, to: target.repository });
    expect(source.server.seen.filter(({ path }) => path.includes(foreign.digest))).toEqual([]);
    expect(target.server.seen.at(-1)).toMatchObject({ method: 'PUT', path: '/v2/a/b/manifests/latest', body: text });
  });

  test('with credentials for both registries tells each only its own', async () => {
    const auth = (password: string) => ({ kind: 'bearer' as const, username: 'user', password });
    const [source, target] = [await start({ auth: auth('first') }), await start({ auth: auth('second') })];
    const open = ({ registry, open: openIn }: typeof source, password: string, name: string) =>
      openIn(name, { credentials: fixedCredentials(registry.host, { kind: 'basic', username: 'user', password }) });
    const from = open(source, 'first', 'a:v1');
    const image = await pushImage(from, 'v1');
    await expect(copyImage({ from, to: open(target, 'second', 'b:v1') })).resolves.toEqual(image);
    await expect(copyImage({ from, to: open(source, 'first', 'mounted:v1') })).resolves.toEqual(image);
    await failure('REGISTRY_UNAUTHORIZED', copyImage({ from, to: open(target, 'first', 'c:v1') }));
  });
});

describe('a copy from a registry of ill will', () => {
  const TARGET = { mediaType: MEDIA_TYPES.ociIndex, size: 2 };

  test('ends where indexes have indexes without end (OC-023)', async () => {
    // Each index names another that is made up on the way: digests cannot make a circle, but they can make a chain.
    const chain = [indexText([])];
    for (let i = 0; i < 10; i++) chain.push(indexText([{ ...TARGET, digest: digestOf(chain.at(-1) ?? '') }]));
    const byDigest = new Map(chain.map((text) => [digestOf(text), text]));
    const { repository } = await serveRegistry((response, { path }) => {
      const text = byDigest.get(decodeURIComponent(path.split('/').at(-1) ?? '')) ?? chain.at(-1);
      response.writeHead(200, { 'content-type': MEDIA_TYPES.ociIndex }).end(text);
    });
    const { open } = await start();
    await failure('INPUT_TOO_LARGE', copyImage({ from: repository, to: open('a:v1') }));
  });

  test('ends where a referrer is about something else (OC-017)', async () => {
    const image = manifestText({ layers: [] });
    const other = manifestText({
      artifactType: TYPE,
      layers: [],
      subject: { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf('other'), size: 5 },
    });
    const { repository } = await serveRegistry((response, { path }) => {
      if (path.includes('/referrers/')) {
        const entry = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(other), size: other.length };
        return response.writeHead(200, { 'content-type': MEDIA_TYPES.ociIndex }).end(indexText([entry]));
      }
      if (path.includes('/blobs/')) return response.writeHead(200).end('{}');
      const text = path.endsWith(digestOf(other)) ? other : image;
      return response.writeHead(200, { 'content-type': MEDIA_TYPES.ociManifest }).end(text);
    });
    const { open } = await start();
    await failure('REGISTRY_INVALID', copyImage({ from: repository, to: open('a:v1'), referrers: true }));
  });

  test('leaves no tag where a layer is another (OC-014)', async () => {
    const { open } = await start();
    const from = open('a:v1');
    const image = await pushImage(from, 'v1');
    const { bytes } = await from.fetchManifest(image.digest);
    const { repository } = await serveRegistry((response, { path }) =>
      path.includes('/manifests/')
        ? response.writeHead(200, { 'content-type': MEDIA_TYPES.ociManifest }).end(bytes)
        : response.writeHead(200).end(randomBytes(100_000)),
    );
    const to = open('b:v1');
    await failure('REGISTRY_INVALID', copyImage({ from: repository, to }));
    await failure('IMAGE_NOT_FOUND', to.resolve('v1'));
  });

  test.each([0, 1.5, 33, Number.NaN])('is not begun with a concurrency of %d', async (concurrency) => {
    const { open } = await start();
    await failure('CONFIG_INVALID', copyImage({ from: open('a'), to: open('b'), concurrency }));
  });
});
