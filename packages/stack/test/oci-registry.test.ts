// SPDX-License-Identifier: Apache-2.0

import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Interceptor, type OciRegistry, startOciRegistry } from '@keywax/stack/oci-registry';
import { describe, expect, test } from 'vitest';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const EMPTY = digestOf('{}');

function digestOf(data: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

function describeBlob(data: string, mediaType = 'application/octet-stream') {
  return { mediaType, digest: digestOf(data), size: data.length };
}

async function putBlob(registry: OciRegistry, name: string, data: string): Promise<void> {
  const url = `${registry.url}/v2/${name}/blobs/uploads/?digest=${digestOf(data)}`;
  expect((await fetch(url, { method: 'POST', body: data })).status).toBe(201);
}

function putManifest(registry: OciRegistry, path: string, manifest: object | string, headers = {}): Promise<Response> {
  const body = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
  const type = typeof manifest === 'object' && 'manifests' in manifest ? INDEX : MANIFEST;
  return fetch(`${registry.url}/v2/${path}`, { method: 'PUT', body, headers: { 'Content-Type': type, ...headers } });
}

function image(members: object = {}) {
  const config = describeBlob('{}', 'application/vnd.oci.empty.v1+json');
  return { schemaVersion: 2, mediaType: MANIFEST, config, layers: [config], ...members };
}

async function startWithBlob(options: Parameters<typeof startOciRegistry>[0] = {}): Promise<OciRegistry> {
  const registry = await startOciRegistry(options);
  await putBlob(registry, 'app', '{}');
  return registry;
}

describe('manifests', () => {
  test('are served as they were pushed, by tag and by digest', async () => {
    await using registry = await startWithBlob();
    const bytes = JSON.stringify(image());
    const put = await putManifest(registry, 'app/manifests/v1', bytes);
    expect(put.status).toBe(201);
    expect(put.headers.get('docker-content-digest')).toBe(digestOf(bytes));
    for (const reference of ['v1', digestOf(bytes)]) {
      const got = await fetch(`${registry.url}/v2/app/manifests/${reference}`);
      expect(await got.text()).toBe(bytes);
      expect(got.headers.get('content-type')).toBe(MANIFEST);
      const head = await fetch(`${registry.url}/v2/app/manifests/${reference}`, { method: 'HEAD' });
      expect(head.headers.get('content-length')).toBe(`${bytes.length}`);
      expect(head.headers.get('etag')).toBe(`"${digestOf(bytes)}"`);
    }
  });

  test.each([
    ['no JSON', 'no JSON'],
    ['a member twice', '{"schemaVersion":2,"schemaVersion":2}'],
    ['another schema', image({ schemaVersion: 1 })],
    ['another media type than the header', image({ mediaType: INDEX })],
    ['an image that is an index too', image({ manifests: [] })],
    ['an image without layers', image({ layers: undefined })],
    ['a layer without a digest', image({ layers: [{ mediaType: 'text/plain', size: 2 }] })],
    ['a layer with a digest of capitals', image({ layers: [{ ...describeBlob('{}'), digest: EMPTY.toUpperCase() }] })],
    ['a layer of negative size', image({ layers: [{ ...describeBlob('{}'), size: -1 }] })],
    ['a layer that is not there', image({ layers: [describeBlob('absent')] })],
  ])('are refused with %s', async (_, manifest) => {
    await using registry = await startWithBlob();
    const answer = await putManifest(registry, 'app/manifests/v1', manifest, { 'Content-Type': MANIFEST });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      errors: [{ code: expect.stringMatching(/^MANIFEST_(?:BLOB_UNKNOWN|INVALID)$/) }],
    });
  });

  test('are refused under the digest of others', async () => {
    await using registry = await startWithBlob();
    expect((await putManifest(registry, `app/manifests/${EMPTY}`, image())).status).toBe(400);
  });

  test('are replaced only where the precondition holds', async () => {
    await using registry = await startWithBlob();
    const first = await putManifest(registry, 'app/manifests/v1', image(), { 'If-None-Match': '*' });
    const etag = first.headers.get('etag') ?? '';
    const again = await putManifest(registry, 'app/manifests/v1', image(), { 'If-None-Match': '*' });
    const next = image({ annotations: { n: '2' } });
    const taken = await putManifest(registry, 'app/manifests/v1', next, { 'If-Match': etag });
    const late = await putManifest(registry, 'app/manifests/v1', image(), { 'If-Match': etag });
    expect([first.status, again.status, taken.status, late.status]).toEqual([201, 412, 201, 412]);
  });

  test('go with their tags', async () => {
    await using registry = await startWithBlob();
    await putManifest(registry, 'app/manifests/v1', image());
    const url = `${registry.url}/v2/app/manifests`;
    expect((await fetch(`${url}/${digestOf(JSON.stringify(image()))}`, { method: 'DELETE' })).status).toBe(202);
    const gone = await fetch(`${url}/v1`);
    expect(gone.status).toBe(404);
    expect(await gone.json()).toMatchObject({ errors: [{ code: 'MANIFEST_UNKNOWN' }] });
  });

  test('list their tags in pages', async () => {
    await using registry = await startWithBlob({ pageSize: 2 });
    for (const tag of ['c', 'a', 'e', 'b', 'd']) await putManifest(registry, `app/manifests/${tag}`, image());
    expect(await readPages(registry, '/v2/app/tags/list')).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });
});

