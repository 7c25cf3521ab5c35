// SPDX-License-Identifier: Apache-2.0
// Reading a log from static tiles (C2SP tlog-tiles): hashes of the tree, entries, and inclusion proofs made from them.
// https://c2sp.org/tlog-tiles
// Refused: tiles of another length than the size of the tree demands, entry bundles that are cut or run over.

import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import { hashChildren } from '@keywax/core/merkle';
import { type Transport, joinServiceUrl, request } from '@keywax/http';

const TILE_WIDTH = 256n;
const TILE_HEIGHT = 8;
const HASH_BYTES = 32;
const MAX_BUNDLE_BYTES = 256 * (2 + 65_535); // entries of at most 2^16-1 bytes

/** The tiles of a log at a size that a checkpoint states. */
export interface TiledLog {
  /** Base URL of the log; tiles lie under `/api/v2`. */
  readonly base: string;
  readonly size: bigint;
  readonly transport: Transport;
}

const sha256 = (...pieces: readonly Uint8Array[]): Uint8Array => hash('sha256', ...pieces);

/** Path of a tile or entry bundle: groups of three digits, all but the last behind `x`; the width only where it is partial. */
export function encodeTilePath(level: number | 'entries', index: bigint, width: number): `/${string}` {
  const digits = index.toString();
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/\d{3}/g) ?? [];
  const path = groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join('/');
  return `/api/v2/tile/${level}/${path}${width === Number(TILE_WIDTH) ? '' : `.p/${width}`}`;
}

/** Fetches the data of one entry. @throws SERVICE_INVALID, NETWORK_… */
export async function fetchEntryData(log: TiledLog, index: bigint): Promise<Uint8Array> {
  const tile = index / TILE_WIDTH;
  const bundle = await fetchTile(log, { level: 'entries', index: tile, width: widthOf(log.size, tile) });
  let offset = 0;
  for (let i = tile * TILE_WIDTH; ; i++) {
    const length = ((bundle[offset] ?? Number.NaN) << 8) | (bundle[offset + 1] ?? Number.NaN);
    const end = offset + 2 + length;
    if (offset + 2 > bundle.length || end > bundle.length) throw invalid(`an entry bundle that holds entry ${index}`);
    if (i === index) return bundle.subarray(offset + 2, end);
    offset = end;
  }
}

/** The hashes of an inclusion proof, from the leaf upwards (RFC 6962 2.1.1). @throws SERVICE_INVALID, NETWORK_… */
export async function fetchInclusionHashes(log: TiledLog, index: bigint): Promise<readonly Uint8Array[]> {
  const tiles = new Map<string, Promise<Uint8Array>>();
  const hashes: Uint8Array[] = [];
  let start = 0n;
  let end = log.size;
  while (end - start > 1n) {
    const middle = start + largestPowerBelow(end - start);
    const isLeft = index < middle;
    hashes.unshift(await hashRange(log, tiles, isLeft ? [middle, end] : [start, middle]));
    if (isLeft) end = middle;
    else start = middle;
  }
  return hashes;
}

/** Root of the leaves from `start` to `end`, which is a subtree of the log. */
async function hashRange(
  log: TiledLog,
  tiles: Map<string, Promise<Uint8Array>>,
  [start, end]: readonly [bigint, bigint],
): Promise<Uint8Array> {
  const width = end - start;
  const level = width.toString(2).length - 1;
  if (1n << BigInt(level) === width) return readNode(log, tiles, { level, index: start / width });
  const middle = start + largestPowerBelow(width);
  return hashChildren(sha256, await hashRange(log, tiles, [start, middle]), await hashRange(log, tiles, [middle, end]));
}

/** A node of a complete subtree: computed from the hashes of the tile that its level falls into. */
async function readNode(
  log: TiledLog,
  tiles: Map<string, Promise<Uint8Array>>,
  { level, index }: { readonly level: number; readonly index: bigint },
): Promise<Uint8Array> {
  const tileLevel = Math.floor(level / TILE_HEIGHT);
  const count = 2 ** (level % TILE_HEIGHT);
  const first = index * BigInt(count);
  const tileIndex = first / TILE_WIDTH;
  const width = widthOf(log.size >> BigInt(TILE_HEIGHT * tileLevel), tileIndex);
  const path = encodeTilePath(tileLevel, tileIndex, width);
  const fetching = tiles.get(path) ?? fetchTile(log, { level: tileLevel, index: tileIndex, width });
  tiles.set(path, fetching);
  const tile = await fetching;
  if (tile.length !== width * HASH_BYTES && tile.length !== Number(TILE_WIDTH) * HASH_BYTES)
    throw invalid(`a tile of ${width} hashes`);
  const offset = Number(first % TILE_WIDTH);
  return foldNodes(
    Array.from({ length: count }, (_, i) => tile.subarray((offset + i) * HASH_BYTES, (offset + i + 1) * HASH_BYTES)),
  );
}

/** Root over a power of two of nodes. */
function foldNodes(nodes: readonly Uint8Array[]): Uint8Array {
  const [only, second] = nodes;
  if (only !== undefined && second === undefined) return only;
  return foldNodes(
    Array.from({ length: nodes.length / 2 }, (_, i) =>
      hashChildren(sha256, nodes[2 * i] as Uint8Array, nodes[2 * i + 1] as Uint8Array),
    ),
  );
}

/** How many of a tile's 256 places are filled, with `nodes` nodes on its level. */
function widthOf(nodes: bigint, tile: bigint): number {
  const filled = nodes - tile * TILE_WIDTH;
  return Number(filled > TILE_WIDTH ? TILE_WIDTH : filled);
}

function largestPowerBelow(n: bigint): bigint {
  return 1n << BigInt((n - 1n).toString(2).length - 1);
}

/** A partial tile may be gone once it is full: then the full one is read. */
async function fetchTile(
  { base, transport }: TiledLog,
  { level, index, width }: { readonly level: number | 'entries'; readonly index: bigint; readonly width: number },
): Promise<Uint8Array> {
  const fetchWidth = async (columns: number): Promise<Uint8Array> => {
    const url = joinServiceUrl(base, encodeTilePath(level, index, columns), transport);
    return (await request(url, { ...transport, maxBytes: MAX_BUNDLE_BYTES })).body;
  };
  try {
    return await fetchWidth(width);
  } catch (error) {
    if (width === Number(TILE_WIDTH) || !isKeywaxError(error, 'NETWORK_STATUS') || error.details.status !== 404)
      throw error;
    return fetchWidth(Number(TILE_WIDTH));
  }
}

function invalid(expected: string): KeywaxError {
  return new KeywaxError('SERVICE_INVALID', `Rekor: expected ${expected}`, { details: { expected } });
}
