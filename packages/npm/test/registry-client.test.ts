// SPDX-License-Identifier: Apache-2.0

import { readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startNpmRegistry } from '@keywax/stack/npm-registry';
import { type RegistryClientOptions, openRegistryClient } from '../src/registry-client.js';
import { type World, startWorld } from './world.js';

const TOKEN = 'canary-7f3a91c2d4e5';
const DAY_MS = 86_400_000;

let world: World;
let cacheDirectory: string;

beforeAll(async () => {
  world = await startWorld({ path: '/some/npm/' });
  await world.publish({ name: 'signed', version: '1.0.0', repository: 'git+https://github.com/a/b.git' });
  await world.publish({ name: '@s/attested', version: '1.0.0', claims: {}, publishAttestation: true });
  await world.publish({ name: 'unsigned', version: '1.0.0', signatures: 'none' });
});
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  cacheDirectory = world.makeFolder();
});

/** The paths that the registry was asked for while `task` ran. */
async function pathsOf(task: () => Promise<unknown>): Promise<readonly string[]> {
  const before = world.registry.requests.length;
  await task();
  return world.registry.requests.slice(before).map(({ path }) => path);
}

describe('evidence', () => {
  test('is what the registry says of one version, in one request', async () => {
    const client = await world.openClient();
    const paths = await pathsOf(async () => {
      const evidence = await client.fetchEvidence({ name: 'signed', version: '1.0.0' });
      expect(evidence).toMatchObject({
        name: 'signed',
        version: '1.0.0',
        integrity: expect.stringMatching(/^sha512-/) as string,
        signatures: [{ keyId: world.registry.keys().keys[0]?.keyid }],
        attestations: [],
        declaresProvenance: false,
        repository: 'git+https://github.com/a/b.git',
        source: 'registry',
      });
    });
    expect(paths).toEqual(['/some/npm/signed/1.0.0']);
  });

  test('has the attestations that the registry declares', async () => {
    const client = await world.openClient();
    const paths = await pathsOf(async () => {
      const evidence = await client.fetchEvidence({ name: '@s/attested', version: '1.0.0' });
      expect(evidence.declaresProvenance).toBe(true);
      expect(evidence.attestations).toHaveLength(2);
    });
    expect(paths).toEqual(['/some/npm/@s%2fattested/1.0.0', '/some/npm/-/npm/v1/attestations/@s%2fattested@1.0.0']);
  });

  test('has the time of publication only where a key that signed has an end', async () => {
    const client = await world.openClient();
    const [key] = await client.fetchKeys(world.registry.url);
    const expires = new Date('2030-01-01T00:00:00Z');
    const ask = (name: string, keys: readonly object[]) => async () => {
      const { publishedAt } = await client.fetchEvidence({ name, version: '1.0.0', keys: keys as never });
      return publishedAt;
    };
    expect(await pathsOf(ask('signed', [{ ...key }]))).toHaveLength(1);
    expect(await pathsOf(ask('signed', [{ ...key, expires }]))).toEqual(['/some/npm/signed/1.0.0', '/some/npm/signed']);
    expect(await ask('signed', [{ ...key, expires }])()).toBeInstanceOf(Date);
    expect(await pathsOf(ask('signed', [{ ...key, keyId: 'other', expires }]))).toHaveLength(1);
    // The log of the publish attestation proves a time.
    expect(await pathsOf(ask('@s/attested', [{ ...key, expires }]))).toHaveLength(2);
  });

  test('is that of the packument where a registry has no documents of versions', async () => {
    const registry = await startNpmRegistry({
      faults: async (request, next) =>
        /\d$/.test(new URL(request.url).pathname) ? new Response('{}', { status: 405 }) : next(),
    });
    closers.push(() => registry.close());
    await registry.addPackage({ name: 'a', version: '1.0.0', publishAttestation: false });
    const client = await world.openClient({ npmConfig: { registry: registry.url } });
    const evidence = await client.fetchEvidence({ name: 'a', version: '1.0.0' });
    expect(evidence).toMatchObject({ name: 'a', publishedAt: expect.any(Date) as Date });
    expect(evidence.signatures).toHaveLength(1);
    await expect(client.fetchEvidence({ name: 'a', version: '2.0.0' })).rejects.toMatchObject({
      code: 'PACKAGE_NOT_FOUND',
    });
  });

  test.each([
    ['another name', { name: 'other' }, 'SERVICE_INVALID'],
    ['another version', { version: '1.0.1' }, 'SERVICE_INVALID'],
    ['no dist', { dist: undefined }, 'INPUT_MALFORMED'],
    ['no digest', { dist: {} }, 'SERVICE_INVALID'],
    [
      'a signature that is no text',
      { dist: { integrity: 'sha512-a', signatures: [{ keyid: 'k', sig: 1 }] } },
      'INPUT_MALFORMED',
    ],
    [
      'a signature that is no base64',
      { dist: { integrity: 'sha512-a', signatures: [{ keyid: 'k', sig: '*' }] } },
      'INPUT_MALFORMED',
    ],
    [
      'too many signatures',
      { dist: { integrity: 'sha512-a', signatures: Array.from({ length: 33 }, () => ({ keyid: 'k', sig: 'AA==' })) } },
      'INPUT_TOO_LARGE',
    ],
  ])('with %s is refused', async (_, change, code) => {
    const body = JSON.stringify({ name: 'a', version: '1.0.0', dist: { integrity: 'sha512-a' }, ...change });
    const client = await world.openClient({ transport: { fetch: async () => jsonAnswer(body) } });
    await expect(client.fetchEvidence({ name: 'a', version: '1.0.0' })).rejects.toMatchObject({ code });
  });

  test('says the least that old registries have: SHA-1', async () => {
    const body = JSON.stringify({ name: 'a', version: '1.0.0', readme: '\ud800', dist: { shasum: '00'.repeat(20) } });
    const client = await world.openClient({ transport: { fetch: async () => jsonAnswer(body) } });
    expect((await client.fetchEvidence({ name: 'a', version: '1.0.0' })).integrity).toBe(`sha1-${'A'.repeat(27)}=`);
  });

  test.each([
    ['a name', { name: '../a', version: '1.0.0' }],
    ['a version', { name: 'a', version: '../../-/npm/v1/keys' }],
  ])('is not asked for with %s that is none', async (_, wanted) => {
    const client = await world.openClient();
    expect(
      await pathsOf(() => expect(client.fetchEvidence(wanted)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })),
    ).toEqual([]);
  });
});

