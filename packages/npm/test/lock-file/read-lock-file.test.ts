// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findLockFile, readLockFile } from '../../src/lock-file/read-lock-file.node.js';

const NPM = '{"lockfileVersion":3,"packages":{}}';
const FILES = {
  'package-lock.json': NPM,
  'npm-shrinkwrap.json': NPM,
  'pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
  'yarn.lock': '# yarn lockfile v1\n',
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keywax-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(...names: readonly (keyof typeof FILES)[]): void {
  for (const name of names) writeFileSync(join(folder, name), FILES[name]);
}

describe('the lock file of a project', () => {
  test.each([
    ['package-lock.json', 'npm'],
    ['npm-shrinkwrap.json', 'npm'],
    ['pnpm-lock.yaml', 'pnpm'],
    ['yarn.lock', 'yarn'],
  ] as const)('is its %s', async (name, format) => {
    write(name);
    expect(await findLockFile(folder)).toEqual({ path: join(folder, name), format, packages: [], others: [] });
  });

  test('is the shrinkwrap where there is a package-lock.json too, as for npm', async () => {
    write('package-lock.json', 'npm-shrinkwrap.json');
    expect(await findLockFile(folder)).toMatchObject({ path: join(folder, 'npm-shrinkwrap.json') });
  });

  test('is for the caller to say where two package managers left one', async () => {
    write('package-lock.json', 'yarn.lock');
    await expect(findLockFile(folder)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('has to be there', async () => {
    await expect(findLockFile(folder)).rejects.toMatchObject({ code: 'FILE_FAILED' });
  });

  test('has to be a file', async () => {
    mkdirSync(join(folder, 'yarn.lock'));
    await expect(findLockFile(folder)).rejects.toMatchObject({ code: 'FILE_FAILED' });
  });

  test.skipIf(process.platform === 'win32')('is not waited for where it is a pipe', async () => {
    execFileSync('mkfifo', [join(folder, 'yarn.lock')]);
    await expect(findLockFile(folder)).rejects.toMatchObject({ code: 'FILE_FAILED' });
  });

  test('has a name that says its form', async () => {
    writeFileSync(join(folder, 'lock.json'), NPM);
    await expect(readLockFile(join(folder, 'lock.json'))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
