// SPDX-License-Identifier: Apache-2.0

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeUtf8 } from '@keywax/core/bytes';
import { type KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type VerifyPackageOptions, describeKeysPath, fetchRegistryKeys, verifyPackage } from '../src/index.js';
import { type World, startWorld } from './world.js';

const DAY_MS = 86_400_000;

let world: World;
beforeAll(async () => {
  world = await startWorld({ path: '/npm/' });
  await world.publish({ name: 'signed', version: '1.0.0' });
  await world.publish({ name: 'built', version: '1.0.0', claims: {} });
  await world.publish({ name: 'unsigned', version: '1.0.0', signatures: 'none' });
  await world.publish({ name: 'wrong', version: '1.0.0', signatures: 'wrong' });
  const repository = 'git+https://github.com/octo-org/octo-repo.git';
  for (const name of ['@scope/attested', 'downgraded', 'emptied'])
    await world.publish({ name, version: '1.0.0', claims: {}, publishAttestation: true, repository });
});
afterAll(() => world[Symbol.asyncDispose]());

/** The mirror of the stack, with its root. */
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

describe('a package of a registry on loopback', () => {
  test('is verified with keys that the TUF repository vouches for', async () => {
    const { signature, provenance } = await verify('signed');
    expect(signature).toMatchObject({ source: 'tuf' });
    expect(provenance).toBeUndefined();
  });

  test('is verified with its provenance, from a scope, against what is expected', async () => {
    const expectation = { sourceRepository: { from: 'packument' }, workflow: 'release.yml' } as const;
    const { provenance, publish, expectation: met } = await verify('@scope/attested', { expect: expectation });
    expect(provenance).toMatchObject({ sourceRepository: 'https://github.com/octo-org/octo-repo', trigger: 'push' });
    expect(publish).toMatchObject({ keySource: 'tuf' });
    expect(met?.sourceRepository?.from).toBe('packument');
  });

  test.each<[string, Partial<VerifyPackageOptions>, string]>([
    ['unsigned', {}, 'PACKAGE_UNSIGNED'],
    ['wrong', {}, 'SIGNATURE_INVALID'],
    ['nobody', {}, 'PACKAGE_NOT_FOUND'],
    ['signed', { version: '2.0.0' }, 'PACKAGE_NOT_FOUND'],
    ['signed', { keys: [] }, 'KEY_NOT_FOUND'],
    ['signed', { expect: { trigger: 'push' } }, 'PACKAGE_PROVENANCE_MISSING'],
    ['signed', { tarball: new Uint8Array(1) }, 'ARTIFACT_MISMATCH'],
    ['signed', { expects: {} } as object, 'CONFIG_INVALID'],
    ['../signed', {}, 'CONFIG_INVALID'],
    ['signed', { version: 'latest' }, 'CONFIG_INVALID'],
  ])('%s %j is refused', async (name, options, code) => {
    expect(await codeOf(verify(name, options))).toBe(code);
  });

  test('is refused where the registry serves no attestations although the packument declares them', async () => {
    const evidence = await (await world.openClient()).fetchEvidence({ name: 'downgraded', version: '1.0.0' });
    const { provenance } = await verify('downgraded');
    expect(provenance).toBeDefined();
    const client = {
      ...(await world.openClient()),
      fetchEvidence: async () => ({ ...evidence, attestations: [] }),
    };
    expect(await codeOf(verify('downgraded', { client }))).toBe('PACKAGE_PROVENANCE_MISSING');
    const other = { ...client, fetchEvidence: async () => ({ ...evidence, name: 'signed' }) };
    expect(await codeOf(verify('downgraded', { client: other }))).toBe('SERVICE_INVALID');
  });
});

