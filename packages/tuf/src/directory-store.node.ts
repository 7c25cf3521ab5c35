// SPDX-License-Identifier: Apache-2.0
// A store in a folder of its own, for many processes. Each file is replaced as a whole (written beside, flushed, renamed),
// so that a process that dies at any instant, or a machine that loses power, leaves old content or new.
// Layout: `ROLE.json`, `roots/VERSION.json`, `targets/DIGEST.PATH` with encoded names, `generation`.
// Refused: symbolic links and whatever is no regular file in place of the folder or its files, and files beyond the bound.
// Where the folder cannot be written, what is fetched stays in memory, and a diagnostic says so.

import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import type { DiagnosticListener } from './diagnostic.js';
import { encodeFileName } from './file-name.js';
import { errorCode, takeLock } from './lock.node.js';
import { type StoreArea, type TufStore, createQueue } from './store.js';

/** How a store in a folder is made. */
export interface DirectoryStoreOptions {
  readonly onDiagnostic?: DiagnosticListener;
}

const MAX_FILE_BYTES = 268_435_456; // above what any state or target takes
const DRAFT_PREFIX = '.draft.'; // no encoded name begins with a dot
const LOCK_NAME = '.lock';
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0; // Windows has none
const NON_BLOCKING = constants.O_NONBLOCK ?? 0; // or a pipe would be waited for

/** The folder of a mirror below a folder of caches: no two mirrors share one. */
export function mirrorDirectory(cacheDirectory: string, mirrorUrl: string): string {
  return join(cacheDirectory, encodeFileName(mirrorUrl.replace(/\/+$/, '')));
}

/** A store in `directory`, which is made when something is written. It serves one mirror. */
export function createDirectoryStore(directory: string, { onDiagnostic }: DirectoryStoreOptions = {}): TufStore {
  const report: DiagnosticListener = onDiagnostic ?? (() => {});
  const place: Place = { directory, report, kept: new Map(), mayWrite: true, wasChecked: false };
  const enqueue = createQueue();
  return {
    read: (area, name) => readOne(place, locate(directory, area, name)),
    write: (area, name, bytes) => writeOne(place, locate(directory, area, name), bytes),
    remove: (area, name) => removeOne(place, locate(directory, area, name)),
    withLock: (task, signal) => enqueue(() => runLocked(place, task, signal)),
  };
}

/** A folder, and what could not be written to it. */
interface Place {
  readonly directory: string;
  readonly report: DiagnosticListener;
  /** By path; `undefined` for what should be gone. */
  readonly kept: Map<string, Uint8Array | undefined>;
  mayWrite: boolean;
  wasChecked: boolean;
}

function locate(directory: string, area: StoreArea, name: string): string {
  switch (area) {
    case 'metadata':
      return join(directory, `${encodeFileName(name)}.json`);
    case 'roots':
      return join(directory, 'roots', `${encodeFileName(name)}.json`);
    case 'targets':
      return join(directory, 'targets', encodeFileName(name));
    case 'state':
      return join(directory, encodeFileName(name));
  }
}

async function readOne(place: Place, path: string): Promise<Uint8Array | undefined> {
  if (place.kept.has(path)) return place.kept.get(path)?.slice();
  try {
    await refuseLinks(place, path);
    const file = await open(path, constants.O_RDONLY | NO_FOLLOW | NON_BLOCKING);
    try {
      return await readWhole(file, path);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isKeywaxError(error)) throw error;
    if (errorCode(error) === 'ELOOP') throw refused(path, 'a file, not a symbolic link');
    if (errorCode(error) !== 'ENOENT') reportFailure(place, `cannot read ${path}`, error);
    return undefined;
  }
}

async function readWhole(file: FileHandle, path: string): Promise<Uint8Array> {
  const status = await file.stat();
  if (!status.isFile()) throw refused(path, 'a regular file');
  if (status.size > MAX_FILE_BYTES) throw refused(path, `at most ${MAX_FILE_BYTES} bytes`);
  return new Uint8Array(await file.readFile());
}

