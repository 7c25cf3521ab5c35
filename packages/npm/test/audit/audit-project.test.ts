// SPDX-License-Identifier: Apache-2.0

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AuditOptions, auditProject } from '../../src/audit/audit-project.js';
import type { AuditReport, AuditedPackage } from '../../src/audit/audited-package.js';
import { decodeIdentityLock } from '../../src/identity-lock/identity-lock.js';
import { type World, packageLock, startWorld } from '../world.js';

let world: World;
/** The lock file's entries, by path. */
const entries: Record<string, object> = {};
let cacheDirectory: string;

beforeAll(async () => {
  world = await startWorld({ path: '/npm/' });
  const add = async (name: string, publication: object = {}): Promise<void> => {
    const integrity = await world.publish({ name, version: '1.0.0', ...publication });
    const file = `${name.replace(/^.*\//, '')}-1.0.0.tgz`;
    entries[name] = { version: '1.0.0', integrity, resolved: `${world.registry.url}${name}/-/${file}` };
  };
  await add('attested', { claims: {} });
  await add('@scope/attested', { claims: {}, publishAttestation: true });
  await add('signed');
  await add('unsigned', { signatures: 'none' });
  await add('forged', { signatures: 'wrong' });
  await add('strange', { signatures: 'unknownKey' });
  await add('moved');
  await add('hidden', { claims: {} });
  world.registry.change('hidden', '1.0.0', ({ attestations }) => {
    attestations.splice(0);
  });
  world.registry.change('moved', '1.0.0', ({ manifest }) => {
    manifest.dist.integrity = `sha512-${'A'.repeat(86)}==`;
  });
});
afterAll(() => world[Symbol.asyncDispose]());

beforeEach(() => {
  cacheDirectory = world.makeFolder();
});

async function audit(
  packages: Readonly<Record<string, object>>,
  options: Partial<AuditOptions> = {},
): Promise<AuditReport> {
  const directory = world.makeFolder({ 'package-lock.json': packageLock(packages) });
  const client = options.client ?? (await world.openClient());
  const keysOf: AuditOptions['keysOf'] = (url, signal) => client.fetchKeys(url, signal);
  return auditProject({ directory, client, verifier: world.verifier, keysOf, ...options });
}

async function auditOne(
  name: string,
  entry: object = {},
  options: Partial<AuditOptions> = {},
): Promise<AuditedPackage | undefined> {
  const { packages } = await audit({ [name]: { ...entries[name], ...entry } }, options);
  expect(packages).toHaveLength(1);
  return packages[0];
}

