// SPDX-License-Identifier: Apache-2.0
// Proofs in Merkle trees over SHA-256 (RFC 6962 §2.1, RFC 9162 §2.1).
// Refused: an index outside the tree, sizes above 2^63-1, hashes that are not 32 bytes, and a proof with more or fewer
// hashes than its index and size demand.

import { equalBytes } from './bytes.js';
import { MAX_INT64 } from './decimal.js';
import { KeywaxError } from './errors.js';

/** SHA-256 over the pieces in order, 32 bytes. */
export type HashFunction = (...pieces: Uint8Array[]) => Uint8Array;

/** What an inclusion proof says: the leaf at `index` of a tree of `size` leaves; hashes from the leaf upwards. */
export interface InclusionProof {
  readonly index: bigint;
  readonly size: bigint;
  readonly leafHash: Uint8Array;
  readonly hashes: readonly Uint8Array[];
}

/** A state of a log. */
export interface TreeHead {
  readonly size: bigint;
  readonly rootHash: Uint8Array;
}

const HASH_BYTES = 32;
const MAX_INCLUSION_HASHES = 63; // ATTACKS 4.3: index < 2^63
const MAX_CONSISTENCY_HASHES = 64; // RFC 6962 §2.1.2: one more than the depth
const LEAF_PREFIX = /* @__PURE__ */ Uint8Array.of(0x00);
const NODE_PREFIX = /* @__PURE__ */ Uint8Array.of(0x01);

/** Hash of a leaf with the given data: SHA-256(00 ‖ data). */
export function hashLeaf(sha256: HashFunction, data: Uint8Array): Uint8Array {
  return sha256(LEAF_PREFIX, data);
}

/** Hash of an inner node: SHA-256(01 ‖ left ‖ right). */
export function hashChildren(sha256: HashFunction, left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(NODE_PREFIX, left, right);
}

/** Root of the tree without leaves: SHA-256 of nothing. */
export function hashEmptyTree(sha256: HashFunction): Uint8Array {
  return sha256();
}

/**
 * The root to which an inclusion proof leads (RFC 9162 §2.1.3.2).
 * @throws PROOF_INVALID for a proof of another shape than index and size demand, INPUT_TOO_LARGE above 63 hashes
 */
export function computeInclusionRoot(sha256: HashFunction, proof: InclusionProof): Uint8Array {
  const { index, size, leafHash, hashes } = proof;
  expectHashes(hashes, MAX_INCLUSION_HASHES);
  expectHash(leafHash);
  if (index < 0n || index >= size || size > MAX_INT64)
    throw invalid('an index inside the tree', `index ${index} of ${size}`);
  const { inner, border } = splitPath(index, size);
  if (hashes.length !== inner + border) throw invalid(`a proof of ${inner + border} hashes`, String(hashes.length));
  const subtree = foldInner(sha256, { seed: leafHash, hashes: hashes.slice(0, inner), index });
  return foldBorder(sha256, subtree, hashes.slice(inner));
}

/**
 * Verifies that a leaf is in the tree with the given root (RFC 9162 §2.1.3.2).
 * @throws PROOF_INVALID, INPUT_TOO_LARGE above 63 hashes
 */
export function verifyInclusion(sha256: HashFunction, proof: InclusionProof & { readonly rootHash: Uint8Array }): void {
  if (!equalBytes(computeInclusionRoot(sha256, proof), proof.rootHash)) throw invalid('a proof that leads to the root');
}

/**
 * Verifies that the second state of a log only appends to the first (RFC 9162 §2.1.4.2). Every log begins with the
 * empty tree, so a first size of zero needs no hashes, but its root must be that of the empty tree.
 * @throws PROOF_INVALID, INPUT_TOO_LARGE above 64 hashes
 */
export function verifyConsistency(
  sha256: HashFunction,
  {
    first,
    second,
    hashes,
  }: { readonly first: TreeHead; readonly second: TreeHead; readonly hashes: readonly Uint8Array[] },
): void {
  expectHashes(hashes, MAX_CONSISTENCY_HASHES);
  expectHash(first.rootHash);
  expectHash(second.rootHash);
  if (first.size < 0n || first.size > second.size || second.size > MAX_INT64) {
    throw invalid('a log that does not shrink', `sizes ${first.size} and ${second.size}`);
  }
  if (first.size === 0n || first.size === second.size) {
    if (hashes.length > 0) throw invalid('a proof of 0 hashes', String(hashes.length));
    const expected = first.size === 0n ? hashEmptyTree(sha256) : second.rootHash;
    if (!equalBytes(first.rootHash, expected)) throw invalid('equal roots of equal trees');
    return;
  }
  const roots = computeConsistentRoots(sha256, { first, second, hashes });
  if (!equalBytes(roots.first, first.rootHash)) throw invalid('a proof that leads to the first root');
  if (!equalBytes(roots.second, second.rootHash)) throw invalid('a proof that leads to the second root');
}

