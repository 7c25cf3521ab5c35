// SPDX-License-Identifier: Apache-2.0
// A copy of npm whose `sigstore` trusts a local instance: npm has no settings for that. Nothing else of it is changed.

import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MANIFEST = fileURLToPath(import.meta.resolve('npm/package.json'));

/** The TUF repository that npm is to trust. */
export interface TufChoice {
  readonly mirrorUrl: string;
  /** Path of its root. */
  readonly rootPath: string;
}

/** The version of npm that is installed. */
export function readNpmVersion(): string {
  const { version } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as { readonly version: string };
  return version;
}

/** Copies npm into `folder` and gives the path of its command. */
export function copyNpm(folder: string, { mirrorUrl, rootPath }: TufChoice): string {
  const source = dirname(MANIFEST);
  const target = join(folder, 'npm');
  const unneeded = [join(source, 'docs'), join(source, 'man')];
  cpSync(source, target, { recursive: true, dereference: true, filter: (path) => !unneeded.includes(path) });
  const modules = join(target, 'node_modules');
  const verify = JSON.stringify({ tufMirrorURL: mirrorUrl, tufRootPath: rootPath });
  const tuf = JSON.stringify({ mirrorURL: mirrorUrl, rootPath });
  wrapPackage(
    join(modules, 'sigstore'),
    `verify: (bundle, options) => real.verify(bundle, { ...${verify}, ...options })`,
  );
  wrapPackage(join(modules, '@sigstore', 'tuf'), `initTUF: (options) => real.initTUF({ ...${tuf}, ...options })`);
  return join(target, 'bin', 'npm-cli.js');
}

/** Puts a package in the place of another one, which it hands everything on to but for one function. */
function wrapPackage(folder: string, replacement: string): void {
  const real = `${folder}-real`;
  renameSync(folder, real);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: basename(folder), version: '0.0.0' }));
  writeFileSync(
    join(folder, 'index.js'),
    `'use strict';\nconst real = require(${JSON.stringify(real)});\nmodule.exports = { ...real, ${replacement} };\n`,
  );
}
