// SPDX-License-Identifier: Apache-2.0
// What is in a store is verified each time, from the caller's root on; offline it is all there is.

import { encodeUtf8 } from '@keywax/core/bytes';
import type { ErrorCode } from '@keywax/core/errors';
import { describe, expect, test } from 'vitest';
import type { TufStore } from '../src/index.js';
import { decodeGeneration, encodeGeneration } from '../src/generation.js';
import {
  CONTENT,
  START,
  type World,
  createOpenStore,
  createVisitedWorld,
  createWorld,
  edit,
  replaceText,
} from './world.js';

const DAY_MS = 86_400_000;
const GENERATION = 'state/generation';

/** Replaces a file of metadata wherever the store has it. */
function replaceStored({ store }: World, role: string, change: (bytes: Uint8Array) => Uint8Array): void {
  const flat = store.files.get(`metadata/${role}`);
  if (flat !== undefined) store.files.set(`metadata/${role}`, change(flat));
  const generation = decodeGeneration(store.files.get(GENERATION) as Uint8Array);
  const roles = new Map(generation.roles);
  const bytes = roles.get(role);
  if (bytes !== undefined) roles.set(role, change(bytes));
  store.files.set(GENERATION, encodeGeneration({ ...generation, roles }));
}

const storedTarget = ({ store }: World): string =>
  [...store.files.keys()].find((name) => name.startsWith('targets/')) ?? '';

/** Changes of a store, and what a client without a mirror says to them. */
const SPOILED: readonly (readonly [string, (world: World) => void, ErrorCode])[] = [
  [
    'TU-054: a root of an attacker',
    (world) => {
      const other = createWorld();
      other.repository.publish('root');
      world.store.files.set('roots/2', other.repository.root(2));
      world.store.files.set('metadata/root', other.repository.root(2));
    },
    'TUF_SIGNATURE_INVALID',
  ],
  [
    'TU-056: a target that was altered',
    (world) => world.store.files.set(storedTarget(world), encodeUtf8('what the target said')),
    'TUF_CONTENT_MISMATCH',
  ],
  ['a target that was removed', (world) => world.store.files.delete(storedTarget(world)), 'TUF_TARGET_MISSING'],
  [
    'TU-057: a timestamp that was cut',
    (world) => replaceStored(world, 'timestamp', (bytes) => bytes.slice(0, 100)),
    'TUF_METADATA_INVALID',
  ],
  [
    'TU-057: a snapshot that is not UTF-8',
    (world) => replaceStored(world, 'snapshot', (bytes) => bytes.map((byte, i) => (i === 40 ? 0xff : byte))),
    'TUF_METADATA_INVALID',
  ],
  [
    'a snapshot that was altered',
    (world) => replaceStored(world, 'snapshot', (bytes) => replaceText(bytes, '"expires":"2027', '"expires":"2099')),
    'TUF_SIGNATURE_INVALID',
  ],
  [
    'targets that are empty',
    (world) => replaceStored(world, 'targets', () => new Uint8Array()),
    'TUF_METADATA_INVALID',
  ],
  [
    'FS-018: the timestamp of another repository',
    (world) =>
      replaceStored(world, 'timestamp', () => createWorld().repository.files.get('timestamp.json') as Uint8Array),
    'TUF_SIGNATURE_INVALID',
  ],
  [
    'a state that was cut',
    (world) => {
      const bytes = world.store.files.get(GENERATION) as Uint8Array;
      world.store.files.set(GENERATION, bytes.slice(0, -7));
    },
    'INPUT_MALFORMED',
  ],
  ['a state that is no state', (world) => world.store.files.set(GENERATION, encodeUtf8('{}\n')), 'INPUT_MALFORMED'],
];

