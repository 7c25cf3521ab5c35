// SPDX-License-Identifier: Apache-2.0
// `npm audit` and `npm trust` against a registry on loopback, with its keys in the TUF repository of a stack.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hash } from '@keywax/core/hash';
import { encodePurl } from '@keywax/npm';
import { type Stack, startStack } from '@keywax/stack';
import { type NpmRegistry, packTarball, startNpmRegistry } from '@keywax/stack/npm-registry';
import { attest } from 'keywax';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hasOpenssl, makeAuthority, serveProxy, serveTls } from '../../../test/tls.js';
import { type Called, call, makeFolder } from './call.js';

const TOKEN = 'canary-0b1c2d3e4f5a';

let stack: Stack;
let registry: NpmRegistry;
/** A second registry, for a scope of its own, that wants a token. */
let scoped: NpmRegistry;
let folder: string;
let home: string;
let rootFile: string;

beforeAll(async () => {
  stack = await startStack();
  registry = await startNpmRegistry({ stack });
  scoped = await startNpmRegistry({ stack, path: '/team/npm/', token: TOKEN });
});
afterAll(async () => {
  await scoped.close();
  await registry.close();
  await stack.close();
});

beforeEach(() => {
  folder = makeFolder();
  home = makeFolder();
  rootFile = join(home, 'root.json');
  writeFileSync(rootFile, stack.tuf.root());
});

type Claims = Readonly<Record<string, string>>;
interface Publication {
  readonly version?: string;
  readonly claims?: Claims;
  readonly signatures?: 'none' | 'wrong';
  readonly to?: NpmRegistry;
}

/** Publishes a package and gives its entry of a lock file. */
async function publish(name: string, publication: Publication = {}): Promise<Readonly<Record<string, object>>> {
  const { version = '1.0.0', claims, signatures = 'valid', to = registry } = publication;
  const tarball = packTarball({ 'package.json': JSON.stringify({ name, version }) });
  const provenance =
    claims === undefined ? {} : { provenance: await attestTarball({ name, version, claims }, tarball) };
  const { integrity } = await to.addPackage({ name, version, tarball, signatures, ...provenance });
  return { [`node_modules/${name}`]: { version, integrity, resolved: `${to.url}${name}/-/x-${version}.tgz` } };
}

async function attestTarball(
  { name, version, claims }: { readonly name: string; readonly version: string; readonly claims: Claims },
  tarball: Uint8Array,
) {
  return attest(
    {
      subjects: [{ name: encodePurl({ name, version }), digests: { sha512: hash('sha512', tarball) } }],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: { buildDefinition: { buildType: 'https://example.com/build' } },
    },
    {
      instance: { trustConfig: stack.clientTrustConfig() },
      identityToken: await stack.mintToken({ kind: 'github', ...claims }),
    },
  );
}

function lock(...entries: readonly Readonly<Record<string, object>>[]): void {
  const packages = Object.assign({ '': { name: 'project' } }, ...entries) as object;
  write('package-lock.json', JSON.stringify({ name: 'project', lockfileVersion: 3, packages }));
}

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

