// SPDX-License-Identifier: Apache-2.0
// Runs as a process of its own, on the sources: imports an entry, and says on stdout which modules that loaded.

import { registerHooks } from 'node:module';

const loaded = [];

registerHooks({
  // The sources import each other by the names that they have once they are built.
  resolve(specifier, context, next) {
    const isSource = /^\.\.?\/.*\.js$/.test(specifier) && context.parentURL?.endsWith('.ts');
    return next(isSource ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});

const [entry] = process.argv.slice(2);
await import(entry);
process.stdout.write(JSON.stringify(loaded));
