// SPDX-License-Identifier: Apache-2.0
// What refers to an image: the referrers API, the tag in its place, and registries that make either endless.

import type { ErrorCode } from '@keywax/core/errors';
import { describe, expect, test, vi } from 'vitest';
import { type SeenRequest, sendJson, serve } from '../../../test/loopback.js';
import { type Attachment, type Descriptor, MEDIA_TYPES, decodeManifest } from '../src/index.js';
import { digestOf, failure, indexText, manifestText, serveRegistry } from './registry-hosts.js';

const TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const SUBJECT: Descriptor = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf('subject'), size: 7 };
const TAG = SUBJECT.digest.replace(':', '-');
const API = `/v2/a/b/referrers/${SUBJECT.digest}`;
const OCI_INDEX = { 'content-type': MEDIA_TYPES.ociIndex };

function entry(name: string, artifactType?: string): Record<string, unknown> {
  return {
    mediaType: MEDIA_TYPES.ociManifest,
    digest: digestOf(name),
    size: 9,
    ...(artifactType === undefined ? {} : { artifactType }),
  };
}

function attachment(name: string): Attachment {
  return {
    subject: SUBJECT,
    artifactType: TYPE,
    layers: [{ mediaType: TYPE, bytes: Buffer.from(name) }],
    annotations: { 'dev.sigstore.bundle.content': name },
  };
}

describe('referrers by the API', () => {
  test('come over all pages, each once', async () => {
    const { repository, server } = await serveRegistry((response, { path }) => {
      const page = Number(/page=(\d)/.exec(path)?.[1] ?? 0);
      response
        .writeHead(200, { ...OCI_INDEX, ...(page < 2 ? { link: `<${API}?page=${page + 1}>; rel="next"` } : {}) })
        .end(indexText([entry(`${page}`), entry('same')]));
    });
    const found = await repository.listReferrers(SUBJECT.digest);
    expect(found.map(({ digest }) => digest)).toEqual(['0', 'same', '1', '2'].map((name) => digestOf(name)));
    expect(server.seen).toHaveLength(3);
  });

  test.each([
    ['that the registry filtered', { 'oci-filters-applied': 'artifactType' }, ['a', 'untyped']],
    ['that the registry did not filter', {}, ['a']],
    ['that the registry filtered by something else', { 'oci-filters-applied': 'other' }, ['a']],
  ])('%s are those of the type that is asked for', async (_name, headers, names) => {
    const { repository, server } = await serveRegistry((response) =>
      response
        .writeHead(200, { ...OCI_INDEX, ...headers })
        .end(indexText([entry('a', TYPE), entry('b', 'application/vnd.other'), entry('untyped')])),
    );
    const found = await repository.listReferrers(SUBJECT.digest, { artifactType: TYPE });
    expect(found.map(({ digest }) => digest)).toEqual(names.map((name) => digestOf(name)));
    expect(server.seen[0]?.path).toBe(`${API}?artifactType=${encodeURIComponent(TYPE)}`);
  });

  test.each<[string, string, ErrorCode]>([
    ['another host', 'https://evil.example/v2/x', 'NETWORK_POLICY'],
    ['another host without a scheme', '//evil.example/', 'NETWORK_POLICY'],
    ['another port', 'http://127.0.0.1:1/', 'NETWORK_POLICY'],
    ['user information', 'http://user:CANARY@HOST/', 'NETWORK_POLICY'],
    ['itself', API, 'REGISTRY_INVALID'],
    ['nowhere', '', 'REGISTRY_INVALID'],
  ])('with a link to %s are refused (OC-015)', async (_name, target, code) => {
    const { repository, server } = await serveRegistry((response, { headers }) =>
      response
        .writeHead(200, { ...OCI_INDEX, link: `<${target.replace('HOST', headers.host ?? '')}>; rel="next"` })
        .end(indexText([])),
    );
    await failure(code, repository.listReferrers(SUBJECT.digest));
    expect(server.seen).toHaveLength(1);
  });

  test('in a circle of links are refused (OC-015)', async () => {
    const { repository, server } = await serveRegistry((response, { path }) =>
      response
        .writeHead(200, { ...OCI_INDEX, link: `<${path.endsWith('?b') ? API : `${API}?b`}>; rel=next` })
        .end(indexText([])),
    );
    await failure('REGISTRY_INVALID', repository.listReferrers(SUBJECT.digest));
    expect(server.seen).toHaveLength(2);
  });

  test('over endless pages are left after 32 (OC-015)', async () => {
    const { repository, server } = await serveRegistry((response, _request, count) =>
      response.writeHead(200, { ...OCI_INDEX, link: `<${API}?page=${count}>; rel="next"` }).end(indexText([])),
    );
    await failure('INPUT_TOO_LARGE', repository.listReferrers(SUBJECT.digest));
    expect(server.seen).toHaveLength(32);
  });

  test.each([
    ['on one page', 10_000],
    ['on ten pages', 1_000],
  ])('in their tens of thousands, %s, are too many (OC-015)', async (_name, each) => {
    const { repository, server } = await serveRegistry((response, _request, count) =>
      response
        .writeHead(200, { ...OCI_INDEX, link: `<${API}?page=${count}>; rel="next"` })
        .end(indexText(Array.from({ length: each }, (_, i) => entry(`${count} ${i}`)))),
    );
    await failure('INPUT_TOO_LARGE', repository.listReferrers(SUBJECT.digest));
    expect(server.seen.length).toBeLessThanOrEqual(2);
  });

  test.each<[string, number, Record<string, string>, string, ErrorCode]>([
    ['a manifest', 200, { 'content-type': MEDIA_TYPES.ociManifest }, manifestText(), 'REGISTRY_INVALID'],
    [
      'a Docker list',
      200,
      { 'content-type': MEDIA_TYPES.dockerManifestList },
      indexText([], { mediaType: MEDIA_TYPES.dockerManifestList }),
      'REGISTRY_INVALID',
    ],
    ['a manifest in the name of an index', 200, OCI_INDEX, manifestText(), 'REGISTRY_INVALID'],
    ['a page to log in', 200, { 'content-type': 'text/html' }, '<html>', 'REGISTRY_INVALID'],
    ['an index in two faces', 200, OCI_INDEX, indexText([], { layers: [] }), 'REGISTRY_INVALID'],
    ['two links', 200, { ...OCI_INDEX, link: '</a>; rel="next", </b>; rel="next"' }, indexText([]), 'REGISTRY_INVALID'],
    ['a fault', 400, {}, '', 'NETWORK_STATUS'],
    ['a refusal', 403, {}, '', 'REGISTRY_UNAUTHORIZED'],
  ])('that are %s are refused', async (_name, status, headers, body, code) => {
    const { repository } = await serveRegistry((response) => response.writeHead(status, headers).end(body));
    await failure(code, repository.listReferrers(SUBJECT.digest));
  });

  test('of a second page that is missing are not taken for all', async () => {
    const { repository } = await serveRegistry((response, { path }) =>
      path === API
        ? response.writeHead(200, { ...OCI_INDEX, link: `<${API}?page=1>; rel="next"` }).end(indexText([]))
        : response.writeHead(404).end(),
    );
    await failure('REGISTRY_INVALID', repository.listReferrers(SUBJECT.digest));
  });

  test('of what is no digest are never asked for', async () => {
    const { repository, server } = await serveRegistry((response) => response.end());
    await failure('INPUT_MALFORMED', repository.listReferrers('sha256:../../x'));
    expect(server.seen).toHaveLength(0);
  });
});

