// SPDX-License-Identifier: Apache-2.0
// Manifests and blobs, from and to registries that lie, redirect and never end.

import { randomBytes } from 'node:crypto';
import type { ErrorCode } from '@keywax/core/errors';
import { describe, expect, test } from 'vitest';
import { type SeenRequest, serve } from '../../../test/loopback.js';
import {
  type CredentialSource,
  MEDIA_TYPES,
  type RepositoryOptions,
  type TransferProgress,
  encodeManifest,
  openRepository,
  parseReference,
} from '../src/index.js';
import { classifyHost } from '../src/registry/host-class.js';
import {
  CANARY,
  CANARY_BASIC,
  EAGER,
  digestOf,
  failure,
  manifestText,
  readAll,
  recordFetch,
  serveRegistry,
} from './registry-hosts.js';

const always: CredentialSource = async () => ({ kind: 'basic', username: 'user', password: CANARY });
const CONTENT = Buffer.from('the content of a blob');
const BLOB = { digest: digestOf(CONTENT), size: CONTENT.length };
const MANIFEST = manifestText();

describe('a manifest that is fetched', () => {
  const fetchWith = async (headers: Record<string, string>, text = MANIFEST, asked = 'latest') => {
    const { repository } = await serveRegistry((response) => response.writeHead(200, headers).end(text));
    return repository.fetchManifest(asked);
  };
  const type = { 'content-type': MEDIA_TYPES.ociManifest };

  test.each<[string, Record<string, string>, string]>([
    ['without a digest in the headers', type, 'latest'],
    ['with its digest in the headers', { ...type, 'docker-content-digest': digestOf(MANIFEST) }, 'latest'],
    [
      'with another digest of it in the headers',
      { ...type, 'docker-content-digest': digestOf(MANIFEST, 'sha512') },
      'latest',
    ],
    ['by digest', type, digestOf(MANIFEST)],
    [
      'with parameters in its type',
      { 'content-type': `${MEDIA_TYPES.ociManifest.toUpperCase()}; charset=utf-8` },
      'latest',
    ],
  ])('%s has the digest that is computed (OC-010)', async (_name, headers, asked) => {
    const { descriptor } = await fetchWith(headers, MANIFEST, asked);
    expect(descriptor).toEqual({
      mediaType: MEDIA_TYPES.ociManifest,
      digest: digestOf(MANIFEST),
      size: MANIFEST.length,
    });
  });

  test('is counted in bytes, not in characters (OC-013)', async () => {
    const text = manifestText({ annotations: { a: 'ü€😀' } });
    const { descriptor } = await fetchWith(type, text);
    expect(descriptor.size).toBe(Buffer.byteLength(text));
    expect(descriptor.size).toBeGreaterThan(text.length);
  });

  test('by a digest of sha512 has that', async () => {
    const digest = digestOf(MANIFEST, 'sha512');
    await expect(fetchWith(type, MANIFEST, digest)).resolves.toMatchObject({ descriptor: { digest } });
  });

  test.each<[string, Record<string, string>, string, string, ErrorCode]>([
    ['other bytes than the digest says (OC-009)', type, `${MANIFEST} `, digestOf(MANIFEST), 'REGISTRY_INVALID'],
    [
      'a header that lies (OC-010)',
      { ...type, 'docker-content-digest': digestOf('x') },
      MANIFEST,
      'latest',
      'REGISTRY_INVALID',
    ],
    [
      'a header of sha512 that lies (OC-010)',
      { ...type, 'docker-content-digest': digestOf('x', 'sha512') },
      MANIFEST,
      'latest',
      'REGISTRY_INVALID',
    ],
    [
      'a header that is no digest (OC-010)',
      { ...type, 'docker-content-digest': 'sha256:../x' },
      MANIFEST,
      'latest',
      'REGISTRY_INVALID',
    ],
    [
      'another type in the headers (OC-012)',
      { 'content-type': MEDIA_TYPES.ociIndex },
      MANIFEST,
      'latest',
      'REGISTRY_INVALID',
    ],
    ['JSON in the headers', { 'content-type': 'application/json' }, MANIFEST, 'latest', 'REGISTRY_INVALID'],
    ['no type in the headers', {}, MANIFEST, 'latest', 'REGISTRY_INVALID'],
    ['a page to log in', { 'content-type': 'text/html' }, '<html>', 'latest', 'REGISTRY_INVALID'],
    ['5 MiB', type, 'x'.repeat(5 * 1_048_576), 'latest', 'INPUT_TOO_LARGE'],
  ])('with %s is refused', async (_name, headers, text, asked, code) => {
    await failure(code, fetchWith(headers, text, asked));
  });

  test.each(['../x', 'a/b', 'sha256:abc', 'a@b', '', ' '])('is never asked for as %j (OC-014)', async (asked) => {
    const { repository, server } = await serveRegistry((response) => response.end());
    await failure('CONFIG_INVALID', repository.fetchManifest(asked));
    expect(server.seen).toHaveLength(0);
  });

  test('is not followed to another host, nor with a credential anywhere (NW-011)', async () => {
    const evil = await serve((response) => response.writeHead(200, type).end(MANIFEST));
    const { repository } = await serveRegistry(
      (response, { headers }) => {
        if (headers.authorization === undefined)
          response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        else response.writeHead(307, { location: `${evil.url}/` }).end();
      },
      { credentials: always },
    );
    await failure('NETWORK_REDIRECT', repository.resolve());
    expect(evil.seen).toHaveLength(0);
  });

  test('that the registry does not know is an error of its own', async () => {
    const { repository } = await serveRegistry((response) => response.writeHead(404).end());
    await failure('IMAGE_NOT_FOUND', repository.resolve());
  });

  test('by a reference with tag and digest has to agree with both (OC-024)', async () => {
    const other = manifestText({ annotations: { a: 'other' } });
    const { host } = await serveRegistry((response, { path }) =>
      response.writeHead(200, type).end(path.endsWith('/moved') ? other : MANIFEST),
    );
    const resolve = (text: string) => openRepository(parseReference(`${host}/a/b${text}`)).resolve();
    await expect(resolve(`:same@${digestOf(MANIFEST)}`)).resolves.toMatchObject({ digest: digestOf(MANIFEST) });
    await failure('CONFIG_INVALID', resolve(`:moved@${digestOf(MANIFEST)}`));
  });
});

