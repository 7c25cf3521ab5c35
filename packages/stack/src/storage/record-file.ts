// SPDX-License-Identifier: Apache-2.0
// An append-only file of records that survives the death of its writer at any instant.
//
// A record is a header of twelve bytes (length of the payload, CRC-32 of the payload, CRC-32 of those eight bytes) and
// the payload. An append returns once its record is on the disk. When a file is opened, a last record that was not
// written completely is dropped: nobody was told of it.
// Refused: a damaged record that other records follow, which no death of a writer explains.

import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { concatBytes, encodeUint } from '@keywax/core/bytes';
import { KeywaxError } from '@keywax/core/errors';
import type { RecordStore } from '../log/log.js';

const HEADER_BYTES = 12;
const MAX_RECORD_BYTES = 64 * 1024 * 1024; // far above what the services accept

/** Opens or makes a file of records. The caller holds the lock of its folder. @throws FILE_FAILED when it is damaged */
export async function openRecordFile(path: string): Promise<RecordStore> {
  const file = await open(path, 'a+', 0o600);
  try {
    const content = new Uint8Array(await file.readFile());
    const { records, end } = readRecords(content, path);
    if (end < content.length) {
      await file.truncate(end);
      await file.datasync();
    }
    return { records, ...createWriter(file, path) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** All complete records, and where they end. */
function readRecords(
  content: Uint8Array,
  path: string,
): { readonly records: readonly Uint8Array[]; readonly end: number } {
  const records: Uint8Array[] = [];
  let offset = 0;
  while (offset < content.length) {
    const next = readRecord(content, offset, path);
    if (next === undefined) break;
    records.push(next);
    offset += HEADER_BYTES + next.length;
  }
  return { records, end: offset };
}

/** The payload of the record at `offset`; `undefined` where an interrupted write left less than a record. */
function readRecord(content: Uint8Array, offset: number, path: string): Uint8Array | undefined {
  if (content.length - offset < HEADER_BYTES) return undefined;
  const view = new DataView(content.buffer, content.byteOffset + offset, HEADER_BYTES);
  if (crc32(content.subarray(offset, offset + 8)) !== view.getUint32(8)) {
    // A file system may have grown the file without having written the data.
    if (content.subarray(offset).every((byte) => byte === 0)) return undefined;
    throw damaged(path, offset);
  }
  const start = offset + HEADER_BYTES;
  const end = start + view.getUint32(0);
  if (end > content.length) return undefined;
  const payload = content.subarray(start, end);
  if (crc32(payload) === view.getUint32(4)) return payload;
  if (end === content.length) return undefined;
  throw damaged(path, offset);
}

function encodeRecord(payload: Uint8Array): Uint8Array {
  const start = concatBytes(encodeUint(payload.length, 4), encodeUint(crc32(payload), 4));
  return concatBytes(start, encodeUint(crc32(start), 4), payload);
}

interface PendingRecord {
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Appends in the order of the calls; those that wait while the disk works go out together, with one flush. */
function createWriter(file: FileHandle, path: string): Omit<RecordStore, 'records'> {
  let pending: PendingRecord[] = [];
  let failure: KeywaxError | undefined;
  let flushing: Promise<void> | undefined;

  const flush = async (): Promise<void> => {
    while (pending.length > 0) {
      const batch = pending;
      pending = [];
      try {
        if (failure !== undefined) throw failure;
        await file.appendFile(concatBytes(...batch.map(({ bytes }) => bytes)));
        await file.datasync();
        for (const { resolve } of batch) resolve();
      } catch (cause) {
        // After a failed write nobody knows what the file holds: the log stops until it is opened again.
        failure ??= new KeywaxError('FILE_FAILED', `cannot append to ${path}`, { cause });
        for (const { reject } of batch) reject(failure);
      }
    }
    flushing = undefined;
  };

  return {
    append(payload) {
      if (payload.length > MAX_RECORD_BYTES) return Promise.reject(tooLarge());
      return new Promise((resolve, reject) => {
        pending.push({ bytes: encodeRecord(payload), resolve, reject });
        flushing ??= flush();
      });
    },
    async close() {
      await flushing;
      await file.close();
    },
  };
}

function damaged(path: string, offset: number): KeywaxError {
  return new KeywaxError('FILE_FAILED', `${path}: the record at byte ${offset} is damaged, and others follow it`);
}

function tooLarge(): KeywaxError {
  const limit = MAX_RECORD_BYTES;
  return new KeywaxError('INPUT_TOO_LARGE', `a record of a log has at most ${limit} bytes`, { details: { limit } });
}
