// SPDX-License-Identifier: Apache-2.0
// Checks the public packages, which must have been built, as they would be published: their manifests (publint), the types
// that each kind of importer sees (attw), and that their declarations need no ambient file of ours.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PORTABLE } from './layers-table.mjs';
import { packPackages } from './pack.mjs';
import { ROOT } from './packages.mjs';

const folder = mkdtempSync(join(tmpdir(), 'keywax-check-'));
let failed = false;
try {
  for (const item of packPackages(folder)) {
    report(item, 'publint', 'publint', ['run', item.tarball, '--strict']);
    report(item, 'attw', 'attw', [item.tarball, '--profile', 'node16', '--format', 'ascii']);
    report(item, 'declarations', 'tsc', declarationArgs(item));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

/** Runs one check, and shows what it said where it failed. */
function report({ name, directory }, check, program, args) {
  const command = join(ROOT, 'node_modules/.bin', program);
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: directory, encoding: 'utf8' });
  console.log(`${name}: ${check} ${status === 0 ? 'passed' : 'failed'}`);
  if (status === 0) return;
  failed = true;
  console.log(`${stdout}${stderr}`);
}

/** Compiles the declarations as a strict user would; those of portable packages with neither Node nor DOM in scope. */
function declarationArgs({ folder: name, directory }) {
  const files = readdirSync(join(directory, 'dist'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.d\.c?ts$/.test(file))
    .map((file) => join('dist', file));
  const host = PORTABLE.includes(name) ? ['--lib', 'es2023'] : ['--lib', 'es2023,dom', '--types', 'node'];
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'];
  return ['--ignoreConfig', '--noEmit', '--target', 'es2022', '--module', 'nodenext', ...strict, ...host, ...files];
}