describe('referrers by the fallback tag', () => {
  test('are those of the type that is asked for', async () => {
    const { repository, server } = await serveRegistry((response, { path }) =>
      path.includes('/referrers/')
        ? response.writeHead(404).end()
        : response.writeHead(200, OCI_INDEX).end(indexText([entry('a', TYPE), entry('b', 'application/vnd.other')])),
    );
    const found = await repository.listReferrers(SUBJECT.digest, { artifactType: TYPE });
    expect(found.map(({ digest }) => digest)).toEqual([digestOf('a')]);
    expect(server.seen.at(-1)?.path).toBe(`/v2/a/b/manifests/${TAG}`);
  });

  test.each([301, 302, 303, 307, 308])(
    'are sought where the API is redirected with %i, and nobody follows',
    async (status) => {
      const evil = await serve((response) => response.writeHead(200, OCI_INDEX).end(indexText([entry('evil')])));
      const { repository } = await serveRegistry((response, { path }) =>
        path.includes('/referrers/')
          ? response.writeHead(status, { location: `${evil.url}/` }).end()
          : response.writeHead(200, OCI_INDEX).end(indexText([entry('a')])),
      );
      await expect(repository.listReferrers(SUBJECT.digest)).resolves.toMatchObject([{ digest: digestOf('a') }]);
      expect(evil.seen).toHaveLength(0);
    },
  );

  test('are none where there is no such tag', async () => {
    const { repository } = await serveRegistry((response) => response.writeHead(404).end());
    await expect(repository.listReferrers(SUBJECT.digest)).resolves.toEqual([]);
  });

  test('of a sha512 digest are at a tag that is cut to 64 digits', async () => {
    const digest = digestOf('subject', 'sha512');
    const { repository, server } = await serveRegistry((response) => response.writeHead(404).end());
    await repository.listReferrers(digest);
    expect(server.seen.at(-1)?.path).toBe(`/v2/a/b/manifests/sha512-${digest.slice(7, 71)}`);
  });

  test('are refused where the tag holds an image', async () => {
    const { repository } = await serveRegistry((response, { path }) =>
      path.includes('/referrers/')
        ? response.writeHead(404).end()
        : response.writeHead(200, { 'content-type': MEDIA_TYPES.ociManifest }).end(manifestText()),
    );
    await failure('REGISTRY_INVALID', repository.listReferrers(SUBJECT.digest));
  });
});

