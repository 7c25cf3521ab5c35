// SPDX-License-Identifier: Apache-2.0
// Runs as a process of its own, on the sources: imports the root, calls `sign` without a token, and says on stdout which
// modules the call loaded.

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

globalThis.__KEYWAX_VERSION__ = '0.0.0-source';
process.env = { PATH: '' };
const { sign } = await import('@keywax/compat');
const imported = loaded.length;
const code = await sign(Buffer.from('x')).then(
  () => undefined,
  (error) => error.code,
);
process.stdout.write(JSON.stringify({ later: loaded.slice(imported), code }));