describe('a store with', () => {
  test.each(SPOILED)('%s is repaired from the mirror', async (_, spoil) => {
    const world = await createVisitedWorld();
    const before = new Map(world.store.files);
    spoil(world);
    expect(await world.client().fetchTarget('a.txt')).toEqual(CONTENT);
    expect(world.diagnostics.filter(({ kind }) => kind !== 'cacheRefused')).toEqual([]);
    for (const name of [...before.keys()].filter((key) => !/^roots|generation/.test(key))) {
      expect(world.store.files.get(name), name).toEqual(before.get(name));
    }
    expect(await world.client({ offline: true }).fetchTarget('a.txt')).toEqual(CONTENT);
  });

  test.each(SPOILED)('%s is refused offline', async (_, spoil, code) => {
    const world = await createVisitedWorld();
    spoil(world);
    await expect(world.client({ offline: true }).fetchTarget('a.txt')).rejects.toMatchObject({ code });
    expect(world.requests).toEqual([]);
  });

  test('TU-061: a timestamp by a key that was removed is fetched again', async () => {
    const world = await createVisitedWorld();
    world.repository.rotate('timestamp');
    world.repository.publish('root', 'timestamp');
    await expect(world.client().refresh()).resolves.toMatchObject({ versions: { root: 2, timestamp: 3 } });
    replaceStored(world, 'timestamp', () => createWorld().repository.files.get('timestamp.json') as Uint8Array);
    await expect(world.client().refresh()).resolves.toMatchObject({ versions: { root: 2, timestamp: 3 } });
  });

  test('TU-055: an older chain of roots than the one the caller trusts is left behind', async () => {
    const world = await createVisitedWorld();
    for (let i = 0; i < 3; i++) world.repository.publish('root');
    const client = world.client({ trustedRoot: world.repository.root(3) });
    await expect(client.refresh()).resolves.toMatchObject({ versions: { root: 4 } });
    expect(world.requests).not.toContain('2.root.json');
  });

  test('TU-055: a newer chain of roots is followed without asking for it', async () => {
    const world = await createVisitedWorld();
    for (let i = 0; i < 3; i++) world.repository.publish('root');
    await world.client().refresh();
    world.requests.length = 0;
    await expect(world.client().refresh()).resolves.toMatchObject({ versions: { root: 4 } });
    expect(world.requests).toEqual(['5.root.json', 'timestamp.json']);
  });

  test('TU-055: the roots of a repository that the caller does not trust is of no use', async () => {
    const world = await createVisitedWorld();
    const trustedRoot = createWorld().repository.root();
    await expect(world.client({ trustedRoot }).refresh()).rejects.toMatchObject({ code: 'TUF_SIGNATURE_INVALID' });
  });
});

