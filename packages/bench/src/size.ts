// SPDX-License-Identifier: Apache-2.0
// Installed size: a package with everything that it depends on, as it would lie in node_modules.

import { readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What an installation takes. */
export interface InstalledSize {
  readonly packages: number;
  readonly bytes: number;
}

interface Manifest {
  readonly name: string;
  readonly files?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Packages and bytes of `name` and its dependencies, as resolved from `from`. */
export function measureInstalled(name: string, from: string): InstalledSize {
  const seen = new Map<string, number>();
  const visit = (dependency: string, requiredFrom: string): void => {
    const directory = findPackage(dependency, requiredFrom);
    if (seen.has(directory)) return;
    const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
    seen.set(directory, sumFiles(directory, manifest));
    for (const next of Object.keys(manifest.dependencies ?? {})) visit(next, join(directory, 'package.json'));
  };
  visit(name, from);
  return { packages: seen.size, bytes: [...seen.values()].reduce((sum, bytes) => sum + bytes, 0) };
}

/** Folder of a package. Where it is a link, as pnpm makes them, its dependencies lie beside what it leads to. */
function findPackage(name: string, from: string): string {
  for (const folder of createRequire(from).resolve.paths(name) ?? []) {
    const manifest = join(folder, name, 'package.json');
    if (statSync(manifest, { throwIfNoEntry: false })?.isFile() === true) return realpathSync(dirname(manifest));
  }
  throw new Error(`${name} is not installed`);
}

/** A workspace package counts with the files that it publishes; an installed one with all of its files. */
function sumFiles(directory: string, { name, files }: Manifest): number {
  const published =
    name === 'keywax' || name.startsWith('@keywax/')
      ? ['package.json', 'README.md', 'LICENSE', ...(files ?? [])]
      : ['.'];
  return published.reduce((sum, entry) => sum + sumEntry(join(directory, entry)), 0);
}

function sumEntry(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (stat.isFile()) return stat.size;
  return readdirSync(path)
    .filter((entry) => entry !== 'node_modules')
    .reduce((sum, entry) => sum + sumEntry(join(path, entry)), 0);
}
