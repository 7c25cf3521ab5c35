// SPDX-License-Identifier: Apache-2.0

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeUtf8 } from '@keywax/core/bytes';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDirectoryStore, mirrorDirectory } from '../src/directory-store.node.js';
import type { TufClientOptions, TufDiagnostic, TufStore } from '../src/index.js';
import { CONTENT, type World, createWorld } from './world.js';

let folder = '';
let cache = '';
let diagnostics: TufDiagnostic[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keywax-tuf-'));
  cache = join(folder, 'cache');
  diagnostics = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const createStore = (directory = cache): TufStore =>
  createDirectoryStore(directory, { onDiagnostic: (diagnostic) => diagnostics.push(diagnostic) });
const fetchTarget = (world: World, options: Partial<TufClientOptions> = {}): Promise<Uint8Array> =>
  world.client({ store: createStore(), ...options }).fetchTarget('a.txt');
const BYTES = encodeUtf8('content');

describe('a folder', () => {
  test('holds one file for each role, root and target, for its owner alone', async () => {
    const world = createWorld();
    world.repository.delegate({ name: 'a/Role', paths: ['dir/*'] });
    world.repository.addTarget('dir/x', CONTENT, 'a/Role');
    world.repository.publish('root');
    world.repository.release('targets', 'a/Role');
    await world.client({ store: createStore() }).fetchTarget('dir/x');
    const names = readdirSync(cache, { recursive: true, encoding: 'utf8' }).sort();
    expect(names.map((name) => name.replace(/[0-9a-f]{64}/, 'DIGEST'))).toEqual([
      'a%2F%52ole.json',
      'generation',
      'root.json',
      'roots',
      'roots/2.json',
      'snapshot.json',
      'targets',
      'targets.json',
      'targets/DIGEST.dir%2Fx',
      'timestamp.json',
    ]);
    expect(names.map((name) => statSync(join(cache, name)).mode & 0o077)).toEqual(names.map(() => 0));
    expect(new Uint8Array(readFileSync(join(cache, 'root.json')))).toEqual(world.repository.root(2));
    expect(diagnostics).toEqual([]);
  });

  test('gives back what was written, and nothing after it was removed', async () => {
    const store = createStore();
    expect(await store.read('metadata', 'x')).toBeUndefined();
    await store.write('metadata', 'x', BYTES);
    expect(await createStore().read('metadata', 'x')).toEqual(BYTES);
    await store.remove('metadata', 'x');
    await store.remove('metadata', 'x');
    expect(await store.read('metadata', 'x')).toBeUndefined();
  });

  test('FS-004: that lost what was not flushed is repaired', async () => {
    const world = createWorld();
    await fetchTarget(world);
    for (const name of ['timestamp.json', 'snapshot.json', 'targets.json', 'generation'])
      truncateSync(join(cache, name), 0);
    writeFileSync(join(cache, '.draft.left-over'), 'half');
    expect(await fetchTarget(world)).toEqual(CONTENT);
    expect(await fetchTarget(world, { offline: true })).toEqual(CONTENT);
  });

  test('FS-006: that changes after a check does not change what is returned', async () => {
    const world = createWorld();
    const bytes = await fetchTarget(world);
    for (const name of readdirSync(join(cache, 'targets'))) writeFileSync(join(cache, 'targets', name), 'other');
    expect(bytes).toEqual(CONTENT);
    expect(await fetchTarget(world)).toEqual(CONTENT);
  });

  test('TU-063: belongs to one mirror', () => {
    const urls = ['https://a.example', 'https://a.example/x', 'https://a.example/X', 'https://a.example/x%2Fy'];
    const more = ['https://a.example/x/y', 'https://A.example/x', 'http://a.example/x', 'https://a.example:8443/x'];
    const names = [...urls, ...more].map((url) => mirrorDirectory(folder, url).toLowerCase());
    expect(new Set(names).size).toBe(names.length);
    expect(mirrorDirectory(folder, 'https://a.example/x/')).toBe(mirrorDirectory(folder, 'https://a.example/x'));
  });

  test('FS-018: of another repository is of no use, and no harm', async () => {
    await fetchTarget(createWorld());
    const world = createWorld();
    expect(await fetchTarget(world)).toEqual(CONTENT);
    expect(await fetchTarget(world, { offline: true })).toEqual(CONTENT);
  });
});

describe('FS-001: a symbolic link', () => {
  test('in place of the folder is refused', async () => {
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), cache);
    await expect(fetchTarget(createWorld())).rejects.toMatchObject({ code: 'FILE_FAILED' });
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual([]);
  });

  test.each(['roots', 'targets'])('in place of the folder %s is refused', async (name) => {
    mkdirSync(cache);
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), join(cache, name));
    const world = createWorld();
    world.repository.publish('root');
    await expect(fetchTarget(world)).rejects.toMatchObject({ code: 'FILE_FAILED' });
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual([]);
  });

  test.each(['timestamp.json', 'snapshot.json', 'targets.json', 'root.json', 'generation'])(
    'in place of %s is refused',
    async (name) => {
      mkdirSync(cache);
      writeFileSync(join(folder, 'victim'), 'untouched');
      symlinkSync(join(folder, 'victim'), join(cache, name));
      await expect(fetchTarget(createWorld())).rejects.toMatchObject({ code: 'FILE_FAILED' });
      expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('untouched');
    },
  );

  test('above the folder is the choice of the caller', async () => {
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'home'));
    cache = join(folder, 'home', 'cache');
    expect(await fetchTarget(createWorld())).toEqual(CONTENT);
    expect(existsSync(join(folder, 'elsewhere', 'cache', 'generation'))).toBe(true);
  });
});

