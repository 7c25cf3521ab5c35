// SPDX-License-Identifier: Apache-2.0
// The entry point for the public conformance suite, run as that runs it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeUtf8 } from '@keywax/core/bytes';
import { type TufRepository, createTufRepository, generateSigningKey } from '@keywax/stack/tuf';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Loopback, serve } from '../../../test/loopback.js';
import { edit } from './world.js';

describe('the conformance entry point', () => {
  let folder = '';
  let program = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'keywax-tuf-'));
    program = join(folder, 'conformance.mjs');
    await build({
      entryPoints: [fileURLToPath(new URL('../bin/conformance.mjs', import.meta.url))],
      bundle: true,
      outfile: program,
      platform: 'node',
      format: 'esm',
      conditions: ['source', 'node'],
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
      logLevel: 'silent',
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  let work = '';
  let repository: TufRepository;
  let mirror: Loopback;
  beforeEach(async () => {
    work = mkdtempSync(join(folder, 'run-'));
    mkdirSync(join(work, 'metadata'));
    repository = createTufRepository({ now: () => new Date(), keyKind: 'P-256' });
    writeFileSync(join(work, 'root.json'), repository.root());
    mirror = await serve((response, { path }) => {
      const [, area, name = ''] = /^\/(metadata|targets)\/(.+)$/.exec(path) ?? [];
      const file = repository.files.get(area === 'targets' ? `targets/${name}` : name);
      response.writeHead(file === undefined ? 404 : 200).end(file);
    });
  });

  const run = async (...args: readonly string[]): Promise<number | null> => {
    const child = spawn(process.execPath, [program, ...args], { stdio: 'ignore' });
    const [status] = (await once(child, 'close')) as [number | null];
    return status;
  };
  const metadata = (): readonly string[] => ['--metadata-dir', join(work, 'metadata')];
  const init = (): Promise<number | null> => run(...metadata(), 'init', join(work, 'root.json'));
  const refresh = (): Promise<number | null> =>
    run('--metadata-url', `${mirror.url}/metadata/`, ...metadata(), 'refresh');
  const download = (...names: readonly string[]): Promise<number | null> =>
    run(
      '--metadata-url',
      `${mirror.url}/metadata/`,
      ...metadata(),
      ...names.flatMap((name) => ['--target-name', name]),
      '--target-dir',
      join(work, 'targets'),
      '--target-base-url',
      `${mirror.url}/targets/`,
      'download',
    );
  const trusted = (): readonly (readonly [string, unknown])[] =>
    readdirSync(join(work, 'metadata'))
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => {
        const { signed } = JSON.parse(readFileSync(join(work, 'metadata', name), 'utf8')) as {
          signed: { version: unknown };
        };
        return [name, signed.version];
      });

  test('follows a repository, and asks for no more than it has to', async () => {
    expect(await init()).toBe(0);
    expect(mirror.seen).toEqual([]);
    expect(await refresh()).toBe(0);
    const paths = mirror.seen.map(({ path }) => path);
    expect(paths).toEqual(['2.root', 'timestamp', '1.snapshot', '1.targets'].map((name) => `/metadata/${name}.json`));
    expect(trusted()).toEqual(['root', 'snapshot', 'targets', 'timestamp'].map((name) => [`${name}.json`, 1]));
    expect(
      readFileSync(join(work, 'metadata', 'timestamp.json')).equals(
        repository.files.get('timestamp.json') as Uint8Array,
      ),
    ).toBe(true);
    repository.rotate('root');
    repository.publish('root');
    expect(await refresh()).toBe(0);
    expect(trusted()[0]).toEqual(['root.json', 2]);
  });

  test('keeps what it trusts when a later role is refused', async () => {
    expect(await init()).toBe(0);
    expect(await refresh()).toBe(0);
    repository.role('snapshot').signers = [generateSigningKey('P-256')];
    repository.release();
    expect(await refresh()).toBe(1);
    expect(trusted()).toEqual([
      ['root.json', 1],
      ['snapshot.json', 1],
      ['targets.json', 1],
      ['timestamp.json', 2],
    ]);
  });

  test('downloads targets, each once', async () => {
    repository.delegate({ name: '../unusual', paths: ['path/*'] });
    repository.addTarget('file.txt', encodeUtf8('file'));
    repository.addTarget('path/to', encodeUtf8('nested'), '../unusual');
    repository.release('targets', '../unusual');
    expect(await init()).toBe(0);
    expect(await download('file.txt', 'path/to')).toBe(0);
    const names = readdirSync(join(work, 'targets'));
    expect(names.map((name) => readFileSync(join(work, 'targets', name), 'utf8')).sort()).toEqual(['file', 'nested']);
    expect(trusted()).toHaveLength(5);
    mirror.seen.length = 0;
    expect(await download('file.txt')).toBe(0);
    expect(mirror.seen.map(({ path }) => path)).toEqual(['/metadata/2.root.json', '/metadata/timestamp.json']);
  });

  test('refuses what is not listed, and what is not what is listed', async () => {
    expect(await init()).toBe(0);
    expect(await download('nowhere')).toBe(1);
    expect(mirror.seen).toHaveLength(4);
    repository.addTarget('file.txt', encodeUtf8('file'));
    edit(repository.role('targets').signed, ['targets', 'file.txt', 'length'], 3);
    repository.release();
    expect(await download('file.txt')).toBe(1);
    expect(readdirSync(join(work, 'targets'))).toEqual([]);
  });

  test('refuses a root that is not signed before it asks for anything', async () => {
    writeFileSync(
      join(work, 'root.json'),
      Buffer.from(repository.root()).toString().replace('"version":1', '"version":7'),
    );
    await init();
    expect(await refresh()).toBe(1);
    expect(mirror.seen).toEqual([]);
  });

  test('ends with 1 where it is called wrongly', async () => {
    expect(await run('refresh')).toBe(1);
    expect(await run(...metadata(), 'refresh')).toBe(1);
    expect(await run(...metadata(), 'nonsense')).toBe(1);
    expect(await run(...metadata(), '--nonsense', 'refresh')).toBe(1);
  });
});