function jsonAnswer(body: string): Response {
  return new Response(body, { headers: { 'content-type': 'application/json' } });
}

describe('the cache', () => {
  const read = async (options: RegistryClientOptions, name = 'signed') => {
    const client = await world.openClient({ cacheDirectory, ...options });
    return client.fetchEvidence({ name, version: '1.0.0' });
  };

  test('answers for ever where signature and attestations are there', async () => {
    await read({}, '@s/attested');
    const now = (): Date => new Date(Date.now() + 1_000 * DAY_MS);
    expect(await pathsOf(() => read({ now }, '@s/attested'))).toEqual([]);
  });

  test('asks again after a day where something is missing, and is told that nothing has changed', async () => {
    const first = await read({});
    expect(await pathsOf(() => read({}))).toEqual([]);
    const now = (): Date => new Date(Date.now() + 2 * DAY_MS);
    let again: unknown;
    expect(await pathsOf(async () => (again = await read({ now })))).toEqual(['/some/npm/signed/1.0.0']);
    expect(again).toEqual({ ...first, source: 'cache' });
    expect(await pathsOf(() => read({ now }))).toEqual([]);
  });

  test('asks again where the clock has gone back', async () => {
    await read({});
    const now = (): Date => new Date(Date.now() - DAY_MS);
    expect(await pathsOf(() => read({ now }))).toHaveLength(1);
  });

  test('is passed over where evidence is to be fresh', async () => {
    await read({}, '@s/attested');
    const client = await world.openClient({ cacheDirectory });
    const paths = await pathsOf(() => client.fetchEvidence({ name: '@s/attested', version: '1.0.0', refresh: true }));
    expect(paths).toHaveLength(2);
  });

  test('offline has what was asked for before, and nothing else', async () => {
    await read({});
    const paths = await pathsOf(async () => {
      expect(await read({ offline: true, now: () => new Date(Date.now() + 99 * DAY_MS) })).toMatchObject({
        source: 'cache',
      });
      await expect(read({ offline: true }, 'unsigned')).rejects.toMatchObject({ code: 'PACKAGE_NOT_FOUND' });
    });
    expect(paths).toEqual([]);
  });

  test('keeps keys for runs offline, and asks for them in others', async () => {
    const online = await world.openClient({ cacheDirectory });
    const keys = await online.fetchKeys(world.registry.url);
    expect(await pathsOf(() => online.fetchKeys(world.registry.url))).toHaveLength(1);
    const offline = await world.openClient({ cacheDirectory, offline: true });
    expect(await offline.fetchKeys(world.registry.url)).toEqual(keys);
    await expect(offline.fetchKeys('https://other.example/')).rejects.toMatchObject({ code: 'PACKAGE_NOT_FOUND' });
  });

  const files = (): readonly string[] =>
    readdirSync(cacheDirectory, { recursive: true, encoding: 'utf8' })
      .map((name) => join(cacheDirectory, name))
      .filter((path) => statSync(path).isFile());

  test('is for the user alone, and leaves no drafts', async () => {
    await read({});
    expect(files()).toHaveLength(1);
    for (const path of files()) expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['cut', (text: string) => text.slice(0, 40)],
    ['empty', () => ''],
    ['of another package', (text: string) => text.replace('"signed"', '"other"')],
    [
      'with an entity tag that would end a header',
      (text: string) => text.replace(/"etag":"[^,]*",/, '"etag":"a\\r\\nb",'),
    ],
    ['of another form', (text: string) => text.replace('"format":1', '"format":2')],
  ])('file that is %s is as if it were not there', async (_, alter) => {
    await read({});
    for (const path of files()) writeFileSync(path, alter(readFileSync(path, 'utf8')));
    const now = (): Date => new Date(Date.now() + 2 * DAY_MS);
    expect(await read({ now })).toMatchObject({ name: 'signed', source: 'registry' });
  });

  test('file that is a link is not followed', async () => {
    await read({});
    const [path = ''] = files();
    const elsewhere = join(world.makeFolder(), 'x.json');
    writeFileSync(elsewhere, readFileSync(path));
    const { rmSync } = await import('node:fs');
    rmSync(path);
    symlinkSync(elsewhere, path);
    expect(await read({})).toMatchObject({ source: 'registry' });
  });

  test('that cannot be written is done without', async () => {
    const file = join(world.makeFolder(), 'file');
    writeFileSync(file, '');
    const client = await world.openClient({ cacheDirectory: join(file, 'cache') });
    expect(await client.fetchEvidence({ name: 'signed', version: '1.0.0' })).toMatchObject({ source: 'registry' });
    expect(client.stats.failedWrites).toBe(1);
  });
});

