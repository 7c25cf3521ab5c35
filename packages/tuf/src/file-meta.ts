// SPDX-License-Identifier: Apache-2.0
// What metadata says of another file (METAFILES and TARGETS of TUF 1.0.34 §4.4, §4.5), and the check of that file.
// Refused: lengths that are negative or not integers, no hashes at all where they are listed or demanded, hashes of
// SHA-2 that are not lower-case hex of their length. Hashes of other algorithms are set aside, but one known is needed.

import { decodeHex, encodeHex, equalBytes } from '@keywax/core/bytes';
import type { CryptoProvider } from '@keywax/core/crypto';
import {
  type Decoder,
  decodeJsonObject,
  decodeOpenObject,
  decodeString,
  integerWithin,
  optional,
  required,
} from '@keywax/core/decode';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { HASH_BYTES, type HashName } from '@keywax/core/hash';
import { type JsonValue, isJsonNumber, isJsonObject, memberPath } from '@keywax/core/json';
import { MAX_FILES, MAX_HASHES } from './limits.js';

/** Digests by algorithm; empty where only unknown algorithms were listed. */
export type Hashes = ReadonlyMap<HashName, Uint8Array>;

/** What a timestamp or snapshot says of a metadata file. */
export interface FileMeta {
  readonly version: number;
  readonly length?: number;
  readonly hashes?: Hashes;
}

/** What a targets role says of a target. */
export interface TargetFile {
  readonly length: number;
  readonly hashes: Hashes;
}

/** Hash algorithms in the order of preference for the name of a file in a repository with consistent snapshots. */
const PREFIX_ORDER: readonly HashName[] = ['sha256', 'sha512', 'sha384'];

/** A version of metadata: an integer from 1. */
export const decodeVersion: Decoder<number> = required(integerWithin(1, Number.MAX_SAFE_INTEGER));

/** A number of bytes. @throws INPUT_MALFORMED, INPUT_TOO_LARGE for an integer that is not safe */
const decodeLength: Decoder<number> = (value, at) => {
  if (isJsonNumber(value) && /^[1-9][0-9]*$/.test(value.text)) {
    const limit = Number.MAX_SAFE_INTEGER;
    throw new KeywaxError('INPUT_TOO_LARGE', `${at}: expected a length of at most ${limit}`, {
      details: { at, limit },
    });
  }
  return integerWithin(0, Number.MAX_SAFE_INTEGER)(value, at);
};

const decodeHashes: Decoder<Hashes> = (value, at) => {
  const object = decodeJsonObject(value, at);
  if (object.size === 0) throw malformed(at, 'at least one hash');
  if (object.size > MAX_HASHES) {
    throw new KeywaxError('INPUT_TOO_LARGE', `${at}: expected at most ${MAX_HASHES} hashes`, {
      details: { at, limit: MAX_HASHES },
    });
  }
  const hashes = new Map<HashName, Uint8Array>();
  for (const [name, member] of object) {
    const text = decodeString(member, memberPath(at, name));
    if (!isHashName(name)) continue;
    const digest = decodeHex(text, `${at}.${name}`);
    if (digest.length !== HASH_BYTES[name]) throw malformed(`${at}.${name}`, `a digest of ${HASH_BYTES[name]} bytes`);
    hashes.set(name, digest);
  }
  return hashes;
};

function isHashName(name: string): name is HashName {
  return Object.hasOwn(HASH_BYTES, name);
}

/** Decodes one METAFILES entry. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export const decodeFileMeta: Decoder<FileMeta> = decodeOpenObject<FileMeta>({
  version: decodeVersion,
  length: optional(decodeLength),
  hashes: optional(decodeHashes),
});

/** Decodes the METAFILES of a snapshot, by file name. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export const decodeFileMetas: Decoder<ReadonlyMap<string, FileMeta>> = (value, at) =>
  decodeFiles(value, at, (member, path) => selectPlainMeta(member) ?? decodeFileMeta(member, path));

/** The form that nearly all entries have, a version alone, without the paths for errors: a snapshot may list 20,000. */
function selectPlainMeta(value: JsonValue | undefined): FileMeta | undefined {
  if (!isJsonObject(value) || value.size !== 1) return undefined;
  const version = value.get('version');
  return typeof version === 'number' && version >= 1 ? Object.freeze({ version }) : undefined;
}

