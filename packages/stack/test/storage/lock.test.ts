// SPDX-License-Identifier: Apache-2.0

import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lockDirectory } from '../../src/storage/lock.js';
import { createFolder } from '../folder.js';

/** The number of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

describe('the lock of a folder', () => {
  test('is taken once, and again after it was given back', async () => {
    const folder = createFolder();
    const release = await lockDirectory(folder);
    await expect(lockDirectory(folder)).rejects.toMatchObject({ code: 'FILE_FAILED' });
    await release();
    expect(readdirSync(folder)).toEqual([]);
    await (await lockDirectory(folder))();
  });

  test('of a living process is respected', async () => {
    const folder = createFolder();
    writeFileSync(join(folder, `lock.${process.ppid}`), '');
    await expect(lockDirectory(folder)).rejects.toMatchObject({ code: 'FILE_FAILED' });
    expect(readdirSync(folder)).toEqual([`lock.${process.ppid}`]);
  });

  test.each<[string, () => readonly [number, string]]>([
    ['a process that has ended', () => [deadPid(), '']],
    ['an earlier process with the number of one that lives', () => [process.ppid, 'another start\n']],
    ['an earlier process with our number', () => [process.pid, 'another start\n']],
  ])('of %s is cleared away', async (_, describeLock) => {
    const folder = createFolder();
    const [pid, content] = describeLock();
    writeFileSync(join(folder, `lock.${pid}`), content);
    const release = await lockDirectory(folder);
    expect(readdirSync(folder)).toEqual([`lock.${process.pid}`]);
    await release();
  });
});
