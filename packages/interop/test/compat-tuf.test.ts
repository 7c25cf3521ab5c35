// SPDX-License-Identifier: Apache-2.0
// The same calls through `@sigstore/tuf` and through the subpath in its place, against the repository of a running stack.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ours from '@keywax/compat/tuf';
import { type Interceptor, type Stack, startStack } from '@keywax/stack';
import * as theirs from '@sigstore/tuf';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { DifferenceName } from './compat-differences.js';
import { type Outcome, observe, summarize } from './compat-outcome.js';

type Client = Pick<typeof theirs, 'getTrustedRoot' | 'initTUF'>;
const CLIENTS: Readonly<Record<'theirs' | 'ours', Client>> = { theirs, ours };
const DELEGATED = 'keywax.localhost/keys.json';

/** A repository of one client, with what was asked for. */
interface Scene {
  readonly tuf: Client;
  readonly stack: Stack;
  readonly options: theirs.TUFOptions;
  readonly requests: string[];
  /** What the repository answers in place of a file. */
  readonly faults: Map<RegExp, 'missing' | 'other' | 'broken'>;
  readonly folder: string;
}

async function openScene(name: 'theirs' | 'ours'): Promise<Scene> {
  const requests: string[] = [];
  const faults: Scene['faults'] = new Map();
  const intercept: Interceptor = async (request, next) => {
    const { pathname } = new URL(request.url);
    requests.push(pathname);
    const fault = [...faults].find(([pattern]) => pattern.test(pathname))?.[1];
    if (fault === undefined) return next();
    return fault === 'other' ? new Response('other') : new Response('', { status: fault === 'missing' ? 404 : 500 });
  };
  const stack = await startStack({ faults: { tuf: intercept } });
  onTestFinished(() => stack.close());
  const folder = mkdtempSync(join(tmpdir(), 'keywax-compat-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const rootPath = join(folder, 'root.json');
  writeFileSync(rootPath, stack.tuf.root());
  const options = { mirrorURL: stack.urls.tuf, rootPath, cachePath: join(folder, 'cache'), retry: 0 };
  return { tuf: CLIENTS[name], stack, options, requests, faults, folder };
}

interface TufCase {
  readonly name: string;
  readonly run: (scene: Scene) => Promise<unknown>;
  readonly expected: string;
  readonly differs?: { readonly ours: string; readonly row: DifferenceName };
}

const CASES: readonly TufCase[] = [
  {
    name: 'getTarget of the trusted root',
    run: async ({ tuf, options, stack }) => {
      const text = await (await tuf.initTUF(options)).getTarget('trusted_root.json');
      return text === new TextDecoder().decode(stack.tuf.repository.files.get(findTarget(stack))) || text.length > 0;
    },
    expected: 'accepted',
  },
  {
    name: 'getTarget of a delegated target',
    run: async ({ tuf, options }) => JSON.parse(await (await tuf.initTUF(options)).getTarget(DELEGATED)),
    expected: 'accepted',
  },
  {
    name: 'getTarget of a target that no role lists',
    run: async ({ tuf, options }) => (await tuf.initTUF(options)).getTarget('registry.localhost/keys.json'),
    expected: 'TUF_FIND_TARGET_ERROR',
  },
  {
    name: 'getTarget of a delegated target that the role does not list',
    run: async ({ tuf, options }) => (await tuf.initTUF(options)).getTarget('keywax.localhost/other.json'),
    expected: 'TUF_FIND_TARGET_ERROR',
  },
  {
    name: 'getTarget of a target that is gone',
    run: async ({ tuf, options, faults }) => {
      faults.set(/targets\/.*keys\.json$/, 'missing');
      return (await tuf.initTUF(options)).getTarget(DELEGATED);
    },
    expected: 'TUF_DOWNLOAD_TARGET_ERROR',
  },
  {
    name: 'getTarget of a target with another content',
    run: async ({ tuf, options, faults }) => {
      faults.set(/targets\/.*keys\.json$/, 'other');
      return (await tuf.initTUF(options)).getTarget(DELEGATED);
    },
    expected: 'TUF_DOWNLOAD_TARGET_ERROR',
  },
  {
    name: 'getTrustedRoot with forceCache and nothing in the cache',
    run: ({ tuf, options }) => tuf.getTrustedRoot({ ...options, forceCache: true }).then((root) => root.tlogs.length),
    expected: 'accepted',
  },
  {
    name: 'getTrustedRoot with forceCache asks nothing of a repository that is in the cache',
    run: async ({ tuf, options, requests, faults }) => {
      await tuf.getTrustedRoot({ ...options, forceCache: true });
      requests.length = 0;
      faults.set(/./, 'broken');
      const { tlogs } = await tuf.getTrustedRoot({ ...options, forceCache: true });
      return { logs: tlogs.length, requests: requests.length };
    },
    expected: 'accepted',
  },
  {
    name: 'getTrustedRoot without forceCache asks again',
    run: async ({ tuf, options, requests }) => {
      await tuf.getTrustedRoot(options);
      requests.length = 0;
      await tuf.getTrustedRoot(options);
      return requests.some((path) => path.endsWith('/timestamp.json'));
    },
    expected: 'accepted',
  },
  {
    name: 'getTrustedRoot without forceCache, the repository being gone meanwhile',
    run: async ({ tuf, options, faults }) => {
      await tuf.getTrustedRoot(options);
      faults.set(/timestamp/, 'broken');
      return tuf.getTrustedRoot(options);
    },
    expected: 'TUF_REFRESH_METADATA_ERROR',
  },
  {
    name: 'getTrustedRoot of a repository that is gone',
    run: ({ tuf, options, faults }) => {
      faults.set(/./, 'broken');
      return tuf.getTrustedRoot(options);
    },
    expected: 'TUF_REFRESH_METADATA_ERROR',
  },
  {
    name: 'initTUF of a repository that is gone',
    run: ({ tuf, options, faults }) => {
      faults.set(/./, 'broken');
      return tuf.initTUF(options);
    },
    expected: 'DownloadHTTPError',
    differs: { ours: 'TUF_REFRESH_METADATA_ERROR', row: 'init-errors' },
  },
  {
    name: 'getTrustedRoot of a mirror without a root',
    run: ({ tuf, options: { rootPath: _rootPath, ...options } }) => tuf.getTrustedRoot(options),
    expected: 'TUF_INIT_CACHE_ERROR',
  },
  {
    name: 'getTrustedRoot of a mirror whose root is in the cache',
    run: async ({ tuf, options: { rootPath, ...options } }) => {
      await tuf.getTrustedRoot({ ...options, ...(rootPath === undefined ? {} : { rootPath }) });
      return (await tuf.getTrustedRoot(options)).ctlogs.length;
    },
    expected: 'accepted',
  },
  {
    name: 'getTrustedRoot with forceInit and without a root',
    run: async ({ tuf, options: { rootPath, ...options } }) => {
      await tuf.getTrustedRoot({ ...options, ...(rootPath === undefined ? {} : { rootPath }) });
      return tuf.getTrustedRoot({ ...options, forceInit: true });
    },
    expected: 'TUF_INIT_CACHE_ERROR',
  },
  {
    name: 'getTrustedRoot with a root that is not there',
    run: ({ tuf, options }) => tuf.getTrustedRoot({ ...options, rootPath: '/nowhere/root.json' }),
    expected: 'ENOENT',
    differs: { ours: 'TUF_INIT_CACHE_ERROR', row: 'root-file' },
  },
  {
    name: 'getTrustedRoot with the root of another repository',
    run: async ({ tuf, options, folder }) => {
      await using other = await startStack();
      const rootPath = join(folder, 'other.json');
      writeFileSync(rootPath, other.tuf.root());
      return await tuf.getTrustedRoot({ ...options, rootPath });
    },
    expected: 'TUF_REFRESH_METADATA_ERROR',
  },
  {
    name: 'getTrustedRoot of a mirror that is no URL',
    run: ({ tuf, options }) => tuf.getTrustedRoot({ ...options, mirrorURL: 'mirror' }),
    expected: 'ERR_INVALID_URL',
  },
  {
    name: 'getTrustedRoot after the root was rotated',
    run: async ({ tuf, options, stack }) => {
      await tuf.getTrustedRoot(options);
      await stack.tuf.rotateRoot();
      await stack.tuf.rotateOnlineKeys();
      return (await tuf.getTrustedRoot(options)).certificateAuthorities.length;
    },
    expected: 'accepted',
  },
  ...(['rollback', 'freeze', 'mixAndMatch', 'endlessData', 'wrongKeys'] as const).map(
    (attack): TufCase => ({
      name: `getTrustedRoot under the attack ${attack}`,
      run: async ({ tuf, options, stack }) => {
        await tuf.getTrustedRoot(options);
        await stack.tuf.publish({ targets: { more: Buffer.from('more') } });
        if (attack === 'rollback') await tuf.getTrustedRoot(options);
        stack.tuf.attack(attack);
        return (await tuf.getTrustedRoot(options)).tlogs.length;
      },
      expected: attack === 'freeze' ? 'accepted' : 'TUF_REFRESH_METADATA_ERROR',
    }),
  ),
  {
    name: 'the folder of a mirror in the cache',
    run: async ({ tuf, options, stack }) => {
      await tuf.getTrustedRoot(options);
      const { host, pathname } = new URL(stack.urls.tuf);
      const name = encodeURIComponent(host + pathname.replace(/\/$/, ''));
      return ['root', 'timestamp', 'snapshot', 'targets'].map((role) =>
        existsSync(join(options.cachePath ?? '', name, `${role}.json`)),
      );
    },
    expected: 'accepted',
  },
];

function findTarget({ tuf }: Stack): string {
  return [...tuf.repository.files.keys()].find((path) => path.endsWith('.trusted_root.json')) ?? '';
}

describe('the TUF client', () => {
  test.each(CASES)('$name: $expected', async ({ run, expected, differs }) => {
    const outcomes = new Map<string, Outcome>();
    for (const name of ['theirs', 'ours'] as const) {
      const scene = await openScene(name);
      outcomes.set(name, await observe(() => run(scene)));
    }
    const [their, our] = [outcomes.get('theirs') as Outcome, outcomes.get('ours') as Outcome];
    expect(summarize(their)).toBe(expected);
    if (differs === undefined) expect(our).toEqual(their);
    else expect(summarize(our)).toBe(differs.ours);
  });

  test('reads the same trusted root', async () => {
    const { options } = await openScene('ours');
    const root = await ours.getTrustedRoot(options);
    expect(root).toEqual(await theirs.getTrustedRoot({ ...options, cachePath: `${options.cachePath}-theirs` }));
  });

  test('has the same repository by default', () => {
    expect(ours.DEFAULT_MIRROR_URL).toBe(theirs.DEFAULT_MIRROR_URL);
  });

  test('goes on with the cache that the original left', async () => {
    const { options, requests } = await openScene('ours');
    await theirs.getTrustedRoot(options);
    requests.length = 0;
    const { rootPath: _rootPath, ...rest } = options;
    expect(await ours.getTrustedRoot(rest)).toEqual(await theirs.getTrustedRoot({ ...rest, forceCache: true }));
  });

  test.each([
    ['the original', theirs, ours],
    ['this package', ours, theirs],
  ])('what %s has seen is not rolled back for the other, in one folder', async (_, first, second) => {
    const { options, stack } = await openScene('ours');
    await first.getTrustedRoot(options);
    await stack.tuf.publish({ targets: { more: Buffer.from('more') } });
    await first.getTrustedRoot(options);
    stack.tuf.attack('rollback');
    for (const forceCache of [false, first === theirs])
      await expect(second.getTrustedRoot({ ...options, forceCache })).rejects.toHaveProperty(
        'code',
        'TUF_REFRESH_METADATA_ERROR',
      );
  });

  test('both work in one folder at the same time', async () => {
    const { options, stack } = await openScene('ours');
    await theirs.getTrustedRoot(options);
    for (let round = 0; round < 3; round++) {
      await stack.tuf.publish({ targets: { more: Buffer.from(`more ${round}`) } });
      const roots = await Promise.all(
        [...Array(4)].flatMap(() => [
          ours.getTrustedRoot(options),
          ours.getTrustedRoot({ ...options, forceCache: true }),
        ]),
      );
      await theirs.getTrustedRoot(options);
      expect(new Set(roots.map((root) => JSON.stringify(root))).size).toBe(1);
    }
  });

  test('the cache of the original alone is not enough for forceCache (a row of the table: cache-alone)', async () => {
    const { options, requests, faults } = await openScene('ours');
    await theirs.getTrustedRoot(options);
    requests.length = 0;
    faults.set(/timestamp/, 'broken');
    const forced = { ...options, forceCache: true };
    await expect(ours.getTrustedRoot(forced)).rejects.toHaveProperty('code', 'TUF_REFRESH_METADATA_ERROR');
    faults.clear();
    await ours.getTrustedRoot(forced);
    faults.set(/./, 'broken');
    expect(await ours.getTrustedRoot(forced)).toEqual(await theirs.getTrustedRoot(forced));
  });
});