async function writeOne(place: Place, path: string, bytes: Uint8Array): Promise<void> {
  try {
    if (!place.mayWrite) throw new Error('the folder could not be locked');
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await refuseLinks(place, path);
    await replaceFile(path, bytes);
    place.kept.delete(path);
  } catch (error) {
    if (isKeywaxError(error)) throw error;
    place.kept.set(path, bytes.slice());
    reportFailure(place, `cannot write ${path}`, error);
  }
}

/** After a crash there is the old file or the new one. */
async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const draft = join(dirname(path), `${DRAFT_PREFIX}${randomUUID()}`);
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Makes names as durable as files, where the system can. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY).catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

async function removeOne(place: Place, path: string): Promise<void> {
  try {
    if (!place.mayWrite) throw new Error('the folder could not be locked');
    await refuseLinks(place, path);
    await unlink(path);
    place.kept.delete(path);
  } catch (error) {
    if (isKeywaxError(error)) throw error;
    if (errorCode(error) === 'ENOENT') return void place.kept.delete(path);
    place.kept.set(path, undefined);
    reportFailure(place, `cannot remove ${path}`, error);
  }
}

/** The folder, the folder of an area and the file are no links; what is above the folder is the caller's choice. */
async function refuseLinks(place: Place, path: string): Promise<void> {
  const parts = path === place.directory ? [path] : [place.directory, dirname(path), path];
  for (const part of new Set(parts)) {
    const status = await lstat(part).catch(() => undefined); // what follows will fail, and say so
    if (status?.isSymbolicLink() === true) throw refused(part, 'no symbolic link');
    if (part === place.directory && status !== undefined) checkOwner(place, status);
  }
}

/** What others can write is no danger to what is verified, but they may delete it or roll it back. */
function checkOwner(place: Place, { uid, mode }: { readonly uid: number; readonly mode: number }): void {
  if (place.wasChecked || process.getuid === undefined) return;
  place.wasChecked = true;
  if (uid === process.getuid() && (mode & 0o022) === 0) return;
  place.report({ kind: 'storeShared', message: `others may write to ${place.directory}` });
}

async function runLocked<T>(place: Place, task: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  await mkdir(place.directory, { recursive: true, mode: 0o700 }).catch(() => undefined); // the lock will fail, and say so
  await refuseLinks(place, place.directory);
  const lock = await takeLock(join(place.directory, LOCK_NAME), signal);
  if (lock === undefined) return runUnlocked(place, task);
  try {
    if (lock.wasAbandoned) await removeDrafts(place.directory);
    return await task();
  } finally {
    await lock.release();
  }
}

/** Without the lock nothing is written, so that an older state never replaces a newer one. */
async function runUnlocked<T>(place: Place, task: () => Promise<T>): Promise<T> {
  place.mayWrite = false;
  try {
    return await task();
  } finally {
    place.mayWrite = true;
  }
}

/** Drafts of a process that died. Only who holds the lock writes, so they are nobody else's. */
async function removeDrafts(directory: string): Promise<void> {
  for (const folder of [directory, join(directory, 'roots'), join(directory, 'targets')]) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names) {
      if (name.startsWith(DRAFT_PREFIX)) await unlink(join(folder, name)).catch(() => undefined);
    }
  }
}

function reportFailure({ report }: Place, message: string, cause: unknown): void {
  const reason = errorCode(cause) ?? (cause instanceof Error ? cause.message : 'unknown');
  const error = new KeywaxError('FILE_FAILED', `${message}: ${reason}`, { cause });
  report({ kind: 'storeFailed', message: error.message, error });
}

function refused(path: string, expected: string): KeywaxError {
  return new KeywaxError('FILE_FAILED', `${path}: expected ${expected}`, { details: { expected } });
}
