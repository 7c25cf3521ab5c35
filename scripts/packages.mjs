// SPDX-License-Identifier: Apache-2.0
// The packages of the workspace, as their manifests describe them.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the repository. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * @typedef {object} Package
 * @property {string} folder name of the folder below `packages/`
 * @property {string} directory absolute path
 * @property {string} name
 * @property {Record<string, any>} manifest parsed package.json
 */

/**
 * Every package of a workspace, by folder name.
 * @param {string} [root]
 * @returns {Package[]}
 */
export function listPackages(root = ROOT) {
  return readdirSync(join(root, 'packages'))
    .sort()
    .filter((folder) => existsSync(join(root, 'packages', folder, 'package.json')))
    .map((folder) => readPackage(join(root, 'packages', folder)));
}

/**
 * The packages that are published.
 * @returns {Package[]}
 */
export function listPublicPackages() {
  return listPackages().filter(({ manifest }) => manifest.private !== true);
}

/**
 * One package.
 * @param {string} directory
 * @returns {Package}
 */
export function readPackage(directory) {
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  return { folder: directory.split(/[\\/]/).at(-1) ?? '', directory, name: manifest.name, manifest };
}

/**
 * Every `source` path below a value of `exports` or `imports`, such as `./src/index.ts`.
 * @param {unknown} value
 * @returns {string[]}
 */
export function listSources(value) {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([condition, target]) =>
    condition === 'source' && typeof target === 'string' ? [target] : listSources(target),
  );
}
