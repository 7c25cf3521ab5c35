// SPDX-License-Identifier: Apache-2.0
// A tiled log in memory, behind a `fetch`: its tree is that of core, which knows nothing of tiles.

import { concatBytes, encodeUtf8 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { hashLeaf } from '@keywax/core/merkle';
import { type MerkleTree, createMerkleTree } from '@keywax/core/merkle-tree';
import type { Fetch } from '@keywax/http';

/** The hash function of logs. */
export const sha256 = (...pieces: readonly Uint8Array[]): Uint8Array => hash('sha256', ...pieces);

/** A log whose entries are all different. */
export interface MemoryLog {
  readonly tree: MerkleTree;
  entry(index: number): Uint8Array;
}

/** Grows a log; entries say their index unless given. */
export function growLog(size: number, given: ReadonlyMap<number, Uint8Array> = new Map()): MemoryLog {
  const tree = createMerkleTree(sha256);
  const entry = (index: number): Uint8Array => given.get(index) ?? encodeUtf8(`entry ${index}`);
  for (let i = 0; i < size; i++) tree.append(hashLeaf(sha256, entry(i)));
  return { tree, entry };
}

/** An answer of a server. */
export interface TileAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** A server of tiles, and the paths that were asked for. */
export interface TileServer {
  readonly fetch: Fetch;
  readonly paths: string[];
}

/** How a server of tiles departs from serving every tile of the log. */
export interface TileFaults {
  /** The answer to a path, where it is not the tile. */
  readonly change?: (path: string, tile: TileAnswer) => TileAnswer | undefined;
}

/** Serves `/api/v2/tile/…` of a log: every full tile that it has, and partial tiles of every width. */
export function serveTiles(log: MemoryLog, { change }: TileFaults = {}): TileServer {
  const paths: string[] = [];
  const fetch: Fetch = async (url) => {
    const { pathname } = new URL(url);
    paths.push(pathname);
    const tile = readTile(log, pathname);
    const { status, body } = change?.(pathname, tile) ?? tile;
    return { status, headers: new Headers(), body: new Blob([Uint8Array.from(body)]).stream() };
  };
  return { fetch, paths };
}

/** What is missing. */
export const NOT_FOUND: TileAnswer = { status: 404, body: new Uint8Array() };

function readTile(log: MemoryLog, path: string): TileAnswer {
  const match = /^\/api\/v2\/tile\/(\d|entries)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d+))?$/.exec(path);
  const [, level = '', digits = '', width = '256'] = match ?? [];
  const first = Number(digits.replaceAll(/[x/]/g, '')) * 256;
  const columns = Array.from({ length: Number(width) }, (_, i) => first + i);
  const height = level === 'entries' ? 0 : 8 * Number(level);
  if (match === null || first + columns.length > Math.floor(log.tree.size() / 2 ** height)) return NOT_FOUND;
  const pieces = columns.map((i) => (level === 'entries' ? encodeEntry(log.entry(i)) : log.tree.node(height, i)));
  return { status: 200, body: concatBytes(...pieces) };
}

function encodeEntry(data: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(data.length >> 8, data.length & 0xff), data);
}