describe('offline', () => {
  test('TU-058: expired metadata is used, named, and its age told (RUL-26)', async () => {
    const world = await createVisitedWorld();
    world.now = new Date(START.getTime() + 30 * DAY_MS);
    const client = world.client({ offline: true });
    await expect(client.refresh()).resolves.toEqual({
      source: 'store',
      versions: { root: 1, timestamp: 2, snapshot: 2, targets: 2 },
      expiresAt: new Date(START.getTime() + 7 * DAY_MS),
      expired: ['timestamp'],
      refreshedAt: START,
      ageMs: 30 * DAY_MS,
    });
    expect(await client.fetchTarget('a.txt')).toEqual(CONTENT);
    expect(world.requests).toEqual([]);
  });

  test('a bound on the age is kept', async () => {
    const world = await createVisitedWorld();
    world.now = new Date(START.getTime() + 10 * DAY_MS);
    await expect(world.client({ offline: { maxAgeDays: 10 } }).refresh()).resolves.toMatchObject({
      ageMs: 10 * DAY_MS,
    });
    const client = world.client({ offline: { maxAgeDays: 9 } });
    await expect(client.refresh()).rejects.toMatchObject({ code: 'TUF_METADATA_EXPIRED' });
    await expect(client.fetchTarget('a.txt')).rejects.toMatchObject({ code: 'TUF_METADATA_EXPIRED' });
  });

  test('a state from the future has no age', async () => {
    const world = await createVisitedWorld();
    world.now = new Date(START.getTime() - DAY_MS);
    const state = await world.client({ offline: true }).refresh();
    expect(state.ageMs).toBeUndefined();
    await expect(world.client({ offline: { maxAgeDays: 9 } }).refresh()).rejects.toMatchObject({
      code: 'TUF_METADATA_EXPIRED',
    });
  });

  test('TU-059: an empty store has nothing', async () => {
    const world = createWorld();
    const client = world.client({ offline: true });
    await expect(client.refresh()).rejects.toMatchObject({ code: 'TUF_TARGET_MISSING' });
    await expect(client.fetchTarget('a.txt')).rejects.toMatchObject({ code: 'TUF_TARGET_MISSING' });
  });

  test('files that another program left, without a complete state, are used if they fit together', async () => {
    const world = await createVisitedWorld();
    world.store.files.delete(GENERATION);
    const client = world.client({ offline: true });
    expect(await client.fetchTarget('a.txt')).toEqual(CONTENT);
    expect((await client.refresh()).refreshedAt).toBeUndefined();
  });

  test('a refresh that broke off leaves the state of before', async () => {
    const world = await createVisitedWorld();
    world.repository.addTarget('a.txt', encodeUtf8('changed'));
    world.repository.release();
    world.answers.set('3.targets.json', { status: 404 });
    await expect(world.client().refresh()).rejects.toMatchObject({ code: 'NETWORK_STATUS' });
    expect(await world.client({ offline: true }).fetchTarget('a.txt')).toEqual(CONTENT);
  });

  test('a refresh whose targets cannot be had leaves the state of before, and says so', async () => {
    const world = await createVisitedWorld();
    world.repository.addTarget('a.txt', encodeUtf8('changed'));
    world.repository.release();
    for (const path of [...world.repository.files.keys()].filter((name) => name.startsWith('targets/'))) {
      world.answers.set(path, { status: 404 });
    }
    await expect(world.client().refresh()).resolves.toMatchObject({ versions: { targets: 3 } });
    expect(world.diagnostics).toMatchObject([{ kind: 'cacheIncomplete', error: { code: 'NETWORK_STATUS' } }]);
    expect(await world.client({ offline: true }).fetchTarget('a.txt')).toEqual(CONTENT);
  });

  test('targets of delegated roles stay usable when another target is fetched later', async () => {
    const world = createWorld();
    world.repository.delegate({ name: 'A', paths: ['dir/*'] });
    world.repository.addTarget('dir/x', CONTENT, 'A');
    world.repository.release('targets', 'A');
    await world.client().fetchTarget('dir/x');
    const later = world.client();
    await later.refresh({ maxAgeMs: DAY_MS });
    await later.fetchTarget('a.txt');
    world.store.files.delete('metadata/A');
    expect(await world.client({ offline: true }).fetchTarget('dir/x')).toEqual(CONTENT);
  });

  test('a target that is listed no more is forgotten by the next refresh', async () => {
    const world = await createVisitedWorld();
    edit(world.repository.role('targets').signed, ['targets'], {});
    world.repository.release();
    await world.client().refresh();
    await expect(world.client({ offline: true }).fetchTarget('a.txt')).rejects.toMatchObject({
      code: 'TUF_TARGET_MISSING',
    });
    expect(storedTarget(world)).toBe('');
  });
});