async function readPages(registry: OciRegistry, path: string): Promise<unknown[]> {
  const pages: unknown[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const answer: Response = await fetch(`${registry.url}${next}`);
    const body = (await answer.json()) as { tags?: string[]; manifests?: { digest: string }[] };
    pages.push(body.tags ?? body.manifests?.map(({ digest }) => digest));
    next = /^<(.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
  }
  return pages;
}

describe('blobs', () => {
  test('arrive in chunks at a location with a query', async () => {
    await using registry = await startOciRegistry();
    const start = await fetch(`${registry.url}/v2/a/b/blobs/uploads/`, { method: 'POST' });
    expect(start.status).toBe(202);
    const at = (answer: Response) => `${registry.url}${answer.headers.get('location')}`;
    const send = (url: string, method: string, body: string, range: string) =>
      fetch(url, { method, body, headers: { 'Content-Range': range } });
    const first = await send(at(start), 'PATCH', 'hello ', '0-5');
    expect((await send(at(first), 'PATCH', 'there', '2-6')).status).toBe(416);
    const state = await fetch(at(first));
    expect([state.status, state.headers.get('range')]).toEqual([204, '0-5']);
    const end = await send(`${at(first)}&digest=${digestOf('hello world')}`, 'PUT', 'world', '6-10');
    expect(end.status).toBe(201);
    const blob = `${registry.url}/v2/a/b/blobs/${digestOf('hello world')}`;
    expect(await (await fetch(blob)).text()).toBe('hello world');
    const part = await fetch(blob, { headers: { Range: 'bytes=6-' } });
    expect([part.status, await part.text()]).toEqual([206, 'world']);
  });

  test('are refused under the digest of others', async () => {
    await using registry = await startOciRegistry();
    const url = `${registry.url}/v2/app/blobs/uploads/?digest=${EMPTY}`;
    const answer = await fetch(url, { method: 'POST', body: 'other' });
    expect(await answer.json()).toMatchObject({ errors: [{ code: 'DIGEST_INVALID' }] });
  });

  test('are mounted where they are, and uploaded where they are not', async () => {
    await using registry = await startWithBlob();
    const mount = (digest: string) =>
      fetch(`${registry.url}/v2/other/blobs/uploads/?mount=${digest}&from=app`, { method: 'POST' });
    expect([(await mount(EMPTY)).status, (await mount(digestOf('absent'))).status]).toEqual([201, 202]);
    expect((await fetch(`${registry.url}/v2/other/blobs/${EMPTY}`, { method: 'DELETE' })).status).toBe(202);
    expect((await fetch(`${registry.url}/v2/other/blobs/${EMPTY}`)).status).toBe(404);
  });
});

describe('referrers', () => {
  const subject = { mediaType: MANIFEST, digest: digestOf('subject'), size: 7 };

  test('are listed in pages, filtered on request, with their annotations', async () => {
    await using registry = await startWithBlob({ pageSize: 2 });
    for (const n of ['1', '2', '3', '4']) {
      const artifactType = n === '4' ? 'text/plain' : 'text/html';
      const referrer = image({ subject, artifactType, annotations: { n } });
      const put = await putManifest(registry, `app/manifests/${digestOf(JSON.stringify(referrer))}`, referrer);
      expect(put.headers.get('oci-subject')).toBe(subject.digest);
    }
    const path = `/v2/app/referrers/${subject.digest}`;
    expect((await readPages(registry, path)).map((page) => (page as string[]).length)).toEqual([2, 2]);
    const filtered = await fetch(`${registry.url}${path}?artifactType=text/plain`);
    expect(filtered.headers.get('oci-filters-applied')).toBe('artifactType');
    expect(await filtered.json()).toMatchObject({
      mediaType: INDEX,
      manifests: [{ mediaType: MANIFEST, artifactType: 'text/plain', annotations: { n: '4' } }],
    });
    const html = await readPages(registry, `${path}?artifactType=text/html`);
    expect(html.flat()).toHaveLength(3);
  });

  test('are none for what nothing refers to', async () => {
    await using registry = await startOciRegistry();
    const answer = await fetch(`${registry.url}/v2/app/referrers/${EMPTY}`);
    expect(await answer.json()).toEqual({ schemaVersion: 2, mediaType: INDEX, manifests: [] });
  });

  test('have the type of the config where they name none', async () => {
    await using registry = await startWithBlob();
    await putManifest(registry, 'app/manifests/x', image({ subject }));
    const answer = await fetch(`${registry.url}/v2/app/referrers/${subject.digest}`);
    expect(await answer.json()).toMatchObject({ manifests: [{ artifactType: 'application/vnd.oci.empty.v1+json' }] });
  });

  test('can be switched off', async () => {
    await using registry = await startWithBlob({ referrers: false });
    const put = await putManifest(registry, 'app/manifests/x', image({ subject }));
    expect(put.headers.get('oci-subject')).toBeNull();
    expect((await fetch(`${registry.url}/v2/app/referrers/${subject.digest}`)).status).toBe(404);
  });
});

describe('access', () => {
  const basic = `Basic ${btoa('user:secret')}`;
  const auth = { username: 'user', password: 'secret' } as const;

  test('by basic authentication', async () => {
    await using registry = await startOciRegistry({ auth: { kind: 'basic', ...auth } });
    const refused = await fetch(`${registry.url}/v2/`);
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="keywax"']);
    expect((await fetch(`${registry.url}/v2/`, { headers: { Authorization: basic } })).status).toBe(200);
    expect(registry.requests).toEqual([
      { method: 'GET', path: '/v2/', authorized: false },
      { method: 'GET', path: '/v2/', authorized: true },
    ]);
  });

  test('by tokens that hold for what they were asked for', async () => {
    await using registry = await startOciRegistry({ auth: { kind: 'bearer', ...auth } });
    const refused = await fetch(`${registry.url}/v2/app/tags/list`);
    const [, realm, service, scope] =
      /^Bearer realm="([^"]+)",service="([^"]+)",scope="([^"]+)"$/.exec(
        refused.headers.get('www-authenticate') ?? '',
      ) ?? [];
    expect([realm, service, scope]).toEqual([`${registry.url}/token`, registry.host, 'repository:app:pull']);
    const ask = async (headers: Record<string, string>) => {
      const answer = await fetch(`${realm}?service=${service}&scope=${scope}`, { headers });
      return (await answer.json()) as { token: string };
    };
    const open = async (path: string, token: string, method = 'GET') =>
      (await fetch(`${registry.url}${path}`, { method, headers: { Authorization: `Bearer ${token}` } })).status;
    const { token } = await ask({ Authorization: basic });
    expect(await open('/v2/app/tags/list', token)).toBe(404);
    expect(await open('/v2/other/tags/list', token)).toBe(401);
    expect(await open('/v2/app/blobs/uploads/', token, 'POST')).toBe(401);
    expect(await open('/v2/app/tags/list', (await ask({})).token)).toBe(401);
    expect((await ask({ Authorization: `Basic ${btoa('user:wrong')}` })).token).toBeUndefined();
  });

  test('by an identity token, and without one for pulling where that is allowed', async () => {
    const identityToken = 'kept by docker login';
    const options = { kind: 'bearer', ...auth, identityToken, anonymousPull: true } as const;
    await using registry = await startOciRegistry({ auth: options });
    const ask = (form: Record<string, string>) =>
      fetch(`${registry.url}/token`, { method: 'POST', body: new URLSearchParams(form) });
    expect((await ask({ grant_type: 'refresh_token', refresh_token: identityToken })).status).toBe(200);
    expect((await ask({ grant_type: 'refresh_token', refresh_token: 'guessed' })).status).toBe(401);
    expect((await ask({ grant_type: 'password', ...auth })).status).toBe(200);
    const anonymous = await fetch(`${registry.url}/token?scope=repository:app:pull,push`);
    const headers = { Authorization: `Bearer ${((await anonymous.json()) as { token: string }).token}` };
    expect((await fetch(`${registry.url}/v2/app/tags/list`, { headers })).status).toBe(404);
    expect((await fetch(`${registry.url}/v2/app/blobs/uploads/`, { method: 'POST', headers })).status).toBe(401);
  });
});

