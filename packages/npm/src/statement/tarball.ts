// SPDX-License-Identifier: Apache-2.0
// The name and version in a package's tarball: a gzip file (RFC 1952) of a tar archive (POSIX.1-2017 pax) with one
// `package.json` in its only folder.
// Refused: what is not gzip or tar, sizes in base 256 or in pax headers, no `package.json` or several, one that is a link
// or larger than 4 MiB, archives that unpack to more than 1 GiB or have more than 200,000 entries.

import { decodeUtf8 } from '@keywax/core/bytes';
import { decodeOpenObject, decodeString, required } from '@keywax/core/decode';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { parseJson } from '@keywax/core/json';
import { type PackageId, checkPackageId } from '../purl.js';

const BLOCK = 512;
const MAX_MANIFEST_BYTES = 4_194_304; // packuments are cut far below
const MAX_HEADER_BYTES = 65_536; // of a pax header or a long name: paths have 4,096 at most
const MAX_UNPACKED_BYTES = 1_073_741_824; // registries refuse packages of a fourth of it
const MAX_ENTRIES = 200_000;
const AT = 'tarball';

/**
 * Reads name and version of the package in a tarball, as a registry publishes them: without build metadata.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED
 */
export async function readTarballId(tarball: Uint8Array): Promise<PackageId> {
  const reader = createReader();
  for await (const chunk of unpack(tarball)) reader.push(chunk);
  const manifest = parseJson(reader.end(), { maxBytes: MAX_MANIFEST_BYTES }, 'package.json');
  const { name, version } = decodeOpenObject<PackageId>({
    name: required(decodeString),
    version: required(decodeString),
  })(manifest, 'package.json');
  const id = { name, version: version.replace(/\+.*$/, '') };
  checkPackageId(id, 'package.json');
  return id;
}

async function* unpack(tarball: Uint8Array): AsyncGenerator<Uint8Array> {
  const stream = new Blob([tarball as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip'));
  let length = 0;
  try {
    for await (const chunk of stream) {
      length += chunk.length;
      if (length > MAX_UNPACKED_BYTES) throw tooLarge('bytes when unpacked', MAX_UNPACKED_BYTES);
      yield chunk;
    }
  } catch (cause) {
    if (isKeywaxError(cause)) throw cause;
    throw malformed('a gzip file', cause);
  }
}

interface Reader {
  push(chunk: Uint8Array): void;
  /** The content of `package.json`. */
  end(): Uint8Array;
}

/** What is being read, and how much of it is left. */
interface Part {
  readonly kind: 'header' | 'content' | 'name' | 'pax' | 'skipped' | 'rest';
  /** The bytes that are kept, none where they are of no use. */
  readonly bytes: Uint8Array | undefined;
  /** Zeros up to the next block. */
  readonly padding: number;
  left: number;
}

/** Reads an archive piece by piece, and keeps nothing but headers and `package.json`. */
function createReader(): Reader {
  let part = startPart('header', BLOCK);
  let manifest: Uint8Array | undefined;
  let longName: string | undefined;
  let entries = 0;

  const finish = (): void => {
    const { kind, bytes = new Uint8Array() } = part;
    if (kind === 'rest') return;
    if (kind !== 'header') {
      if (kind === 'content') manifest = bytes;
      if (kind === 'name') longName = decodeUtf8(bytes, AT).replace(/\0+$/, '');
      if (kind === 'pax') longName = readPaxPath(bytes) ?? longName;
      part = startPart('header', BLOCK);
      return;
    }
    if (bytes.every((byte) => byte === 0)) {
      part = startPart('rest', Number.MAX_SAFE_INTEGER);
      return;
    }
    if (++entries > MAX_ENTRIES) throw tooLarge('entries', MAX_ENTRIES);
    const header = parseHeader(bytes);
    part = selectPart(header, longName);
    if (part.kind === 'content' && manifest !== undefined) throw malformed('one package.json');
    if (part.kind !== 'name' && part.kind !== 'pax') longName = undefined;
    if (part.left === 0) finish();
  };
  return {
    push(chunk) {
      for (let offset = 0; offset < chunk.length; ) {
        const taken = Math.min(part.left, chunk.length - offset);
        keepBytes(part, chunk.subarray(offset, offset + taken));
        part.left -= taken;
        offset += taken;
        if (part.left === 0) finish();
      }
    },
    end() {
      const isBetween = part.kind === 'rest' || (part.kind === 'header' && part.left === BLOCK);
      if (!isBetween) throw malformed('a whole tar archive');
      if (manifest === undefined) throw malformed('a package.json');
      return manifest;
    },
  };
}

function startPart(kind: Part['kind'], size: number): Part {
  const padding = kind === 'header' || kind === 'rest' ? 0 : (BLOCK - (size % BLOCK)) % BLOCK;
  const isKept = kind !== 'skipped' && kind !== 'rest';
  return { kind, bytes: isKept ? new Uint8Array(size) : undefined, padding, left: size + padding };
}

function keepBytes({ bytes, padding, left }: Part, chunk: Uint8Array): void {
  if (bytes === undefined) return;
  const offset = bytes.length + padding - left;
  if (offset < bytes.length) bytes.set(chunk.subarray(0, bytes.length - offset), offset);
}

interface Header {
  readonly path: string;
  readonly size: number;
  /** One letter. */
  readonly type: string;
}

function parseHeader(block: Uint8Array): Header {
  const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 0x20 : byte), 0);
  if (sum !== readOctal(block.subarray(148, 156))) throw malformed('a tar archive');
  // Where GNU tar writes no NUL after it, other things stand in place of the prefix.
  const prefix = readText(block.subarray(257, 264)) === 'ustar' ? readText(block.subarray(345, 500)) : '';
  const name = readText(block.subarray(0, 100));
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    size: readOctal(block.subarray(124, 136)),
    type: String.fromCharCode(block[156] ?? 0),
  };
}

