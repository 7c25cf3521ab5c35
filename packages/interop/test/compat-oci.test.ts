// SPDX-License-Identifier: Apache-2.0
// The same calls through `@sigstore/oci` and through the subpath in its place, against registries with and without the
// referrers API, that are open or ask for a password or for tokens.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ours from '@keywax/compat/oci';
import type { Interceptor } from '@keywax/stack';
import * as theirs from '@sigstore/oci';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { serve } from '../../../test/loopback.js';
import { describeDockerRegistry } from '../../oci/test/docker-registry.js';
import type { DifferenceName } from './compat-differences.js';
import {
  CLIENTS,
  CREATED,
  IDENTITY_TOKEN,
  type OciClient,
  type Scene,
  type SceneOptions,
  USER,
  openScene,
  readAttached,
} from './compat-oci-scene.js';
import { type Outcome, observe, summarize } from './compat-outcome.js';

const NO_SUCH = `sha256:${'1'.repeat(64)}`;
const HUB_LIKE = { username: '<token>', password: IDENTITY_TOKEN } as const;

/** A call that both packages make, and what each comes to. */
interface OciCase {
  readonly name: string;
  readonly registry?: SceneOptions;
  readonly run: (scene: Scene) => unknown;
  /** What theirs comes to; and ours, unless `differs` says otherwise. */
  readonly expected: string;
  readonly differs?: { readonly ours: string; readonly row: DifferenceName };
}

/** As a registry that says that it takes note of the subject, and has no API to tell (PROTOCOL 9.2). */
const echo = (): Interceptor => async (request, next) => {
  const { pathname } = new URL(request.url);
  if (pathname.includes('/referrers/')) return new Response('', { status: 404 });
  const text = request.method === 'PUT' ? await request.clone().text() : '';
  const answer = await next();
  const subject = /"subject":\{[^}]*"digest":"([^"]+)"/.exec(text)?.[1];
  if (subject !== undefined) answer.headers.set('oci-subject', subject);
  return answer;
};

/** Answers the first request of a kind with a status. */
function failOnce(pattern: RegExp, status: number): () => Interceptor {
  return () => {
    let count = 0;
    return (request, next) => (isLike(request, pattern) && count++ === 0 ? new Response('', { status }) : next());
  };
}

/** Changes answers. */
function change(pattern: RegExp, edit: (answer: Response) => Response): () => Interceptor {
  return () => async (request, next) => {
    const answer = await next();
    return isLike(request, pattern) ? edit(answer) : answer;
  };
}

function isLike({ method, url }: Request, pattern: RegExp): boolean {
  return pattern.test(`${method} ${new URL(url).pathname}`);
}

const withoutDigest = (answer: Response): Response => {
  answer.headers.delete('docker-content-digest');
  return answer;
};
const withOtherDigest = (answer: Response): Response => {
  answer.headers.set('docker-content-digest', NO_SUCH);
  return answer;
};

/** As long as a manifest may not be. */
const endless = (answer: Response): Response =>
  new Response(Buffer.alloc(5_000_000, ' '), {
    headers: { ...Object.fromEntries(answer.headers), 'content-length': '5000000' },
  });

const REGISTRIES: readonly (readonly [string, SceneOptions])[] = [
  ['that is open', {}],
  ['that asks for a password', { auth: 'basic' }],
  ['that asks for tokens', { auth: 'bearer' }],
  ['without the referrers API', { referrers: false }],
  ['without the referrers API that asks for a password', { referrers: false, auth: 'basic' }],
  ['without the referrers API that asks for tokens', { referrers: false, auth: 'bearer' }],
  ['that takes note of subjects and does not tell', { referrers: false, auth: 'basic', intercept: echo }],
];

/** The descriptor, but for what only theirs has in it. */
async function attach(scene: Scene, changes?: Parameters<Scene['attach']>[0]): Promise<unknown> {
  const { mediaType, digest, size } = await scene.attach(changes);
  return { descriptor: { mediaType, digest, size }, ...((await readAttached(scene, { digest })) as object) };
}

