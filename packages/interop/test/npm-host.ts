// SPDX-License-Identifier: Apache-2.0
// npm's own code, unmodified, with `sigstore` and `@sigstore/tuf` overridden: pacote and libnpmpublish as they are
// installed, and a copy of npm's folder. What is put in their place is either Keywax's compatibility package as it was
// built, or, as the oracle, `sigstore` itself; both through the same shim, which names a local instance where npm names
// none, because npm has no settings for that.

import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Stack } from '@keywax/stack';

/** What stands in the place of `sigstore` and `@sigstore/tuf`. */
export type Implementation = 'sigstore' | 'keywax';
/** The oracle first. */
export const IMPLEMENTATIONS: readonly Implementation[] = ['sigstore', 'keywax'];

/** How a process ended. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a process is started. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** A folder with npm's code over one implementation. */
export interface NpmHost {
  readonly folder: string;
  /** Runs a script of CommonJS that requires `pacote`, `libnpmpublish` and `@sigstore/tuf`, and prints JSON. */
  runScript<T>(source: string, options: RunOptions & { readonly argument: unknown }): Promise<T>;
  /** Runs npm. */
  runNpm(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  remove(): void;
}

const require = createRequire(import.meta.url);

/** The options of `sigstore` that npm leaves to their defaults. */
interface Defaults {
  readonly sign: { readonly fulcioURL: string; readonly rekorURL: string };
  readonly verify: { readonly tufMirrorURL: string; readonly tufRootPath: string };
  readonly tuf: { readonly mirrorURL: string; readonly rootPath: string };
}

/** Copies npm's code into a folder, over `implementation` and the services of `stack`. */
export function createNpmHost(implementation: Implementation, stack: Stack): NpmHost {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `keywax-npm-${implementation}-`)));
  const rootPath = join(folder, 'root.json');
  writeFileSync(rootPath, stack.tuf.root());
  const defaults: Defaults = {
    sign: { fulcioURL: stack.urls.fulcio, rekorURL: stack.urls.rekorV1 },
    verify: { tufMirrorURL: stack.urls.tuf, tufRootPath: rootPath },
    tuf: { mirrorURL: stack.urls.tuf, rootPath },
  };
  const modules = join(folder, 'node_modules');
  for (const name of ['pacote', 'libnpmpublish']) copyPackage(name, modules);
  const installed = { sigstore: require.resolve('sigstore'), tuf: require.resolve('@sigstore/tuf') };
  writeShims(modules, implementation === 'sigstore' ? installed : resolveKeywax(), defaults);
  const npm = copyNpm(folder, implementation, defaults);
  return {
    folder,
    async runScript<T>(source: string, { argument, ...options }: RunOptions & { readonly argument: unknown }) {
      const script = join(folder, 'script.cjs');
      writeFileSync(script, source);
      const input = JSON.stringify(argument);
      const { status, stdout, stderr } = await run(folder, [script], { cwd: folder, ...options, input });
      if (status !== 0) throw new Error(`the script ended with ${status}: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
    runNpm: (args, options = {}) => run(folder, [join(npm, 'bin', 'npm-cli.js'), ...args], options),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** The CommonJS of the compatibility package, as it was built. */
function resolveKeywax(): { readonly sigstore: string; readonly tuf: string } {
  const path = require.resolve('@keywax/compat/package.json');
  const { exports } = require(path) as { readonly exports: Readonly<Record<string, BuiltEntry>> };
  const resolve = (subpath: string): string => join(dirname(path), exports[subpath]?.require.default ?? '');
  return { sigstore: resolve('.'), tuf: resolve('./tuf') };
}

interface BuiltEntry {
  readonly require: { readonly default: string };
}

/** Copies an installed package; its dependencies stay where they are, but for what is overridden. */
function copyPackage(name: string, modules: string): void {
  const source = realpathSync(join(dirname(require.resolve(`${name}/package.json`))));
  const target = join(modules, name);
  cpSync(source, target, { recursive: true, filter: (path) => basename(path) !== 'node_modules' || path === source });
  const siblings = dirname(source);
  for (const dependency of listPackages(siblings)) {
    if (dependency === name || isOverridden(dependency)) continue;
    const link = join(target, 'node_modules', dependency);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(realpathSync(join(siblings, dependency)), link);
  }
}

function isOverridden(name: string): boolean {
  return name === 'sigstore' || name.startsWith('@sigstore/');
}

function listPackages(modules: string): readonly string[] {
  return readdirSync(modules).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
  );
}

/** Copies npm's folder and replaces the implementation that it bundles; the oracle's shims lead to what they replace. */
function copyNpm(folder: string, implementation: Implementation, defaults: Defaults): string {
  const source = dirname(require.resolve('npm/package.json'));
  const target = join(folder, 'npm');
  const unneeded = [join(source, 'docs'), join(source, 'man')];
  cpSync(source, target, { recursive: true, dereference: true, filter: (path) => !unneeded.includes(path) });
  const modules = join(target, 'node_modules');
  if (implementation === 'keywax') {
    for (const name of ['sigstore', '@sigstore', 'tuf-js', '@tufjs']) rmSync(join(modules, name), { recursive: true });
    writeShims(modules, resolveKeywax(), defaults);
    return target;
  }
  const bundled = { sigstore: join(modules, 'sigstore-bundled'), tuf: join(modules, '@sigstore', 'tuf-bundled') };
  renameSync(join(modules, 'sigstore'), bundled.sigstore);
  renameSync(join(modules, '@sigstore', 'tuf'), bundled.tuf);
  writeShims(modules, bundled, defaults);
  return target;
}

/** Writes `sigstore` and `@sigstore/tuf` as packages that hand everything on, with defaults for what npm leaves out. */
function writeShims(modules: string, targets: { readonly sigstore: string; readonly tuf: string }, defaults: Defaults) {
  writePackage(
    join(modules, 'sigstore'),
    `const real = require(${JSON.stringify(targets.sigstore)});
const { sign, verify } = ${JSON.stringify(defaults)};
module.exports = {
  ...real,
  attest: (payload, type, options) => real.attest(payload, type, { ...sign, ...options }),
  verify: (bundle, options) => real.verify(bundle, { ...verify, ...options }),
};
`,
  );
  writePackage(
    join(modules, '@sigstore', 'tuf'),
    `const real = require(${JSON.stringify(targets.tuf)});
const { tuf } = ${JSON.stringify(defaults)};
module.exports = {
  ...real,
  initTUF: (options) => real.initTUF({ ...tuf, ...options }),
  getTrustedRoot: (options) => real.getTrustedRoot({ ...tuf, ...options }),
};
`,
  );
}

function writePackage(folder: string, source: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: basename(folder), version: '0.0.0' }));
  writeFileSync(join(folder, 'index.js'), `'use strict';\n${source}`);
}

/** Runs Node with nothing of our environment but the way to programs, and all that is kept for a user in `folder`. */
function run(folder: string, args: readonly string[], { cwd = folder, env = {}, input = '' }: RunOptions) {
  const own = { PATH: process.env['PATH'], HOME: folder, XDG_DATA_HOME: join(folder, 'data'), NO_COLOR: '1' };
  return new Promise<Outcome>((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, env: { ...own, ...env } });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, ...output }));
    child.stdin.end(input);
  });
}
