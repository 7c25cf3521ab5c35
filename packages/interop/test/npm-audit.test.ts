// SPDX-License-Identifier: Apache-2.0
// A real npm publishes with provenance, installs and audits signatures, against a registry and a Sigstore instance on
// loopback: with the `sigstore` that it bundles, and with Keywax in its place.

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Stack, startStack } from '@keywax/stack';
import { type NpmRegistry, type ServedVersion, startNpmRegistry } from '@keywax/stack/npm-registry';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IMPLEMENTATIONS, type Implementation, type NpmHost, type Outcome, createNpmHost } from './npm-host.js';
import { attestPackage, describeJob, pack, verifyProvenanceOf } from './npm-packages.js';

const TOKEN = 'npm_0123456789';

let stack: Stack;
let registry: NpmRegistry;
const hosts = new Map<Implementation, NpmHost>();

beforeAll(async () => {
  stack = await startStack();
  registry = await startNpmRegistry({
    stack,
    path: '/npm/',
    token: TOKEN,
    verifyProvenance: verifyProvenanceOf(stack),
  });
  for (const implementation of IMPLEMENTATIONS) hosts.set(implementation, createNpmHost(implementation, stack));
});

afterAll(async () => {
  for (const host of hosts.values()) host.remove();
  await registry.close();
  await stack.close();
});

/** A folder with package.json and with the configuration that leads npm to a registry. */
function createProject(host: NpmHost, manifest: object, from: NpmRegistry = registry): string {
  const folder = join(mkdtempSync(join(host.folder, 'project-')), 'project');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const { host: address, pathname } = new URL(from.url);
  writeFileSync(join(folder, '.npmrc'), `registry=${from.url}\n//${address}${pathname}:_authToken=${TOKEN}\n`);
  return folder;
}

function hostOf(implementation: Implementation): NpmHost {
  const host = hosts.get(implementation);
  if (host === undefined) throw new Error('no host');
  return host;
}

const QUIET = ['--no-update-notifier', '--no-audit', '--no-fund', '--fetch-retries=0', '--loglevel=notice'];

function runNpm(implementation: Implementation, cwd: string, args: readonly string[]): Promise<Outcome> {
  return hostOf(implementation).runNpm([...args, ...QUIET, `--cache=${join(cwd, '..', 'cache')}`], {
    cwd,
    env: args[0] === 'publish' ? describeJob(stack) : {},
  });
}

/** What `npm audit signatures --json` prints. */
interface Audit {
  readonly invalid: readonly { readonly name: string; readonly code: string; readonly predicateType?: string }[];
  readonly missing: readonly { readonly name: string }[];
  readonly verified?: readonly { readonly name: string; readonly attestationBundles: readonly object[] }[];
}

/** Installs packages, lets the registry change what it serves, and audits. */
async function audit(
  implementation: Implementation,
  names: readonly string[],
  change: () => unknown = () => undefined,
) {
  const dependencies = Object.fromEntries(names.map((name) => [name, '1.0.0']));
  const folder = createProject(hostOf(implementation), { name: 'project', version: '1.0.0', dependencies });
  const installed = await runNpm(implementation, folder, ['install']);
  expect(installed.stderr + installed.stdout, 'npm install').toContain(`added ${names.length} package`);
  await change();
  return runNpm(implementation, folder, ['audit', 'signatures', '--json', '--include-attestations']);
}

async function serve(name: string, options: Partial<Parameters<NpmRegistry['addPackage']>[0]> = {}): Promise<void> {
  const packed = pack(name);
  await registry.addPackage({ ...packed, provenance: await attestPackage(stack, packed), ...options });
}