function npm(
  command: 'audit' | 'trust',
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Called> {
  const trust = ['--tuf-mirror', stack.urls.tuf, '--tuf-root', rootFile, '--cache-directory', join(home, 'cache')];
  const configuration = { HOME: home, npm_config_registry: registry.url, ...env };
  return call(['npm', command, ...trust, ...args, folder], { env: configuration });
}

describe('npm audit', () => {
  test('verifies packages, and says how many of which kind', async () => {
    lock(await publish('one', { claims: {} }), await publish('two'), {
      'packages/w': { version: '1.0.0' },
      'node_modules/g': { version: '1.0.0', resolved: 'git+ssh://git@github.com/a/b.git#0123' },
    });
    const { code, out, err } = await npm('audit');
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(err).toContain('2 packages: 1 verified with provenance, 1 verified, signature only\n');
    expect(err).toContain('1 package of no registry, not verified\n');
  });

  test('lists every package when asked', async () => {
    lock(await publish('three', { claims: {} }), await publish('four'));
    const { err } = await npm('audit', ['--all']);
    expect(err).toContain(
      '✔ three@1.0.0 built by https://github.com/octo-org/octo-repo .github/workflows/release.yml\n',
    );
    expect(err).toContain('✔ four@1.0.0 signed by its registry\n');
  });

  test.each([
    ['signatures', ['--fail-on-missing'], 'none', 1],
    ['signatures', ['--fail-on-missing'], undefined, 0],
    ['provenance', ['--require-provenance'], 'none', 1],
    ['provenance', ['--require-provenance'], undefined, 1],
    ['nothing', [], 'none', 0],
    ['nothing', [], 'wrong', 1],
  ] as const)(
    'that demands %s by %j of a package with signature %s exits with %i',
    async (_, args, signatures, code) => {
      lock(
        await publish(`demand-${args.length}-${signatures}-${code}`, signatures === undefined ? {} : { signatures }),
      );
      expect((await npm('audit', args)).code).toBe(code);
    },
  );

  test('refuses what the lock file takes from elsewhere without a digest', async () => {
    const [[path, entry] = ['']] = Object.entries(await publish('elsewhere'));
    const resolved = 'https://user:canary-secret@evil.example/elsewhere/-/elsewhere-1.0.0.tgz?canary-secret';
    lock({ [path]: { ...entry, integrity: undefined, resolved } });
    const { code, err } = await npm('audit');
    expect(code).toBe(1);
    expect(err).toContain('✘ elsewhere@1.0.0 is not pinned\n');
    expect(err + (await npm('audit', ['--json'])).out).not.toContain('canary');
  });

  test('refuses, by demand, what is of no registry', async () => {
    lock(await publish('beside', { claims: {} }), {
      'node_modules/g': { version: '1.0.0', resolved: 'git+ssh://git@github.com/a/b.git#0123' },
    });
    expect((await npm('audit')).code).toBe(0);
    const { code, err } = await npm('audit', ['--require-provenance']);
    expect(code).toBe(1);
    expect(err).toContain('✘ g is of no registry\n  a git repository: ');
    expect(JSON.parse((await npm('audit', ['--require-provenance', '--json'])).out)).toMatchObject({ passed: false });
  });

  test('refuses a recorded package that is taken from git instead', async () => {
    lock(await publish('recorded', { claims: {} }));
    expect((await npm('trust')).code).toBe(0);
    lock(await publish('another', { claims: {} }), {
      'node_modules/recorded': { version: '1.0.0', resolved: 'git+ssh://git@github.com/a/b.git#0123' },
    });
    const { code, err } = await npm('audit');
    expect(code).toBe(1);
    expect(err).toContain('✘ recorded is of no registry\n  a git repository: ');
  });

  test.each([
    ['nothing', {}],
    ['the project alone', { 'packages/w': { version: '1.0.0' } }],
    ['git alone', { 'node_modules/g': { version: '1.0.0', resolved: 'git+ssh://git@github.com/a/b.git#0123' } }],
  ])('has verified nothing, and does not pass, where the lock file names %s', async (_, entries) => {
    lock(entries);
    const { code, err } = await npm('audit');
    expect(code).toBe(2);
    expect(err).toContain('nothing was verified');
  });

  test('says what does not hold', async () => {
    lock(await publish('forged', { signatures: 'wrong' }));
    const { code, err } = await npm('audit');
    expect(code).toBe(1);
    expect(err).toMatch(/✘ forged@1\.0\.0 does not hold\n {2}SIGNATURE_INVALID: /);
  });

  test('is not well where the registry gave no answer', async () => {
    lock(await publish('five'), { 'node_modules/nobody': { version: '1.0.0' } });
    const { code, err } = await npm('audit');
    expect(code).toBe(3);
    expect(err).toContain('✘ nobody@1.0.0 could not be asked for\n  PACKAGE_NOT_FOUND');
  });

  test('says once that a registry is away', async () => {
    lock(await publish('away-1'), await publish('away-2'), await publish('away-3'));
    const { code, err } = await npm('audit', ['--registry', 'http://127.0.0.1:9/']);
    expect(code).toBe(3);
    expect(err).toMatch(/^✘ 3 packages could not be asked for\n {2}NETWORK_FAILED: .*\n3 packages: 3 not available\n$/);
  });

  test('prints JSON, and writes SARIF and JUnit', async () => {
    lock(await publish('six', { claims: {} }), await publish('seven', { signatures: 'none' }));
    const [sarif, junit] = [join(home, 'a.sarif'), join(home, 'a.xml')];
    const { code, out } = await npm('audit', ['--json', '--fail-on-missing', '--sarif', sarif, '--junit', junit]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      passed: false,
      lockFile: { format: 'npm' },
      counts: { provenance: 1, none: 1 },
      packages: [
        { name: 'seven', state: 'none', failure: { code: 'PACKAGE_UNSIGNED' } },
        { name: 'six', state: 'provenance', provenance: { signer: { ownerId: '65' } } },
      ],
    });
    expect(JSON.parse(readFileSync(sarif, 'utf8'))).toMatchObject({
      runs: [{ results: [{ ruleId: 'package-unsigned', level: 'error' }] }],
    });
    expect(readFileSync(junit, 'utf8')).toContain('<testcase classname="seven" name="seven@1.0.0"><failure');
  });

  test('runs a second time without packages over the network, and offline', async () => {
    lock(await publish('eight', { claims: {} }), await publish('nine'));
    expect((await npm('audit')).code).toBe(0);
    const before = registry.requests.length;
    expect((await npm('audit')).code).toBe(0);
    expect((await npm('audit', ['--offline'])).code).toBe(0);
    expect(registry.requests.length).toBe(before);
  });

  test('offline knows nothing that it was never told', async () => {
    lock(await publish('ten'));
    expect((await npm('audit')).code).toBe(0);
    lock(await publish('ten'.repeat(2)));
    const { code, err } = await npm('audit', ['--offline']);
    expect(code).toBe(3);
    expect(err).toContain('offline, and the cache has nothing of');
  });

  test('takes a lock file by its name, and a registry by its URL', async () => {
    lock(await publish('eleven'));
    const trust = ['--tuf-mirror', stack.urls.tuf, '--tuf-root', rootFile, '--cache-directory', join(home, 'cache')];
    const args = [
      'npm',
      'audit',
      ...trust,
      '--registry',
      registry.url,
      '--lock-file',
      join(folder, 'package-lock.json'),
    ];
    expect((await call(args, { env: { HOME: home, npm_config_registry: 'http://127.0.0.1:1/' } })).code).toBe(0);
  });

  test('believes the keys that the registry itself publishes where trust is a file', async () => {
    lock(await publish('twelve', { claims: {} }));
    const trustConfig = join(home, 'trust.json');
    writeFileSync(trustConfig, JSON.stringify(stack.clientTrustConfig()));
    const env = { HOME: home, npm_config_registry: registry.url };
    const args = ['npm', 'audit', '--trust-config', trustConfig, '--cache-directory', join(home, 'cache'), folder];
    expect(await call(args, { env })).toMatchObject({ code: 0 });
  });

  test.each([
    ['two folders', ['.'], 2],
    ['a lock file and a folder', ['--lock-file', 'package-lock.json'], 2],
    ['signers from a file that is not there', ['--identities', 'nowhere.json'], 2],
    ['JSON and a list', ['--json', '--all'], 2],
    ['a registry that is never contacted', ['--registry', 'http://registry.example/'], 3],
  ])('refuses %s', async (_, args, code) => {
    lock(await publish(`usage-${args.join('').length}`));
    expect((await npm('audit', args)).code).toBe(code);
  });

  test('needs a lock file', async () => {
    expect(await npm('audit')).toMatchObject({ code: 2, err: expect.stringContaining('has no lock file') as string });
  });
});