test('a caller may stand between the registry and its clients', async () => {
  const faults: { intercept?: Interceptor } = {};
  await using registry = await startOciRegistry({ faults });
  faults.intercept = () => new Response('busy', { status: 503 });
  expect((await fetch(`${registry.url}/v2/`)).status).toBe(503);
});

test.each([
  ['/v2/App/tags/list', 400],
  ['/v2/a/../b/tags/list', 404],
  ['/v2/app/tags', 404],
  ['/', 404],
])('%s is no path of a registry', async (path, status) => {
  await using registry = await startOciRegistry();
  expect((await fetch(`${registry.url}${path}`)).status).toBe(status);
});

const SKOPEO = hasSkopeo() ? 'skopeo' : undefined;

function hasSkopeo(): boolean {
  try {
    return execFileSync('skopeo', ['--version']).length > 0;
  } catch {
    return false;
  }
}

describe.skipIf(SKOPEO === undefined)(
  `with skopeo as a client${SKOPEO === undefined ? ' (not installed)' : ''}`,
  () => {
    test.each([
      ['without authentication', undefined],
      ['with basic authentication', { kind: 'basic', username: 'user', password: 'secret' }],
      ['with tokens', { kind: 'bearer', username: 'user', password: 'secret' }],
    ] as const)('an image goes in and comes out %s', async (_, auth) => {
      await using registry = await startOciRegistry(auth === undefined ? {} : { auth });
      const directory = await mkdtemp(join(tmpdir(), 'keywax-registry-'));
      try {
        const digest = await writeLayout(join(directory, 'in'));
        const credentials = (side: string) => (auth === undefined ? [] : [`--${side}-creds=user:secret`]);
        const copy = (...args: string[]) => promisify(execFile)('skopeo', ['--insecure-policy', 'copy', '-q', ...args]);
        const remote = `docker://${registry.host}/library/app:v1`;
        const into = ['--dest-tls-verify=false', ...credentials('dest')];
        await copy(...into, '--preserve-digests', `oci:${join(directory, 'in')}:v1`, remote);
        const from = ['--src-tls-verify=false', ...credentials('src')];
        await copy(...from, '--preserve-digests', remote, `oci:${join(directory, 'out')}:v1`);
        const inspect = ['inspect', '--tls-verify=false', ...(auth === undefined ? [] : ['--creds=user:secret'])];
        const { stdout } = await promisify(execFile)('skopeo', [...inspect, '--format', '{{.Digest}}', remote]);
        expect(stdout.trim()).toBe(digest);
      } finally {
        await rm(directory, { recursive: true });
      }
    });
  },
);

/** Writes an image of one layer as an OCI layout with the tag `v1`; gives its digest. */
async function writeLayout(directory: string): Promise<string> {
  const blobs = join(directory, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const keep = async (text: string | Uint8Array, mediaType: string) => {
    const digest = digestOf(text);
    await writeFile(join(blobs, digest.slice(7)), text);
    return { mediaType, digest, size: text.length };
  };
  const layer = await keep(new Uint8Array(1024), 'application/vnd.oci.image.layer.v1.tar');
  const rootfs = { type: 'layers', diff_ids: [layer.digest] };
  const config = await keep(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs }),
    'application/vnd.oci.image.config.v1+json',
  );
  const manifest = await keep(
    JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] }),
    MANIFEST,
  );
  const annotations = { 'org.opencontainers.image.ref.name': 'v1' };
  await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(
    join(directory, 'index.json'),
    JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [{ ...manifest, annotations }] }),
  );
  return manifest.digest;
}