describe('keys', () => {
  test('are those that the registry publishes', async () => {
    const client = await world.openClient();
    expect(await client.fetchKeys(world.registry.url)).toMatchObject([
      { keyId: world.registry.keys().keys[0]?.keyid, source: 'registry' },
    ]);
  });

  test.each([404, 400])('are none where the registry answers %i', async (status) => {
    const client = await world.openClient({ transport: { fetch: async () => new Response('{}', { status }) } });
    expect(await client.fetchKeys(world.registry.url)).toEqual([]);
  });
});

describe('a registry', () => {
  test('is the one of the scope, or else the general one', async () => {
    const client = await world.openClient({
      npmConfig: { registry: 'https://a.example/npm', '@s:registry': 'https://b.example' },
    });
    expect(client.registryOf('a')).toBe('https://a.example/npm/');
    expect(client.registryOf('@s/a')).toBe('https://b.example/');
    expect(client.registryOf('@t/a')).toBe('https://a.example/npm/');
    expect([...client.registries]).toEqual(['https://a.example/npm/', 'https://b.example/']);
  });

  test('is the one of npm where the configuration names none', async () => {
    const client = await openRegistryClient();
    expect(client.registryOf('a')).toMatch(/^https:\/\/[^/]+\/$/);
  });

  test.each(['http://registry.example/', 'ftp://registry.example/', 'https://user:pass@registry.example/', 'nowhere'])(
    'that is never contacted is refused: %s',
    async (registry) => {
      await expect(openRegistryClient({ npmConfig: { registry } })).rejects.toMatchObject({ code: 'NETWORK_POLICY' });
    },
  );

  test.each([401, 403])('that answers %i wants other credentials', async (status) => {
    const client = await world.openClient({ transport: { fetch: async () => new Response('', { status }) } });
    await expect(client.fetchEvidence({ name: 'a', version: '1.0.0' })).rejects.toMatchObject({
      code: 'REGISTRY_UNAUTHORIZED',
    });
  });
});

