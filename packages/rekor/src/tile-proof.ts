// SPDX-License-Identifier: Apache-2.0
// Makes proofs from the tiles of a log (RFC 6962 §2.1). Which hashes a proof needs follows from sizes and indexes alone,
// so the tiles are known before any is fetched, and are fetched together.

import { hashChildren } from '@keywax/core/merkle';
import { misused, sha256 } from './answer.js';
import { TILE_HEIGHT, TILE_WIDTH, type TiledLog, checkIndex, fetchHashTile } from './tiles.js';

/**
 * Fetches the hashes of the proof that the entry at `index` is in the log, from the leaf upwards (RFC 6962 §2.1.1).
 * @throws CONFIG_INVALID, SERVICE_INVALID, NETWORK_…
 */
export async function fetchInclusionHashes(log: TiledLog, index: bigint): Promise<readonly Uint8Array[]> {
  checkIndex(log, index);
  const { siblings } = descend(log.size, {
    goesLeft: (middle) => index < middle,
    isLast: ({ start, end }) => end - start === 1n,
  });
  return fetchRoots(log, siblings);
}

/**
 * Fetches the hashes of the proof that the log only appends to its first `firstSize` entries (RFC 6962 §2.1.2).
 * @throws CONFIG_INVALID for a size that is not one of the log, SERVICE_INVALID, NETWORK_…
 */
export async function fetchConsistencyHashes(log: TiledLog, firstSize: bigint): Promise<readonly Uint8Array[]> {
  if (firstSize < 0n || firstSize > log.size) throw misused('firstSize', `at most the size ${log.size} of the log`);
  if (firstSize === 0n) return [];
  const { siblings, last } = descend(log.size, {
    goesLeft: (middle) => firstSize <= middle,
    isLast: ({ end }) => end === firstSize,
  });
  // Where the way ends at the whole first tree, the verifier knows its root.
  return fetchRoots(log, last.start === 0n ? siblings : [last, ...siblings]);
}

/** The leaves [start, end). */
interface Range {
  readonly start: bigint;
  readonly end: bigint;
}

interface Steps {
  readonly goesLeft: (middle: bigint) => boolean;
  readonly isLast: (range: Range) => boolean;
}

/** The way down from the root: the sibling at every split, the lowest first, and where it ends. */
function descend(
  size: bigint,
  { goesLeft, isLast }: Steps,
): { readonly siblings: readonly Range[]; readonly last: Range } {
  const siblings: Range[] = [];
  let range: Range = { start: 0n, end: size };
  while (!isLast(range)) {
    const middle = splitPoint(range);
    const left: Range = { start: range.start, end: middle };
    const right: Range = { start: middle, end: range.end };
    siblings.unshift(goesLeft(middle) ? right : left);
    range = goesLeft(middle) ? left : right;
  }
  return { siblings, last: range };
}

/** Where a subtree of more than one leaf divides: after the largest power of two below its width. */
function splitPoint({ start, end }: Range): bigint {
  return start + (1n << BigInt((end - start - 1n).toString(2).length - 1));
}

/** The root of a complete subtree of 2^level leaves, at `index` among those of its level. */
interface Node {
  readonly level: number;
  readonly index: bigint;
}

/** Roots over the ranges, each of which a split has made. */
async function fetchRoots(log: TiledLog, ranges: readonly Range[]): Promise<readonly Uint8Array[]> {
  const nodes = ranges.map(listNodes);
  const readNode = await fetchNodes(log, nodes.flat());
  return nodes.map((parts) => parts.map(readNode).reduceRight((right, left) => hashChildren(sha256, left, right)));
}

/** The complete subtrees of a range, from the widest to the narrowest. */
function listNodes({ start, end }: Range): readonly Node[] {
  const nodes: Node[] = [];
  for (let at = start; at < end; ) {
    const level = (end - at).toString(2).length - 1;
    nodes.push({ level, index: at >> BigInt(level) });
    at += 1n << BigInt(level);
  }
  return nodes;
}

/** Fetches the tiles that hold the nodes, each once, and gives a reader of the nodes. */
async function fetchNodes(log: TiledLog, nodes: readonly Node[]): Promise<(node: Node) => Uint8Array> {
  const places = new Map(nodes.map(locateNode).map((place) => [place.tile, place]));
  const tiles = new Map(
    await Promise.all(
      Array.from(places, async ([tile, { level, index }]) => [tile, await fetchHashTile(log, level, index)] as const),
    ),
  );
  return (node) => {
    const { tile, column, count } = locateNode(node);
    return joinNodes((tiles.get(tile) ?? []).slice(column, column + count));
  };
}

/** Where a node is found: tiles hold every eighth level, and a node between two is the root over columns of the lower. */
interface NodePlace {
  /** Level and index of the tile, as one name. */
  readonly tile: string;
  readonly level: number;
  readonly index: bigint;
  readonly column: number;
  /** How many columns, a power of two. */
  readonly count: number;
}

function locateNode({ level, index }: Node): NodePlace {
  const count = 2 ** (level % TILE_HEIGHT);
  const first = index * BigInt(count);
  const place = { level: Math.floor(level / TILE_HEIGHT), index: first / BigInt(TILE_WIDTH) };
  return { ...place, tile: `${place.level}/${place.index}`, column: Number(first % BigInt(TILE_WIDTH)), count };
}

/** Root over a power of two of nodes. */
function joinNodes(nodes: readonly Uint8Array[]): Uint8Array {
  const [only, second] = nodes;
  if (only !== undefined && second === undefined) return only;
  const half = nodes.length / 2;
  return hashChildren(sha256, joinNodes(nodes.slice(0, half)), joinNodes(nodes.slice(half)));
}
