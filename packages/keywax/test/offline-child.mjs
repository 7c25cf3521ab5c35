// SPDX-License-Identifier: Apache-2.0
// Runs as a process of its own, on the sources: verifies offline, and says on stdout what came of it and whether there is
// a network. Arguments: bundle, TUF root, URL of the mirror, folder of caches.

import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { connect } from 'node:net';

registerHooks({
  // The sources import each other by the names that they have once they are built.
  resolve(specifier, context, next) {
    const isSource = /^\.\.?\/.*\.js$/.test(specifier) && context.parentURL?.endsWith('.ts');
    return next(isSource ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
});

globalThis.__KEYWAX_VERSION__ = '0.0.0-source';
const [bundlePath, rootPath, mirrorUrl, cacheDirectory] = process.argv.slice(2);
const { unsafeAnyIdentity, verify } = await import('keywax');
const { report } = await verify(readFileSync(bundlePath), {
  artifact: new TextEncoder().encode('the artifact\n'),
  identity: unsafeAnyIdentity,
  instance: { mirrorUrl, root: readFileSync(rootPath) },
  cacheDirectory,
  offline: true,
});
process.stdout.write(JSON.stringify({ verdict: report.verdict, reachable: await isReachable(new URL(mirrorUrl)) }));

function isReachable({ hostname, port }) {
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => resolve(true));
    socket.on('error', () => resolve(false));
  });
}
