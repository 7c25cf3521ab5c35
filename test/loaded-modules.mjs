// SPDX-License-Identifier: Apache-2.0
// For processes of their own that run the sources: which modules are loaded.

import { registerHooks } from 'node:module';

/**
 * Lets the sources import each other by the names that they have once they are built, and records every module.
 * @returns {string[]} URLs, in the order of loading; grows as more are loaded
 */
export function recordLoadedModules() {
  const loaded = [];
  registerHooks({
    resolve(specifier, context, next) {
      const isSource = /^\.\.?\/.*\.js$/.test(specifier) && (context.parentURL ?? '').endsWith('.ts');
      return next(isSource ? specifier.replace(/\.js$/, '.ts') : specifier, context);
    },
    load(url, context, next) {
      loaded.push(url);
      return next(url, context);
    },
  });
  globalThis.__KEYWAX_VERSION__ = '0.0.0-source';
  return loaded;
}