describe('a blob that is fetched', () => {
  const fetchWith = async (body: Buffer, headers: Record<string, string> = {}) => {
    const { repository } = await serveRegistry((response) => response.writeHead(200, headers).end(body));
    return repository.fetchBlob(BLOB);
  };

  test('is the one of its descriptor', async () => {
    await expect(fetchWith(CONTENT)).resolves.toEqual(new Uint8Array(CONTENT));
  });

  test.each([
    ['other bytes (OC-014)', Buffer.from('THE content of a blob')],
    ['fewer bytes (OC-013)', CONTENT.subarray(1)],
    ['more bytes (OC-013)', Buffer.concat([CONTENT, CONTENT])],
    ['nothing', Buffer.alloc(0)],
  ])('with %s is refused', async (_name, body) => {
    await failure('REGISTRY_INVALID', fetchWith(body));
  });

  test('that never ends is left at the first byte too many, and its connection closed (OC-016)', async () => {
    const { repository, server } = await serveRegistry((response) => {
      response.writeHead(200);
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) continue;
      };
      response.on('drain', pour);
      pour();
    });
    await failure('REGISTRY_INVALID', repository.fetchBlob({ ...BLOB, size: 1_000_000 }));
    await server.idle();
  });

  test('of a gigabyte is not even asked for (OC-016)', async () => {
    const { repository, server } = await serveRegistry((response) => response.end());
    await failure('INPUT_TOO_LARGE', repository.fetchBlob({ ...BLOB, size: 1_000_000_000 }));
    await failure('INPUT_TOO_LARGE', repository.fetchBlob({ ...BLOB, size: 11 }, { maxBytes: 10 }));
    expect(server.seen).toHaveLength(0);
  });

  test('that breaks off is refused (NW-004)', async () => {
    const { repository } = await serveRegistry((response) => {
      response.writeHead(200, { 'content-length': CONTENT.length }).write(CONTENT.subarray(1));
      setImmediate(() => response.destroy());
    });
    await failure('NETWORK_FAILED', repository.fetchBlob(BLOB));
  });

  test('with a digest that is none is never asked for (OC-014)', async () => {
    const { repository, server } = await serveRegistry((response) => response.end());
    await failure('CONFIG_INVALID', repository.fetchBlob({ digest: 'sha256:../../_catalog', size: 1 }));
    expect(server.seen).toHaveLength(0);
  });

  test('is told of as it arrives', async () => {
    const steps: TransferProgress[] = [];
    const content = randomBytes(300_000);
    const { repository } = await serveRegistry((response) => response.end(content), {
      onProgress: (step) => steps.push(step),
    });
    const blob = { digest: digestOf(content), size: content.length };
    await expect(readAll(repository.streamBlob(blob))).resolves.toEqual(content);
    expect(steps.at(-1)).toEqual({ kind: 'download', digest: blob.digest, transferred: 300_000, total: 300_000 });
    expect(steps.every(({ transferred }, i) => transferred > (steps[i - 1]?.transferred ?? 0))).toBe(true);
  });

  test("stops with the caller's signal (NW-027)", async () => {
    const controller = new AbortController();
    const { repository, server } = await serveRegistry((response) => response.writeHead(200).write('the'), {
      transport: { signal: controller.signal },
    });
    const reading = (async () => {
      for await (const _chunk of repository.streamBlob(BLOB)) controller.abort();
    })();
    await failure('OPERATION_ABORTED', reading);
    await server.idle();
  });
});

