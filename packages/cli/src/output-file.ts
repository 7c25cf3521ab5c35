// SPDX-License-Identifier: Apache-2.0
// Files that are written: whole or not at all, and never over another without leave.

import { randomBytes } from 'node:crypto';
import { link, lstat, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { KeywaxError } from '@keywax/core/errors';
import { attemptFile } from './document-file.js';
import { escapeText } from './render/text.js';

/** How a file is written. */
export interface WriteOptions {
  /** Replaces a file that exists. */
  readonly force: boolean;
  /** Permissions; those of the process unless given. */
  readonly mode?: number;
}

/** Refuses early what `writeOutput` would refuse. @throws FILE_FAILED */
export async function checkOutput(path: string, { force }: WriteOptions): Promise<void> {
  const status = await lstat(path).catch(() => undefined);
  if (status === undefined) return;
  if (status.isDirectory())
    throw new KeywaxError('FILE_FAILED', `${escapeText(path)} could not be written: it is a folder`);
  if (!force) throw exists(path);
}

/** Writes a file beside its place and moves it there once it is complete. @throws FILE_FAILED */
export async function writeOutput(path: string, text: string, options: WriteOptions): Promise<void> {
  await checkOutput(path, options);
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  await attemptFile(path, 'written', async () => {
    try {
      await writeWhole(temporary, text, options.mode);
      if (options.force) await rename(temporary, path);
      else await moveToFree(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  });
}

async function writeWhole(path: string, text: string, mode = 0o666): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A link, unlike a rename, fails where something has appeared meanwhile; not every file system has links. */
async function moveToFree(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    const code = (error as { readonly code?: unknown }).code;
    if (code === 'EEXIST') throw exists(path);
    await checkOutput(path, { force: false });
    await rename(temporary, path);
  }
}

function exists(path: string): KeywaxError {
  return new KeywaxError('FILE_FAILED', `${escapeText(path)} exists; --force replaces it`);
}