/** A registry without the API, which keeps manifests; `meanwhile` may change the fallback tag as others would. */
interface Kept {
  tag: string | undefined;
  version: number;
  readonly manifests: Map<string, string>;
}

async function serveKeeping({
  etags = false,
  api = false,
  echo = api,
  onPut = () => {},
}: {
  readonly etags?: boolean;
  readonly api?: boolean;
  readonly echo?: boolean;
  readonly onPut?: (kept: Kept, put: number) => void;
} = {}) {
  const kept: Kept = { tag: undefined, version: 0, manifests: new Map() };
  let puts = 0;
  const registry = await serveRegistry((response, request) => {
    const { method, path, headers, body } = request;
    if (path.includes('/referrers/'))
      return api ? response.writeHead(200, OCI_INDEX).end(indexText([])) : response.writeHead(404).end();
    if (path.includes('/blobs/')) return response.writeHead(method === 'HEAD' ? 404 : 201).end();
    if (!path.endsWith(TAG)) {
      kept.manifests.set(path, body);
      return response.writeHead(201, echo ? { 'oci-subject': SUBJECT.digest } : {}).end();
    }
    if (method === 'GET') {
      if (kept.tag === undefined) return response.writeHead(404).end();
      return response.writeHead(200, { ...OCI_INDEX, ...(etags ? { etag: `"${kept.version}"` } : {}) }).end(kept.tag);
    }
    if (etags) onPut(kept, puts++);
    if (etags && !holds(headers, kept)) return response.writeHead(412).end();
    kept.tag = body;
    kept.version++;
    if (!etags) onPut(kept, puts++);
    return response.writeHead(201).end();
  });
  return { ...registry, kept };
}

function holds(headers: SeenRequest['headers'], { tag, version }: Kept): boolean {
  return tag === undefined ? headers['if-none-match'] === '*' : headers['if-match'] === `"${version}"`;
}

function namesOf({ tag }: Kept): readonly (string | undefined)[] {
  const index = decodeManifest(Buffer.from(tag ?? ''), MEDIA_TYPES.ociIndex);
  return index.kind === 'index' ? index.manifests.map(({ digest }) => digest) : [];
}