describe('FS-009: what is no file', () => {
  test('is refused', async () => {
    mkdirSync(cache);
    expect(spawnSync('mkfifo', [join(cache, 'timestamp.json')]).status).toBe(0);
    await expect(fetchTarget(createWorld())).rejects.toMatchObject({ code: 'FILE_FAILED' });
  });

  test('is refused where it is larger than any file of a store', async () => {
    mkdirSync(cache);
    writeFileSync(join(cache, 'timestamp.json'), '');
    truncateSync(join(cache, 'timestamp.json'), 2 ** 40);
    await expect(fetchTarget(createWorld())).rejects.toMatchObject({ code: 'FILE_FAILED' });
  });
});

describe('FS-002: a folder that others may write to', () => {
  test('is used, with a diagnostic', async () => {
    mkdirSync(cache);
    chmodSync(cache, 0o777);
    expect(await fetchTarget(createWorld())).toEqual(CONTENT);
    expect(diagnostics).toMatchObject([{ kind: 'storeShared' }]);
  });
});

describe('FS-005: a folder that cannot be written', () => {
  test('leaves everything in memory, with diagnostics', async () => {
    writeFileSync(join(folder, 'file'), '');
    cache = join(folder, 'file', 'cache');
    const world = createWorld();
    const client = world.client({ store: createStore() });
    expect(await client.fetchTarget('a.txt')).toEqual(CONTENT);
    expect(await client.fetchTarget('a.txt')).toEqual(CONTENT);
    expect(world.requests.filter((path) => path.startsWith('targets/'))).toHaveLength(1);
    expect(new Set(diagnostics.map(({ kind }) => kind))).toEqual(new Set(['storeFailed']));
    expect(diagnostics[0]).toMatchObject({ error: { code: 'FILE_FAILED' } });
  });

  test('in part leaves that part in memory', async () => {
    mkdirSync(cache, { mode: 0o700 });
    writeFileSync(join(cache, 'targets'), 'a file');
    expect(await fetchTarget(createWorld())).toEqual(CONTENT);
    expect(existsSync(join(cache, 'generation'))).toBe(true);
    expect(diagnostics.map(({ kind }) => kind)).toContain('storeFailed');
  });

  test('because it is read-only leaves what is in it readable', async () => {
    const world = createWorld();
    await fetchTarget(world);
    const full = spawnSync('mount', ['--bind', '-o', 'ro', cache, cache]);
    if (full.status !== 0) return; // only some may mount
    try {
      expect(await fetchTarget(world, { offline: true })).toEqual(CONTENT);
      world.repository.addTarget('a.txt', BYTES);
      world.repository.release();
      expect(await fetchTarget(world)).toEqual(BYTES);
      expect(await fetchTarget(world, { offline: true })).toEqual(CONTENT);
    } finally {
      spawnSync('umount', [cache]);
    }
  });
});

describe('a lock', () => {
  test('lets one task run at a time', async () => {
    const stores = [createStore(), createStore(), createStore()];
    let running = 0;
    let most = 0;
    const task = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await createStore().write('metadata', 'x', BYTES);
      running--;
    };
    await Promise.all([...stores, ...stores].map((store) => store.withLock(task)));
    expect(most).toBe(1);
    expect(readdirSync(cache)).toEqual(['x.json']);
  });

  test.each(['', 'no process', '99999999 1 elsewhere 1', '2147483647 7 - x'])(
    'FS-015: with the content %j is taken over when it is old',
    async (content) => {
      mkdirSync(cache);
      writeFileSync(join(cache, '.lock'), content);
      writeFileSync(join(cache, '.draft.left-over'), 'half');
      utimesSync(join(cache, '.lock'), new Date(0), new Date(0));
      await expect(createStore().withLock(async () => 'done')).resolves.toBe('done');
      expect(readdirSync(cache)).toEqual([]);
    },
  );

  test('that another holds is waited for until the caller gives up', async () => {
    mkdirSync(cache);
    writeFileSync(join(cache, '.lock'), '1 1 elsewhere 1');
    const controller = new AbortController();
    const waiting = createStore().withLock(async () => 'done', controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'OPERATION_ABORTED' });
    expect(readFileSync(join(cache, '.lock'), 'utf8')).toBe('1 1 elsewhere 1');
  });

  test('is given back by a task that fails', async () => {
    const store = createStore();
    await expect(store.withLock(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(store.withLock(async () => 'done')).resolves.toBe('done');
  });
});
