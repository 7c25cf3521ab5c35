// SPDX-License-Identifier: Apache-2.0
// Small files that are read whole: bundles, trusted roots, keys, tokens. Refused: whatever is not a regular file, such as a
// pipe that never ends, and files above a bound.

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type ErrorCode, KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { usageError } from './flags.js';
import { escapeText } from './render/text.js';

const READ_BYTES = 65_536;

/** Reads a file of at most `maxBytes`. @throws FILE_FAILED, INPUT_TOO_LARGE, CONFIG_INVALID for PEM in place of its file */
export async function readDocument(path: string, maxBytes: number): Promise<Uint8Array> {
  refusePem(path);
  // Non-blocking, because to open a pipe would wait for a writer.
  const file = await attemptFile(path, 'read', () => open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
  try {
    const status = await attemptFile(path, 'read', () => file.stat());
    if (!status.isFile()) throw new KeywaxError('FILE_FAILED', `${escapeText(path)}: not a regular file`);
    if (status.size > maxBytes) throw tooLarge(path, maxBytes);
    return await attemptFile(path, 'read', () => readBounded(file, path, maxBytes));
  } finally {
    await file.close();
  }
}

/** Decodes what a file holds: a failure names the file, which its decoder does not know. @throws what `decode` throws */
export async function decodeDocument<T>(path: string, decode: () => T | Promise<T>): Promise<T> {
  try {
    return await decode();
  } catch (cause) {
    if (!isKeywaxError(cause)) throw cause;
    // A copy of the error, whose code and details stay together.
    const init = { details: cause.details, report: cause.report, cause };
    throw new KeywaxError<ErrorCode>(cause.code, `${escapeText(path)}: ${cause.message}`, init);
  }
}

/** PEM in place of the name of where it is, which messages would repeat; it may be a private key. @throws CONFIG_INVALID */
export function refusePem(name: string): void {
  if (name.includes('-----BEGIN ')) throw usageError('where the file is was asked for, and not what is in it');
}

/** The size of a file may lie, or change. */
async function readBounded(file: FileHandle, path: string, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { bytesRead, buffer } = await file.read(new Uint8Array(READ_BYTES), 0, READ_BYTES, null);
    if (bytesRead === 0) return Buffer.concat(chunks, length);
    length += bytesRead;
    if (length > maxBytes) throw tooLarge(path, maxBytes);
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

/** Runs what touches a file; its failure becomes ours. @throws FILE_FAILED */
export async function attemptFile<T>(path: string, action: 'read' | 'written', attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (cause) {
    if (isKeywaxError(cause)) throw cause;
    const code = (cause as { readonly code?: unknown }).code;
    throw new KeywaxError('FILE_FAILED', `${escapeText(path)} could not be ${action}: ${describeCode(code)}`, {
      cause,
    });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'it is a folder',
  ENOTDIR: 'part of the path is not a folder',
  EEXIST: 'it exists',
  ENOSPC: 'no space left',
  EROFS: 'the file system is read-only',
};

function describeCode(code: unknown): string {
  return typeof code === 'string' ? (REASONS[code] ?? code) : 'unknown reason';
}

function tooLarge(path: string, limit: number): KeywaxError {
  return new KeywaxError('INPUT_TOO_LARGE', `${escapeText(path)}: more than ${limit} bytes`, { details: { limit } });
}
