// SPDX-License-Identifier: Apache-2.0
// Artifacts on the command line: files of any size, or digests.

import { type FileHandle, lstat, open } from 'node:fs/promises';
import { decodeHex } from '@keywax/core/bytes';
import { KeywaxError } from '@keywax/core/errors';
import { type HashName, HASH_BYTES } from '@keywax/core/hash';
import { attemptFile } from './document-file.js';
import { usageError } from './flags.js';
import { escapeText } from './render/text.js';

/** Files up to this size are read whole: the engine checks signatures over them without digests of its own. */
const WHOLE_BYTES = 1_048_576;
const CHUNK_BYTES = 1_048_576;

/** An operand: a file by its path, or a digest. */
export type Operand =
  | { readonly kind: 'file'; readonly name: string }
  | {
      readonly kind: 'digest';
      readonly name: string;
      readonly digests: Readonly<Partial<Record<HashName, Uint8Array>>>;
    };

/**
 * Reads an operand; `sha256:HEX` and the like are digests, and a file of that name is `./sha256:HEX`.
 * @throws CONFIG_INVALID also where there is such a file: its name, and not its content, would be verified
 */
export async function readArtifactOperand(name: string): Promise<Operand> {
  const match = /^(sha256|sha384|sha512):(.*)$/s.exec(name);
  if (match === null) return { kind: 'file', name };
  const [, algorithm, hex] = match as unknown as readonly [string, HashName, string];
  if (!/^[0-9a-f]*$/.test(hex) || hex.length !== 2 * HASH_BYTES[algorithm]) {
    throw usageError(
      `${escapeText(name)}: expected ${2 * HASH_BYTES[algorithm]} lower-case hex digits after ${algorithm}:`,
    );
  }
  if ((await lstat(name).catch(() => undefined)) !== undefined)
    throw usageError(`${escapeText(name)} is a digest, and the name of a file; ./${escapeText(name)} is the file`);
  return { kind: 'digest', name, digests: { [algorithm]: decodeHex(hex) } };
}

/** Calls `use` with the content of a file: its bytes, or for large ones a stream. @throws FILE_FAILED, and what `use` throws */
export async function withArtifactFile<T>(
  path: string,
  use: (artifact: Uint8Array | AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const file = await attemptFile(path, 'read', () => open(path, 'r'));
  try {
    const status = await attemptFile(path, 'read', () => file.stat());
    if (status.isDirectory())
      throw new KeywaxError('FILE_FAILED', `${escapeText(path)} could not be read: it is a folder`);
    // Some that are said to be empty are not, and never end, such as those below /proc.
    const isSmall = status.isFile() && status.size > 0 && status.size <= WHOLE_BYTES;
    if (!isSmall) return await use(readChunks(file, path));
    return await use(await attemptFile(path, 'read', () => file.readFile()));
  } finally {
    await file.close();
  }
}

/** Reads into two buffers in turn: one fills while the other is digested. */
async function* readChunks(file: FileHandle, path: string): AsyncGenerator<Uint8Array> {
  const read = (buffer: Uint8Array): Promise<Uint8Array> =>
    attemptFile(path, 'read', async () =>
      buffer.subarray(0, (await file.read(buffer, 0, buffer.length, null)).bytesRead),
    );
  let [current, spare] = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)];
  let pending = read(current);
  try {
    for (;;) {
      const chunk = await pending;
      if (chunk.length === 0) return;
      [current, spare] = [spare, current];
      pending = read(current);
      yield chunk;
    }
  } finally {
    await pending.catch(() => {}); // so that the file is not closed under it
  }
}
