// SPDX-License-Identifier: Apache-2.0
// The repository of Sigstore's production instance, as it was in August 2026, over loopback.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import { type Loopback, serve } from '../../../test/loopback.js';
import { type TufClientOptions, type TufDiagnostic, createMemoryStore, createTufClient } from '../src/index.js';

const NOW = new Date('2026-08-22T12:00:00Z');
const ROOTS = Array.from({ length: 15 }, (_, i) => i + 1);

describeCorpus("production's repository", () => {
  let folder = '';
  const read = (path: string): Uint8Array => new Uint8Array(readFileSync(join(folder, 'production', path)));
  const root = (version: number): Uint8Array =>
    version === 16 ? new Uint8Array(readFileSync(corpus('tuf/production-16.root.json'))) : read(`${version}.root.json`);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keywax-production-'));
    execFileSync('tar', ['-xzf', corpus('tuf/production.tar.gz'), '-C', folder]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Serves the repository with all roots up to `newest`; `missing` is the status for what is not there. */
  const serveProduction = (newest: number, missing = 404): Promise<Loopback> =>
    serve((response, { path }) => {
      const version = /^\/(\d+)\.root\.json$/.exec(path)?.[1];
      try {
        if (version !== undefined && Number(version) > newest) throw new Error('not published');
        response.writeHead(200).end(version === undefined ? read(path) : root(Number(version)));
      } catch {
        response.writeHead(missing).end();
      }
    });

  const createClient = (url: string, trustedRoot: Uint8Array, options: Partial<TufClientOptions> = {}) =>
    createTufClient({
      mirrorUrl: url,
      trustedRoot,
      store: createMemoryStore(),
      now: () => NOW,
      transport: { allowHttp: 'loopback' },
      ...options,
    });

  /** The path of the npm registry's keys, whose host name is that of the folder beside the other targets. */
  const findKeysPath = (): { readonly name: string; readonly path: string } => {
    const host = readdirSync(join(folder, 'production/targets'), { withFileTypes: true }).find((entry) =>
      entry.isDirectory(),
    )?.name;
    const [file = ''] = readdirSync(join(folder, 'production/targets', host ?? ''));
    return { name: `${host}/keys.json`, path: `targets/${host}/${file}` };
  };
  const trustedRootPath = (): string =>
    `targets/${readdirSync(join(folder, 'production/targets')).find((name) => name.endsWith('.trusted_root.json'))}`;

  test.each(ROOTS)('is reached from root %i, and its targets come back byte for byte', async (version) => {
    const { url } = await serveProduction(15);
    const client = createClient(url, root(version));
    await expect(client.refresh()).resolves.toMatchObject({
      source: 'mirror',
      versions: { root: 15, timestamp: 762, snapshot: 165, targets: 14 },
      expiresAt: new Date('2026-08-28T19:25:56Z'),
      expired: [],
    });
    const keys = findKeysPath();
    expect(await client.fetchTarget('trusted_root.json')).toEqual(read(trustedRootPath()));
    expect(await client.fetchTarget(keys.name)).toEqual(read(keys.path));
  });

  test.each(ROOTS)('is reached from root %i at root 16 once that is published', async (version) => {
    const { url } = await serveProduction(16);
    const client = createClient(url, root(version));
    await expect(client.refresh()).resolves.toMatchObject({ versions: { root: 16, targets: 14 } });
    expect(await client.fetchTarget('trusted_root.json')).toEqual(read(trustedRootPath()));
  });

  test('is at root 16 for those who start there', async () => {
    const { url } = await serveProduction(16);
    await expect(createClient(url, root(16)).refresh()).resolves.toMatchObject({ versions: { root: 16 } });
  });

  test('has expired by now', async () => {
    const { url } = await serveProduction(15);
    const client = createClient(url, root(15), { now: () => new Date('2026-11-01T00:00:00Z') });
    await expect(client.refresh()).rejects.toMatchObject({
      code: 'TUF_METADATA_EXPIRED',
      message: expect.stringContaining('timestamp'),
    });
  });

  test('takes 403 for the end of the roots, and says so', async () => {
    const { url } = await serveProduction(15, 403);
    const diagnostics: TufDiagnostic[] = [];
    const client = createClient(url, root(14), { onDiagnostic: (diagnostic) => diagnostics.push(diagnostic) });
    await expect(client.refresh()).resolves.toMatchObject({ versions: { root: 15 } });
    expect(diagnostics).toMatchObject([{ kind: 'rootForbidden' }]);
  });

  describe('with a store', () => {
    test('is asked for roots and timestamp alone the next time', async () => {
      const { url, seen } = await serveProduction(15);
      const store = createMemoryStore();
      const keys = findKeysPath();
      const first = createClient(url, root(1), { store });
      await first.fetchTarget(keys.name);
      seen.length = 0;
      const second = createClient(url, root(1), { store });
      expect(await second.fetchTarget(keys.name)).toEqual(read(keys.path));
      expect(seen.map(({ path }) => path)).toEqual(['/16.root.json', '/timestamp.json']);
    });

    test('is not asked at all offline, and tells its age', async () => {
      const { url, seen } = await serveProduction(15);
      const store = createMemoryStore();
      await createClient(url, root(1), { store }).fetchTarget('trusted_root.json');
      seen.length = 0;
      const now = (): Date => new Date('2027-08-22T12:00:00Z');
      const client = createClient(url, root(1), { store, now, offline: true });
      expect(await client.fetchTarget('trusted_root.json')).toEqual(read(trustedRootPath()));
      await expect(client.refresh()).resolves.toMatchObject({
        source: 'store',
        expired: ['root', 'timestamp'],
        refreshedAt: NOW,
        ageMs: 365 * 86_400_000,
      });
      expect(seen).toEqual([]);
    });
  });
});