const CASES: readonly OciCase[] = [
  ...REGISTRIES.flatMap(([name, registry]): readonly OciCase[] => [
    { name: `attach to an image of a registry ${name}`, registry, run: attach, expected: 'accepted' },
    {
      name: `attach two artifacts in a registry ${name}`,
      registry,
      run: async (scene) => [await attach(scene), await attach(scene, { artifact: Buffer.from('second') })],
      expected: 'accepted',
    },
    {
      name: `attach the same twice in a registry ${name}`,
      registry,
      run: async (scene) => [await attach(scene), await attach(scene)],
      expected: 'accepted',
    },
    { name: `getImageDigest in a registry ${name}`, registry, run: ({ ask }) => ask(), expected: 'accepted' },
    {
      name: `attach to an image that is not in a registry ${name}`,
      registry,
      run: ({ attach: call }) => call({ imageDigest: NO_SUCH }),
      expected: 'OCIError',
    },
    {
      name: `getImageDigest of a tag that is not in a registry ${name}`,
      registry,
      run: ({ ask }) => ask({ imageTag: 'v2' }),
      expected: 'OCIError',
    },
  ]),
  ...(['basic', 'bearer'] as const).flatMap((auth): readonly OciCase[] => [
    {
      name: `attach with another password (${auth})`,
      registry: { auth },
      run: ({ attach: call }) => call({ credentials: { ...USER, password: 'other' } }),
      expected: 'OCIError',
    },
    {
      name: `getImageDigest with another password (${auth})`,
      registry: { auth },
      run: ({ ask }) => ask({ credentials: { ...USER, password: 'other' } }),
      expected: 'OCIError',
    },
  ]),
  {
    name: 'attach with annotations',
    run: (scene) =>
      attach(scene, {
        annotations: {
          ...CREATED,
          'dev.sigstore.bundle.content': 'dsse-envelope',
          'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1',
          'of.another': '"quoted"\n\t/\u007f',
        },
      }),
    expected: 'accepted',
  },
  {
    name: 'attach with annotations outside of ASCII',
    registry: { referrers: false },
    run: async (scene) => {
      const { digest, size } = await scene.attach({ annotations: { ...CREATED, name: 'Käthe' } });
      const { bytes } = await scene.repository.fetchManifest(digest);
      if (size !== bytes.length) throw new RangeError(`${size}`);
    },
    expected: 'RangeError',
    differs: { ours: 'accepted', row: 'size-in-bytes' },
  },
  ...[true, false].map(
    (referrers): OciCase => ({
      name: `attach a bundle of version 0.2, referrers ${referrers}`,
      registry: { referrers },
      run: (scene) => attach(scene, { mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.2' }),
      expected: 'accepted',
    }),
  ),
  {
    name: 'attach an artifact of no bytes',
    run: (scene) => attach(scene, { artifact: Buffer.alloc(0) }),
    expected: 'accepted',
  },
  {
    name: 'attach an artifact of a megabyte',
    registry: { auth: 'bearer' },
    run: async (scene) => (await scene.attach({ artifact: Buffer.alloc(1_000_000, 'x') })).digest,
    expected: 'accepted',
  },
  {
    name: 'attach {} as the artifact',
    run: (scene) => attach(scene, { artifact: Buffer.from('{}') }),
    expected: 'accepted',
  },
  {
    name: 'headers of the credentials reach the registry',
    registry: { auth: 'basic' },
    run: (scene) => attach(scene, { credentials: { ...USER, headers: { 'X-Team': 'blue', 'User-Agent': 'docker' } } }),
    expected: 'accepted',
  },
  {
    name: 'attach again after a 503',
    registry: { auth: 'basic', intercept: failOnce(/^PUT .*\/manifests\//, 503) },
    run: (scene) => attach(scene, { fetchOpts: { retry: { retries: 1, minTimeout: 1 }, timeout: 30_000 } }),
    expected: 'accepted',
  },
  {
    name: 'attach without another attempt after a 503',
    registry: { auth: 'basic', intercept: failOnce(/^PUT .*\/manifests\//, 503) },
    run: ({ attach: call }) => call(),
    expected: 'OCIError',
  },
  {
    name: 'getImageDigest of a digest',
    run: ({ ask, image }) => ask({ imageTag: image.digest }),
    expected: 'accepted',
  },
  {
    name: 'a name with a tag',
    run: ({ attach: call, imageName }) => call({ imageName: `${imageName}:v1` }),
    expected: 'Error',
  },
  {
    name: 'a name with a digest',
    run: ({ ask, imageName, image }) => ask({ imageName: `${imageName}@${image.digest}` }),
    expected: 'Error',
  },
  { name: 'a name without a path', run: ({ ask, host }) => ask({ imageName: host }), expected: 'Error' },
  {
    name: 'a name with a scheme',
    run: ({ ask, imageName }) => ask({ imageName: `http://${imageName}` }),
    expected: 'Error',
  },
  { name: 'a path in upper case', run: ({ ask, host }) => ask({ imageName: `${host}/Owner/app` }), expected: 'Error' },
  { name: 'a path with dot segments', run: ({ ask, host }) => ask({ imageName: `${host}/../app` }), expected: 'Error' },
  {
    name: 'a first part that is no host',
    run: ({ ask }) => ask({ imageName: 'owner/app', fetchOpts: { timeout: 1_000 } }),
    expected: 'OCIError',
    differs: { ours: 'Error', row: 'image-names' },
  },
  {
    name: 'credentials for a registry that is open',
    run: (scene) => attach(scene, { credentials: USER }),
    expected: 'OCIError',
    differs: { ours: 'accepted', row: 'registry-open' },
  },
  {
    name: 'an identity token',
    registry: { auth: 'bearer' },
    run: (scene) => attach(scene, { credentials: HUB_LIKE }),
    expected: 'OCIError',
    differs: { ours: 'accepted', row: 'identity-tokens' },
  },
  {
    name: 'a tag in place of the digest',
    run: ({ attach: call }) => call({ imageDigest: 'v1' }),
    expected: 'accepted',
    differs: { ours: 'OCIError', row: 'digest-demanded' },
  },
  {
    name: 'a path in place of the tag',
    run: ({ ask, image }) => ask({ imageTag: `../manifests/${image.digest}` }),
    expected: 'accepted',
    differs: { ours: 'OCIError', row: 'digest-demanded' },
  },
  {
    name: 'a media type that is none',
    run: ({ attach: call }) => call({ mediaType: 'bundle' }),
    expected: 'accepted',
    differs: { ours: 'OCIError', row: 'media-type-demanded' },
  },
  {
    name: 'a registry that names no digest',
    registry: { intercept: change(/^(?:GET|HEAD) .*\/manifests\//, withoutDigest) },
    run: async ({ ask }) => {
      if ((await ask()) === '') throw new RangeError('no digest');
    },
    expected: 'RangeError',
    differs: { ours: 'accepted', row: 'digest-computed' },
  },
  {
    name: 'a registry that names another digest',
    registry: { intercept: change(/^(?:GET|HEAD) .*\/manifests\//, withOtherDigest) },
    run: ({ ask }) => ask(),
    expected: 'accepted',
    differs: { ours: 'OCIError', row: 'digest-computed' },
  },
  {
    name: 'the members of a descriptor',
    run: async ({ attach: call }) => {
      const names = Object.keys(await call());
      if (names.length > 3) throw new RangeError(names.join());
    },
    expected: 'RangeError',
    differs: { ours: 'accepted', row: 'subject-digest' },
  },
  {
    name: 'a manifest beyond all bounds',
    registry: { intercept: change(/^(?:GET|HEAD) .*\/manifests\//, endless) },
    run: ({ ask }) => ask(),
    expected: 'accepted',
    differs: { ours: 'OCIError', row: 'registry-bounds' },
  },
  {
    name: 'a proxy',
    run: (scene) => attach(scene, { fetchOpts: { proxy: 'http://127.0.0.1:1', noProxy: '127.0.0.1' } }),
    expected: 'accepted',
    differs: { ours: 'OCIError', row: 'registry-proxy' },
  },
];

/** What a call came to, with the text of an `OCIError`, which callers print. */
async function observeOci(call: () => unknown): Promise<Outcome & { readonly message?: string }> {
  let message: string | undefined;
  const outcome = await observe(async () => {
    try {
      return await call();
    } catch (error) {
      if (error instanceof theirs.OCIError || error instanceof ours.OCIError) ({ message } = error);
      throw error;
    }
  });
  return { ...outcome, ...(message === undefined ? {} : { message }) };
}

/** Hosts are of the scene. */
function withoutHost(outcome: Outcome, host: string): unknown {
  return JSON.parse(JSON.stringify(outcome).replaceAll(host, 'HOST'));
}

async function compare({ registry, run, expected, differs }: OciCase): Promise<void> {
  const outcomes: { readonly summary: string; readonly outcome: unknown }[] = [];
  for (const name of ['theirs', 'ours'] as const) {
    const scene = await openScene(name, registry);
    const outcome = await observeOci(() => run(scene));
    outcomes.push({ summary: summarize(outcome), outcome: withoutHost(outcome, scene.host) });
  }
  const [their, our] = outcomes;
  expect(their?.summary).toBe(expected);
  if (differs === undefined) expect(our?.outcome).toEqual(their?.outcome);
  else expect(our?.summary).toBe(differs.ours);
}

describe('images in registries', () => {
  test.each(CASES)('$name: $expected', compare);
});

describeDockerRegistry('images in docker-registry', () => {
  const registry = { docker: true };
  test.each<OciCase>([
    { name: 'attach', registry, run: attach, expected: 'accepted' },
    {
      name: 'attach two artifacts',
      registry,
      run: async (scene) => [await attach(scene), await attach(scene, { artifact: Buffer.from('second') })],
      expected: 'accepted',
    },
    { name: 'getImageDigest', registry, run: ({ ask }) => ask(), expected: 'accepted' },
    { name: 'an image that is not there', registry, run: ({ ask }) => ask({ imageTag: 'v2' }), expected: 'OCIError' },
  ])('$name: $expected', compare);
});

describe('where they differ', () => {
  test('ours reads a digest without beginning an upload (registry-read)', async () => {
    const methods = async (name: 'theirs' | 'ours'): Promise<readonly string[]> => {
      const scene = await openScene(name, { auth: 'bearer' });
      await scene.ask();
      return scene.requests.map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`);
    };
    expect(await methods('theirs')).toContain('POST /v2/owner/app/blobs/uploads/');
    expect(new Set(await methods('ours'))).toEqual(new Set(['GET /v2/owner/app/manifests/v1', 'GET /token']));
  });

  test('the cause says in its own way what happened (registry-cause)', async () => {
    const cause = async (name: 'theirs' | 'ours'): Promise<unknown> =>
      (await openScene(name)).ask({ imageTag: 'v2' }).catch((error: Error) => error.cause);
    expect(await cause('theirs')).toMatchObject({ name: 'Error', statusCode: 404 });
    expect(await cause('ours')).toMatchObject({ name: 'KeywaxError', code: 'IMAGE_NOT_FOUND' });
  });

  test('ours tells the password to no other token service (token-hosts)', async () => {
    const told = async (name: 'theirs' | 'ours'): Promise<readonly (string | undefined)[]> => {
      const other = await serve((response) => response.end(JSON.stringify({ token: 't' })));
      const challenge = `Bearer realm="${other.url}/token",service="x",scope="repository:owner/app:pull,push"`;
      const headers = { 'www-authenticate': challenge };
      const intercept = (): Interceptor => () => new Response('', { status: 401, headers });
      const scene = await openScene(name, { auth: 'bearer', intercept });
      await expect(scene.ask()).rejects.toBeInstanceOf(name === 'theirs' ? theirs.OCIError : ours.OCIError);
      return other.seen.map(({ headers: sent }) => sent.authorization);
    };
    const basic = `Basic ${Buffer.from(`${USER.username}:${USER.password}`).toString('base64')}`;
    expect(await told('theirs')).toEqual([basic]);
    expect(await told('ours')).toEqual([]);
  });

  test.each([
    ['a manifest', /\/manifests\/v1$/, 307],
    ['an upload', /\/blobs\/uploads\/$/, 202],
  ])('ours goes to no other host for %s (redirects)', async (_, pattern, status) => {
    const reached = async (name: 'theirs' | 'ours'): Promise<number> => {
      const other = await serve((response) => response.writeHead(201).end());
      const headers = { location: `${other.url}/else` };
      const intercept = (): Interceptor => (request, next) =>
        pattern.test(new URL(request.url).pathname) ? new Response('', { status, headers }) : next();
      const scene = await openScene(name, { intercept });
      await (status === 202 ? scene.attach() : scene.ask()).catch(() => {});
      return other.seen.length;
    };
    expect(await reached('theirs')).toBeGreaterThan(0);
    expect(await reached('ours')).toBe(0);
  });

  test('ours loses none of what is attached at the same time (list-kept)', async () => {
    const artifacts = ['first', 'second', 'third'].map((text) => Buffer.from(text));
    const count = async (name: 'theirs' | 'ours', intercept?: () => Interceptor): Promise<number> => {
      const options = intercept === undefined ? {} : { intercept };
      const scene = await openScene(name, { referrers: false, ...options });
      await Promise.allSettled(artifacts.map((artifact) => scene.attach({ artifact })));
      return (await scene.repository.listReferrers(scene.image.digest)).length;
    };
    // All of theirs read the list before one writes it.
    const meet = (): Interceptor => {
      let release = (): void => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      let waiting = 0;
      return async (request, next) => {
        if (!isLike(request, /^GET .*\/manifests\/sha256-/) || waiting >= artifacts.length) return next();
        const answer = await next();
        waiting += 1;
        if (waiting === artifacts.length) release();
        await released;
        return answer;
      };
    };
    expect(await count('theirs', meet)).toBe(1);
    expect(await count('ours')).toBe(artifacts.length);
  });
});

const AUTH = Buffer.from('user:pass:word').toString('base64');

/** A call with a folder of Docker's configuration as that of the user. */
async function readDocker(oci: OciClient, config: unknown, image: string, variable = false): Promise<Outcome> {
  const home = mkdtempSync(join(tmpdir(), 'keywax-compat-oci-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const folder = join(home, '.docker');
  mkdirSync(folder);
  if (config !== undefined)
    writeFileSync(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  vi.stubEnv('HOME', variable ? join(home, 'nowhere') : home);
  vi.stubEnv('DOCKER_CONFIG', variable ? folder : undefined);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  return observe(() => oci.getRegistryCredentials(image));
}

interface DockerCase {
  readonly name: string;
  readonly config?: unknown;
  readonly image?: string;
  readonly variable?: boolean;
  readonly expected: string;
  readonly differs?: { readonly ours: string; readonly row: DifferenceName };
}

const ENTRY = { auths: { 'registry.example': { auth: AUTH } } };
const keyed = (key: string, entry: unknown = { auth: AUTH }): unknown => ({ auths: { [key]: entry } });

const DOCKER_CASES: readonly DockerCase[] = [
  { name: 'an entry', config: ENTRY, expected: 'accepted' },
  { name: 'an entry with a port', config: keyed('r.example:5000'), image: 'r.example:5000/a/b', expected: 'accepted' },
  { name: 'an entry of another port', config: keyed('r.example:5000'), image: 'r.example/a', expected: 'Error' },
  { name: 'localhost', config: keyed('localhost:5000'), image: 'localhost:5000/a', expected: 'accepted' },
  { name: 'several entries', config: { auths: { x: {}, ...ENTRY.auths, y: {} } }, expected: 'accepted' },
  ...['docker.io', 'index.docker.io', 'registry-1.docker.io'].flatMap((name): readonly DockerCase[] =>
    ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io'].map((key) => ({
      name: `${name} under ${key}`,
      config: keyed(key),
      image: `${name}/owner/app`,
      expected: 'accepted',
    })),
  ),
  ...['registry.example.evil.example', 'evil-registry.example', 'example', '*.example', ''].map((key) => ({
    name: `an entry of ${key}`,
    config: keyed(key),
    expected: 'Error',
  })),
  {
    name: 'an identity token',
    config: keyed('registry.example', { auth: btoa('00000000-0000-0000-0000-000000000000:'), identitytoken: 'token' }),
    expected: 'accepted',
  },
  { name: 'headers', config: { ...ENTRY, HttpHeaders: { 'X-Team': 'blue' } }, expected: 'accepted' },
  { name: 'no file', expected: 'Error' },
  { name: 'no entries', config: {}, expected: 'Error' },
  { name: 'a name with a tag', config: ENTRY, image: 'registry.example/a:v1', expected: 'Error' },
  { name: 'a name that is none', config: ENTRY, image: '', expected: 'Error' },
  {
    name: 'DOCKER_CONFIG',
    config: ENTRY,
    variable: true,
    expected: 'Error',
    differs: { ours: 'accepted', row: 'docker-folder' },
  },
  ...['https://registry.example', 'http://registry.example/v1/', 'registry.example/owner'].map(
    (key): DockerCase => ({
      name: `an entry of ${key}`,
      config: keyed(key),
      expected: 'accepted',
      differs: { ours: 'Error', row: 'docker-names' },
    }),
  ),
  {
    name: 'a host that ends like Docker Hub',
    config: keyed('evil-docker.io'),
    image: 'docker.io/owner/app',
    expected: 'Error',
  },
  {
    name: 'a registry without a dot',
    config: keyed('owner'),
    image: 'owner/app',
    expected: 'accepted',
    differs: { ours: 'Error', row: 'image-names' },
  },
  {
    name: 'a helper in place of the password',
    config: { ...(keyed('registry.example', {}) as object), credsStore: 'desktop' },
    expected: 'ERR_INVALID_ARG_TYPE',
    differs: { ours: 'Error', row: 'docker-errors' },
  },
  {
    name: 'a user name and a password',
    config: keyed('registry.example', { username: 'user', password: 'word' }),
    expected: 'ERR_INVALID_ARG_TYPE',
    differs: { ours: 'accepted', row: 'docker-errors' },
  },
  {
    name: 'a file that is no JSON',
    config: '{"auths": CANARY}',
    expected: 'SyntaxError',
    differs: { ours: 'Error', row: 'docker-errors' },
  },
  ...['user:pass', btoa('user'), `${AUTH}!`, '/w=='].map(
    (auth): DockerCase => ({
      name: `the auth ${auth}`,
      config: keyed('registry.example', { auth }),
      expected: 'accepted',
      differs: { ours: 'Error', row: 'docker-base64' },
    }),
  ),
];

describe('getRegistryCredentials', () => {
  test.each(DOCKER_CASES)(
    '$name: $expected',
    async ({ config, image = 'registry.example/owner/app', variable, expected, differs }) => {
      const their = await readDocker(CLIENTS.theirs, config, image, variable);
      const our = await readDocker(CLIENTS.ours, config, image, variable);
      expect(summarize(their)).toBe(expected);
      if (differs === undefined) expect(our).toEqual(their);
      else expect(summarize(our)).toBe(differs.ours);
    },
  );
});

test('the errors have the same name, text and cause', () => {
  const made = [theirs, ours].map(({ OCIError }) => new OCIError({ message: 'why', cause: 7 }));
  const [their, our] = made.map((error) => ({ ...error, text: `${error}`, keys: Object.keys(error).toSorted() }));
  expect(our).toEqual(their);
  expect('code' in (made[1] ?? {})).toBe(false);
});

test('the packages export the same names', () => {
  expect(Object.keys(ours).toSorted()).toEqual(
    Object.keys(theirs)
      .filter((name) => name !== 'default' && name !== '__esModule' && name !== 'module.exports')
      .toSorted(),
  );
});