describe.each(IMPLEMENTATIONS)('npm over %s', (implementation) => {
  test('publishes with provenance from a job, and audits what it has published', async () => {
    const name = `@keywax/npm-by-${implementation}`;
    const folder = createProject(hostOf(implementation), pack(name).manifest);
    const published = await runNpm(implementation, folder, ['publish', '--provenance', '--access=public']);
    expect(published).toMatchObject({ status: 0 });
    expect(published.stdout).toContain(`+ ${name}@1.0.0`);
    expect(published.stderr).toContain('Provenance statement published to transparency log: ');
    const { status, stdout } = await audit(implementation, [name]);
    const { verified, ...rest } = JSON.parse(stdout) as Audit;
    expect(rest).toEqual({ invalid: [], missing: [] });
    expect(verified?.map((row) => [row.name, row.attestationBundles.length])).toEqual([[name, 2]]);
    expect(status).toBe(0);
  });

  test('counts what it has verified', async () => {
    const names = [1, 2, 3].map((number) => `counted-${implementation}-${number}`);
    for (const name of names) await serve(name);
    const plain = `plain-${implementation}`;
    await registry.addPackage(pack(plain));
    const { status, stdout } = await audit(implementation, [...names, plain]);
    const { verified = [], invalid, missing } = JSON.parse(stdout) as Audit;
    expect(verified.map(({ name }) => name).sort()).toEqual(names);
    expect([invalid, missing, status]).toEqual([[], [], 0]);
  });

  test.each([
    ['EINTEGRITYSIGNATURE', 'an integrity that was tampered with', tamperIntegrity],
    ['EATTESTATIONVERIFY', 'provenance that was tampered with', tamperProvenance],
    ['EATTESTATIONVERIFY', 'provenance without its log entry', dropEntries],
  ])('reports %s for %s', async (code, _, tamper) => {
    const [good, bad] = [`good-${implementation}-${tamper.name}`, `bad-${implementation}-${tamper.name}`];
    await serve(good);
    await serve(bad);
    const { status, stdout } = await audit(implementation, [good, bad], () => registry.change(bad, '1.0.0', tamper));
    const { invalid, missing, verified } = JSON.parse(stdout) as Audit;
    expect(invalid.map((row) => [row.name, row.code])).toEqual([[bad, code]]);
    expect(verified?.map(({ name }) => name)).toEqual([good]);
    expect([missing, status]).toEqual([[], 1]);
  });

  test('reports a signature that is missing', async () => {
    const name = `unsigned-${implementation}`;
    await registry.addPackage({ ...pack(name), signatures: 'none' });
    const { status, stdout } = await audit(implementation, [name]);
    const { invalid, missing } = JSON.parse(stdout) as Audit;
    expect([invalid, missing.map((row) => row.name), status]).toEqual([[], [name], 1]);
  });

  test.each([
    ['EMISSINGSIGNATUREKEY', { signatures: 'unknownKey' }],
    ['EATTESTATIONSUBJECT', { publishAttestation: { sha512: '00'.repeat(64) } }],
  ] as const)('stops with %s', async (code, options) => {
    const name = `stops-${implementation}-${code.toLowerCase()}`;
    await serve(name, options);
    const { status, stdout } = await audit(implementation, [name]);
    expect([status, (JSON.parse(stdout) as { error: { code: string } }).error.code]).toEqual([1, code]);
  });

  test('stops with E404 where announced attestations are missing', async () => {
    const name = `missing-${implementation}`;
    await serve(name);
    const drop = (): void => registry.change(name, '1.0.0', (served) => void (served.attestations = []));
    const { status, stdout } = await audit(implementation, [name], drop);
    expect([status, (JSON.parse(stdout) as { error: { code: string } }).error.code]).toEqual([1, 'E404']);
  });

  test('stops with EEXPIREDSIGNATUREKEY, and takes what was published before', async () => {
    await using other = await startNpmRegistry({ stack, token: TOKEN });
    const expires = new Date(Date.now() - 60_000);
    await other.addPackage({ ...pack('before'), publishedAt: new Date(expires.getTime() - 1) });
    await other.addPackage({ ...pack('after'), publishedAt: expires });
    await other.expireKey(expires);
    const results = [];
    for (const name of ['before', 'after']) {
      const manifest = { name: 'project', version: '1.0.0', dependencies: { [name]: '1.0.0' } };
      const folder = createProject(hostOf(implementation), manifest, other);
      await runNpm(implementation, folder, ['install']);
      const { status, stdout } = await runNpm(implementation, folder, ['audit', 'signatures', '--json']);
      results.push([status, (JSON.parse(stdout) as { error?: { code: string } }).error?.code]);
    }
    expect(results).toEqual([
      [0, undefined],
      [1, 'EEXPIREDSIGNATUREKEY'],
    ]);
  });

  test('takes the keys from the registry where TUF has none', async () => {
    await using unlisted = await startNpmRegistry({ stack, token: TOKEN, keysInTuf: false });
    const packed = pack('unlisted');
    await unlisted.addPackage({ ...packed, provenance: await attestPackage(stack, packed) });
    const manifest = { name: 'project', version: '1.0.0', dependencies: { unlisted: '1.0.0' } };
    const folder = createProject(hostOf(implementation), manifest, unlisted);
    await runNpm(implementation, folder, ['install']);
    const { status, stdout, stderr } = await runNpm(implementation, folder, ['audit', 'signatures']);
    expect(stdout).toContain('1 package has a verified registry signature');
    expect(stdout).toContain('1 package has a verified attestation');
    expect(stderr).toContain('Fetching verification keys using TUF failed');
    expect(status).toBe(0);
    expect(unlisted.requests.map(({ path }) => path)).toContain('/-/npm/v1/keys');
  });

  test('refuses to install a tarball that was tampered with', async () => {
    const name = `tampered-${implementation}`;
    await serve(name);
    registry.change(name, '1.0.0', (served) => void (served.tarball = pack('evil', 'evil').tarball));
    const manifest = { name: 'project', version: '1.0.0', dependencies: { [name]: '1.0.0' } };
    const { status, stderr } = await runNpm(implementation, createProject(hostOf(implementation), manifest), [
      'install',
    ]);
    expect(stderr).toContain('EINTEGRITY');
    expect(status).not.toBe(0);
  });
});

function tamperIntegrity({ manifest }: ServedVersion): void {
  manifest.dist.integrity = `sha512-${Buffer.alloc(64).toString('base64')}`;
}

function tamperProvenance({ attestations }: ServedVersion): void {
  for (const { bundle } of attestations.slice(1)) {
    const [signature] = bundle.dsseEnvelope?.signatures ?? [];
    const [other] = attestations[0]?.bundle.dsseEnvelope?.signatures ?? [];
    if (signature !== undefined && other !== undefined) signature.sig = other.sig;
  }
}

function dropEntries({ attestations }: ServedVersion): void {
  for (const { bundle } of attestations.slice(1)) bundle.verificationMaterial.tlogEntries = [];
}
