// SPDX-License-Identifier: Apache-2.0
// Images in registries: with and without the referrers API, open, with a password and with tokens; and whom credentials reach.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ErrorCode, isKeywaxError } from '@keywax/core/errors';
import {
  type Descriptor,
  type Repository,
  dockerCredentials,
  fixedCredentials,
  openRepository,
  parseReference,
  parseRepositoryName,
} from '@keywax/oci';
import { startOciRegistry } from '@keywax/stack/oci-registry';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { describeDockerRegistry, startDockerRegistry } from '../../oci/test/docker-registry.js';
import {
  CANARY,
  CANARY_BASIC,
  type Contact,
  digestOf,
  expectNoCanary,
  manifestText,
  recordFetch,
} from '../../oci/test/registry-hosts.js';
import { pushImage } from '../../oci/test/registry-images.js';
import {
  type AttachArtifactOptions,
  type Credentials,
  type GetImageDigestOptions,
  OCIError,
  attachArtifactToImage,
  getImageDigest,
  getRegistryCredentials,
} from '../src/oci.js';
import { parseImageName } from '../src/oci/image-name.js';

const TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const USER: Credentials = { username: 'user', password: CANARY };
const SEVERAL = 6;

/** A registry, or what stands for one. */
interface Place extends AsyncDisposable {
  readonly host: string;
}

/** An image in a registry that runs until the end of the test. */
async function prepare(start: () => Promise<Place>): Promise<{
  readonly repository: Repository;
  readonly image: Descriptor;
  readonly options: AttachArtifactOptions & GetImageDigestOptions;
}> {
  const place = await start();
  onTestFinished(() => place[Symbol.asyncDispose]());
  const imageName = `${place.host}/owner/app`;
  const credentials = fixedCredentials(place.host, { kind: 'basic', ...USER });
  const repository = openRepository(parseReference(imageName), { credentials });
  const image = await pushImage(repository, 'v1');
  const what = { imageDigest: image.digest, imageTag: 'v1', artifact: Buffer.from('{}'), mediaType: TYPE };
  return { repository, image, options: { imageName, credentials: USER, ...what } };
}

