// SPDX-License-Identifier: Apache-2.0
// Trust of instances: from the repository, the cache, or what is compiled in, with the clock and the network passed in.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeUtf8 } from '@keywax/core/bytes';
import type { KeywaxError } from '@keywax/core/errors';
import type { Fetch } from '@keywax/http';
import { createLab } from '@keywax/stack/lab';
import { type TufRepository, createTufRepository } from '@keywax/stack/tuf';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  type InstanceTrust,
  type InstanceTrustOptions,
  type TufDiagnostic,
  fetchInstanceTarget,
  fetchInstanceTrust,
  initInstance,
} from '../src/index.js';
import { PRODUCTION_SOURCE } from '../src/production.js';

const START = new Date('2026-03-01T00:00:00Z');
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const STAGING_URL = 'https://tuf-repo-cdn.sigstage.dev';
const UNREACHABLE: Fetch = async () => Promise.reject(new TypeError('no network'));

let trustedRoot: Uint8Array;
beforeAll(async () => {
  trustedRoot = encodeUtf8(JSON.stringify((await createLab()).trustedRoot()));
});

interface World {
  readonly repository: TufRepository;
  readonly requests: string[];
  readonly diagnostics: TufDiagnostic[];
  readonly cacheDirectory: string;
  /** Set, it stands in for the network. */
  failure?: Error | undefined;
  now: Date;
  fetchTrust(options?: Partial<InstanceTrustOptions>): Promise<InstanceTrust>;
}

const SIGNING_CONFIG = encodeUtf8(
  JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    caUrls: [{ url: 'https://fulcio.example', majorApiVersion: 1, validFor: { start: '2026-01-01T00:00:00Z' } }],
  }),
);

function createWorld(): World {
  const cacheDirectory = mkdtempSync(join(tmpdir(), 'keywax-trust-'));
  onTestFinished(() => rmSync(cacheDirectory, { recursive: true, force: true }));
  const requests: string[] = [];
  const diagnostics: TufDiagnostic[] = [];
  const repository = createTufRepository({ now: () => START });
  repository.addTarget('trusted_root.json', trustedRoot);
  repository.addTarget('signing_config.v0.2.json', SIGNING_CONFIG);
  repository.release();
  const fetch: Fetch = async (url) => {
    const path = new URL(url).pathname.slice(1);
    requests.push(path);
    if (world.failure !== undefined) throw world.failure;
    const file = repository.files.get(path);
    return new Response(file?.slice() ?? null, { status: file === undefined ? 404 : 200 });
  };
  const world: World = {
    repository,
    requests,
    diagnostics,
    cacheDirectory,
    now: START,
    fetchTrust: (options) =>
      fetchInstanceTrust({
        instance: { mirrorUrl: STAGING_URL, root: repository.root() },
        cacheDirectory,
        now: () => world.now,
        transport: { fetch, retries: 0 },
        onDiagnostic: (diagnostic) => diagnostics.push(diagnostic),
        ...options,
      }),
  };
  return world;
}

/** Another process: it shares nothing in memory. */
function elsewhere(world: World): Partial<InstanceTrustOptions> {
  const fetch: Fetch = async (url) => {
    world.requests.push(new URL(url).pathname.slice(1));
    if (world.failure !== undefined) throw world.failure;
    const file = world.repository.files.get(new URL(url).pathname.slice(1));
    return new Response(file?.slice() ?? null, { status: file === undefined ? 404 : 200 });
  };
  return { transport: { fetch, retries: 0 } };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: KeywaxError) => error.code,
  );
}

const timestamps = ({ requests }: World): number => requests.filter((path) => path === 'timestamp.json').length;