/** One entry of TARGETS; `custom` and unknown members are not used. */
const decodeTargetFile: Decoder<TargetFile> = decodeOpenObject<TargetFile>({
  length: required(decodeLength),
  hashes: required(decodeHashes),
});

/** Decodes TARGETS, by path. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export const decodeTargetFiles: Decoder<ReadonlyMap<string, TargetFile>> = (value, at) =>
  decodeFiles(value, at, decodeTargetFile);

/** Decodes many entries. The path of an entry is made for errors alone, because that takes longer than all the rest. */
function decodeFiles<T>(value: JsonValue | undefined, at: string, decode: Decoder<T>): ReadonlyMap<string, T> {
  const object = decodeJsonObject(value, at);
  if (object.size > MAX_FILES) {
    throw new KeywaxError('INPUT_TOO_LARGE', `${at}: expected at most ${MAX_FILES} files`, {
      details: { at, limit: MAX_FILES },
    });
  }
  const files = new Map<string, T>();
  for (const [name, member] of object) {
    try {
      files.set(name, decode(member, at));
    } catch {
      files.set(name, decode(member, memberPath(at, name)));
    }
  }
  return files;
}

/** What a file has to be, and how to call it in an error. */
export interface ContentRules {
  readonly what: string;
  readonly meta: { readonly length?: number; readonly hashes?: Hashes };
  readonly crypto: Pick<CryptoProvider, 'hash'>;
}

/**
 * Checks a file by its length and every listed hash (TUF 1.0.34 §5.5.2, §5.6.2, §5.7.3).
 * @throws TUF_CONTENT_MISMATCH, TUF_METADATA_INVALID where hashes are listed and none is of a known algorithm
 */
export function verifyContent(bytes: Uint8Array, { what, meta, crypto }: ContentRules): void {
  if (meta.length !== undefined && bytes.length !== meta.length) {
    throw mismatch(what, `${meta.length} bytes`, String(bytes.length));
  }
  if (meta.hashes === undefined) return;
  expectKnownHash(meta.hashes, what);
  for (const [name, digest] of meta.hashes) {
    const actual = crypto.hash(name, bytes);
    if (!equalBytes(actual, digest)) throw mismatch(what, `the ${name} digest ${encodeHex(digest)}`, encodeHex(actual));
  }
}

/** The digest by which repositories name a file, as hex. @throws TUF_METADATA_INVALID */
export function selectHashPrefix(hashes: Hashes, what: string): string {
  expectKnownHash(hashes, what);
  const name = PREFIX_ORDER.find((candidate) => hashes.has(candidate));
  return encodeHex(hashes.get(name as HashName) as Uint8Array); // there is one: all known algorithms are in the order
}

function expectKnownHash(hashes: Hashes, what: string): void {
  if (hashes.size > 0) return;
  const expected = `a hash by ${PREFIX_ORDER.join(', ')}`;
  throw new KeywaxError('TUF_METADATA_INVALID', `${what}: expected ${expected}`, { details: { expected } });
}

/** The error for a file that is not the one that metadata describes. */
export function mismatch(what: string, expected: string, found: string): KeywaxError {
  const actual = quoteText(found, 140);
  return new KeywaxError('TUF_CONTENT_MISMATCH', `${what}: expected ${expected}, found ${actual}`, {
    details: { expected, actual },
  });
}

function malformed(at: string, expected: string): KeywaxError {
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}`, { details: { at, expected } });
}