/** The error with which a call fails, none of whose words may be secret. */
async function fails(code: ErrorCode, call: Promise<unknown>): Promise<Error> {
  const error = await call.then(
    () => expect.fail('expected an error'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OCIError);
  const { cause } = error as OCIError;
  expect(isKeywaxError(cause) ? cause.code : cause, String(cause)).toBe(code);
  expectNoCanary(error);
  return error as Error;
}

const REGISTRIES: readonly (readonly [string, () => Promise<Place>])[] = [
  ['that is open', () => startOciRegistry()],
  ['that asks for a password', () => startOciRegistry({ auth: { kind: 'basic', ...USER } })],
  ['that asks for tokens', () => startOciRegistry({ auth: { kind: 'bearer', ...USER } })],
  ['without the referrers API', () => startOciRegistry({ referrers: false, auth: { kind: 'basic', ...USER } })],
  ['without it, with tokens', () => startOciRegistry({ referrers: false, auth: { kind: 'bearer', ...USER } })],
];

function testRegistry(start: () => Promise<Place>): void {
  test('lists what is attached, with its annotations', async () => {
    const { repository, image, options } = await prepare(start);
    const annotations = { 'dev.sigstore.bundle.content': 'dsse-envelope' };
    const before = Date.now();
    const { mediaType, digest, size } = await attachArtifactToImage({ ...options, annotations });
    const [listed] = await repository.listReferrers(image.digest, { artifactType: TYPE });
    expect(listed).toMatchObject({ mediaType, digest, size, artifactType: TYPE, annotations });
    const created = new Date(listed?.annotations?.['org.opencontainers.image.created'] ?? '').getTime();
    expect(created).toBeGreaterThanOrEqual(before);
    expect(created).toBeLessThanOrEqual(Date.now());
  });

  test('keeps all of what is attached at the same time', async () => {
    const { repository, image, options } = await prepare(start);
    const artifacts = Array.from({ length: SEVERAL }, (_, i) => Buffer.from(`artifact ${i}`));
    const made = await Promise.all(artifacts.map((artifact) => attachArtifactToImage({ ...options, artifact })));
    const listed = await repository.listReferrers(image.digest);
    expect(new Set(listed.map(({ digest }) => digest))).toEqual(new Set(made.map(({ digest }) => digest)));
    expect(listed).toHaveLength(SEVERAL);
  });

  test('names the digest of a tag', async () => {
    const { image, options } = await prepare(start);
    await expect(getImageDigest(options)).resolves.toBe(image.digest);
    await fails('IMAGE_NOT_FOUND', getImageDigest({ ...options, imageTag: 'v2' }));
    await fails('IMAGE_NOT_FOUND', attachArtifactToImage({ ...options, imageDigest: digestOf('x') }));
  });

  test('gets the bytes that were there when the call was made', async () => {
    const { repository, options } = await prepare(start);
    const artifact = Buffer.from('before');
    const attached = attachArtifactToImage({ ...options, artifact });
    artifact.fill('x');
    const { manifest } = await repository.fetchManifest((await attached).digest);
    expect(manifest).toMatchObject({ layers: [{ digest: digestOf('before'), size: 6 }] });
  });
}

describe.each(REGISTRIES)('a registry %s', (_, start) => testRegistry(start));
describeDockerRegistry('docker-registry', () => testRegistry(startDockerRegistry));

describe('credentials', () => {
  test.each(['basic', 'bearer'] as const)('that are wrong are refused (%s)', async (kind) => {
    const start = () => startOciRegistry({ auth: { kind, username: 'user', password: 'other' } });
    const place = await start();
    onTestFinished(() => place.close());
    const call = { imageName: `${place.host}/owner/app`, credentials: USER };
    await fails('REGISTRY_UNAUTHORIZED', getImageDigest({ ...call, imageTag: 'v1' }));
    const artifact = { imageDigest: digestOf('x'), artifact: Buffer.from(''), mediaType: TYPE };
    await fails('REGISTRY_UNAUTHORIZED', attachArtifactToImage({ ...call, ...artifact }));
  });

  test('that cannot be sent are refused before anything is', async () => {
    const { fetch, contacts } = recordFetch(() => new Response(''));
    const ask = (credentials: Credentials) =>
      getImageDigest({ imageName: 'registry.example/app', imageTag: 'v1', credentials, fetchOpts: { fetch } });
    await fails('CONFIG_INVALID', ask({ username: `us:er${CANARY}`, password: CANARY }));
    await fails('CONFIG_INVALID', ask({ username: 'user', password: `${CANARY}\n` }));
    await fails('CONFIG_INVALID', ask({ ...USER, headers: { 'X-Team': `${CANARY}\r\nX: y` } }));
    await fails('CONFIG_INVALID', ask({ ...USER, headers: { 'X Team': CANARY } }));
    expect(contacts).toEqual([]);
  });

  test('of the user <token> are a refresh token', async () => {
    const auth = { kind: 'bearer', username: 'user', password: 'other', identityToken: CANARY } as const;
    const place = await startOciRegistry({ auth });
    onTestFinished(() => place.close());
    const name = `${place.host}/owner/app`;
    const owned = fixedCredentials(place.host, { kind: 'basic', username: 'user', password: 'other' });
    const { digest } = await pushImage(openRepository(parseReference(name), { credentials: owned }), 'v1');
    const credentials = { username: '<token>', password: CANARY };
    await expect(getImageDigest({ imageName: name, imageTag: 'v1', credentials })).resolves.toBe(digest);
  });

  test.each(['basic', 'bearer'] as const)('of the user <token> may be a password all the same (%s)', async (kind) => {
    const user = { username: '<token>', password: CANARY };
    const place = await startOciRegistry({ auth: { kind, ...user } });
    onTestFinished(() => place.close());
    const name = `${place.host}/owner/app`;
    const owned = fixedCredentials(place.host, { kind: 'basic', ...user });
    const { digest } = await pushImage(openRepository(parseReference(name), { credentials: owned }), 'v1');
    await expect(getImageDigest({ imageName: name, imageTag: 'v1', credentials: user })).resolves.toBe(digest);
    await fails(
      'REGISTRY_UNAUTHORIZED',
      getImageDigest({ imageName: name, imageTag: 'v1', credentials: { ...user, password: `${CANARY}x` } }),
    );
  });
});

/** Answers as a registry at `registry.example` whose token service is elsewhere. */
function answerAt(realm: string): (contact: Contact) => Response {
  return ({ url, headers }) => {
    if (url.startsWith(realm)) return Response.json({ token: 't' });
    if (headers['authorization'] !== 'Bearer t')
      return new Response('{}', {
        status: 401,
        headers: { 'www-authenticate': `Bearer realm="${realm}",service="x"` },
      });
    return new Response(manifestText(), { headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' } });
  };
}

describe('on the public network', () => {
  const headers = { 'X-Team': CANARY };
  const credentials = { ...USER, headers };
  const ask = (imageName: string, fetchOpts: GetImageDigestOptions['fetchOpts']): Promise<string> =>
    getImageDigest({ imageName, imageTag: 'v1', credentials, fetchOpts });

  test.each([
    ['the registry itself', 'registry.example/app', 'https://registry.example/token', undefined],
    ['the host that Docker Hub has for it', 'docker.io/owner/app', 'https://auth.docker.io/token', undefined],
    ['one that the caller names', 'registry.example/app', 'https://tokens.example/token', ['tokens.example']],
  ])('the password goes to %s', async (_, name, realm, tokenHosts) => {
    const { fetch, contacts } = recordFetch(answerAt(realm));
    await expect(ask(name, { fetch, tokenHosts })).resolves.toBe(digestOf(manifestText()));
    const told = contacts.filter(({ headers: sent }) => sent['authorization'] === `Basic ${CANARY_BASIC}`);
    expect(told.map(({ url }) => url.replace(/\?.*/, ''))).toEqual([realm]);
    const tagged = contacts
      .filter(({ headers: sent }) => sent['x-team'] === CANARY)
      .map(({ url }) => new URL(url).pathname);
    expect(tagged.every((path) => path.startsWith('/v2/'))).toBe(true);
    expect(tagged).toHaveLength(2);
  });

  test.each([
    ['another host', 'registry.example/app', 'https://tokens.example/token', undefined],
    [
      'another host than the one that is named',
      'registry.example/app',
      'https://x.tokens.example/',
      ['tokens.example'],
    ],
    ['plain http', 'registry.example/app', 'http://registry.example/token', ['registry.example']],
    ['another port', 'registry.example/app', 'https://registry.example:444/token', undefined],
    ["Docker Hub's host, from another registry", 'evil-docker.io/app', 'https://auth.docker.io/token', undefined],
    ['this machine', 'registry.example/app', 'http://127.0.0.1/token', undefined],
  ])('nothing goes to %s', async (_, name, realm, tokenHosts) => {
    const { fetch, contacts } = recordFetch(answerAt(realm));
    await fails('NETWORK_POLICY', ask(name, { fetch, tokenHosts }));
    expect(contacts).toHaveLength(1);
    expect(new URL(contacts[0]?.url ?? '').host).toBe(name.split('/')[0]);
    expect(contacts[0]?.headers['authorization']).toBeUndefined();
  });

  test('an upload stays with the registry', async () => {
    const { fetch, contacts } = recordFetch(({ method, url }) => {
      if (url.includes('/manifests/'))
        return new Response(manifestText(), {
          headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
        });
      if (method === 'HEAD') return new Response(null, { status: 404 });
      return new Response('', { status: 202, headers: { location: 'https://uploads.example/1' } });
    });
    const imageDigest = digestOf(manifestText());
    const options = { imageName: 'registry.example/app', imageDigest, artifact: Buffer.from('x'), mediaType: TYPE };
    await fails('NETWORK_REDIRECT', attachArtifactToImage({ ...options, credentials, fetchOpts: { fetch } }));
    expect(contacts.map(({ url }) => new URL(url).host)).not.toContain('uploads.example');
  });

  test('a request is sent as often as the options say', async () => {
    const { fetch, contacts } = recordFetch(() => new Response('', { status: 503 }));
    await fails('NETWORK_STATUS', ask('registry.example/app', { fetch }));
    expect(contacts).toHaveLength(1);
    await fails('NETWORK_STATUS', ask('registry.example/app', { fetch, retry: true }));
    expect(contacts).toHaveLength(3);
  });

  test('what the signal ends is no fault of the registry', async () => {
    const reason = new Error('enough');
    const { fetch } = recordFetch(answerAt('https://registry.example/token'));
    const asked = ask('registry.example/app', { fetch, signal: AbortSignal.abort(reason) });
    await expect(asked).rejects.toMatchObject({ name: 'KeywaxError', code: 'OPERATION_ABORTED' });
  });

  test.each([{ proxy: 'http://proxy.example' }, { noProxy: ['registry.example'] }])('%j is refused', async (given) => {
    const { fetch, contacts } = recordFetch(() => new Response(''));
    await fails('CONFIG_INVALID', ask('registry.example/app', { fetch, ...given }));
    expect(contacts).toEqual([]);
  });

  test.each([{ proxy: '' }, { proxy: null }, { proxy: undefined, noProxy: '' }])('%j is none', async (given) => {
    const { fetch } = recordFetch(answerAt('https://registry.example/token'));
    await expect(ask('registry.example/app', { fetch, ...given })).resolves.toBe(digestOf(manifestText()));
  });
});

describe('the name of an image', () => {
  test.each([
    'ghcr.io/owner/app',
    'ghcr.io/app',
    'localhost/app',
    'localhost:5000/a/b/c',
    '127.0.0.1:5000/app',
    '[::1]:5000/app',
    'registry.example:443/app',
    'docker.io/debian',
    'index.docker.io/owner/app',
    'registry-1.docker.io/owner/app',
    'evil-docker.io/app',
    'a-b.example/a__b/c-d.e_f',
    '1.example/app',
  ])('may be %s, as for the client', (name) => {
    expect(parseImageName(name).registry).toBe(parseRepositoryName(name).registry);
  });

  test.each([
    'ghcr.io/app:v1',
    `ghcr.io/app@${digestOf('x')}`,
    'https://ghcr.io/app',
    'user@ghcr.io/app',
    'GHCR.io/app',
    'ghcr.io/App',
    'ghcr.io/',
    '',
    '/app',
    'ghcr.io//app',
    'ghcr.io/../app',
    'ghcr.io/app/',
    'ghcr.io/a b',
    '0x7f.1/app',
    '127.1/app',
    '127.0.0.01/app',
    '[::0:1]/app',
    'ghcr.io:0/app',
    'ghcr.io:99999/app',
    '-a.example/app',
    'ghcr.io:/app',
    'ghcr.io:05/app',
    'ghcr.io/app?x',
    'ghcr.io/app#x',
    'ghcr.io/app\n',
    'ghcr..io/app',
    '.io/app',
    `ghcr.io/${'a'.repeat(255)}`,
  ])('is not %j, as for the client', (name) => {
    expect(() => parseImageName(name)).toThrow(/^Invalid image name: /);
    expect(() => parseRepositoryName(name)).toThrow();
  });

  test.each(['owner/app', 'app', 'ghcr.io'])('is not %s, which has no registry', (name) => {
    expect(() => parseImageName(name)).toThrow(/^Invalid image name: /);
  });

  test.each([undefined, null, 7, ['ghcr.io/app'], {}])('is not %j', async (name) => {
    expect(() => getRegistryCredentials(name as never)).toThrow(/^Invalid image name: /);
    const options = { imageName: name as never, imageTag: 'v1', credentials: USER };
    await expect(getImageDigest(options)).rejects.toThrow(/^Invalid image name: /);
  });
});

describe('getRegistryCredentials', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  /** Writes a configuration, and makes it that of the user. */
  function keep(config: unknown): string {
    const directory = mkdtempSync(join(tmpdir(), 'keywax-compat-oci-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
    vi.stubEnv('DOCKER_CONFIG', directory);
    return directory;
  }

  const entry = (auth: unknown): unknown => ({ auths: { 'registry.example': auth } });

  test.each([
    ['an entry', entry({ auth: CANARY_BASIC })],
    ['colons in the password', entry({ auth: btoa('user:a:b') })],
    ['an empty password', entry({ auth: btoa('user:') })],
    ['a padded password', entry({ auth: btoa('user:word\0\0') })],
    ['a password outside of ASCII', entry({ auth: Buffer.from('jürgen:pässword').toString('base64') })],
    ['a user name and a password', entry({ username: 'user', password: CANARY })],
    ['a user name alone', entry({ username: 'user' })],
    ['an entry that holds nothing', entry({})],
    ['no entries', {}],
    ['another registry', { auths: { 'registry.example.evil.example': { auth: CANARY_BASIC } } }],
    ['upper case', { auths: { 'REGISTRY.example': { auth: CANARY_BASIC } } }],
    ['a scheme', { auths: { 'https://registry.example': { auth: CANARY_BASIC } } }],
    ['a path', { auths: { 'registry.example/v1/': { auth: CANARY_BASIC } } }],
    ['a port', { auths: { 'registry.example:443': { auth: CANARY_BASIC } } }],
    ['a token of the registry alone', entry({ registrytoken: CANARY })],
  ])('finds what the client finds: %s', async (_, config) => {
    const directory = keep(config);
    const found = await dockerCredentials({ directory, environment: {} })('registry.example');
    if (found?.kind === 'basic') {
      const { username, password } = found;
      expect(getRegistryCredentials('registry.example/owner/app')).toEqual({ username, password });
    } else expect(() => getRegistryCredentials('registry.example/owner/app')).toThrow(/^No credentials found/);
  });

  test.each([
    ['not base64', entry({ auth: `user:${CANARY}` })],
    ['without a colon', entry({ auth: btoa(CANARY) })],
    ['without a user', entry({ auth: btoa(`:${CANARY}`) })],
    ['not UTF-8', entry({ auth: '/zrA' })],
    ['padded too much', entry({ auth: `${CANARY_BASIC}=` })],
    ['no JSON', `{"auths": ${CANARY}}`],
    ['too large', ' '.repeat(1_048_577)],
  ])('refuses what the client refuses, without a word of it: %s', async (_, config) => {
    const directory = keep(config);
    const found = dockerCredentials({ directory, environment: {} })('registry.example');
    await expect(found).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    try {
      getRegistryCredentials('registry.example/owner/app');
      expect.fail('expected an error');
    } catch (error) {
      expectNoCanary(error);
      expect(error).toMatchObject({
        name: 'Error',
        message: expect.stringMatching(/^(?:Credentials for|The credential)/),
      });
    }
  });

  test('gives an identity token in place of the password', () => {
    keep(entry({ auth: btoa('00000000-0000-0000-0000-000000000000:'), identitytoken: CANARY }));
    const username = '00000000-0000-0000-0000-000000000000';
    expect(getRegistryCredentials('registry.example/app')).toEqual({ username, password: CANARY });
    keep(entry({ identitytoken: CANARY }));
    expect(getRegistryCredentials('registry.example/app')).toEqual({ username: '<token>', password: CANARY });
  });

  test('gives the headers that are text', () => {
    keep({ ...(entry({ auth: CANARY_BASIC }) as object), HttpHeaders: { 'X-Team': 'blue', other: 7 } });
    expect(getRegistryCredentials('registry.example/app')).toEqual({ ...USER, headers: { 'X-Team': 'blue' } });
  });

  test('finds Docker Hub under its names', () => {
    keep({ auths: { 'https://index.docker.io/v1/': { auth: CANARY_BASIC } } });
    for (const name of ['docker.io/debian', 'index.docker.io/owner/app', 'registry-1.docker.io/owner/app'])
      expect(getRegistryCredentials(name)).toEqual(USER);
    expect(() => getRegistryCredentials('evil-docker.io/app')).toThrow(
      'No credentials found for registry evil-docker.io',
    );
  });

  test('says where there is no file', () => {
    vi.stubEnv('DOCKER_CONFIG', '');
    vi.stubEnv('HOME', join(tmpdir(), 'keywax-nowhere'));
    const path = join(homedir(), '.docker', 'config.json');
    expect(() => getRegistryCredentials('registry.example/app')).toThrow(`No credential file found at ${path}`);
  });
});

describe('options that are not what they have to be', () => {
  test.each<[string, unknown]>([
    ...[undefined, null, '{}', [1], new ArrayBuffer(2), { length: 2 }].map((value): [string, unknown] => [
      'artifact',
      value,
    ]),
    ...[undefined, null, 7, ['sha256']].map((value): [string, unknown] => ['imageDigest', value]),
    ['mediaType', undefined],
    ['credentials', { username: 'user' }],
    ['credentials', { username: 7, password: CANARY }],
  ])('%s %j is an OCIError', async (name, value) => {
    const { repository, image, options } = await prepare(() => startOciRegistry());
    await fails('CONFIG_INVALID', attachArtifactToImage({ ...options, [name]: value }));
    await expect(repository.listReferrers(image.digest)).resolves.toEqual([]);
  });

  test.each([undefined, null, 7, ['v1']])('imageTag %j is an OCIError', async (imageTag) => {
    const { options } = await prepare(() => startOciRegistry());
    await fails('CONFIG_INVALID', getImageDigest({ ...options, imageTag: imageTag as never }));
  });

  test.each([null, undefined])('%j in place of what may be absent is nothing', async (nothing) => {
    const { image, options } = await prepare(() => startOciRegistry());
    const given = { ...options, credentials: nothing as never, fetchOpts: nothing as never };
    await expect(getImageDigest(given)).resolves.toBe(image.digest);
    const credentials = { ...USER, headers: nothing as never };
    await expect(getImageDigest({ ...options, credentials })).resolves.toBe(image.digest);
  });

  test('a polluted prototype names no host that is told the password', async () => {
    const { fetch, contacts } = recordFetch(answerAt('https://tokens.example/token'));
    const prototype = Object.prototype as unknown as Record<string, unknown>;
    prototype['tokenHosts'] = ['tokens.example'];
    try {
      const options = { imageName: 'registry.example/app', imageTag: 'v1', credentials: USER, fetchOpts: { fetch } };
      await fails('NETWORK_POLICY', getImageDigest(options));
    } finally {
      delete prototype['tokenHosts'];
    }
    expect(contacts).toHaveLength(1);
  });
});

test('an OCIError is one across copies of the package, and no other error is', () => {
  const copy = Object.defineProperty(new Error('why'), Symbol.for('keywax.compat.error'), { value: 'OCIError' });
  expect(copy).toBeInstanceOf(OCIError);
  expect(new Error('why')).not.toBeInstanceOf(OCIError);
  expect(`${new OCIError({ message: 'why' })}`).toBe('OCIError: why');
});
