// SPDX-License-Identifier: Apache-2.0
// Reads a log from its tiles (C2SP tlog-tiles): the hashes of its tree, 256 to a tile, and its entries.
// https://c2sp.org/tlog-tiles
// Refused: tiles and entry bundles that do not hold exactly what their path says, entries outside the log.

import { isKeywaxError } from '@keywax/core/errors';
import { type Transport, joinServiceUrl, request } from '@keywax/http';
import { HASH_BYTES, invalid, misused } from './answer.js';

/** The tiles of a log, at the size that a checkpoint states. */
export interface TiledLog {
  /** Base URL of the log; its tiles lie below `/api/v2/tile`. */
  readonly base: string;
  readonly size: bigint;
  readonly transport: Transport;
}

/** Hashes or entries in a full tile. */
export const TILE_WIDTH = 256;
/** Levels of the tree from one level of tiles to the next. */
export const TILE_HEIGHT = 8;

const LENGTH_BYTES = 2;
const MAX_ENTRY_BYTES = 65_535; // what two bytes can say

/** A tile by its place, and how many of its 256 columns are filled. */
export interface TileId {
  /** Level in the tree of tiles; `entries` for the leaves' data. */
  readonly level: number | 'entries';
  readonly index: bigint;
  readonly width: number;
}

/** The path of a tile: its index in groups of three digits, all but the last behind `x`, and its width where it is partial. */
export function encodeTilePath({ level, index, width }: TileId): `/${string}` {
  const digits = index.toString();
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.replace(/\d{3}(?=\d)/g, 'x$&/');
  return `/api/v2/tile/${level}/${groups}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** Fetches the data of one entry. @throws CONFIG_INVALID, SERVICE_INVALID, NETWORK_… */
export async function fetchEntryData(log: TiledLog, index: bigint): Promise<Uint8Array> {
  checkIndex(log, index);
  const entries = await fetchEntryBundle(log, index / BigInt(TILE_WIDTH));
  return entries[Number(index % BigInt(TILE_WIDTH))] as Uint8Array; // the bundle is as wide as the size demands
}

/** @throws CONFIG_INVALID */
export function checkIndex({ size }: TiledLog, index: bigint): void {
  if (index < 0n || index >= size) throw misused('index', `an index below the size ${size} of the log`);
}

/** Fetches a bundle of entries: those of the filled columns, or all 256. */
async function fetchEntryBundle(log: TiledLog, index: bigint): Promise<readonly Uint8Array[]> {
  const tile = await fetchTile(log, { level: 'entries', index, width: fillTile(log.size, index) });
  return splitEntries(tile);
}

/** Fetches the hashes of a tile: those of its filled columns, or all 256. @throws SERVICE_INVALID, NETWORK_… */
export async function fetchHashTile(log: TiledLog, level: number, index: bigint): Promise<readonly Uint8Array[]> {
  const nodes = log.size >> BigInt(TILE_HEIGHT * level);
  const { width, bytes } = await fetchTile(log, { level, index, width: fillTile(nodes, index) });
  if (bytes.length !== width * HASH_BYTES) throw invalid(`a tile of ${width} hashes`, `${bytes.length} bytes`);
  return Array.from({ length: width }, (_, i) => bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES));
}

/** How many columns of a tile are filled where its level has `nodes` nodes. */
function fillTile(nodes: bigint, tile: bigint): number {
  const rest = nodes - tile * BigInt(TILE_WIDTH);
  return rest < TILE_WIDTH ? Number(rest) : TILE_WIDTH;
}

/** A tile as it came, and how many columns its path says. */
interface Tile {
  readonly width: number;
  readonly bytes: Uint8Array;
}

/** Fetches a tile. A partial tile may be gone once the full one exists, which is read then. */
async function fetchTile(log: TiledLog, id: TileId): Promise<Tile> {
  try {
    return await fetchExactTile(log, id);
  } catch (error) {
    const isGone = isKeywaxError(error, 'NETWORK_STATUS') && error.details.status === 404;
    if (id.width === TILE_WIDTH || !isGone) throw error;
    return fetchExactTile(log, { ...id, width: TILE_WIDTH });
  }
}

async function fetchExactTile({ base, transport }: TiledLog, id: TileId): Promise<Tile> {
  const columnBytes = id.level === 'entries' ? LENGTH_BYTES + MAX_ENTRY_BYTES : HASH_BYTES;
  const url = joinServiceUrl(base, encodeTilePath(id), transport);
  const { body } = await request(url, { ...transport, maxBytes: id.width * columnBytes });
  return { width: id.width, bytes: body };
}

/** The entries of a bundle, each behind its length in two bytes. */
function splitEntries({ width, bytes }: Tile): readonly Uint8Array[] {
  const entries: Uint8Array[] = [];
  let offset = 0;
  while (entries.length < width) {
    const [high = 0, low = 0] = bytes.subarray(offset, offset + LENGTH_BYTES);
    const start = offset + LENGTH_BYTES;
    offset = start + high * 256 + low;
    entries.push(bytes.slice(start, offset));
  }
  // A bundle that was cut ends before the offset, one that runs over behind it.
  if (offset !== bytes.length) throw invalid(`a bundle of ${width} entries`, `${bytes.length} bytes`);
  return entries;
}