function selectPart({ path, size, type }: Header, longName: string | undefined): Part {
  switch (type) {
    case 'L':
    case 'x':
      if (size > MAX_HEADER_BYTES) throw tooLarge('bytes of a header', MAX_HEADER_BYTES);
      return startPart(type === 'L' ? 'name' : 'pax', size);
    case 'g':
    case 'K':
      return startPart('skipped', size);
    default: {
      if (!isManifest(longName ?? path)) return startPart('skipped', hasContent(type) ? size : 0);
      if (type !== '0' && type !== '\0') throw malformed('a package.json that is a file');
      if (size > MAX_MANIFEST_BYTES) throw tooLarge('bytes of package.json', MAX_MANIFEST_BYTES);
      return startPart('content', size);
    }
  }
}

/** Links, devices and folders have none, whatever size they write. */
function hasContent(type: string): boolean {
  return !/^[1-6]$/.test(type);
}

/** Whoever unpacks a package strips the first folder, whatever its name. */
function isManifest(path: string): boolean {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  return segments.length === 2 && segments[1] === 'package.json';
}

/** The path in a pax header: records of a length, a space, `key=value` and a newline. */
function readPaxPath(bytes: Uint8Array): string | undefined {
  let path: string | undefined;
  for (let offset = 0; offset < bytes.length; ) {
    const space = bytes.indexOf(0x20, offset);
    const digits = space < 0 ? '' : readText(bytes.subarray(offset, space));
    const length = /^[1-9]\d{0,5}$/.test(digits)
      ? [...digits].reduce((total, digit) => 10 * total + DIGITS.indexOf(digit), 0)
      : 0;
    if (length <= digits.length + 2 || offset + length > bytes.length || bytes[offset + length - 1] !== 0x0a)
      throw malformed('a pax header');
    const [key = '', ...value] = decodeUtf8(bytes.subarray(space + 1, offset + length - 1), AT).split('=');
    if (key === 'size')
      throw new KeywaxError('INPUT_UNSUPPORTED', `${AT}: expected sizes in the headers of entries`, {
        details: { at: AT },
      });
    if (key === 'path') path = value.join('=');
    offset += length;
  }
  return path;
}

const DIGITS = '0123456789';

/** An octal number that ends with a NUL or a space. */
function readOctal(field: Uint8Array): number {
  const [, digits] = /^ *([0-7]+)[\0 ]*$/.exec(String.fromCharCode(...field)) ?? [];
  if (digits === undefined) throw malformed('numbers in octal');
  return [...digits].reduce((total, digit) => 8 * total + DIGITS.indexOf(digit), 0);
}

function readText(field: Uint8Array): string {
  const end = field.indexOf(0);
  return decodeUtf8(end < 0 ? field : field.subarray(0, end), AT);
}

function malformed(expected: string, cause?: unknown): KeywaxError {
  return new KeywaxError('INPUT_MALFORMED', `${AT}: expected ${expected}`, { cause, details: { at: AT, expected } });
}

function tooLarge(what: string, limit: number): KeywaxError {
  return new KeywaxError('INPUT_TOO_LARGE', `${AT}: expected at most ${limit} ${what}`, { details: { at: AT, limit } });
}
