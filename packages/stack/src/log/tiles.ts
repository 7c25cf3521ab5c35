// SPDX-License-Identifier: Apache-2.0
// The tiles of a log (C2SP tlog-tiles): up to 256 hashes of one level of the tree, or up to 256 records.

import { concatBytes, encodeUint } from '@keywax/core/bytes';
import type { MerkleTree } from '@keywax/core/merkle-tree';
import { readIndex } from '../service.js';
import type { Log } from './log.js';

/** Hashes or records in a full tile. */
export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;
const MAX_LEVEL = 7; // 256^7 leaves are more than an index counts

/** Which tile: its number, and how many of its places are asked for, all unless said otherwise. */
export interface TileName {
  readonly index: number;
  readonly width?: number;
}

/** The path of a tile: its number in groups of three digits, each but the last behind an `x`. */
export function encodeTilePath({ index, width }: TileName): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/.{3}/g) ?? [];
  const path = groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join('/');
  return width === undefined ? path : `${path}.p/${width}`;
}

/** Reads the path of a tile, of which each tile has one; `undefined` for any other text. */
export function parseTilePath(path: string): TileName | undefined {
  const match = /^((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path);
  const index = readIndex(match?.[1]?.replaceAll(/[x/]/g, '').replace(/^0+(?=\d)/, ''));
  const width = readIndex(match?.[2]);
  if (index === undefined || (width !== undefined && width >= TILE_WIDTH)) return undefined;
  const name = { index, ...(width === undefined ? {} : { width }) };
  return encodeTilePath(name) === path ? name : undefined;
}

/** The hashes of a tile at `level`; `undefined` where the first `size` leaves do not have them all. */
export function readHashTile(
  tree: MerkleTree,
  { index, width = TILE_WIDTH }: TileName,
  { level, size }: { readonly level: number; readonly size: number },
): Uint8Array | undefined {
  const first = index * TILE_WIDTH;
  if (level > MAX_LEVEL || first + width > Math.floor(size / TILE_WIDTH ** level)) return undefined;
  return concatBytes(...Array.from({ length: width }, (_, i) => tree.node(TILE_HEIGHT * level, first + i)));
}

/** The records of a tile, each behind its length in two bytes; `undefined` where the first `size` do not reach. */
export function readRecordTile(
  log: Log,
  { index, width = TILE_WIDTH }: TileName,
  size: number,
): Uint8Array | undefined {
  const first = index * TILE_WIDTH;
  if (first + width > size) return undefined;
  const records = Array.from({ length: width }, (_, i) => log.record(first + i) ?? new Uint8Array());
  return concatBytes(...records.flatMap((record) => [encodeUint(record.length, 2), record]));
}
