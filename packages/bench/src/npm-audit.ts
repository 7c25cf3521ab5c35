// SPDX-License-Identifier: Apache-2.0
// An audit of a project with thousands of packages, against a registry on loopback: `keywax npm audit` with an empty and with
// a filled cache, and `npm audit signatures`, each in a process of its own.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Stack, startStack } from '@keywax/stack';
import { type NpmRegistry, packTarball, startNpmRegistry } from '@keywax/stack/npm-registry';
import { attest } from 'keywax';
import { copyNpm } from './npm-host.ts';

/** One run. */
export interface AuditRun {
  readonly name: string;
  /** From the start of the process to its end. */
  readonly ms: number;
  readonly peakMegabytes: number;
  readonly requests: number;
}

/** How large the project is. */
export interface ProjectSize {
  readonly packages: number;
  /** How many of them have provenance and a publish attestation. */
  readonly attested: number;
}

const KEYWAX = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));
/** Writes the peak of a process's memory, in kilobytes, where `PEAK_FILE` says, when it ends. */
const PEAK = `data:text/javascript,${encodeURIComponent(`import { writeFileSync } from 'node:fs';
process.on('exit', () => writeFileSync(process.env.PEAK_FILE, String(process.resourceUsage().maxRSS)));`)}`;

/** Audits one project in three ways. @throws Error where an audit does not find every package in order */
export async function measureAudits(size: ProjectSize): Promise<readonly AuditRun[]> {
  const folder = mkdtempSync(join(tmpdir(), 'keywax-bench-npm-'));
  const stack = await startStack();
  const registry = await startNpmRegistry({ stack });
  try {
    const directory = join(folder, 'project');
    await writeProject(directory, size, { stack, registry });
    const rootPath = join(folder, 'root.json');
    writeFileSync(rootPath, stack.tuf.root());
    const trust = ['--tuf-mirror', stack.urls.tuf, '--tuf-root', rootPath, '--cache-directory', join(folder, 'keywax')];
    const keywax = [KEYWAX, 'npm', 'audit', ...trust, '--json', directory];
    const npm = [
      copyNpm(folder, { mirrorUrl: stack.urls.tuf, rootPath }),
      'audit',
      'signatures',
      '--json',
      '--include-attestations',
      `--prefix=${directory}`,
      `--cache=${join(folder, 'npm-cache')}`,
      '--no-update-notifier',
      '--loglevel=error',
    ];
    const measure = (name: string, args: readonly string[], check: (output: string) => boolean): Promise<AuditRun> =>
      measureRun({ name, args, check, folder, registry });
    return [
      await measure('keywax npm audit', keywax, isPassed(size)),
      await measure('keywax npm audit, again', keywax, isPassed(size)),
      await measure('npm audit signatures', npm, isVerified(size)),
      await measure('npm audit signatures, again', npm, isVerified(size)),
    ];
  } finally {
    await registry.close();
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function isPassed({ packages, attested }: ProjectSize) {
  return (output: string): boolean => {
    const { passed, counts } = JSON.parse(output) as {
      readonly passed: boolean;
      readonly counts: { readonly provenance: number; readonly signature: number };
    };
    return passed && counts.provenance === attested && counts.signature === packages - attested;
  };
}

function isVerified({ attested }: ProjectSize) {
  return (output: string): boolean => {
    const { invalid, missing, verified } = JSON.parse(output) as Readonly<
      Record<string, readonly unknown[] | undefined>
    >;
    return invalid?.length === 0 && missing?.length === 0 && verified?.length === attested;
  };
}

interface Services {
  readonly stack: Stack;
  readonly registry: NpmRegistry;
}

/** Publishes the packages and writes what an installation leaves: a lock file, and a package.json of each. */
async function writeProject(directory: string, { packages, attested }: ProjectSize, services: Services): Promise<void> {
  const entries: Record<string, object> = {};
  for (let i = 0; i < packages; i++) {
    const name = `package-${String(i).padStart(5, '0')}`;
    const integrity = await publish(name, i < attested, services);
    entries[`node_modules/${name}`] = {
      version: '1.0.0',
      resolved: `${services.registry.url}${name}/-/${name}-1.0.0.tgz`,
      integrity,
    };
    mkdirSync(join(directory, 'node_modules', name), { recursive: true });
    writeFileSync(join(directory, 'node_modules', name, 'package.json'), JSON.stringify({ name, version: '1.0.0' }));
  }
  const names = Object.keys(entries).map((path) => path.slice('node_modules/'.length));
  const root = {
    name: 'project',
    version: '1.0.0',
    dependencies: Object.fromEntries(names.map((name) => [name, '1.0.0'])),
  };
  const lock = { name: 'project', version: '1.0.0', lockfileVersion: 3, requires: true };
  writeFileSync(join(directory, 'package.json'), JSON.stringify(root));
  writeFileSync(join(directory, 'package-lock.json'), JSON.stringify({ ...lock, packages: { '': root, ...entries } }));
  writeFileSync(join(directory, 'node_modules/.package-lock.json'), JSON.stringify({ ...lock, packages: entries }));
  writeFileSync(join(directory, '.npmrc'), `registry=${services.registry.url}\n`);
}

async function publish(name: string, isAttested: boolean, { stack, registry }: Services): Promise<string> {
  const tarball = packTarball({ 'package.json': JSON.stringify({ name, version: '1.0.0' }) });
  const provenance = isAttested ? { provenance: await attestTarball(name, tarball, stack) } : {};
  return (await registry.addPackage({ name, version: '1.0.0', tarball, ...provenance })).integrity;
}

async function attestTarball(name: string, tarball: Uint8Array, stack: Stack) {
  return attest(
    {
      subjects: [
        { name: `pkg:npm/${name}@1.0.0`, digests: { sha512: createHash('sha512').update(tarball).digest('hex') } },
      ],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: { buildDefinition: { buildType: 'https://example.com/build' }, runDetails: {} },
    },
    {
      identityToken: await stack.mintToken({ kind: 'github' }),
      instance: { trustConfig: stack.clientTrustConfig() },
    },
  );
}

interface RunRequest {
  readonly name: string;
  readonly args: readonly string[];
  readonly check: (output: string) => boolean;
  readonly folder: string;
  readonly registry: NpmRegistry;
}

async function measureRun({ name, args, check, folder, registry }: RunRequest): Promise<AuditRun> {
  const peakFile = join(folder, 'peak');
  const before = registry.requests.length;
  const start = performance.now();
  const output = await runProcess(args, {
    PATH: process.env['PATH'],
    HOME: folder,
    NODE_OPTIONS: `--import=${PEAK}`,
    PEAK_FILE: peakFile,
  });
  const ms = performance.now() - start;
  if (!check(output)) throw new Error(`${name} did not find every package in order`);
  const kilobytes = Number(readFileSync(peakFile, 'utf8'));
  return { name, ms, peakMegabytes: kilobytes / 1_024, requests: registry.requests.length - before };
}

function runProcess(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { env, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${args.slice(0, 3).join(' ')} failed: ${stderr || stdout.slice(0, 2_000)}`));
    });
  });
}