describe('a refresh', () => {
  test('within the age that is allowed asks for nothing', async () => {
    const world = await createVisitedWorld();
    world.now = new Date(START.getTime() + DAY_MS);
    const state = await world.client().refresh({ maxAgeMs: DAY_MS });
    expect(state).toMatchObject({ source: 'store', ageMs: DAY_MS });
    expect(world.requests).toEqual([]);
    world.now = new Date(START.getTime() + DAY_MS + 1);
    await expect(world.client().refresh({ maxAgeMs: DAY_MS })).resolves.toMatchObject({ source: 'mirror' });
  });

  test('asks the mirror where the state has expired, however young it is', async () => {
    const world = await createVisitedWorld();
    world.now = new Date(START.getTime() + 8 * DAY_MS);
    const refreshed = world.client().refresh({ maxAgeMs: 30 * DAY_MS });
    await expect(refreshed).rejects.toMatchObject({ code: 'TUF_METADATA_EXPIRED' });
    expect(world.requests).toEqual(['2.root.json', 'timestamp.json']);
  });

  test('is shared by calls at the same time', async () => {
    const world = createWorld();
    const client = world.client();
    const results = await Promise.all(Array.from({ length: 20 }, () => client.fetchTarget('a.txt')));
    expect(results).toEqual(Array.from({ length: 20 }, () => CONTENT));
    expect(world.requests.filter((path) => path === 'timestamp.json')).toHaveLength(1);
  });

  test('that may do without the mirror is not shared with one that may not', async () => {
    const world = await createVisitedWorld();
    const client = world.client();
    const states = await Promise.all([client.refresh({ maxAgeMs: DAY_MS }), client.refresh()]);
    expect(states.map(({ source }) => source)).toEqual(['store', 'mirror']);
  });

  test('of one client is taken over by others that waited for it', async () => {
    const world = createWorld();
    await Promise.all(Array.from({ length: 20 }, () => world.client().refresh()));
    expect(world.requests.filter((path) => path === 'timestamp.json')).toHaveLength(1);
    await world.client().refresh();
    expect(world.requests.filter((path) => path === 'timestamp.json')).toHaveLength(2);
  });

  test('comes before a target where the metadata has expired since', async () => {
    const world = createWorld();
    const client = world.client();
    await client.refresh();
    world.now = new Date(START.getTime() + 8 * DAY_MS);
    await expect(client.fetchTarget('a.txt')).rejects.toMatchObject({ code: 'TUF_METADATA_EXPIRED' });
  });

  test('that failed is tried again', async () => {
    const world = createWorld();
    const client = world.client();
    world.answers.set('timestamp.json', { status: 404 });
    await expect(client.fetchTarget('a.txt')).rejects.toMatchObject({ code: 'NETWORK_STATUS' });
    world.answers.clear();
    expect(await client.fetchTarget('a.txt')).toEqual(CONTENT);
  });

  test('ends at once when the caller says so', async () => {
    const world = createWorld();
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    const client = world.client({ transport: { signal: controller.signal, fetch: () => new Promise(() => {}) } });
    await expect(client.refresh()).rejects.toMatchObject({ code: 'OPERATION_ABORTED' });
  });
});

describe('a client', () => {
  test.each([
    [{ mirrorUrl: 'http://tuf.example' }, 'NETWORK_POLICY'],
    [{ mirrorUrl: 'https://user:secret@tuf.example' }, 'NETWORK_POLICY'],
    [{ targetsUrl: 'file:///etc' }, 'NETWORK_POLICY'],
    [{ offline: { maxAgeDays: -1 } }, 'CONFIG_INVALID'],
    [{ offline: { maxAgeDays: Number.NaN } }, 'CONFIG_INVALID'],
    [{ maxTargetBytes: -1 }, 'CONFIG_INVALID'],
  ])('is not made with %j', (options, code) => {
    expect(() => createWorld().client(options)).toThrow(expect.objectContaining({ code }));
  });

  test('needs a clock that works', async () => {
    const client = createWorld().client({ now: () => new Date(Number.NaN) });
    await expect(client.refresh()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('passes on what a store of the caller throws, as an error of ours', async () => {
    const broken: TufStore = { ...createOpenStore(), read: () => Promise.reject(new TypeError('no disk')) };
    await expect(createWorld().client({ store: broken }).refresh()).rejects.toMatchObject({
      code: 'FILE_FAILED',
      cause: expect.any(TypeError),
    });
  });
});
