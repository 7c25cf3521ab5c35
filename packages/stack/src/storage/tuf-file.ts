// SPDX-License-Identifier: Apache-2.0
// A TUF repository in one JSON file: its roles with their private keys, and the files that were published.
// Refused: a file of another version, with unknown members, or beyond the bounds.

import { readFile } from 'node:fs/promises';
import { encodeBase64 } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeBase64Field,
  decodeObject,
  decodeString,
  integerWithin,
  required,
  transform,
} from '@keywax/core/decode';
import { KeywaxError } from '@keywax/core/errors';
import { type JsonValue, isJsonObject, parseJson, toPlainJson } from '@keywax/core/json';
import { type SigningKey, encodeSigningKey, parseSigningKey } from '../keys.js';
import type { RoleDocument, SignedJson, TufRepositoryState } from '../tuf/repository.js';
import { writeWhole } from './material-file.js';

const VERSION = 1;
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_ROLES = 256;
const MAX_FILES = 65_536;

interface StoredRole {
  readonly name: string;
  readonly signed: SignedJson;
  readonly signers: readonly SigningKey[];
}

interface StoredFile {
  readonly path: string;
  readonly content: Uint8Array;
}

const decodeSigned: Decoder<SignedJson> = (value: JsonValue | undefined, at) => {
  if (!isJsonObject(value)) throw new KeywaxError('INPUT_MALFORMED', `${at}: expected an object`);
  return toPlainJson(value) as SignedJson; // of a JSON object
};

const decodeState = decodeObject({
  version: required(integerWithin(VERSION, VERSION)),
  roles: arrayOf(
    decodeObject<StoredRole>({
      name: required(decodeString),
      signed: decodeSigned,
      signers: arrayOf(transform(decodeString, parseSigningKey), MAX_ROLES),
    }),
    MAX_ROLES,
  ),
  files: arrayOf(
    decodeObject<StoredFile>({ path: required(decodeString), content: required(decodeBase64Field) }),
    MAX_FILES,
  ),
});

/** Reads the repository at `path`; `undefined` where there is none. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export async function readTufFile(path: string): Promise<TufRepositoryState | undefined> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (bytes === undefined) return undefined;
  const { roles, files } = decodeState(parseJson(bytes, { maxBytes: MAX_BYTES, maxValues: 2_000_000 }), '$');
  return {
    roles: new Map(
      roles.map(({ name, signed, signers }): [string, RoleDocument] => [name, { signed, signers: [...signers] }]),
    ),
    files: new Map(files.map(({ path: name, content }) => [name, content])),
  };
}

/** Replaces the repository at `path` as a whole. */
export function writeTufFile(path: string, { roles, files }: TufRepositoryState): Promise<void> {
  const document = {
    version: VERSION,
    roles: Array.from(roles, ([name, { signed, signers }]) => ({
      name,
      signed,
      signers: signers.map(encodeSigningKey),
    })),
    files: Array.from(files, ([path, content]) => ({ path, content: encodeBase64(content) })),
  };
  return writeWhole(path, `${JSON.stringify(document)}\n`);
}