describe('a token', () => {
  const sent: { url: string; authorization: string | undefined }[] = [];
  const fetch: NonNullable<RegistryClientOptions['transport']>['fetch'] = async (url, { headers }) => {
    sent.push({ url, authorization: headers['authorization'] });
    return new Response('{}', { status: 404 });
  };
  const asked = async (npmConfig: Record<string, string>, name: string): Promise<readonly (string | undefined)[]> => {
    sent.length = 0;
    const client = await openRegistryClient({ npmConfig, transport: { fetch } });
    await expect(client.fetchEvidence({ name, version: '1.0.0' })).rejects.toMatchObject({ code: 'PACKAGE_NOT_FOUND' });
    await client.fetchKeys(client.registryOf(name));
    expect(sent).toHaveLength(3);
    return [...new Set(sent.map(({ authorization }) => authorization))];
  };
  const own = { '//a.example/npm/:_authToken': TOKEN };

  test.each([
    ['its registry', { registry: 'https://a.example/npm/', ...own }, 'a', [`Bearer ${TOKEN}`]],
    ['what lies below', { registry: 'https://a.example/npm/team/', ...own }, 'a', [`Bearer ${TOKEN}`]],
    ['no other host', { registry: 'https://b.example/npm/', ...own }, 'a', [undefined]],
    ['no other port', { registry: 'https://a.example:8443/npm/', ...own }, 'a', [undefined]],
    ['no other path', { registry: 'https://a.example/other/', ...own }, 'a', [undefined]],
    ['no path above', { registry: 'https://a.example/', ...own }, 'a', [undefined]],
    ['no path of a longer name', { registry: 'https://a.example/npm-other/', ...own }, 'a', [undefined]],
    [
      'no registry of a scope beside its own',
      { registry: 'https://a.example/npm/', '@s:registry': 'https://a.example/s/', ...own },
      '@s/a',
      [undefined],
    ],
    [
      'no registry of a scope elsewhere',
      { registry: 'https://a.example/npm/', '@s:registry': 'https://b.example/', ...own },
      '@s/a',
      [undefined],
    ],
  ])('goes to %s', async (_, config, name, expected) => {
    expect(await asked(config, name)).toEqual(expected);
  });

  test('may be a name and a password', async () => {
    const config = { registry: 'https://a.example/', '//a.example/:username': 'u', '//a.example/:_password': 'cDpw' };
    expect(await asked(config, 'a')).toEqual([`Basic ${Buffer.from('u:p:p').toString('base64')}`]);
  });

  test('never stands in an error', async () => {
    const registry = await startNpmRegistry({ token: 'other' });
    closers.push(() => registry.close());
    const { host } = new URL(registry.url);
    const client = await world.openClient({ npmConfig: { registry: registry.url, [`//${host}/:_authToken`]: TOKEN } });
    const error: unknown = await client
      .fetchEvidence({ name: 'a', version: '1.0.0' })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'REGISTRY_UNAUTHORIZED' });
    expect(inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error)).not.toContain(TOKEN);
  });

  test('does not follow a redirect', async () => {
    const seen: (string | undefined)[] = [];
    const redirect: typeof fetch = async (url, { headers }) => {
      seen.push(headers['authorization']);
      return new Response('', { status: 302, headers: { location: url.replace('a.example', 'b.example') } });
    };
    const client = await openRegistryClient({
      npmConfig: { registry: 'https://a.example/npm/', ...own },
      transport: { fetch: redirect },
    });
    await expect(client.fetchEvidence({ name: 'a', version: '1.0.0' })).rejects.toMatchObject({
      code: 'NETWORK_REDIRECT',
    });
    expect(seen).toEqual([`Bearer ${TOKEN}`]);
  });
});

describe('a configuration', () => {
  test.each([`${TOKEN}\n`, `${TOKEN}\r\nx: y`, `${TOKEN}\u0000`, `${TOKEN}é\u{1f600}`])(
    'with a token that is no header is refused, and not repeated: %j',
    async (token) => {
      const { host } = new URL(world.registry.url);
      const client = await world.openClient({
        npmConfig: { registry: world.registry.url, [`//${host}/:_authToken`]: token },
      });
      const error: unknown = await client.fetchEvidence({ name: 'signed', version: '1.0.0' }).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
      expect(inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error)).not.toContain(TOKEN);
    },
  );

  test.each(['a%2fb', '../a', '@a', 'https://evil.example/a.tgz', 'a b', ''])(
    'has no registry for %j, which is no name',
    async (name) => {
      const client = await world.openClient();
      expect(() => client.registryOf(name)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
    },
  );
});
