// SPDX-License-Identifier: Apache-2.0
// Any text as the name of one file, on every file system: two names are never the same file, whatever the system does
// about case, Unicode, reserved names or trailing dots, and none leads out of its folder.

import { encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';

const MAX_CHARS = 180; // file systems end at 255 bytes, and suffixes follow
const RESERVED = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/; // device names of Windows

/**
 * The file name for a text: lower-case letters, digits, `-`, `_` and `.` stand for themselves, everything else is
 * percent-encoded; a long name is replaced by its hash.
 */
export function encodeFileName(text: string): string {
  let name = '';
  for (const byte of encodeUtf8(text)) {
    const character = String.fromCharCode(byte);
    name += /[a-z0-9._-]/.test(character) ? character : encodeByte(byte);
    // No escape begins with an `h`.
    if (name.length > MAX_CHARS) return `%h${encodeHex(hash('sha256', encodeUtf8(text)))}`;
  }
  if (name === '') return '%';
  if (name.startsWith('.') || RESERVED.test(name)) name = encodeByte(name.charCodeAt(0)) + name.slice(1);
  return name.endsWith('.') ? `${name.slice(0, -1)}%2E` : name;
}

function encodeByte(byte: number): string {
  return `%${encodeHex(Uint8Array.of(byte)).toUpperCase()}`;
}
