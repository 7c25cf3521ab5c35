// SPDX-License-Identifier: Apache-2.0
// Packs the public packages as they would be published.

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { listPublicPackages } from './packages.mjs';
import { runPnpm } from './run.mjs';

/**
 * Packs every public package, which must have been built, into a folder.
 * @param {string} folder
 * @returns {(import('./packages.mjs').Package & { tarball: string })[]}
 */
export function packPackages(folder) {
  return listPublicPackages().map((item) => {
    const destination = join(folder, item.folder);
    mkdirSync(destination, { recursive: true });
    const status = runPnpm(['pack', '--pack-destination', destination], { cwd: item.directory, quiet: true });
    const [tarball] = readdirSync(destination);
    if (status !== 0 || tarball === undefined) throw new Error(`${item.name} could not be packed`);
    return { ...item, tarball: join(destination, tarball) };
  });
}
