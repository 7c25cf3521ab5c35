// SPDX-License-Identifier: Apache-2.0

import { selectServices } from '@keywax/trust';
import { createTufRepository } from '@keywax/stack/tuf';
import { describe, expect, test } from 'vitest';
import {
  INSTANCE_NAMES,
  defaultCacheDirectory,
  describeInstance,
  describeRoot,
  initInstance,
  unsafeFetchFirstRoot,
} from '../src/index.js';
import { PRODUCTION_ROOT, PRODUCTION_SOURCE } from '../src/production.js';

describe('known instances', () => {
  test.each(INSTANCE_NAMES)('%s names a repository and services that can be used', (name) => {
    const { mirrorUrl, signingConfig } = describeInstance(name);
    expect(mirrorUrl).toMatch(/^https:\/\/[a-z0-9.-]+$/);
    const services = signingConfig === undefined ? undefined : selectServices(signingConfig, new Date());
    expect(services?.certificateAuthority.url).toMatch(/^https:/);
    expect(services?.timestampAuthorities).toHaveLength(1);
    expect(services?.logs).toHaveLength(name === 'github' ? 0 : 1);
  });

  test('github has neither logs nor certificate timestamps, and needs a timestamp', () => {
    expect(describeInstance('github').thresholds).toEqual({
      logThreshold: 'none',
      timestampThreshold: 1,
      sctThreshold: 'none',
    });
    expect(describeInstance('production').thresholds).toEqual({});
  });
});

describe('a root is described', () => {
  test("production's, as it was compiled in", async () => {
    const { sha256, threshold, keys, version } = await describeRoot(PRODUCTION_ROOT);
    expect(sha256).toBe(PRODUCTION_SOURCE.rootSha256);
    expect([version >= 16, threshold, keys.length]).toEqual([true, 3, 5]);
    for (const { fingerprint, algorithm } of keys) {
      expect([fingerprint?.length, algorithm]).toEqual([64, 'ecdsa P-256']);
    }
  });

  test('and refused where it does not sign itself', async () => {
    const text = PRODUCTION_ROOT.replace('"threshold": 3', '"threshold": 2');
    expect(text).not.toBe(PRODUCTION_ROOT);
    await expect(describeRoot(text)).rejects.toMatchObject({ code: 'TUF_SIGNATURE_INVALID' });
    await expect(describeRoot('{}')).rejects.toMatchObject({ code: 'TUF_METADATA_INVALID' });
  });

  test("and never replaces production's", async () => {
    const options = { instance: 'production', root: PRODUCTION_ROOT, cacheDirectory: 'unused' } as const;
    await expect(initInstance(options)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('and fetched on first use where someone insists', async () => {
    const repository = createTufRepository({ now: () => new Date() });
    const fetch = async (url: string): Promise<Response> => {
      const file = repository.files.get(new URL(url).pathname.slice(1));
      return new Response(file?.slice() ?? null, { status: file === undefined ? 404 : 200 });
    };
    expect(await unsafeFetchFirstRoot('https://tuf.example', { fetch })).toEqual(repository.root());
    repository.files.clear();
    await expect(unsafeFetchFirstRoot('https://tuf.example', { fetch })).rejects.toMatchObject({
      code: 'TUF_TARGET_MISSING',
    });
  });
});

test.each([
  ['linux', { HOME: '/home/ann' }, '/home/ann/.local/share/keywax/tuf'],
  ['linux', { HOME: '/home/ann', XDG_DATA_HOME: '/data/' }, '/data/keywax/tuf'],
  ['linux', { HOME: '/home/ann', XDG_DATA_HOME: 'data' }, '/home/ann/.local/share/keywax/tuf'],
  ['linux', { HOME: '' }, undefined],
  ['darwin', { HOME: '/Users/ann' }, '/Users/ann/Library/Application Support/keywax/tuf'],
  ['win32', { LOCALAPPDATA: 'C:\\Users\\ann\\AppData\\Local' }, 'C:\\Users\\ann\\AppData\\Local\\keywax\\tuf'],
  ['win32', { HOME: '/home/ann' }, undefined],
] as const)('caches lie where %s has them: %j', (platform, env, directory) => {
  expect(defaultCacheDirectory({ platform, env })).toBe(directory);
});
