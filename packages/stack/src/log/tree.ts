// SPDX-License-Identifier: Apache-2.0
// A Merkle tree that grows (RFC 6962 §2.1). Hashes of complete subtrees are kept by level, so that roots and proofs of
// every earlier size cost a logarithm, and tiles are slices.

import { concatBytes } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { hashChildren } from '@keywax/core/merkle';

/** Leaves in a tile of a tiled log (C2SP tlog-tiles): height 8. */
export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;

/** A tree of leaf hashes. Sizes and indices count leaves. */
export interface MerkleTree {
  size(): number;
  append(leafHash: Uint8Array): void;
  leafHash(index: number): Uint8Array | undefined;
  /** Root of the first `size` leaves. */
  root(size?: number): Uint8Array;
  /** Inclusion proof of leaf `index` in the first `size` leaves, leaf to root. */
  inclusionProof(index: number, size: number): readonly Uint8Array[];
  /** Consistency proof between the first `first` and the first `second` leaves. */
  consistencyProof(first: number, second: number): readonly Uint8Array[];
  /** Hashes `[index * 256, index * 256 + width)` of tile level `level`; `undefined` where the first `size` leaves lack them. */
  tile(level: number, index: number, width: number, size: number): Uint8Array | undefined;
}

const sha256 = (...pieces: readonly Uint8Array[]): Uint8Array => hash('sha256', ...pieces);

/** An empty tree. */
export function createTree(): MerkleTree {
  const levels: Uint8Array[][] = [[]];
  return {
    size: () => leaves(levels).length,
    append: (leafHash) => appendNode(levels, 0, leafHash),
    leafHash: (index) => leaves(levels)[index],
    root: (size = leaves(levels).length) => hashRange(levels, 0, size),
    inclusionProof: (index, size) => provePath(levels, index, { start: 0, end: size }),
    consistencyProof: (first, second) =>
      first === 0 ? [] : proveSubtree(levels, first, { start: 0, end: second }, true),
    tile: (level, index, width, size) => sliceTile(levels, { level, index, width, size }),
  };
}

function leaves(levels: readonly Uint8Array[][]): readonly Uint8Array[] {
  return levels[0] ?? [];
}

/** Adds a node to a level; every second one completes a node of the level above. */
function appendNode(levels: Uint8Array[][], level: number, node: Uint8Array): void {
  const nodes = (levels[level] ??= []);
  nodes.push(node);
  const left = nodes[nodes.length - 2];
  if (nodes.length % 2 === 0 && left !== undefined) appendNode(levels, level + 1, hashChildren(sha256, left, node));
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The tree hash of leaves `[start, end)`: kept where the subtree is complete, else split as RFC 6962 §2.1 does. */
function hashRange(levels: readonly Uint8Array[][], start: number, end: number): Uint8Array {
  const size = end - start;
  if (size === 0) return sha256();
  const level = Math.log2(size);
  const kept = Number.isInteger(level) ? levels[level]?.[start / size] : undefined;
  if (kept !== undefined) return kept;
  const middle = start + splitPoint(size);
  return hashChildren(sha256, hashRange(levels, start, middle), hashRange(levels, middle, end));
}

/** The largest power of two below `size`. */
function splitPoint(size: number): number {
  return 2 ** Math.floor(Math.log2(size - 1));
}

/** PATH of RFC 6962 §2.1.1, for the leaf at `index` counted from the start of the tree. */
function provePath(levels: readonly Uint8Array[][], index: number, { start, end }: Range): readonly Uint8Array[] {
  if (end - start <= 1) return [];
  const middle = start + splitPoint(end - start);
  return index < middle
    ? [...provePath(levels, index, { start, end: middle }), hashRange(levels, middle, end)]
    : [...provePath(levels, index, { start: middle, end }), hashRange(levels, start, middle)];
}

/** SUBPROOF of RFC 6962 §2.1.2, for the first `first` leaves counted from the start of the tree. */
function proveSubtree(
  levels: readonly Uint8Array[][],
  first: number,
  { start, end }: Range,
  whole: boolean,
): readonly Uint8Array[] {
  if (first === end) return whole ? [] : [hashRange(levels, start, end)];
  const middle = start + splitPoint(end - start);
  return first <= middle
    ? [...proveSubtree(levels, first, { start, end: middle }, whole), hashRange(levels, middle, end)]
    : [...proveSubtree(levels, first, { start: middle, end }, false), hashRange(levels, start, middle)];
}

interface TileRange {
  readonly level: number;
  readonly index: number;
  readonly width: number;
  readonly size: number;
}

function sliceTile(levels: readonly Uint8Array[][], { level, index, width, size }: TileRange): Uint8Array | undefined {
  const complete = Math.floor(size / 2 ** (TILE_HEIGHT * level));
  const first = index * TILE_WIDTH;
  if (first + width > complete) return undefined;
  return concatBytes(...(levels[TILE_HEIGHT * level] ?? []).slice(first, first + width));
}
