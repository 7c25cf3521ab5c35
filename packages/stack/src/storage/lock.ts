// SPDX-License-Identifier: Apache-2.0
// One process per folder. Each process puts down a file with its number, then looks at those of the others: a file of a
// living process means that the folder is taken, one of a dead process is cleared away. Everyone writes before looking,
// so two can never both find themselves alone; at worst both give up. (Processes that do not see each other, in
// containers with a shared folder, are not kept apart.)

import { readFileSync } from 'node:fs';
import { readFile, readdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KeywaxError } from '@keywax/core/errors';

const PREFIX = 'lock.';

/** Takes the folder for this process; the function that is returned gives it back. @throws FILE_FAILED when it is taken */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const own = join(directory, PREFIX + process.pid);
  await writeLock(own, directory);
  const release = async (): Promise<void> => {
    await unlink(own).catch(() => undefined);
  };
  for (const name of await readdir(directory)) {
    if (!name.startsWith(PREFIX) || join(directory, name) === own) continue;
    if (await isHeld(directory, name)) {
      await release();
      throw taken(directory, name.slice(PREFIX.length));
    }
    await unlink(join(directory, name)).catch(() => undefined);
  }
  return release;
}

/** Writes the lock file of this process; one that an earlier process of the same number left is replaced. */
async function writeLock(path: string, directory: string): Promise<void> {
  const content = describeProcess(process.pid);
  try {
    await writeFile(path, content, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if ((await readFile(path, 'utf8')) === content) throw taken(directory, String(process.pid));
    await writeFile(path, content);
  }
}

async function isHeld(directory: string, name: string): Promise<boolean> {
  const pid = name.slice(PREFIX.length);
  const content = await readFile(join(directory, name), 'utf8').catch(() => undefined);
  if (content === undefined || !/^[1-9][0-9]{0,9}$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // An empty file is one that its process has not finished writing.
  return content === '' || content === describeProcess(Number(pid));
}

/** A process as its number and, where the system tells, when it started: numbers are used again. */
function describeProcess(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]; // field 22 of proc(5)
    return `${pid} ${startTime} ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}\n`;
  } catch {
    return `${pid}\n`;
  }
}

function taken(directory: string, pid: string): KeywaxError {
  return new KeywaxError('FILE_FAILED', `${directory} is in use by process ${pid}`);
}