describe('the keys of a registry', () => {
  test.each([
    ['https://registry.example', 'registry.example/keys.json'],
    ['https://registry.example/', 'registry.example/keys.json'],
    ['https://registry.example:8443/npm/', 'registry.example:8443/npm/keys.json'],
    ['http://127.0.0.1:1/a/b', '127.0.0.1:1/a/b/keys.json'],
  ])('of %s are the target %s', (registry, path) => {
    expect(describeKeysPath(registry)).toBe(path);
  });

  test('come from the registry where the repository does not list it, and say so', async () => {
    const other = await startWorld({ keysInTuf: false });
    onTestFinished(() => other[Symbol.asyncDispose]());
    const client = await other.openClient();
    const cacheDirectory = other.makeFolder();
    const keys = await fetchRegistryKeys(other.registry.url, { client, instance: mirror(), cacheDirectory });
    expect(keys).toMatchObject([{ source: 'registry' }]);
  });

  test('come from the registry where the instance is given as documents', async () => {
    const client = await world.openClient();
    const instance = { trustedRoot: world.stack.trustedRoot };
    const keys = await fetchRegistryKeys(world.registry.url, { client, instance });
    expect(keys.map(({ source }) => source)).toEqual(['registry']);
  });

  test.each([
    ['none', []],
    [
      'none of a kind that is known',
      [{ keyId: 'x', keyUsage: 'npm:signatures', publicKey: { rawBytes: 'AA==', keyDetails: 'PKIX_ML_DSA_65' } }],
    ],
  ])('are an error where the repository lists the registry with %s', async (_, keys) => {
    const other = await startWorld({ keysInTuf: false });
    onTestFinished(() => other[Symbol.asyncDispose]());
    const targets = { [describeKeysPath(other.registry.url)]: encodeUtf8(JSON.stringify({ keys })) };
    await other.stack.tuf.publish({ targets });
    const work = fetchRegistryKeys(other.registry.url, {
      client: await other.openClient(),
      instance: { mirrorUrl: other.stack.urls.tuf, root: other.stack.tuf.root() },
      cacheDirectory: other.makeFolder(),
    });
    expect(await codeOf(work)).toBe('KEY_NOT_FOUND');
  });

  test('are not the registry’s where the repository cannot be reached', async () => {
    const { fetchKeys: _, ...client } = await world.openClient();
    const fetchKeys = () => Promise.reject(new Error('was asked'));
    const unreachable = { mirrorUrl: 'http://127.0.0.1:9', root: world.stack.tuf.root() };
    const work = fetchRegistryKeys(world.registry.url, {
      client: { ...client, fetchKeys },
      instance: unreachable,
      cacheDirectory: world.makeFolder(),
      retries: 0,
    });
    expect(((await work.catch((error: unknown) => error)) as KeywaxError).code).toBe('NETWORK_FAILED');
  });
});

describe('a key that expires', () => {
  test.each([
    ['signed', 'packument'],
    ['built', 'packument'],
    ['@scope/attested', 'attestation'],
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
    await verify('@scope/attested', { cacheDirectory });
    const folder = join(cacheDirectory, 'npm');
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.json')) continue;
      const text = readFileSync(join(folder, name), 'utf8');
      writeFileSync(
        join(folder, name),
        text.replace(/("sig":"[^"]{20})./, (_, kept: string) => `${kept}A`),
      );
    }
    expect(await codeOf(verify('@scope/attested', { cacheDirectory, offline: true }))).toBe('SIGNATURE_INVALID');
    expect(await codeOf(verify('@scope/attested', { cacheDirectory }))).toBe('accepted');
    expect(await codeOf(verify('@scope/attested', { cacheDirectory, offline: true }))).toBe('accepted');
  });
});

describe('verifyPackage', () => {
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
  ])('refuses options such as %j', async (options) => {
    const work = verify('signed', options as never);
    const error: unknown = await work.catch((thrown: unknown) => thrown);
    expect(isKeywaxError(error) ? error.code : error).toMatch(/^(CONFIG_INVALID|INPUT_MALFORMED|NETWORK_POLICY)$/);
    expect(String(error)).not.toContain('canary');
    // oxlint-disable-next-line no-control-regex -- that is what is looked for
    expect(String(error)).not.toMatch(/[\u0000-\u001f]/);
  });
});
