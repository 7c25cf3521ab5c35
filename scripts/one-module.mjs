// SPDX-License-Identifier: Apache-2.0
// How core becomes one file for each kind of host (docs/decisions/0004-one-core-module.md). A package that exports `./all`
// is built this way: all its subpaths lead to that file, and the builds of other packages import it in place of the subpaths.

import { basename } from 'node:path';

/** True for the package that is built into one module for each kind of host. */
export function isOneModule(manifest) {
  return manifest.exports?.['./all'] !== undefined;
}

/**
 * The builds of such a package: entries by output name, and for esbuild platform, conditions and plugins.
 * @param {Record<string, any>} manifest
 */
export function listOneModuleBuilds(manifest) {
  const { source } = manifest.exports['./all'];
  // What is imported on first use, whatever the host, is a file of its own.
  const lazy = Object.values(manifest.imports).flatMap((target) => target.source ?? []);
  const names = (path) => [basename(path, '.ts'), path];
  return [
    { entry: { 'all.node': source }, platform: 'node', conditions: ['source', 'node'], plugins: [keepLazy] },
    { entry: { 'all.web': source }, platform: 'neutral', conditions: ['source'], plugins: [keepLazy] },
    {
      entry: Object.fromEntries(lazy.map(names)),
      platform: 'neutral',
      conditions: ['source'],
      plugins: [refuseErrors],
    },
  ];
}

/** `import('#…')` stays; `import … from '#…'` is resolved for the host and becomes part of its module. */
const keepLazy = {
  name: 'keep-lazy',
  setup(build) {
    build.onResolve({ filter: /^#/ }, ({ path, kind }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
  },
};

/** A file that is loaded on first use carries copies of the small functions it needs, but the error class exists once. */
const refuseErrors = {
  name: 'refuse-errors',
  setup(build) {
    build.onEnd(({ metafile }) => {
      const carriers = Object.entries(metafile?.outputs ?? {}).filter(
        ([, { inputs }]) => (inputs['src/errors.ts']?.bytesInOutput ?? 0) > 0,
      );
      return { errors: carriers.map(([path]) => ({ text: `${path} would carry an error class of its own` })) };
    });
  },
};

/** Other packages import the one module of core, whatever subpaths their sources name. */
export const joinCore = {
  name: 'join-core',
  setup(build) {
    const all = { path: '@keywax/core/all', external: true, sideEffects: false };
    build.onResolve({ filter: /^@keywax\/core\// }, () => all);
  },
};
