// SPDX-License-Identifier: Apache-2.0
// What a registry, its keys and a cache can do to the verification of one version.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isKeywaxError } from '@keywax/core/errors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type VerifyPackageOptions, fetchRegistryKeys, verifyPackage } from '../src/index.js';
import { type World, startWorld } from './world.js';

const DAY_MS = 86_400_000;

let world: World;
beforeAll(async () => {
  world = await startWorld({ path: '/npm/' });
  await world.publish({ name: 'signed', version: '1.0.0' });
  await world.publish({ name: 'built', version: '1.0.0', claims: {} });
  await world.publish({ name: 'both', version: '1.0.0', claims: {}, publishAttestation: true });
});
afterAll(() => world[Symbol.asyncDispose]());

const mirror = () => ({ mirrorUrl: world.stack.urls.tuf, root: world.stack.tuf.root() });

const verify = (name: string, options: Partial<VerifyPackageOptions> = {}) =>
  verifyPackage({
    name,
    version: '1.0.0',
    npmConfig: { registry: world.registry.url },
    instance: mirror(),
    cacheDirectory: world.makeFolder(),
    ...options,
  });

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'accepted';
  } catch (error) {
    if (!isKeywaxError(error)) throw error;
    return error.code;
  }
}

describe('a key that expires', () => {
  test.each([
    ['signed', 'packument'],
    ['built', 'packument'],
    ['both', 'attestation'],
  ])('is judged for %s by the time of the %s', async (name, provenBy) => {
    const keys = await fetchRegistryKeys(world.registry.url, {
      client: await world.openClient(),
      instance: mirror(),
      cacheDirectory: world.makeFolder(),
    });
    const expires = new Date(Date.now() + DAY_MS);
    const { signature } = await verify(name, { keys: keys.map((key) => ({ ...key, expires })) });
    expect(signature?.time?.provenBy).toBe(provenBy);
  });
});

describe('a cache', () => {
  test('that has evidence which does not hold is not the last word', async () => {
    const cacheDirectory = world.makeFolder();
    await verify('both', { cacheDirectory });
    const folder = join(cacheDirectory, 'npm');
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.json')) continue;
      const text = readFileSync(join(folder, name), 'utf8');
      writeFileSync(
        join(folder, name),
        text.replace(/("sig":"[^"]{20})./, (_, kept: string) => `${kept}A`),
      );
    }
    expect(await codeOf(verify('both', { cacheDirectory, offline: true }))).toBe('SIGNATURE_INVALID');
    expect(await codeOf(verify('both', { cacheDirectory }))).toBe('accepted');
    expect(await codeOf(verify('both', { cacheDirectory, offline: true }))).toBe('accepted');
  });
});

describe('a package', () => {
  test.each([
    [{ name: undefined }],
    [{ name: 1 }],
    [{ name: '__proto__/..' }],
    [{ name: 'a%2f..%2fb' }],
    [{ name: `a${'b'.repeat(300)}` }],
    [{ name: 'a\u001b[31m' }],
    [{ version: undefined }],
    [{ version: '1.0.0?x' }],
    [{ version: '1.0.0/../2.0.0' }],
    [{ registry: '' }],
    [{ registry: 1 }],
    [{ registry: 'https://user:canary-pass@registry.example/' }],
    [{ registry: 'http://registry.example/' }],
    [{ client: {} }],
    [{ verifier: {} }],
    [{ integrity: null }],
    [{ expect: null }],
    [{ now: new Date(Number.NaN) }],
    [{ now: '2026' }],
  ])('of options such as %j is refused as wrong', async (options) => {
    const work = verify('signed', options as never);
    const error: unknown = await work.catch((thrown: unknown) => thrown);
    expect(isKeywaxError(error) ? error.code : error).toMatch(/^(CONFIG_INVALID|INPUT_MALFORMED|NETWORK_POLICY)$/);
    expect(String(error)).not.toContain('canary');
    // oxlint-disable-next-line no-control-regex -- that is what is looked for
    expect(String(error)).not.toMatch(/[\u0000-\u001f]/);
  });
});
