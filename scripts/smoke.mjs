// SPDX-License-Identifier: Apache-2.0
// Installs the packed packages into a project of their own, outside the workspace, and runs smoke/ there under Node 20.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packPackages } from './pack.mjs';
import { ROOT } from './packages.mjs';
import { findNode, isNode, run, runPnpm } from './run.mjs';

const MAJOR = 20; // the oldest supported

/**
 * Runs the smoke tests.
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
export function runSmokeTests() {
  const folder = mkdtempSync(join(tmpdir(), 'keywax-smoke-'));
  try {
    const node = findNode(MAJOR) ?? installNode(folder);
    if (node === undefined) {
      console.log(`smoke tests skipped: no Node ${MAJOR} on the PATH, and none could be installed`);
      return { passed: 0, failed: 0, skipped: 1 };
    }
    const project = installPackages(folder);
    return runTests(node, project);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A Node from the package that carries its binary, for hosts with another one. */
function installNode(folder) {
  const prefix = join(folder, 'node');
  mkdirSync(prefix);
  const name = `node-${process.platform}-${process.arch}@${MAJOR}`;
  if (run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', prefix, name], { cwd: prefix }) !== 0)
    return undefined;
  const path = join(prefix, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  return existsSync(path) && isNode(path, MAJOR) ? path : undefined;
}

function installPackages(folder) {
  const packed = packPackages(join(folder, 'packed'));
  const tarballs = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
  const project = join(folder, 'project');
  cpSync(join(ROOT, 'smoke'), project, { recursive: true });
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'smoke', private: true, dependencies: tarballs }),
  );
  // Between themselves, too, the packages are these tarballs and no published version.
  writeFileSync(join(project, 'pnpm-workspace.yaml'), JSON.stringify({ overrides: tarballs }));
  if (runPnpm(['install', '--prefer-offline', '--ignore-scripts'], { cwd: project, quiet: true }) !== 0) {
    throw new Error('the packed packages could not be installed');
  }
  return project;
}

function runTests(node, project) {
  const report = join(project, 'report.tap');
  const reporters = [
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=tap',
    `--test-reporter-destination=${report}`,
  ];
  const status = run(node, ['--test', ...reporters], { cwd: project, env: { ...process.env, NODE_OPTIONS: '' } });
  const tap = readFileSync(report, 'utf8');
  const count = (name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(tap)?.[1] ?? 0);
  const failed = count('fail') + count('cancelled');
  return {
    passed: count('pass'),
    failed: status !== 0 && failed === 0 ? 1 : failed,
    skipped: count('skipped') + count('todo'),
  };
}
