// SPDX-License-Identifier: Apache-2.0
// The lock file of a project: found by its name, read within bounds.

import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { type LockFile, MAX_LOCK_FILE_BYTES } from './locked-package.js';
import { parseNpmLock } from './npm-lock.js';
import { parsePnpmLock } from './pnpm-lock.js';
import { parseYarnLock } from './yarn-lock.js';

/** A lock file, and where it lies. */
export interface ReadLockFile extends LockFile {
  readonly path: string;
}

/** In the order in which they are looked for; npm itself prefers the shrinkwrap. */
const READERS: ReadonlyMap<string, (text: Uint8Array) => LockFile | Promise<LockFile>> = new Map<
  string,
  (text: Uint8Array) => LockFile | Promise<LockFile>
>([
  ['npm-shrinkwrap.json', parseNpmLock],
  ['package-lock.json', parseNpmLock],
  ['pnpm-lock.yaml', parsePnpmLock],
  ['yarn.lock', parseYarnLock],
]);

/**
 * Reads the lock file of the project in `directory`, which may have one.
 * @throws FILE_FAILED, CONFIG_INVALID where there are several, INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED
 */
export async function findLockFile(directory: string): Promise<ReadLockFile> {
  const found: string[] = [];
  for (const name of READERS.keys()) {
    const status = await stat(join(directory, name)).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw failed(join(directory, name), error);
    });
    if (status !== undefined) found.push(name);
  }
  const [name, other] = found;
  if (name === undefined)
    throw new KeywaxError('FILE_FAILED', `${quoteText(directory)} has no lock file: ${[...READERS.keys()].join(', ')}`);
  // npm reads its shrinkwrap and leaves the package-lock.json; of two package managers nobody knows which is in use.
  if (other !== undefined && !(name === 'npm-shrinkwrap.json' && other === 'package-lock.json' && found.length === 2))
    throw new KeywaxError(
      'CONFIG_INVALID',
      `${quoteText(directory)} has several lock files: ${found.join(', ')}; name one`,
    );
  return readLockFile(join(directory, name));
}

/**
 * Reads a lock file; its name says which form it has.
 * @throws FILE_FAILED, CONFIG_INVALID for another name, INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED
 */
export async function readLockFile(path: string): Promise<ReadLockFile> {
  const parse = READERS.get(basename(path));
  if (parse === undefined)
    throw new KeywaxError('CONFIG_INVALID', `${quoteText(path)}: expected one of ${[...READERS.keys()].join(', ')}`);
  return { path, ...(await parse(await readBounded(path))) };
}

async function readBounded(path: string): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)); // or a pipe would be waited for
    const status = await file.stat();
    if (!status.isFile()) throw new KeywaxError('FILE_FAILED', `${quoteText(path)} is not a regular file`);
    if (status.size > MAX_LOCK_FILE_BYTES)
      throw new KeywaxError('INPUT_TOO_LARGE', `${quoteText(path)}: expected at most ${MAX_LOCK_FILE_BYTES} bytes`, {
        details: { limit: MAX_LOCK_FILE_BYTES },
      });
    return new Uint8Array(await file.readFile());
  } catch (error) {
    if (error instanceof KeywaxError) throw error;
    throw failed(path, error);
  } finally {
    await file?.close();
  }
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | undefined)?.code;
}

function failed(path: string, cause: unknown): KeywaxError {
  return new KeywaxError('FILE_FAILED', `${quoteText(path)} could not be read: ${String(codeOf(cause))}`, { cause });
}