describe('a registry of a scope', () => {
  const npmrc = (): string =>
    [`@team:registry=${scoped.url}`, `//${new URL(scoped.url).host}/team/npm/:_authToken=\${TEAM_TOKEN}`, ''].join(
      '\n',
    );

  test('gets its token, and nobody else does', async () => {
    lock(await publish('@team/one', { claims: {}, to: scoped }), await publish('open'));
    write('.npmrc', npmrc());
    write('package.json', '{"name":"project"}');
    const before = { open: registry.requests.length, scoped: scoped.requests.length };
    const { code, out, err } = await npm('audit', ['--json'], { TEAM_TOKEN: TOKEN });
    expect(code).toBe(0);
    expect(scoped.requests.slice(before.scoped).map(({ path, authorized }) => [path, authorized])).toEqual([
      ['/team/npm/@team%2fone/1.0.0', true],
      ['/team/npm/-/npm/v1/attestations/@team%2fone@1.0.0', true],
    ]);
    expect(registry.requests.slice(before.open).some(({ authorized }) => authorized)).toBe(false);
    expect(out + err).not.toContain(TOKEN);
  });

  test('that refuses the token is not available, and the token stays secret', async () => {
    const wrong = `${TOKEN}-wrong`;
    lock(await publish('@team/two', { to: scoped }));
    write('.npmrc', npmrc());
    write('package.json', '{"name":"project"}');
    const { code, out, err } = await npm('audit', ['--json'], { TEAM_TOKEN: wrong });
    expect(code).toBe(3);
    expect(JSON.parse(out)).toMatchObject({
      packages: [{ state: 'unavailable', failure: { code: 'REGISTRY_UNAUTHORIZED' } }],
    });
    expect(out + err).not.toContain(TOKEN);
  });
});

