// SPDX-License-Identifier: Apache-2.0
// Answers of registries on disk, one file each. Files are written beside their place and renamed, so that a reader sees a
// whole one or none. What is read is as untrusted as what comes over the network.
// Refused: symbolic links and whatever is no regular file, and files beyond the bound.

import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';

/** Answers by key. */
export interface DiskCache {
  /** What is stored for `key`; `undefined` where nothing is, or where it cannot be read. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** Stores bytes and says whether that succeeded. */
  write(key: string, bytes: Uint8Array): Promise<boolean>;
}

const MAX_FILE_BYTES = 67_108_864; // above what a record takes
const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0); // Windows has no such flags

/** A cache in `directory`, which is made when something is written. */
export function openDiskCache(directory: string): DiskCache {
  return {
    read: (key) => readWhole(locate(directory, key)).catch(() => undefined),
    write: (key, bytes) =>
      replace(locate(directory, key), bytes).then(
        () => true,
        () => false,
      ),
  };
}

/** Names are digests: no name of a package becomes the name of a file. */
function locate(directory: string, key: string): string {
  const name = encodeHex(hash('sha256', encodeUtf8(key)));
  return join(directory, name.slice(0, 2), `${name.slice(2)}.json`);
}

async function readWhole(path: string): Promise<Uint8Array | undefined> {
  const file = await open(path, READ_FLAGS);
  try {
    const status = await file.stat();
    if (!status.isFile() || status.size > MAX_FILE_BYTES) return undefined;
    return new Uint8Array(await file.readFile());
  } finally {
    await file.close();
  }
}

async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const draft = join(dirname(path), `.draft.${randomUUID()}`);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    // Of private packages too, so for the user alone.
    await writeFile(draft, bytes, { flag: 'wx', mode: 0o600 });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}