describe('a blob that lies elsewhere', () => {
  test('is fetched from there without credentials, and checked (OC-006)', async () => {
    const cdn = await serve((response) => response.end(CONTENT));
    const { repository, server } = await serveRegistry(
      (response, { headers }) => {
        if (headers.authorization === undefined)
          response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        else response.writeHead(307, { location: `${cdn.url}/store?signature=abc` }).end();
      },
      { credentials: always },
    );
    await expect(repository.fetchBlob(BLOB)).resolves.toEqual(new Uint8Array(CONTENT));
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([undefined, `Basic ${CANARY_BASIC}`]);
    expect(cdn.seen).toHaveLength(1);
    expect(cdn.seen[0]?.path).toBe('/store?signature=abc');
    expect(cdn.seen[0]?.headers.authorization).toBeUndefined();
    expect(JSON.stringify(cdn.seen)).not.toContain(CANARY_BASIC);
  });

  test('is refused where the other place serves other bytes', async () => {
    const cdn = await serve((response) => response.end('something else here!!'));
    const { repository } = await serveRegistry((response) => response.writeHead(302, { location: cdn.url }).end());
    await failure('REGISTRY_INVALID', repository.fetchBlob(BLOB));
  });

  test('is sought over at most three redirects', async () => {
    const { repository, server } = await serveRegistry((response, { path }, count) =>
      response.writeHead(307, { location: `${path}?${count}` }).end(),
    );
    await failure('NETWORK_REDIRECT', repository.fetchBlob(BLOB));
    expect(server.seen).toHaveLength(4);
  });

  test('gets no credentials where it is sent back to the registry', async () => {
    const hosts: string[] = [];
    const cdn = await serve((response) => response.writeHead(307, { location: `${hosts[0]}/back` }).end());
    const { repository, server } = await serveRegistry(
      (response, { headers, path }) => {
        if (path === '/back') response.end(CONTENT);
        else if (headers.authorization === undefined)
          response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        else response.writeHead(307, { location: cdn.url }).end();
      },
      { credentials: always },
    );
    hosts.push(server.url);
    await repository.fetchBlob(BLOB);
    expect(server.seen.at(-1)).toMatchObject({ path: '/back' });
    expect(server.seen.at(-1)?.headers.authorization).toBeUndefined();
  });

  test.each([
    ['plain http', 'http://cdn.example/x'],
    ['plain http on the same host', 'http://registry.example/x'],
    ['this machine', 'https://127.0.0.1/x'],
    ['this machine by name', 'https://localhost/x'],
    ['this machine by a name below it', 'https://x.localhost/x'],
    ['this machine in IPv6', 'https://[::1]/x'],
    ['this machine as mapped IPv4', 'https://[::ffff:127.0.0.1]/x'],
    ['this machine in octal', 'https://0177.0.0.1/x'],
    ['a metadata service', 'https://169.254.169.254/latest/meta-data'],
    ['a metadata service in IPv6', 'https://[fd00:ec2::254]/x'],
    ['a private network', 'https://10.1.2.3/x'],
    ['another private network', 'https://192.168.0.1/x'],
    ['no address', 'https://0.0.0.0/x'],
    ['a file', 'file:///etc/passwd'],
    ['data', `data:application/octet-stream,${CONTENT.toString('base64')}`],
    ['user information', `https://user:${CANARY}@cdn.example/x`],
    ['nothing', ''],
    ['what is no URL', 'https://['],
  ])('is not sought by way of %s (OC-007)', async (_name, location) => {
    const { fetch, contacts } = recordFetch(({ url }) =>
      url.includes('/v2/') ? new Response(null, { status: 307, headers: { location } }) : new Response(CONTENT),
    );
    const repository = openRepository(parseReference('registry.example/a/b'), {
      transport: { fetch, retries: 0, ...EAGER },
    });
    await failure('NETWORK_REDIRECT', repository.fetchBlob(BLOB));
    expect(contacts).toHaveLength(1);
  });

  test.each(['http://169.254.169.254/x', 'http://10.0.0.1/x', 'http://cdn.example/x', 'https://10.0.0.1/x'])(
    'is not sought at %s from loopback (OC-007)',
    async (location) => {
      const { repository } = await serveRegistry((response) => response.writeHead(307, { location }).end());
      const error = await repository.fetchBlob(BLOB).catch((thrown: unknown) => thrown);
      expect(['NETWORK_REDIRECT', 'NETWORK_POLICY']).toContain((error as { code: string }).code);
    },
  );

  test.each([
    ['cdn.example', 'public'],
    ['localhost.example', 'public'],
    ['8.8.8.8', 'public'],
    ['172.32.0.1', 'public'],
    ['100.128.0.1', 'public'],
    ['[2606:4700::1111]', 'public'],
    ['localhost', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['[::1]', 'loopback'],
    ['[::ffff:7f00:1]', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['100.64.0.1', 'private'],
    ['[::ffff:a00:1]', 'private'],
    ['[fd00::1]', 'private'],
    ['0.0.0.0', 'never'],
    ['169.254.169.254', 'never'],
    ['[::ffff:a9fe:a9fe]', 'never'],
    ['224.0.0.1', 'never'],
    ['255.255.255.255', 'never'],
    ['[::]', 'never'],
    ['[fe80::1]', 'never'],
    ['[64:ff9b::7f00:1]', 'never'],
    ['[2002:7f00:1::]', 'never'],
  ])('at %s is at a host that is %s', (host, kind) => {
    expect(classifyHost(host)).toBe(kind);
  });
});

/** A registry that takes uploads, and where it says that they go on. */
function takeUploads(
  location: (request: SeenRequest) => string,
  { received = [], ...options }: RepositoryOptions & { readonly received?: string[] } = {},
) {
  return serveRegistry((response, request) => {
    const { method, headers } = request;
    received.push(`${method} ${request.path.replace('/v2/a/b/blobs', '')} ${headers['content-range'] ?? ''}`.trim());
    if (method === 'HEAD') response.writeHead(404).end();
    else if (method === 'PUT') response.writeHead(201).end();
    else response.writeHead(202, { location: location(request) }).end();
  }, options);
}

describe('a blob that is uploaded', () => {
  test('goes on with PUT where a single POST is not taken, and keeps the query (OC-008)', async () => {
    const received: string[] = [];
    const { repository } = await takeUploads(() => '/upload/1?_state=a%3D%3D', { received });
    await expect(repository.uploadBlob(CONTENT, 'a/b')).resolves.toEqual({ ...BLOB, mediaType: 'a/b' });
    const digest = encodeURIComponent(BLOB.digest);
    expect(received).toEqual([
      `HEAD /${BLOB.digest}`,
      `POST /uploads/?digest=${digest}`,
      `PUT /upload/1?_state=a%3D%3D&digest=${digest}`,
    ]);
  });

  test('ends with a single POST where that is taken', async () => {
    const { repository, server } = await serveRegistry((response, { method }) =>
      response.writeHead(method === 'HEAD' ? 404 : 201).end(),
    );
    await repository.uploadBlob(CONTENT);
    expect(server.seen.map(({ method, body }) => [method, body])).toEqual([
      ['HEAD', ''],
      ['POST', CONTENT.toString()],
    ]);
  });

  test('is not sent where it is', async () => {
    const steps: TransferProgress[] = [];
    const { repository, server } = await serveRegistry((response) => response.writeHead(200).end(), {
      onProgress: (step) => steps.push(step),
    });
    await repository.uploadBlob(CONTENT);
    expect(server.seen.map(({ method }) => method)).toEqual(['HEAD']);
    expect(steps).toMatchObject([{ kind: 'present', digest: BLOB.digest }]);
  });

  test.each([
    ['in one request', undefined, ['PUT /up/']],
    [
      'in chunks, with their ranges',
      8_388_608,
      ['PATCH /up/ 0-8388607', 'PATCH /up/x 8388608-16777215', 'PATCH /up/xx 16777216-19999999', 'PUT /up/xxx'],
    ],
    ['in one request where it is one chunk', 20_000_000, ['PUT /up/']],
  ])('as a stream goes %s', async (_name, chunkBytes, steps) => {
    const received: string[] = [];
    const { repository } = await takeUploads(({ path, method }) => (method === 'POST' ? '/up/' : `${path}x`), {
      received,
      ...(chunkBytes === undefined ? {} : { chunkBytes }),
    });
    const content = Buffer.alloc(20_000_000, 'x');
    const blob = { digest: digestOf(content), size: content.length };
    const chunks = async function* () {
      for (let offset = 0; offset < content.length; offset += 1_111_111)
        yield content.subarray(offset, offset + 1_111_111);
    };
    await repository.uploadBlob({ ...blob, chunks: chunks() });
    expect(received).toEqual([
      `HEAD /${blob.digest}`,
      'POST /uploads/',
      ...steps.map((step) => (step.startsWith('PUT') ? `${step}?digest=${encodeURIComponent(blob.digest)}` : step)),
    ]);
  });

  test('in chunks ends where the registry has taken others', async () => {
    const { repository } = await serveRegistry(
      (response, { method }) => {
        if (method === 'HEAD') response.writeHead(404).end();
        else response.writeHead(202, { location: '/up', range: '0-3' }).end();
      },
      { chunkBytes: 5 },
    );
    const chunks = async function* () {
      yield CONTENT;
    };
    await failure('REGISTRY_INVALID', repository.uploadBlob({ ...BLOB, chunks: chunks() }));
  });

  test('as a stream is sent once, and the token is had before it', async () => {
    const { repository, server } = await serveRegistry(
      (response, { method, headers }) => {
        if (headers.authorization === undefined)
          response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        else if (method === 'HEAD') response.writeHead(404).end();
        else response.writeHead(method === 'PUT' ? 401 : 202, { location: '/up' }).end();
      },
      { credentials: always },
    );
    const chunks = async function* () {
      yield CONTENT;
    };
    await failure('REGISTRY_UNAUTHORIZED', repository.uploadBlob({ ...BLOB, chunks: chunks() }));
    expect(server.seen.map(({ method }) => method)).toEqual(['HEAD', 'HEAD', 'POST', 'PUT']);
  });

  test.each([0, -1, 1.5, 2 ** 40])('is not begun in chunks of %d bytes', (chunkBytes) => {
    expect(() => openRepository(parseReference('a'), { chunkBytes })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });

  test.each<[string, Buffer]>([
    ['other bytes', Buffer.from('THE content of a blob')],
    ['fewer bytes', CONTENT.subarray(1)],
    ['more bytes', Buffer.concat([CONTENT, CONTENT])],
  ])('as a stream of %s is not finished', async (_name, content) => {
    const { repository, server } = await takeUploads(() => '/upload/1');
    const chunks = async function* () {
      yield content;
    };
    await failure('INPUT_MALFORMED', repository.uploadBlob({ ...BLOB, chunks: chunks() }));
    expect(server.seen.map(({ method }) => method)).not.toContain('PUT');
  });

  test.each<[string, string, ErrorCode]>([
    ['another host', 'https://evil.example/upload?x=y', 'NETWORK_REDIRECT'],
    ['another host without a scheme', '//evil.example/upload', 'NETWORK_REDIRECT'],
    ['another port', 'http://127.0.0.1:1/upload', 'NETWORK_REDIRECT'],
    ['another scheme', 'file:///upload', 'NETWORK_REDIRECT'],
    ['user information', 'http://user:CANARY@HOST/upload', 'NETWORK_REDIRECT'],
    ['nowhere', '', 'REGISTRY_INVALID'],
  ])('is not continued at %s (OC-008)', async (_name, location, code) => {
    const { repository, server } = await takeUploads(({ headers }) => location.replace('HOST', headers.host ?? ''));
    await failure(code, repository.uploadBlob(CONTENT));
    expect(server.seen.map(({ method }) => method)).toEqual(['HEAD', 'POST']);
  });

  test('may be continued at an absolute URL of the same host', async () => {
    const { repository, server } = await takeUploads(({ headers }) => `http://${headers.host}/upload`);
    await repository.uploadBlob(CONTENT);
    expect(server.seen.at(-1)?.path).toMatch(/^\/upload\?digest=/);
  });

  test.each([307, 308])('is not redirected with %i (NW-011)', async (status) => {
    const evil = await serve((response) => response.writeHead(201).end());
    const { repository } = await serveRegistry((response, { method }) => {
      if (method === 'HEAD') response.writeHead(404).end();
      else response.writeHead(status, { location: `${evil.url}/x` }).end();
    });
    await failure('NETWORK_REDIRECT', repository.uploadBlob(CONTENT));
    expect(evil.seen).toHaveLength(0);
  });

  test('under another digest than its own is an error', async () => {
    const { repository } = await serveRegistry((response, { method }) => {
      if (method === 'HEAD') response.writeHead(404).end();
      else if (method === 'PUT') response.writeHead(201, { 'docker-content-digest': digestOf('x') }).end();
      else response.writeHead(202, { location: '/upload' }).end();
    });
    await failure('REGISTRY_INVALID', repository.uploadBlob(CONTENT));
  });

  test('is mounted where the registry does that', async () => {
    const { repository, server } = await serveRegistry((response) => response.writeHead(201).end());
    await expect(repository.mountBlob(BLOB.digest, 'c/d')).resolves.toBe(true);
    expect(server.seen[0]?.path).toBe(`/v2/a/b/blobs/uploads/?mount=${encodeURIComponent(BLOB.digest)}&from=c%2Fd`);
    const { repository: other } = await takeUploads(() => '/upload');
    await expect(other.mountBlob(BLOB.digest, 'c/d')).resolves.toBe(false);
  });
});

describe('a manifest that is written', () => {
  const bytes = new TextEncoder().encode(MANIFEST);

  test('is sent as it is, under its tag or digest', async () => {
    const { repository, server } = await serveRegistry((response) => response.writeHead(201).end());
    await repository.putManifest(bytes, MEDIA_TYPES.ociManifest, 'v1');
    await repository.putManifest(bytes, MEDIA_TYPES.ociManifest);
    expect(server.seen.map(({ path }) => path.split('/').at(-1))).toEqual(['v1', digestOf(MANIFEST)]);
    expect(server.seen[0]).toMatchObject({
      method: 'PUT',
      body: MANIFEST,
      headers: { 'content-type': MEDIA_TYPES.ociManifest },
    });
  });

  test.each<[string, number, Record<string, string>, string, ErrorCode, string]>([
    [
      'is known by another digest',
      201,
      { 'docker-content-digest': digestOf('x') },
      '',
      'REGISTRY_INVALID',
      'Docker-Content-Digest',
    ],
    ['is refused', 400, {}, '{"errors":[{"code":"MANIFEST_INVALID"}]}', 'NETWORK_STATUS', 'MANIFEST_INVALID'],
    ['is refused in words of its own', 400, {}, `{"errors":[{"code":"${CANARY}"}]}`, 'NETWORK_STATUS', '400'],
    ['is refused in no words', 413, {}, 'no', 'NETWORK_STATUS', '413'],
    ['is not allowed', 403, {}, '{"errors":[{"code":"DENIED"}]}', 'REGISTRY_UNAUTHORIZED', 'DENIED'],
    ['has nowhere to go', 404, {}, '{"errors":[{"code":"NAME_UNKNOWN"}]}', 'IMAGE_NOT_FOUND', 'NAME_UNKNOWN'],
  ])('and %s is an error', async (_name, status, headers, body, code, text) => {
    const { repository } = await serveRegistry((response) => response.writeHead(status, headers).end(body));
    const error = await failure(code, repository.putManifest(bytes, MEDIA_TYPES.ociManifest));
    expect(error.message).toContain(text);
  });

  test.each(['DIGEST_INVALID', 'MANIFEST_BLOB_UNKNOWN'])(
    'is sent again where the registry does not find its blobs yet (%s)',
    async (code) => {
      const { repository, server } = await serveRegistry((response, _request, count) =>
        response.writeHead(count < 2 ? 400 : 201).end(JSON.stringify({ errors: [{ code }] })),
      );
      await repository.putManifest(bytes, MEDIA_TYPES.ociManifest);
      expect(server.seen).toHaveLength(3);
    },
  );

  test('is not sent again and again', async () => {
    const { repository, server } = await serveRegistry((response) =>
      response.writeHead(400).end('{"errors":[{"code":"DIGEST_INVALID"}]}'),
    );
    await failure('NETWORK_STATUS', repository.putManifest(bytes, MEDIA_TYPES.ociManifest));
    expect(server.seen).toHaveLength(3);
  });

  test('is checked before it is sent', async () => {
    const { repository, server } = await serveRegistry((response) => response.writeHead(201).end());
    await failure('REGISTRY_INVALID', repository.putManifest(bytes, MEDIA_TYPES.ociIndex));
    expect(server.seen).toHaveLength(0);
  });

  test('says whether its subject was taken note of', async () => {
    const subject = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf('s'), size: 1 };
    const text = manifestText({ subject });
    for (const [header, accepted] of [
      [subject.digest, true],
      [digestOf('other'), false],
      ['true', false],
      [undefined, false],
    ] as const) {
      const { repository } = await serveRegistry((response) =>
        response.writeHead(201, header === undefined ? {} : { 'oci-subject': header }).end(),
      );
      const put = await repository.putManifest(new TextEncoder().encode(text), MEDIA_TYPES.ociManifest);
      expect(put.subjectAccepted).toBe(accepted);
    }
  });

  test('is of the bytes that encodeManifest makes', () => {
    const manifest = { kind: 'index', mediaType: MEDIA_TYPES.ociIndex, manifests: [], annotations: {} } as const;
    expect(Buffer.from(encodeManifest(manifest)).toString()).toBe(
      `{"schemaVersion":2,"mediaType":"${MEDIA_TYPES.ociIndex}","manifests":[]}`,
    );
  });
});

test('tags come in pages, and only as tags', async () => {
  const { repository } = await serveRegistry((response, { path }) => {
    const isFirst = !path.includes('last=');
    response
      .writeHead(200, {
        'content-type': 'application/json',
        ...(isFirst ? { link: '</v2/a/b/tags/list?last=b>; rel="next"' } : {}),
      })
      .end(JSON.stringify({ name: 'a/b', tags: isFirst ? ['a', 'b'] : null }));
  });
  await expect(repository.listTags()).resolves.toEqual(['a', 'b']);
  const { repository: evil } = await serveRegistry((response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"name":"a/b","tags":["../x"]}'),
  );
  await failure('REGISTRY_INVALID', evil.listTags());
});
