// SPDX-License-Identifier: Apache-2.0
// Package tarballs: a ustar archive (POSIX.1-1988) of regular files below `package/`, compressed with gzip. The same
// files give the same bytes.

import { gzipSync } from 'node:zlib';
import { concatBytes, encodeUtf8 } from '@keywax/core/bytes';

const BLOCK_BYTES = 512;
const MAX_NAME_BYTES = 100; // of the name field; the prefix field is not used
const EPOCH_SECONDS = 499_162_500; // 1985-10-26T08:15:00Z, as npm packs every file

/** Packs files by path. Paths have at most 92 bytes. */
export function packTarball(files: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  const entries = Object.entries(files).map(([path, content]) =>
    encodeEntry(`package/${path}`, typeof content === 'string' ? encodeUtf8(content) : content),
  );
  const end = new Uint8Array(2 * BLOCK_BYTES);
  return Uint8Array.from(gzipSync(concatBytes(...entries, end)));
}

function encodeEntry(name: string, content: Uint8Array): Uint8Array {
  if (encodeUtf8(name).length > MAX_NAME_BYTES) throw new RangeError(`a path above ${MAX_NAME_BYTES} bytes`);
  const padding = new Uint8Array((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES);
  return concatBytes(encodeHeader(name, content.length), content, padding);
}

function encodeHeader(name: string, size: number): Uint8Array {
  const header = new Uint8Array(BLOCK_BYTES);
  const put = (offset: number, text: string): void => header.set(encodeUtf8(text), offset);
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;
  put(0, name);
  put(100, octal(0o644, 8));
  put(108, octal(0, 8)); // uid
  put(116, octal(0, 8)); // gid
  put(124, octal(size, 12));
  put(136, octal(EPOCH_SECONDS, 12));
  put(148, ' '.repeat(8)); // the checksum counts as spaces
  put(156, '0'); // a regular file
  put(257, 'ustar\u000000');
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return header;
}
