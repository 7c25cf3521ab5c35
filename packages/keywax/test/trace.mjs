// SPDX-License-Identifier: Apache-2.0
// Runs as a process of its own, on the sources: verifies a bundle of production, and says on stdout which modules that
// loaded and whether it touched a file or the network. Arguments: bundle, `file` or `digest`, artifact,
// trusted root, subject, issuer.

import { createHash } from 'node:crypto';
import dns from 'node:dns';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { recordLoadedModules } from '../../../test/loaded-modules.mjs';

const loaded = recordLoadedModules();
const touched = [];

const [bundlePath, kind, artifactPath, trustedRootPath, subject, issuer] = process.argv.slice(2);
const [bundle, bytes, trustedRoot] = [bundlePath, artifactPath, trustedRootPath].map((path) => fs.readFileSync(path));
const artifact = kind === 'file' ? bytes : { sha256: createHash('sha256').update(bytes).digest() };
const { verify } = await import('keywax');
const imported = loaded.length;

watch(fs, [
  'open',
  'openSync',
  'readFile',
  'readFileSync',
  'createReadStream',
  'stat',
  'statSync',
  'readdir',
  'readdirSync',
]);
watch(fs.promises, ['open', 'readFile', 'stat', 'readdir']);
watch(net, ['connect', 'createConnection']);
watch(net.Socket.prototype, ['connect']);
watch(dns, ['lookup', 'resolve']);
watch(globalThis, ['fetch']);
syncBuiltinESMExports();

const { signer } = await verify(bundle, { artifact, identity: { subject, issuer }, instance: { trustedRoot } });
process.stdout.write(JSON.stringify({ loaded, later: loaded.slice(imported), touched, kind: signer.kind }));

function watch(target, names) {
  for (const name of names) {
    const original = target[name];
    target[name] = function (...args) {
      touched.push(name);
      return original.apply(this, args);
    };
  }
}
