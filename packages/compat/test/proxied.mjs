// SPDX-License-Identifier: Apache-2.0
// Runs as a process of its own, on the sources, in the environment of the test: prints the trusted root of a repository.

import { registerHooks } from 'node:module';

registerHooks({
  // The sources import each other by the names that they have once they are built.
  resolve(specifier, context, next) {
    const isSource = /^\.\.?\/.*\.js$/.test(specifier) && context.parentURL?.endsWith('.ts');
    return next(isSource ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
});

globalThis.__KEYWAX_VERSION__ = '0.0.0-source';
const { initTUF } = await import('@keywax/compat/tuf');
const tuf = await initTUF(JSON.parse(process.argv[2]));
process.stdout.write(await tuf.getTarget('trusted_root.json'));