describe('online', () => {
  test('trust comes from the repository, and the signing config with it for those who sign', async () => {
    const world = createWorld();
    const trust = await world.fetchTrust();
    expect(trust.trustedRoot.logs.length).toBeGreaterThan(0);
    expect(trust).toMatchObject({ state: { source: 'mirror', versions: { root: 1 } } });
    expect(trust.documents.trustedRoot).toEqual(trustedRoot);
    expect(trust).not.toHaveProperty('signingConfig');
    expect(world.requests.some((path) => path.includes('signing_config'))).toBe(false);
    const { signingConfig, documents } = await world.fetchTrust({ purpose: 'signing' });
    expect(signingConfig?.certificateAuthorities[0]?.url).toBe('https://fulcio.example');
    expect(documents.signingConfig).toEqual(SIGNING_CONFIG);
  });

  test('fifty calls at once make one refresh, and all have the same record', async () => {
    const world = createWorld();
    const all = await Promise.all(Array.from({ length: 50 }, () => world.fetchTrust()));
    expect(timestamps(world)).toBe(1);
    expect(new Set(all.map((trust) => trust.trustedRoot)).size).toBe(1);
  });

  test('a cache of less than a day answers without a request, in this process and in others', async () => {
    const world = createWorld();
    await world.fetchTrust();
    world.requests.length = 0;
    world.now = new Date(START.getTime() + 23 * HOUR_MS);
    expect((await world.fetchTrust()).refreshing).toBeUndefined();
    const { state, refreshing } = await world.fetchTrust(elsewhere(world));
    expect([state.source, refreshing, world.requests]).toEqual(['store', undefined, []]);
  });

  test('an older one answers as well, and is refreshed in the background', async () => {
    const world = createWorld();
    const before = await world.fetchTrust();
    world.repository.addTarget('trusted_root.json', encodeUtf8(`${Buffer.from(trustedRoot).toString()}\n`));
    world.repository.release();
    world.now = new Date(START.getTime() + 25 * HOUR_MS);
    const during = await world.fetchTrust();
    expect(during.trustedRoot).toBe(before.trustedRoot);
    await during.refreshing;
    const after = await world.fetchTrust();
    expect(after.trustedRoot).not.toBe(before.trustedRoot);
    expect([after.refreshing, after.state]).toMatchObject([undefined, { refreshedAt: world.now }]);
  });

  test('a background refresh that fails fails nothing, says so, and is not tried at once again', async () => {
    const world = createWorld();
    await world.fetchTrust();
    world.now = new Date(START.getTime() + 25 * HOUR_MS);
    world.failure = new Error('no network');
    for (const options of [{}, elsewhere(world)]) {
      await (await world.fetchTrust(options)).refreshing;
      expect(world.diagnostics.splice(0)).toMatchObject([{ kind: 'refreshFailed', error: { code: 'NETWORK_FAILED' } }]);
    }
    world.requests.length = 0;
    await (await world.fetchTrust()).refreshing;
    expect(world.requests).toEqual([]);
    world.now = new Date(world.now.getTime() + HOUR_MS);
    await (await world.fetchTrust()).refreshing;
    expect(world.requests).not.toEqual([]);
  });

  test('a background refresh that hangs delays nothing', async () => {
    const world = createWorld();
    await world.fetchTrust();
    world.now = new Date(START.getTime() + 25 * HOUR_MS);
    const { refreshing } = await world.fetchTrust({
      transport: { fetch: async () => new Promise(() => {}), retries: 0 },
    });
    expect(refreshing).toBeInstanceOf(Promise);
  });

  test('an expired cache is refreshed before anything is answered', async () => {
    const world = createWorld();
    await world.fetchTrust();
    world.now = new Date(START.getTime() + 8 * DAY_MS);
    expect(await codeOf(world.fetchTrust())).toBe('TUF_METADATA_EXPIRED'); // the repository is frozen
    world.failure = new Error('no network');
    expect(await codeOf(world.fetchTrust())).toBe('NETWORK_FAILED');
  });

  test('a caller with a later clock does not share what has expired by it', async () => {
    const world = createWorld();
    const late = new Date(START.getTime() + 8 * DAY_MS);
    const outcomes = await Promise.all([
      codeOf(world.fetchTrust()),
      codeOf(world.fetchTrust({ now: () => late })),
      codeOf(world.fetchTrust()),
    ]);
    expect(outcomes).toEqual(['none', 'TUF_METADATA_EXPIRED', 'none']);
  });

  test('with an age of 0 the repository is always asked', async () => {
    const world = createWorld();
    await world.fetchTrust();
    await world.fetchTrust({ maxAgeMs: 0 });
    expect(timestamps(world)).toBe(2);
    world.failure = new Error('no network');
    expect(await codeOf(world.fetchTrust({ maxAgeMs: 0 }))).toBe('NETWORK_FAILED');
  });

  test('roots and online keys may be rotated under way', async () => {
    const world = createWorld();
    await world.fetchTrust();
    world.repository.rotate('root');
    world.repository.publish('root');
    for (const role of ['timestamp', 'snapshot']) world.repository.rotate(role);
    world.repository.publish('root');
    world.repository.release();
    expect((await world.fetchTrust({ maxAgeMs: 0 })).state).toMatchObject({ versions: { root: 3 } });
    expect((await world.fetchTrust({ ...elsewhere(world), offline: true })).state).toMatchObject({
      versions: { root: 3 },
    });
  });

  test('a signal ends the wait of one caller, and not of the others', async () => {
    const world = createWorld();
    const controller = new AbortController();
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const fetch: Fetch = async (url) => {
      await gate;
      const file = world.repository.files.get(new URL(url).pathname.slice(1));
      return new Response(file?.slice() ?? null, { status: file === undefined ? 404 : 200 });
    };
    const first = codeOf(world.fetchTrust({ transport: { fetch, retries: 0, signal: controller.signal } }));
    const second = codeOf(world.fetchTrust({ transport: { fetch, retries: 0 } }));
    controller.abort();
    expect(await first).toBe('OPERATION_ABORTED');
    release();
    expect(await second).toBe('none');
  });

  test('the time for all requests together is bounded', async () => {
    const world = createWorld();
    const fetch: Fetch = async () => new Promise(() => {});
    expect(await codeOf(world.fetchTrust({ transport: { fetch, retries: 0, timeoutMs: 50 } }))).toBe('NETWORK_TIMEOUT');
  });

  test('without a folder the cache is in memory', async () => {
    const { cacheDirectory: _, ...world } = createWorld();
    const options = { now: () => START, instance: { mirrorUrl: STAGING_URL, root: world.repository.root() } };
    const fetch: Fetch = async (url) => {
      world.requests.push(url);
      const file = world.repository.files.get(new URL(url).pathname.slice(1));
      return new Response(file?.slice() ?? null, { status: file === undefined ? 404 : 200 });
    };
    await fetchInstanceTrust({ ...options, transport: { fetch } });
    world.requests.length = 0;
    await fetchInstanceTrust({ ...options, transport: { fetch } });
    expect(world.requests).toEqual([]);
  });
});