describe.skipIf(!hasOpenssl)(`a registry over TLS${hasOpenssl ? '' : ' (openssl is absent)'}`, () => {
  test('is reached by the authority and proxy of .npmrc, and checked whatever strict-ssl says', async () => {
    const ca = makeAuthority(home);
    const front = await serveTls(ca.issue('registry'), { upstream: registry.url });
    const proxy = await serveProxy();
    const env = { npm_config_registry: front.url };
    lock(await publish('behind-tls'));
    write('.npmrc', `cafile=${ca.certFile}\nhttps-proxy=${proxy.url}\n`);
    write('package.json', '{"name":"project"}');
    expect((await npm('audit', [], env)).code).toBe(0);
    expect(proxy.asked.map(([target]) => target)).toContain(new URL(front.url).host);
    const { length } = front.requests;
    write('.npmrc', 'strict-ssl=false\nfetch-retries=0\n');
    lock(await publish('behind-tls-too'));
    const refused = await npm('audit', [], env);
    expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('certificates are checked') as string });
    expect(front.requests).toHaveLength(length);
  });
});

describe('npm trust', () => {
  const file = (): string => join(folder, 'keywax-npm.json');
  const read = (): unknown => JSON.parse(readFileSync(file(), 'utf8'));

  test('records nothing while the lock file takes a package from elsewhere', async () => {
    const [[path, entry] = ['']] = Object.entries(await publish('stranger', { claims: {} }));
    lock({ [path]: { ...entry, integrity: undefined, resolved: 'https://evil.example/a/-/a-1.0.0.tgz' } });
    const { code, err } = await npm('trust');
    expect(code).toBe(1);
    expect(err).toContain('✘ stranger@1.0.0 is not pinned');
    expect(existsSync(file())).toBe(false);
  });

  test('records who built what, and audits hold packages to it', async () => {
    lock(await publish('bump', { claims: {} }), await publish('plain'));
    expect(await npm('trust')).toMatchObject({ code: 0, err: expect.stringContaining('+ bump') as string });
    expect(read()).toMatchObject({
      format: 1,
      packages: { bump: { signers: [{ repositoryId: '74', ownerId: '65' }] } },
    });
    expect(Object.keys((read() as { packages: object }).packages)).toEqual(['bump']);
    expect((await npm('audit')).code).toBe(0);
    lock(await publish('another', { claims: {} }));
    expect((await npm('audit')).err).toContain('1 package with provenance not recorded');
    lock(await publish('bump', { version: '1.1.0', claims: { sha: 'd'.repeat(40), run_id: '2' } }));
    expect((await npm('audit')).code).toBe(0);
    lock(await publish('bump', { version: '1.2.0', claims: { repository_owner_id: '666', repository_id: '667' } }));
    const { code, err } = await npm('audit');
    expect(code).toBe(1);
    expect(err).toContain(
      [
        '✘ bump@1.2.0 is not what was recorded',
        '  - repositoryId  74',
        '  + repositoryId  667',
        '  - ownerId       65',
        '  + ownerId       666',
        '',
      ].join('\n'),
    );
  });

  test('shows what it changes, and changes nothing that is the same', async () => {
    lock(await publish('turn', { claims: {} }), await publish('leave', { claims: {} }));
    await npm('trust');
    const before = readFileSync(file(), 'utf8');
    expect((await npm('trust')).code).toBe(0);
    expect(readFileSync(file(), 'utf8')).toBe(before);
    lock(
      await publish('turn', { version: '2.0.0', claims: { runner_environment: 'self-hosted' } }),
      await publish('join', { claims: {} }),
    );
    const { code, err } = await npm('trust', ['--check']);
    expect(code).toBe(1);
    expect(readFileSync(file(), 'utf8')).toBe(before);
    expect(err).toMatch(/\+ join .*\n- leave\n~ turn\n {2}- builder .*github-hosted\n {2}\+ builder .*self-hosted\n/);
    expect((await npm('trust', ['--json'])).out).toContain('"kind": "changed"');
    expect((await npm('trust', ['--check'])).code).toBe(0);
    expect((await npm('audit')).code).toBe(0);
  });

  test('refuses to record while a package is invalid', async () => {
    lock(await publish('bad', { signatures: 'wrong' }), await publish('good', { claims: {} }));
    expect((await npm('trust')).code).toBe(1);
    expect(() => read()).toThrow();
  });

  test('notices provenance that is gone', async () => {
    lock(await publish('gone', { claims: {} }));
    await npm('trust');
    lock(await publish('gone', { version: '1.1.0' }));
    const { code, err } = await npm('audit', ['--json']);
    expect({ code, err }).toMatchObject({ code: 1 });
    expect((await npm('audit')).err).toContain('- provenance    https://github.com/octo-org/octo-repo');
  });

  test('refuses a record that was not written by it', async () => {
    lock(await publish('record'));
    write('keywax-npm.json', '{"format":1,"packages":{"record":{"signers":[]}}}');
    expect(await npm('audit')).toMatchObject({ code: 2, err: expect.stringContaining('keywax-npm.json') as string });
  });
});