describe('a package', () => {
  test.each([
    ['attested', 'provenance', undefined, undefined],
    ['@scope/attested', 'provenance', undefined, undefined],
    ['signed', 'signature', undefined, undefined],
    ['unsigned', 'none', 'PACKAGE_UNSIGNED', 'signature.present'],
    ['forged', 'invalid', 'SIGNATURE_INVALID', 'signature.verify'],
    ['strange', 'invalid', 'KEY_NOT_FOUND', 'signature.key'],
    ['moved', 'invalid', 'ARTIFACT_MISMATCH', 'integrity.lock'],
    ['hidden', 'invalid', 'PACKAGE_PROVENANCE_MISSING', 'attestations.present'],
  ] as const)('%s is %s', async (name, state, code, check) => {
    const audited = await auditOne(name);
    expect(audited).toMatchObject({ name, version: '1.0.0', state, integrity: 'pinned', registry: world.registry.url });
    expect(audited?.failure?.code).toBe(code);
    expect(audited?.failure?.check).toBe(check);
  });

  test('with provenance tells its signer, ref, commit and run', async () => {
    expect((await auditOne('attested'))?.provenance).toEqual({
      signer: {
        issuer: `${world.stack.urls.oidc}/github`,
        repository: 'https://github.com/octo-org/octo-repo',
        workflow: '.github/workflows/release.yml',
        builder: expect.stringContaining('github-hosted') as string,
        repositoryId: '74',
        ownerId: '65',
      },
      ref: 'refs/heads/main',
      commit: expect.stringMatching(/^[0-9a-f]{40}$/) as string,
      run: expect.stringContaining('/actions/runs/') as string,
    });
  });

  test('that the registry does not know is unavailable', async () => {
    const audited = await auditOne('nobody', { version: '1.0.0' });
    expect(audited).toMatchObject({ state: 'unavailable', failure: { code: 'PACKAGE_NOT_FOUND' } });
  });

  test('whose version the registry does not know is unavailable', async () => {
    expect(await auditOne('signed', { version: '9.0.0' })).toMatchObject({
      state: 'unavailable',
      failure: { code: 'PACKAGE_NOT_FOUND' },
    });
  });

  test.each([
    ['none', undefined],
    ['SHA-1 alone', 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk='],
  ])('is said to be unpinned where the lock file has %s', async (_, integrity) => {
    const own = await auditOne('signed', { integrity });
    expect(own).toMatchObject({ state: 'signature', integrity: 'unpinned' });
    expect(own).not.toHaveProperty('elsewhere');
    const resolved = 'https://evil.example/signed/-/signed-1.0.0.tgz';
    expect(await auditOne('signed', { integrity, resolved })).toMatchObject({
      integrity: 'unpinned',
      elsewhere: resolved,
    });
  });

  test('with an integrity that is none is invalid', async () => {
    expect(await auditOne('signed', { integrity: 'sha512-junk' })).toMatchObject({
      state: 'invalid',
      failure: { code: 'INPUT_MALFORMED' },
    });
  });

  test('is invalid where one of two entries has another integrity', async () => {
    const other = { ...entries['signed'], integrity: `sha512-${'A'.repeat(86)}==` };
    const { packages } = await audit({ signed: entries['signed'] ?? {}, 'a/node_modules/signed': other });
    expect(packages).toMatchObject([{ state: 'invalid', failure: { code: 'ARTIFACT_MISMATCH' } }]);
  });

  test('from a registry without keys is unsigned, and verified where it has provenance', async () => {
    const keysOf = async () => [];
    expect(await auditOne('signed', {}, { keysOf })).toMatchObject({
      state: 'none',
      failure: { code: 'KEY_NOT_FOUND' },
    });
  });

  test('whose tarball lies below a configured registry is of that registry, whatever its path', async () => {
    const audited = await auditOne('signed', { resolved: `${world.registry.url}~/11/signed.tgz` });
    expect(audited).toMatchObject({ state: 'signature', registry: world.registry.url });
  });

  test('whose tarball lies elsewhere is of no registry', async () => {
    const { packages, others } = await audit({
      signed: { ...entries['signed'], resolved: 'https://a.example/signed.tgz' },
    });
    expect({ packages, others }).toMatchObject({ packages: [], others: [{ name: 'signed', source: 'remote' }] });
  });

  test('is not asked for where its tarball lies: only configured registries are', async () => {
    const audited = await auditOne('signed', { resolved: 'http://127.0.0.1:1/npm/signed/-/signed-1.0.0.tgz' });
    expect(audited).toMatchObject({ state: 'signature', registry: world.registry.url });
  });
});

describe('a lock file', () => {
  const integrityOf = (name: string): string => String((entries[name] as { readonly integrity?: unknown }).integrity);
  test.each([
    [
      'pnpm',
      'pnpm-lock.yaml',
      () => `lockfileVersion: '9.0'
packages:
  signed@1.0.0:
    resolution: {integrity: ${integrityOf('signed')}}
  '@scope/attested@1.0.0':
    resolution: {integrity: ${integrityOf('attested')}}
`,
      { signature: 1, invalid: 1 },
      ['pinned', 'pinned'],
    ],
    [
      'Yarn 1',
      'yarn.lock',
      () => `# yarn lockfile v1


signed@^1.0.0:
  version "1.0.0"
  resolved "https://registry.example/signed/-/signed-1.0.0.tgz#${'0'.repeat(40)}"
  integrity ${integrityOf('signed')}
`,
      { signature: 1 },
      ['pinned'],
    ],
    [
      'Yarn 2 and later',
      'yarn.lock',
      () => `__metadata:
  version: 8

"@scope/attested@npm:^1.0.0":
  version: 1.0.0
  resolution: "@scope/attested@npm:1.0.0"
  checksum: 10c0/${'0'.repeat(128)}
`,
      { provenance: 1 },
      ['unpinned'],
    ],
  ])('of %s is audited', async (_, file, text, counts, pinning) => {
    const directory = world.makeFolder({ [file]: text() });
    const report = await auditProject({ directory, ...(await world.openTools()) });
    expect(report.counts).toMatchObject(counts);
    expect(report.packages.map(({ integrity }) => integrity)).toEqual(pinning);
  });
});

describe('an audit', () => {
  test('counts states, and lists what is of no registry', async () => {
    const report = await audit({ ...entries, local: { link: true, resolved: 'packages/local' } });
    expect(report.counts).toEqual({ provenance: 2, signature: 1, none: 1, invalid: 4, changed: 0, unavailable: 0 });
    expect(report.others).toMatchObject([{ name: 'local', source: 'link' }]);
    expect(report.lockFile).toMatchObject({
      format: 'npm',
      path: expect.stringMatching(/package-lock\.json$/) as string,
    });
    expect(report.packages.map(({ name }) => name)).toEqual(Object.keys(entries).sort());
  });

  test('tells its progress package by package', async () => {
    const seen: number[] = [];
    await audit(entries, { onProgress: ({ done, total }) => void seen.push(done, total) });
    expect(seen).toHaveLength(2 * Object.keys(entries).length);
    expect(seen.slice(-2)).toEqual([8, 8]);
  });

  test('needs no request for what the cache has, and asks again for what is amiss', async () => {
    await audit(entries, { client: await world.openClient({ cacheDirectory }) });
    const client = await world.openClient({ cacheDirectory });
    const before = world.registry.requests.length;
    const { counts } = await audit(entries, { client });
    const paths = world.registry.requests.slice(before).map(({ path }) => path);
    expect(counts).toEqual({ provenance: 2, signature: 1, none: 1, invalid: 4, changed: 0, unavailable: 0 });
    expect(paths.filter((path) => /attested|\/signed/.test(path))).toEqual([]);
    expect(paths.some((path) => path.includes('forged'))).toBe(true);
    expect(client.stats.cacheHits).toBeGreaterThanOrEqual(3);
  });

  test('works offline from the cache alone', async () => {
    await audit(entries, { client: await world.openClient({ cacheDirectory }) });
    const before = world.registry.requests.length;
    const client = await world.openClient({ cacheDirectory, offline: true });
    const { counts } = await audit({ ...entries, nobody: { version: '1.0.0' } }, { client });
    expect(counts).toEqual({ provenance: 2, signature: 1, none: 1, invalid: 4, changed: 0, unavailable: 1 });
    expect(world.registry.requests).toHaveLength(before);
  });

  test('believes nothing that was altered in the cache', async () => {
    const good = { attested: entries['attested'] ?? {} };
    const client = await world.openClient({ cacheDirectory });
    await audit(good, { client });
    const offline = await world.openClient({ cacheDirectory, offline: true });
    for (const name of readdirSync(cacheDirectory, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.json')) continue;
      const path = `${cacheDirectory}/${name}`;
      const text = readFileSync(path, 'utf8');
      writeFileSync(
        path,
        text.replace(/("sig":"[^"]{20})./, (_, kept: string) => `${kept}A`),
      );
    }
    expect((await audit(good, { client: offline })).packages).toMatchObject([{ state: 'invalid' }]);
    expect((await audit(good, { client: await world.openClient({ cacheDirectory }) })).packages).toMatchObject([
      { state: 'provenance' },
    ]);
  });

  test('ends with its caller', async () => {
    const signal = AbortSignal.abort();
    await expect(audit(entries, { signal })).rejects.toMatchObject({ code: 'OPERATION_ABORTED' });
  });

  test.each([
    ['neither folder nor lock file', {}],
    ['both', { directory: '.', lockFile: 'package-lock.json' }],
  ])('refuses %s', async (_, given) => {
    await expect(auditProject({ ...given, ...(await world.openTools()) })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  test('refuses to take the keys from whom nobody named', async () => {
    const { keysOf: _, ...tools } = await world.openTools();
    const directory = world.makeFolder({ 'package-lock.json': packageLock(entries) });
    await expect(auditProject({ directory, ...tools } as AuditOptions)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  test('refuses a package that is not the recorded one', async () => {
    const identities = decodeIdentityLock({
      format: 1,
      packages: {
        attested: {
          signers: [
            {
              issuer: `${world.stack.urls.oidc}/github`,
              repository: 'https://github.com/a/b',
              workflow: '.github/workflows/release.yml',
            },
          ],
        },
        signed: { signers: [{ issuer: 'https://example.com', signer: 'a@example.com' }] },
        unsigned: { signers: [{ issuer: 'https://example.com', signer: 'b' }], withoutProvenance: ['1.0.0'] },
      },
    });
    const { packages } = await audit(entries, { identities });
    const byName = new Map(packages.map((audited) => [audited.name, audited]));
    expect(byName.get('attested')).toMatchObject({
      state: 'changed',
      isRecorded: true,
      failure: { code: 'PACKAGE_SIGNER_CHANGED' },
      changes: [
        { member: 'repository', recorded: 'https://github.com/a/b', found: 'https://github.com/octo-org/octo-repo' },
      ],
    });
    expect(byName.get('signed')).toMatchObject({ state: 'changed', failure: { code: 'PACKAGE_PROVENANCE_MISSING' } });
    expect(byName.get('unsigned')).toMatchObject({ state: 'none' });
    expect(byName.get('@scope/attested')).toMatchObject({ state: 'provenance', isRecorded: false });
  });
});