describe('offline', () => {
  test('nothing is asked for, and the age is told, expired or not', async () => {
    const world = createWorld();
    await world.fetchTrust();
    world.requests.length = 0;
    world.now = new Date(START.getTime() + 400 * DAY_MS);
    const { state, trustedRoot: root } = await world.fetchTrust({ ...elsewhere(world), offline: true });
    expect(root.logs.length).toBeGreaterThan(0);
    expect(state).toMatchObject({ source: 'store', ageMs: 400 * DAY_MS, refreshedAt: START });
    expect(state).toHaveProperty('expired', ['root', 'timestamp', 'snapshot', 'targets']);
    expect(world.requests).toEqual([]);
  });

  test('the age can be bounded', async () => {
    const world = createWorld();
    await world.fetchTrust();
    world.now = new Date(START.getTime() + 3 * DAY_MS);
    expect(await codeOf(world.fetchTrust({ offline: { maxAgeDays: 3 } }))).toBe('none');
    expect(await codeOf(world.fetchTrust({ offline: { maxAgeDays: 2 } }))).toBe('TUF_METADATA_EXPIRED');
  });

  test('an instance that was never asked has nothing', async () => {
    expect(await codeOf(createWorld().fetchTrust({ offline: true }))).toBe('TUF_TARGET_MISSING');
  });
});

describe('production without a network', () => {
  const options = (world: World): Partial<InstanceTrustOptions> => ({
    instance: 'production',
    transport: { fetch: async (...call) => UNREACHABLE(...call), retries: 0 },
    cacheDirectory: world.cacheDirectory,
  });

  test.each([
    ['online', {}],
    ['offline', { offline: true }],
  ] as const)('has what is compiled in: %s', async (_, more) => {
    const world = createWorld();
    const { state, trustedRoot: root } = await world.fetchTrust({ ...options(world), ...more });
    expect(state).toEqual({
      source: 'compiled',
      package: PRODUCTION_SOURCE.package,
      version: PRODUCTION_SOURCE.version,
      sha256: PRODUCTION_SOURCE.sha256,
    });
    expect(root.certificateAuthorities.length).toBeGreaterThan(0);
  });

  test('and does not ask again for a while', async () => {
    const world = createWorld();
    let asked = 0;
    const fetch: Fetch = async (...call) => {
      asked++;
      return UNREACHABLE(...call);
    };
    const more = { ...options(world), transport: { fetch, retries: 0 } };
    await world.fetchTrust(more);
    await world.fetchTrust(more);
    expect(asked).toBe(1);
    world.now = new Date(START.getTime() + HOUR_MS);
    await world.fetchTrust(more);
    expect(asked).toBe(2);
  });

  test('not where the network hangs longer than its bound', async () => {
    const world = createWorld();
    const fetch: Fetch = async () => new Promise(() => {});
    const { state } = await world.fetchTrust({ ...options(world), transport: { fetch, timeoutMs: 50 } });
    expect(state.source).toBe('compiled');
  });

  test.each([
    ['a refresh that was asked for', { maxAgeMs: 0 }, 'NETWORK_FAILED'],
    ['a bounded age, as its own is not known', { offline: { maxAgeDays: 30 } }, 'TUF_TARGET_MISSING'],
  ] as const)('is not made good: %s', async (_, more, code) => {
    const world = createWorld();
    expect(await codeOf(world.fetchTrust({ ...options(world), ...more }))).toBe(code);
  });

  test.each([
    ['answers with an error', 500, 'NETWORK_STATUS'],
    ['answers with something else', 200, 'TUF_METADATA_INVALID'],
  ])('is not what a mirror gets that %s', async (_, status, code) => {
    const world = createWorld();
    const fetch: Fetch = async () => new Response('<html>', { status });
    expect(await codeOf(world.fetchTrust({ ...options(world), transport: { fetch, retries: 0 } }))).toBe(code);
  });
});

