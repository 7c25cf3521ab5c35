// SPDX-License-Identifier: Apache-2.0
// Merkle trees that grow, and the proofs about them (RFC 6962 §2.1): what a log does. Verifiers need `merkle` alone.

import { KeywaxError } from './errors.js';
import { type HashFunction, hashChildren, hashEmptyTree } from './merkle.js';

/** A tree in memory, to which leaves are only appended. Sizes and indexes count leaves. */
export interface MerkleTree {
  /** How many leaves it has. */
  size(): number;
  /** Adds a leaf by its hash and returns its index. */
  append(leafHash: Uint8Array): number;
  /** Hash of the complete subtree over leaves [index · 2^level, (index + 1) · 2^level). @throws CONFIG_INVALID */
  node(level: number, index: number): Uint8Array;
  /** Root over the first `size` leaves, all unless given. @throws CONFIG_INVALID */
  root(size?: number): Uint8Array;
  /** Hashes that prove the leaf at `index` in the tree of the first `size` leaves. @throws CONFIG_INVALID */
  inclusionProof(index: number, size: number): readonly Uint8Array[];
  /** Hashes that prove that the tree of `second` leaves extends the one of `first`. @throws CONFIG_INVALID */
  consistencyProof(first: number, second: number): readonly Uint8Array[];
}

/** The leaves [start, end). */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Makes a tree without leaves. Appending costs one hash on average, roots and proofs a logarithm of the size. */
export function createMerkleTree(sha256: HashFunction): MerkleTree {
  // levels[k][i] is the hash of the complete subtree over leaves [i · 2^k, (i + 1) · 2^k).
  const levels: Uint8Array[][] = [[]];
  const size = (): number => (levels[0] as Uint8Array[]).length;
  const hashSpan = ({ start, end }: Span): Uint8Array => {
    if (start === end) return hashEmptyTree(sha256);
    const leaves = end - start;
    const level = 31 - Math.clz32(leaves);
    // Splitting puts every span of 2^level leaves at a multiple of its length, where its hash is known.
    if (leaves === 2 ** level) return levels[level]?.[start / leaves] as Uint8Array;
    const middle = start + splitSize(leaves);
    return hashChildren(sha256, hashSpan({ start, end: middle }), hashSpan({ start: middle, end }));
  };
  return {
    size,
    append(leafHash) {
      appendNode(sha256, levels, leafHash);
      return size() - 1;
    },
    node(level, index) {
      const hash = levels[level]?.[index];
      if (hash === undefined) throw outside(`no complete subtree ${index} at level ${level}`);
      return hash;
    },
    root(end = size()) {
      expectWithin(end, { start: 0, end: size() });
      return hashSpan({ start: 0, end });
    },
    inclusionProof(index, end) {
      expectWithin(end, { start: 1, end: size() });
      expectWithin(index, { start: 0, end: end - 1 });
      return inclusionSpans(index, { start: 0, end }).map(hashSpan);
    },
    consistencyProof(first, second) {
      expectWithin(second, { start: 0, end: size() });
      expectWithin(first, { start: 0, end: second });
      return first === 0 ? [] : consistencySpans(first, { start: 0, end: second }, true).map(hashSpan);
    },
  };
}

/** Adds a leaf, and every subtree that it completes. */
function appendNode(sha256: HashFunction, levels: Uint8Array[][], leafHash: Uint8Array): void {
  let node = leafHash;
  for (let level = 0; ; level++) {
    const nodes = (levels[level] ??= []);
    nodes.push(node);
    if (nodes.length % 2 === 1) return;
    node = hashChildren(sha256, nodes[nodes.length - 2] as Uint8Array, node);
  }
}

/** RFC 6962 §2.1.1: the subtrees beside the path from a leaf to the root, from the leaf upwards. */
function inclusionSpans(index: number, { start, end }: Span): readonly Span[] {
  if (end - start === 1) return [];
  const middle = start + splitSize(end - start);
  return index < middle
    ? [...inclusionSpans(index, { start, end: middle }), { start: middle, end }]
    : [...inclusionSpans(index, { start: middle, end }), { start, end: middle }];
}

/** RFC 6962 §2.1.2, with `first` counted from the first leaf of the log. */
function consistencySpans(first: number, { start, end }: Span, isFirstTree: boolean): readonly Span[] {
  // The verifier knows the root of the first tree, and no other root.
  if (first === end) return isFirstTree ? [] : [{ start, end }];
  const middle = start + splitSize(end - start);
  return first <= middle
    ? [...consistencySpans(first, { start, end: middle }, isFirstTree), { start: middle, end }]
    : [...consistencySpans(first, { start: middle, end }, false), { start, end: middle }];
}

/** The largest power of two below `leaves`, which is at least 2. */
function splitSize(leaves: number): number {
  let size = 1;
  while (size * 2 < leaves) size *= 2;
  return size;
}

/** Root over the given leaf hashes. */
export function computeRoot(sha256: HashFunction, leafHashes: readonly Uint8Array[]): Uint8Array {
  return growTree(sha256, leafHashes).root();
}

/** Inclusion proof over the given leaf hashes. @throws CONFIG_INVALID */
export function buildInclusionProof(
  sha256: HashFunction,
  leafHashes: readonly Uint8Array[],
  { index, size }: { readonly index: number; readonly size: number },
): readonly Uint8Array[] {
  return growTree(sha256, leafHashes).inclusionProof(index, size);
}

/** Consistency proof over the given leaf hashes. @throws CONFIG_INVALID */
export function buildConsistencyProof(
  sha256: HashFunction,
  leafHashes: readonly Uint8Array[],
  { first, second }: { readonly first: number; readonly second: number },
): readonly Uint8Array[] {
  return growTree(sha256, leafHashes).consistencyProof(first, second);
}

function growTree(sha256: HashFunction, leafHashes: readonly Uint8Array[]): MerkleTree {
  const tree = createMerkleTree(sha256);
  for (const leafHash of leafHashes) tree.append(leafHash);
  return tree;
}

function expectWithin(value: number, { start, end }: Span): void {
  if (!Number.isSafeInteger(value) || value < start || value > end)
    throw outside(`${value} is not in [${start}, ${end}]`);
}

function outside(what: string): KeywaxError {
  return new KeywaxError('CONFIG_INVALID', `expected a place inside the tree: ${what}`);
}