describe('an artifact that is attached', () => {
  test('is a manifest with the empty config, its layers, subject and annotations', async () => {
    const { repository, server } = await serveKeeping({ api: true });
    const attached = await repository.attachReferrer(attachment('message-signature'));
    const put = server.seen.find(({ method, path }) => method === 'PUT' && path.includes('/manifests/'));
    expect(put?.path).toBe(`/v2/a/b/manifests/${attached.digest}`);
    expect(JSON.parse(put?.body ?? '')).toEqual({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      artifactType: TYPE,
      config: { mediaType: MEDIA_TYPES.ociEmpty, digest: digestOf('{}'), size: 2 },
      layers: [{ mediaType: TYPE, digest: digestOf('message-signature'), size: 17 }],
      subject: SUBJECT,
      annotations: { 'dev.sigstore.bundle.content': 'message-signature' },
    });
    expect(attached).toMatchObject({
      artifactType: TYPE,
      annotations: { 'dev.sigstore.bundle.content': 'message-signature' },
    });
    expect(server.seen.filter(({ path }) => path.endsWith(TAG))).toHaveLength(0);
  });

  test.each([
    ['does not answer with its subject', { api: false }],
    ['echoes the subject without having the API', { api: false, echo: true }],
    ['has the API and takes no note of subjects', { api: true, echo: false }],
  ])('is listed at the fallback tag where the registry %s', async (_name, options) => {
    const { repository, kept, server } = await serveKeeping(options);
    const attached = await repository.attachReferrer(attachment('a'));
    expect(namesOf(kept)).toEqual([attached.digest]);
    expect(JSON.parse(kept.tag ?? '')).toMatchObject({
      mediaType: MEDIA_TYPES.ociIndex,
      manifests: [{ artifactType: TYPE, annotations: { 'dev.sigstore.bundle.content': 'a' } }],
    });
    if ('echo' in options && options.echo)
      expect(server.seen.map(({ path }) => path)).toContain(`/v2/a/b/referrers/sha256:${'0'.repeat(64)}`);
  });

  test('twice is listed once', async () => {
    const { repository, kept } = await serveKeeping();
    await repository.attachReferrer(attachment('a'));
    await repository.attachReferrer(attachment('a'));
    expect(namesOf(kept)).toHaveLength(1);
  });

  test('keeps what others listed, and how', async () => {
    const { repository, kept } = await serveKeeping();
    kept.tag = indexText([{ ...entry('other', TYPE), annotations: { a: 'b' } }], { annotations: { c: 'd' } });
    const attached = await repository.attachReferrer(attachment('a'));
    expect(namesOf(kept)).toEqual([digestOf('other'), attached.digest]);
    expect(JSON.parse(kept.tag)).toMatchObject({
      manifests: [{ annotations: { a: 'b' } }, {}],
      annotations: { c: 'd' },
    });
  });

  test('is not listed over a tag that holds an image', async () => {
    const { repository } = await serveRegistry((response, { path, method }) => {
      if (method === 'HEAD' || path.includes('/referrers/')) response.writeHead(404).end();
      else if (method === 'GET')
        response.writeHead(200, { 'content-type': MEDIA_TYPES.ociManifest }).end(manifestText());
      else if (path.endsWith(TAG)) expect.fail('overwritten');
      else response.writeHead(201).end();
    });
    await failure('REGISTRY_INVALID', repository.attachReferrer(attachment('a')));
  });

  test('is not listed beside a thousand others (OC-015)', async () => {
    const { repository, kept } = await serveKeeping();
    kept.tag = indexText(Array.from({ length: 1_000 }, (_, i) => entry(`${i}`)));
    await failure('INPUT_TOO_LARGE', repository.attachReferrer(attachment('a')));
  });

  test.each([true, false])('survives writers who meet it, with entity tags: %s (OC-022)', async (etags) => {
    const others = ['x', 'y', 'z'];
    const { repository, kept } = await serveKeeping({
      etags,
      // Another writer, who read before: with entity tags it comes first, without them it overwrites.
      onPut: (state, put) => {
        if (put >= others.length) return;
        state.tag = indexText(others.slice(0, put + 1).map((name) => entry(name)));
        state.version++;
      },
    });
    const attached = await repository.attachReferrer(attachment('a'));
    expect(new Set(namesOf(kept))).toEqual(new Set([...others.map((name) => digestOf(name)), attached.digest]));
  });

  test.each([true, false])(
    'ends in an error where it is always undone, with entity tags: %s (OC-022)',
    async (etags) => {
      const { repository } = await serveKeeping({
        etags,
        onPut: (state, put) => {
          state.tag = indexText([entry(`${put}`)]);
          state.version++;
        },
      });
      await failure('REGISTRY_INVALID', repository.attachReferrer(attachment('a')));
    },
  );

  test('loses nothing among many at the same time (OC-022)', async () => {
    const { repository, kept } = await serveKeeping();
    const attached = await Promise.all(
      Array.from({ length: 12 }, (_, i) => repository.attachReferrer(attachment(`${i}`))),
    );
    expect(new Set(namesOf(kept))).toEqual(new Set(attached.map(({ digest }) => digest)));
  });

  test('loses nothing among several processes (OC-022)', async () => {
    const { kept, host } = await serveKeeping();
    // Copies of the modules know nothing of each other's updates, like processes.
    const copies = await Promise.all(
      Array.from({ length: 4 }, async () => {
        vi.resetModules();
        return import('../src/index.js');
      }),
    );
    const attached = await Promise.all(
      copies.map(({ openRepository, parseReference }, i) =>
        openRepository(parseReference(`${host}/a/b`)).attachReferrer(attachment(`${i}`)),
      ),
    );
    expect(new Set(namesOf(kept))).toEqual(new Set(attached.map(({ digest }) => digest)));
  });

  test('after a failure of another does not fail too', async () => {
    let fail = true;
    const { repository } = await serveRegistry((response, { path, method }) => {
      if (path.endsWith(TAG) && fail) {
        fail = false;
        return sendJson(response, 400, {});
      }
      if (method === 'HEAD' || method === 'GET') return response.writeHead(404).end();
      return response.writeHead(201).end();
    });
    const [first, second] = await Promise.allSettled([
      repository.attachReferrer(attachment('a')),
      repository.attachReferrer(attachment('a')),
    ]);
    expect([first.status, second.status]).toContain('rejected');
    expect(second.status === 'rejected' ? second.reason : {}).not.toMatchObject({ details: { status: 400 } });
  });
});