describe('an instance whose root is not compiled in', () => {
  test('needs it once, and remembers it', async () => {
    const world = createWorld();
    expect(await codeOf(world.fetchTrust({ instance: 'staging' }))).toBe('TUF_TARGET_MISSING');
    const { cacheDirectory } = world;
    const root = world.repository.root();
    await expect(initInstance({ instance: 'staging', root, cacheDirectory })).resolves.toMatchObject({ version: 1 });
    expect((await world.fetchTrust({ instance: 'staging' })).instance.name).toBe('staging');
    // The mirror is the same, however it is named.
    expect(await codeOf(world.fetchTrust({ instance: { mirrorUrl: `${STAGING_URL}/` } }))).toBe('none');
    expect(await codeOf(world.fetchTrust({ instance: 'github' }))).toBe('TUF_TARGET_MISSING');
  });

  test('follows another root as soon as that is given', async () => {
    const [old, world] = [createWorld(), createWorld()];
    const { cacheDirectory } = world;
    await initInstance({ instance: 'staging', root: old.repository.root(), cacheDirectory });
    expect(await codeOf(world.fetchTrust({ instance: 'staging' }))).toBe('TUF_SIGNATURE_INVALID');
    await initInstance({ instance: 'staging', root: world.repository.root(), cacheDirectory });
    expect(await codeOf(world.fetchTrust({ instance: 'staging' }))).toBe('none');
    await initInstance({ instance: 'staging', root: old.repository.root(), cacheDirectory });
    // What is cached is of the other.
    expect(await codeOf(world.fetchTrust({ instance: 'staging', offline: true }))).toBe('TUF_SIGNATURE_INVALID');
  });
});

test.each([
  ['an unknown name', { instance: 'testing' as never }],
  ['an age that is none', { maxAgeMs: -1 }],
  ['a clock that stands nowhere', { now: () => new Date(Number.NaN) }],
  ['a root that is no file', { instance: { mirrorUrl: STAGING_URL, root: {} as never } }],
] as const)('%s is refused', async (_, options) => {
  expect(await codeOf(createWorld().fetchTrust(options))).toBe('CONFIG_INVALID');
});

describe('another target of the repository', () => {
  const KEYS = encodeUtf8('{"keys":[]}');
  const fetchTarget = (world: World, path: string, options: Partial<InstanceTrustOptions> = {}) =>
    fetchInstanceTarget(path, {
      instance: { mirrorUrl: STAGING_URL, root: world.repository.root() },
      cacheDirectory: world.cacheDirectory,
      now: () => world.now,
      ...elsewhere(world),
      ...options,
    });
  const createWorldWithKeys = (): World => {
    const world = createWorld();
    world.repository.addTarget('registry.example/keys.json', KEYS);
    world.repository.release();
    return world;
  };

  test('is verified, and kept for those who are offline', async () => {
    const world = createWorldWithKeys();
    expect(await fetchTarget(world, 'registry.example/keys.json')).toEqual(KEYS);
    world.failure = new TypeError('no network');
    expect(await fetchTarget(world, 'registry.example/keys.json', { offline: true })).toEqual(KEYS);
    // Within a day nothing is asked for.
    expect(await fetchTarget(world, 'registry.example/keys.json')).toEqual(KEYS);
  });

  test('is undefined only where the roles in charge do not list it', async () => {
    const world = createWorldWithKeys();
    expect(await fetchTarget(world, 'other.example/keys.json')).toBeUndefined();
    expect(await fetchTarget(world, 'other.example/keys.json', { offline: true })).toBeUndefined();
    // It is listed, and was never fetched: that is no reason to do without it.
    const unknown = fetchTarget(world, 'registry.example/keys.json', { offline: true });
    expect(await codeOf(unknown)).toBe('TUF_TARGET_MISSING');
  });

  test('is an error where the repository cannot be reached or was altered', async () => {
    const world = createWorldWithKeys();
    world.failure = new TypeError('no network');
    expect(await codeOf(fetchTarget(world, 'registry.example/keys.json'))).toBe('NETWORK_FAILED');
    world.failure = undefined;
    for (const [path] of world.repository.files) {
      if (path.endsWith('keys.json')) world.repository.files.set(path, encodeUtf8('{"keys":[1]}'));
    }
    expect(await codeOf(fetchTarget(world, 'registry.example/keys.json'))).toMatch(/^TUF_|^INPUT_|^NETWORK_/);
  });
});
