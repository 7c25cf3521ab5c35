// SPDX-License-Identifier: Apache-2.0
// Many processes on one folder, and processes that die.

import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { encodeUtf8 } from '@keywax/core/bytes';
import { type TufRepository, createTufRepository } from '@keywax/stack/tuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Loopback, serve } from '../../../test/loopback.js';
import { createDirectoryStore } from '../src/directory-store.node.js';
import { type TufClient, createTufClient } from '../src/index.js';
import { type ChildTask, bundleChild, spawnClient } from './child.js';
import { CONTENT, START } from './world.js';

const PROCESSES = 50;
const KILLS = 500;
const WRITERS = 10; // in each process that is killed
const FIRST_VERSION = 2; // of the targets before any request

/** A command that runs another without a network, where the system allows that. */
const ISOLATION: readonly string[] = ['unshare', '--net'];
const canTrace: boolean = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0;
const canIsolate: boolean = spawnSync('unshare', ['--net', 'true']).status === 0;

describe('processes that share a folder', () => {
  let folder = '';
  let program = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'keywax-tuf-'));
    program = await bundleChild(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const createRepository = (): TufRepository => {
    const repository = createTufRepository({ now: () => START });
    repository.addTarget('a.txt', CONTENT);
    repository.release();
    return repository;
  };

  /** Serves a repository; `onTimestamp` runs before each answer to a request for the timestamp. */
  const serveRepository = ({ files }: TufRepository, onTimestamp = (): void => {}): Promise<Loopback> =>
    serve((response, { path }) => {
      if (path === '/timestamp.json') onTimestamp();
      const file = files.get(path.slice(1));
      response.writeHead(file === undefined ? 404 : 200).end(file);
    });

  const prepare = (name: string, repository: TufRepository, mirrorUrl: string): ChildTask => {
    const rootFile = join(folder, `${name}.root.json`);
    writeFileSync(rootFile, repository.root());
    return { mode: 'once', directories: [join(folder, name)], mirrorUrl, rootFile, now: START.toISOString() };
  };

  test(`make one refresh where ${PROCESSES} start at once with an empty cache`, async () => {
    const repository = createRepository();
    const { url, seen } = await serveRepository(repository);
    const task = prepare('many', repository, url);
    const ends = await Promise.all(Array.from({ length: PROCESSES }, () => spawnClient(program, task).ended));
    const output = new TextDecoder().decode(CONTENT);
    expect(ends).toEqual(ends.map(() => ({ output, errors: '', status: 0 })));
    const paths = seen.map(({ path }) => path);
    expect(paths.filter((path) => path === '/timestamp.json')).toHaveLength(1);
    expect(paths.filter((path) => path.startsWith('/targets/'))).toHaveLength(1);
  });

  const offlineTitle = `need no network offline${canIsolate ? '' : ' (a process without one cannot be made here)'}`;
  test.skipIf(!canIsolate)(offlineTitle, async () => {
    const repository = createRepository();
    const { url, seen } = await serveRepository(repository);
    const task = prepare('isolated', repository, url);
    const online = await spawnClient(program, task, ISOLATION).ended;
    expect(online).toMatchObject({ output: '', errors: expect.stringContaining('NETWORK_FAILED'), status: 1 });
    expect(await spawnClient(program, task).ended).toMatchObject({ status: 0 });
    seen.length = 0;
    const offline = await spawnClient(program, { ...task, mode: 'offline' }, ISOLATION).ended;
    expect(offline).toEqual({ output: new TextDecoder().decode(CONTENT), errors: '', status: 0 });
    expect(seen).toEqual([]);
  });

  const tracedTitle = `make no call for a network offline${canTrace ? '' : ' (calls cannot be traced here)'}`;
  test.skipIf(!canTrace)(tracedTitle, async () => {
    const repository = createRepository();
    const { url } = await serveRepository(repository);
    const task = prepare('traced', repository, url);
    const trace = join(folder, 'trace');
    const wrap = ['strace', '-f', '-e', 'trace=%network', '-o', trace];
    expect(await spawnClient(program, task, wrap).ended).toMatchObject({ status: 0 });
    expect(readFileSync(trace, 'utf8')).toMatch(/connect\(/);
    expect(await spawnClient(program, { ...task, mode: 'offline' }, wrap).ended).toMatchObject({ status: 0 });
    expect(readFileSync(trace, 'utf8')).not.toMatch(/(?:socket|connect)\(/);
  });

  test(`find a complete state after each of ${KILLS} deaths at any instant`, { timeout: 240_000 }, async () => {
    const repository = createRepository();
    let releases = 0;
    let onAsked = (): void => {};
    const { url } = await serveRepository(repository, () => {
      repository.addTarget('a.txt', encodeUtf8(`release ${++releases}`));
      repository.release();
      onAsked();
    });
    const task = prepare('killed', repository, url);
    const origin = { mirrorUrl: url, root: repository.root() };
    const directories = Array.from({ length: WRITERS }, (_, i) => join(folder, `killed-${i}`));
    for (const directory of directories) await createStoreClient(directory, origin).fetchTarget('a.txt');
    const newest = new Map(directories.map((directory) => [directory, 0]));
    for (let i = 0; i < KILLS / WRITERS; i++) {
      const asked = new Promise<void>((resolve) => (onAsked = resolve));
      const child = spawnClient(program, { ...task, mode: 'loop', directories });
      await asked;
      await wait(randomInt(200)); // time for a few refreshes of each writer
      child.process.kill('SIGKILL');
      await child.ended;
      for (const directory of directories) {
        const release = await readComplete(directory, origin);
        expect(release).toBeGreaterThanOrEqual(newest.get(directory) ?? 0);
        newest.set(directory, release);
      }
    }
    for (const [directory, release] of newest) {
      const offline = await spawnClient(program, { ...task, mode: 'offline', directories: [directory] }).ended;
      expect(offline).toEqual({ output: `release ${release}`, errors: '', status: 0 });
      await createStoreClient(directory, origin).refresh();
      expect(readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(isLeftOver)).toEqual([]);
    }
    // Some died after they had finished a refresh, and none of them took the state back.
    expect(Math.min(...newest.values())).toBeGreaterThan(WRITERS);
  });
});

interface Origin {
  readonly mirrorUrl: string;
  readonly root: Uint8Array;
}

function createStoreClient(directory: string, { mirrorUrl, root }: Origin, offline = false): TufClient {
  return createTufClient({
    mirrorUrl,
    trustedRoot: root,
    store: createDirectoryStore(directory),
    now: () => START,
    transport: { allowHttp: 'loopback' },
    offline,
  });
}

/** The number of the release in the complete state, whose metadata and target have to fit together. */
async function readComplete(directory: string, origin: Origin): Promise<number> {
  const client = createStoreClient(directory, origin, true);
  const { versions } = await client.refresh();
  const release = versions.targets - FIRST_VERSION;
  expect(new TextDecoder().decode(await client.fetchTarget('a.txt'))).toBe(`release ${release}`);
  for (const name of readdirSync(directory).filter((file) => file.endsWith('.json'))) {
    JSON.parse(readFileSync(join(directory, name), 'utf8'));
  }
  return release;
}

/** Locks and drafts. */
function isLeftOver(name: string): boolean {
  return /(?:^|[\\/])\./.test(name);
}
