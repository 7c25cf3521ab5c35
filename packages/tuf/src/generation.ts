// SPDX-License-Identifier: Apache-2.0
// The last complete state of a repository, in one file of the store: written as a whole once a refresh has succeeded and
// every target that was in use has been fetched, so that whoever reads it, at any instant, finds metadata that fits
// together. A line of JSON says what follows it. Like everything in a store it is verified again when it is read.
// Refused: other members than these, sizes that do not add up, more than the bounds.

import { concatBytes, decodeUtf8, encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeObject,
  decodeRfc3339,
  decodeString,
  integerWithin,
  required,
} from '@keywax/core/decode';
import { KeywaxError } from '@keywax/core/errors';
import { parseJson } from '@keywax/core/json';
import { formatRfc3339 } from '@keywax/core/time';
import { MAX_TARGETS_BYTES } from './limits.js';
import type { TufStore } from './store.js';

/** A target that is in the store. */
export interface HeldTarget {
  readonly path: string;
  /** Its name in the store: digest and path. */
  readonly name: string;
}

/** A complete state. */
export interface Generation {
  /** When the refresh began that found this state. */
  readonly refreshedAt: Date;
  /** Differs between any two refreshes. */
  readonly id: string;
  readonly held: readonly HeldTarget[];
  /** Files of metadata by role: `timestamp`, `snapshot`, `targets` and the delegated roles that were needed. */
  readonly roles: ReadonlyMap<string, Uint8Array>;
}

const NAME = 'generation';
const LINE_FEED = 0x0a;
const MAX_HEADER_BYTES = 16_777_216; // all the paths below, each as long as a URL can be
const MAX_ROLES = 4_096;
/** Targets that are kept at hand; of more, those that were fetched last. */
export const MAX_HELD = 1_024;

interface Header {
  readonly refreshedAt: Date;
  readonly id: string;
  readonly held: readonly HeldTarget[];
  readonly roles: readonly { readonly name: string; readonly length: number }[];
}

const decodeHeader: Decoder<Header> = decodeObject<Header>({
  refreshedAt: required(decodeRfc3339),
  id: required(decodeString),
  held: arrayOf(decodeObject<HeldTarget>({ path: required(decodeString), name: required(decodeString) }), MAX_HELD),
  roles: arrayOf(
    decodeObject({ name: required(decodeString), length: required(integerWithin(0, MAX_TARGETS_BYTES)) }),
    MAX_ROLES,
  ),
});

/** Reads the last complete state; `undefined` where there is none. @throws INPUT_MALFORMED, INPUT_TOO_LARGE, FILE_FAILED */
export async function readGeneration(store: TufStore): Promise<Generation | undefined> {
  const bytes = await store.read('state', NAME);
  return bytes === undefined ? undefined : decodeGeneration(bytes);
}

/** Replaces the last complete state. @throws FILE_FAILED */
export async function writeGeneration(store: TufStore, generation: Generation): Promise<void> {
  await store.write('state', NAME, encodeGeneration(generation));
}

/** A new id. */
export function createGenerationId(): string {
  return encodeHex(crypto.getRandomValues(new Uint8Array(16)));
}

/** Encodes a state as the content of its file. */
export function encodeGeneration({ refreshedAt, id, held, roles }: Generation): Uint8Array {
  const header = {
    refreshedAt: formatRfc3339(refreshedAt),
    id,
    held: held.map(({ path, name }) => ({ path, name })),
    roles: Array.from(roles, ([name, { length }]) => ({ name, length })),
  };
  return concatBytes(encodeUtf8(`${JSON.stringify(header)}\n`), ...roles.values());
}

/** Decodes the content of the file. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export function decodeGeneration(bytes: Uint8Array): Generation {
  const at = 'cached state';
  const headerEnd = bytes.indexOf(LINE_FEED);
  if (headerEnd < 0) throw malformed(at);
  const line = decodeUtf8(bytes.subarray(0, headerEnd), at);
  const { roles: entries, ...header } = decodeHeader(parseJson(line, { maxBytes: MAX_HEADER_BYTES }), '$');
  const roles = new Map<string, Uint8Array>();
  let offset = headerEnd + 1;
  for (const { name, length } of entries) {
    roles.set(name, bytes.subarray(offset, offset + length));
    offset += length;
  }
  if (offset !== bytes.length || roles.size !== entries.length) throw malformed(at);
  return { ...header, roles };
}

function malformed(at: string): KeywaxError {
  const expected = 'a header and the files that it lists';
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}`, { details: { at, expected } });
}
