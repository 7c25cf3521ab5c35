// SPDX-License-Identifier: Apache-2.0
// A lock between processes: a file that only one can create. It spares work and keeps states in order; that no file is
// ever torn does not depend on it. So a lock that cannot be had is no failure, and a holder that died is found out: by
// its process, where that is on this machine, else by the age of its lock.

import { readFileSync, readlinkSync } from 'node:fs';
import { open, readFile, stat, unlink } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { KeywaxError } from '@keywax/core/errors';

const MAX_WAIT_MS = 30_000; // longer than a refresh takes, shorter than a person waits
const MAX_FOREIGN_AGE_MS = 60_000; // of a holder on another machine, or before a restart
const MAX_UNFINISHED_MS = 5_000; // between the creation of a file and its content
const POLL_MS = 10;

/** A lock that is held. */
export interface HeldLock {
  /** True where its last holder died with it. */
  readonly wasAbandoned: boolean;
  release(): Promise<void>;
}

/**
 * Takes the lock; `undefined` where that is not possible: no file can be created, or another process holds it too long.
 * @throws OPERATION_ABORTED
 */
export async function takeLock(path: string, signal: AbortSignal | undefined): Promise<HeldLock | undefined> {
  const content = `${describeSelf()} ${randomUUID()}\n`;
  const endAt = performance.now() + MAX_WAIT_MS;
  let wasAbandoned = false;
  for (;;) {
    if (signal?.aborted === true) {
      throw new KeywaxError('OPERATION_ABORTED', 'TUF: aborted by the caller', { cause: signal.reason });
    }
    const outcome = await createFile(path, content);
    if (outcome === 'created') return { wasAbandoned, release: () => removeOwn(path, content) };
    if (outcome === 'impossible' || performance.now() > endAt) return undefined;
    if (await breakAbandoned(path)) wasAbandoned = true;
    else await wait(POLL_MS + (process.pid % 16)); // spread, so that many do not ask at once
  }
}

async function createFile(path: string, content: string): Promise<'created' | 'exists' | 'impossible'> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(content);
    } catch (error) {
      await unlink(path).catch(() => undefined); // or the disk would stay full and the lock taken
      throw error;
    } finally {
      await file.close();
    }
    return 'created';
  } catch (error) {
    return errorCode(error) === 'EEXIST' ? 'exists' : 'impossible';
  }
}

async function removeOwn(path: string, content: string): Promise<void> {
  const current = await readFile(path, 'utf8').catch(() => undefined);
  if (current === content) await unlink(path).catch(() => undefined);
}

/** Removes a lock whose holder is gone. One process at a time does so, or it might remove the lock of the next. */
async function breakAbandoned(path: string): Promise<boolean> {
  const seen = await readLock(path);
  if (seen === undefined || !isAbandoned(seen)) return false;
  const breaker = `${path}.break`;
  if ((await createFile(breaker, '\n')) !== 'created') {
    const other = await readLock(breaker);
    if (other !== undefined && other.ageMs > MAX_UNFINISHED_MS) await unlink(breaker).catch(() => undefined);
    return false;
  }
  try {
    const again = await readLock(path);
    if (again?.content !== seen.content) return false;
    await unlink(path).catch(() => undefined);
    return true;
  } finally {
    await unlink(breaker).catch(() => undefined);
  }
}

interface SeenLock {
  readonly content: string;
  readonly ageMs: number;
}

async function readLock(path: string): Promise<SeenLock | undefined> {
  try {
    const [content, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    return { content, ageMs: Date.now() - mtimeMs };
  } catch {
    return undefined;
  }
}

function isAbandoned({ content, ageMs }: SeenLock): boolean {
  const [pid = '', startTime, place] = content.trim().split(' ');
  if (!/^[1-9][0-9]{0,9}$/.test(pid)) return ageMs > MAX_UNFINISHED_MS;
  if (place === undefined || place === '-' || place !== describePlace()) return ageMs > MAX_FOREIGN_AGE_MS;
  return !isAlive(Number(pid)) || readStartTime(Number(pid)) !== startTime;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** A process by number, start time (numbers are used again), and where its number means anything. */
function describeSelf(): string {
  return `${process.pid} ${readStartTime(process.pid)} ${describePlace()}`;
}

/** Field 22 of proc(5); `-` where the system does not tell. */
function readStartTime(pid: number): string {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '-';
  } catch {
    return '-';
  }
}

/** One boot of one machine, and one space of process numbers on it; `-` where the system does not tell. */
function describePlace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '-';
  }
}

/** The code of an error of the system, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
