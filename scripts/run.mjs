// SPDX-License-Identifier: Apache-2.0
// Running other programs: pnpm of the version that the repository names, and Node of another major version.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ROOT } from './packages.mjs';

/**
 * Runs a program with its output shown, and returns its exit status.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, quiet?: boolean }} [options]
 * @returns {number}
 */
export function run(program, args, options = {}) {
  const { cwd = ROOT, env = process.env, quiet = false } = options;
  const result = spawnSync(program, args, { cwd, env, stdio: quiet ? ['ignore', 'ignore', 'inherit'] : 'inherit' });
  if (result.error !== undefined) console.error(`${program}: ${result.error.message}`);
  return result.status ?? 1;
}

/**
 * Runs pnpm: the one that runs this script, or else the version that the root manifest names.
 * @param {readonly string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export function runPnpm(args, options) {
  const own = process.env.npm_config_user_agent?.startsWith('pnpm/') ? process.env.npm_execpath : undefined;
  if (own !== undefined && existsSync(own)) return run(own, args, options);
  const { packageManager } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return run('npx', ['-y', packageManager, ...args], options);
}

/**
 * The first Node of a major version on the PATH.
 * @param {number} major
 * @returns {string | undefined}
 */
export function findNode(major) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, 'node')).find((path) => existsSync(path) && isNode(path, major));
}

/**
 * True when the program is Node of a major version.
 * @param {string} path
 * @param {number} major
 */
export function isNode(path, major) {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return (stdout ?? '').startsWith(`v${major}.`);
}