describe('npm verify', () => {
  const verify = (...args: readonly string[]): Promise<Called> => {
    const trust = ['--tuf-mirror', stack.urls.tuf, '--tuf-root', rootFile, '--cache-directory', join(home, 'cache')];
    return call(['npm', 'verify', ...trust, ...args], { env: { HOME: home, npm_config_registry: registry.url } });
  };

  test('says where a package was built', async () => {
    await publish('@built/here', { claims: {} });
    const { code, err } = await verify('@built/here@1.0.0');
    expect(code).toBe(0);
    expect(err).toContain('✔ @built/here@1.0.0 is verified\n');
    expect(err).toMatch(/ {2}source +https:\/\/github\.com\/octo-org\/octo-repo\n/);
    expect(err).toMatch(/ {2}workflow +\.github\/workflows\/release\.yml\n/);
  });

  test.each([
    [['--source-repository', 'octo-org/octo-repo', '--workflow', 'release.yml', '--trigger', 'push'], 0],
    [['--source-repository', 'octo-org/other'], 1],
    [['--ref', 'refs/heads/main'], 0],
    [['--ref-regexp', 'refs/heads/.+'], 0],
    [['--ref', 'refs/heads/other'], 1],
    [['--builder', 'https://github.com/actions/runner/self-hosted'], 1],
    [['--integrity', `sha512-${'A'.repeat(86)}==`], 1],
    [['--require-provenance'], 0],
    [['--ref', 'a', '--ref-regexp', 'b'], 2],
  ])('with %j exits with %i', async (args, code) => {
    const name = `expected-${args.join('').length}`;
    await publish(name, { claims: {} });
    expect((await verify(...args, `${name}@1.0.0`)).code).toBe(code);
  });

  test('shows each check, and the same as JSON', async () => {
    await publish('checked', { claims: {} });
    await publish('forgery', { signatures: 'wrong' });
    const { code, err } = await verify('--explain', 'checked@1.0.0', 'forgery@1.0.0');
    expect(code).toBe(1);
    expect(err).toContain('  ✔ provenance.subject');
    expect(err).toMatch(/✘ forgery@1\.0\.0 is not verified\n {2}SIGNATURE_INVALID/);
    expect(err).toContain('  ✘ signature.verify');
    expect(JSON.parse((await verify('--json', 'checked@1.0.0')).out)).toMatchObject({
      verified: true,
      results: [
        { package: 'checked@1.0.0', provenance: { sourceRepository: 'https://github.com/octo-org/octo-repo' } },
      ],
    });
  });

  test.each([
    ['a package without provenance, where some is demanded', ['--require-provenance', 'bare@1.0.0'], 1],
    ['a package that is not there', ['nobody@1.0.0'], 1],
    ['a name without a version', ['bare'], 2],
    ['a range', ['bare@^1.0.0'], 2],
    ['nothing', [], 2],
  ])('refuses %s', async (_, args, code) => {
    if (!registry.requests.some(({ path }) => path.startsWith('/bare/'))) await publish('bare').catch(() => undefined);
    expect((await verify(...args)).code).toBe(code);
  });
});