/** Both roots to which a consistency proof leads; the first size lies in [1, second size). */
function computeConsistentRoots(
  sha256: HashFunction,
  {
    first,
    second,
    hashes,
  }: { readonly first: TreeHead; readonly second: TreeHead; readonly hashes: readonly Uint8Array[] },
): { readonly first: Uint8Array; readonly second: Uint8Array } {
  // The path starts at the root of the last complete subtree of the first tree. Where that is the whole first tree,
  // its root is known and not repeated in the proof.
  const shift = countTrailingZeros(first.size);
  const isWholeTree = first.size === 1n << BigInt(shift);
  const { inner: depth, border } = splitPath(first.size - 1n, second.size);
  const inner = depth - shift;
  const path = isWholeTree ? hashes : hashes.slice(1);
  if (path.length !== inner + border || (!isWholeTree && hashes.length === 0)) {
    throw invalid(`a proof of ${inner + border + (isWholeTree ? 0 : 1)} hashes`, String(hashes.length));
  }
  const seed = isWholeTree ? first.rootHash : (hashes[0] as Uint8Array);
  const steps = { seed, hashes: path.slice(0, inner), index: (first.size - 1n) >> BigInt(shift) };
  return {
    first: foldBorder(sha256, foldInnerLeft(sha256, steps), path.slice(inner)),
    second: foldBorder(sha256, foldInner(sha256, steps), path.slice(inner)),
  };
}

interface InnerSteps {
  readonly seed: Uint8Array;
  readonly hashes: readonly Uint8Array[];
  readonly index: bigint;
}

/**
 * Splits the path from leaf `index` to the root: `inner` nodes below the point where it meets the path of the last
 * leaf, and `border` left siblings above it.
 */
function splitPath(index: bigint, size: bigint): { readonly inner: number; readonly border: number } {
  const inner = bitLength(index ^ (size - 1n));
  return { inner, border: countOnes(index >> BigInt(inner)) };
}

/** Joins with siblings on the side that the bits of `index` say. */
function foldInner(sha256: HashFunction, { seed, hashes, index }: InnerSteps): Uint8Array {
  return hashes.reduce((node, sibling, level) => {
    const isLeft = ((index >> BigInt(level)) & 1n) === 0n;
    return isLeft ? hashChildren(sha256, node, sibling) : hashChildren(sha256, sibling, node);
  }, seed);
}

/** Joins with the siblings on the left alone, as a tree that ends at `index` has no others. */
function foldInnerLeft(sha256: HashFunction, { seed, hashes, index }: InnerSteps): Uint8Array {
  return hashes.reduce((node, sibling, level) => {
    const isLeft = ((index >> BigInt(level)) & 1n) === 0n;
    return isLeft ? node : hashChildren(sha256, sibling, node);
  }, seed);
}

/** Joins with siblings that all lie on the left. */
function foldBorder(sha256: HashFunction, seed: Uint8Array, hashes: readonly Uint8Array[]): Uint8Array {
  return hashes.reduce((node, sibling) => hashChildren(sha256, sibling, node), seed);
}

function bitLength(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length;
}

function countOnes(value: bigint): number {
  let ones = 0;
  for (let rest = value; rest > 0n; rest &= rest - 1n) ones++;
  return ones;
}

function countTrailingZeros(value: bigint): number {
  return bitLength(value & -value) - 1;
}

function expectHashes(hashes: readonly Uint8Array[], limit: number): void {
  if (hashes.length > limit) {
    const expected = `a proof of at most ${limit} hashes`;
    throw new KeywaxError('INPUT_TOO_LARGE', `expected ${expected}`, { details: { expected, limit } });
  }
  hashes.forEach(expectHash);
}

function expectHash(hash: Uint8Array): void {
  if (hash.length !== HASH_BYTES) throw invalid('hashes of 32 bytes', String(hash.length));
}

function invalid(expected: string, actual?: string): KeywaxError {
  return new KeywaxError('PROOF_INVALID', `expected ${expected}${actual === undefined ? '' : `, found ${actual}`}`, {
    details: { expected, ...(actual === undefined ? {} : { actual }) },
  });
}
