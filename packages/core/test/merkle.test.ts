// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import { encodeHex, encodeUtf8 } from '../src/bytes.js';
import { MAX_INT64 } from '../src/decimal.js';
import {
  type HashFunction,
  computeInclusionRoot,
  hashChildren,
  hashEmptyTree,
  hashLeaf,
  verifyConsistency,
  verifyInclusion,
} from '../src/merkle.js';
import { buildConsistencyProof, buildInclusionProof, computeRoot, createMerkleTree } from '../src/merkle-tree.js';
import { codeOf } from './fault.js';

const sha256: HashFunction = (...pieces) => {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return new Uint8Array(hash.digest());
};
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

// The leaves and roots of the test vectors of Certificate Transparency.
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  (data) => hashLeaf(sha256, hex(data)),
);
/** The leaf hash at an index of the known leaves. */
const at = (index: number): Uint8Array => leaves[index] ?? new Uint8Array();
/** The hash of a leaf of one byte. */
const leafOf = (byte: number): Uint8Array => hashLeaf(sha256, Uint8Array.of(byte));
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const inclusion = (index: number, size: number, leafHashes = leaves) => ({
  index: BigInt(index),
  size: BigInt(size),
  leafHash: leafHashes[index] ?? new Uint8Array(),
  rootHash: computeRoot(sha256, leafHashes.slice(0, size)),
  hashes: buildInclusionProof(sha256, leafHashes, { index, size }),
});
const consistency = (first: number, second: number, leafHashes = leaves) => ({
  first: { size: BigInt(first), rootHash: computeRoot(sha256, leafHashes.slice(0, first)) },
  second: { size: BigInt(second), rootHash: computeRoot(sha256, leafHashes.slice(0, second)) },
  hashes: buildConsistencyProof(sha256, leafHashes, { first, second }),
});

describe('a Merkle tree', () => {
  test.each(roots.map((root, size) => ({ size, root })))('of $size leaves has its known root', ({ size, root }) => {
    expect(encodeHex(computeRoot(sha256, leaves.slice(0, size)))).toBe(root);
  });

  test('tells leaves from nodes, and the empty tree from an empty leaf', () => {
    expect(encodeHex(hashEmptyTree(sha256))).toBe(roots[0]);
    expect(encodeHex(hashLeaf(sha256, new Uint8Array()))).toBe(roots[1]);
    expect(encodeHex(hashLeaf(sha256, encodeUtf8('{}')))).toBe(
      '28a3a18f6cd6406b086e9ffda1f9b8a13dbcf44b0f3f32cb9031a11fd053acf9',
    );
    const [left, right] = leaves as [Uint8Array, Uint8Array];
    expect(encodeHex(hashChildren(sha256, left, right))).toBe(roots[2]);
  });

  test('proves what its known proofs prove', () => {
    expect(inclusion(5, 7).hashes.map(encodeHex)).toEqual([
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
      roots[4],
    ]);
    expect(consistency(3, 7).hashes.map(encodeHex)).toEqual([
      '0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7',
      '07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7',
      roots[2],
      '837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e',
    ]);
    expect(consistency(4, 8).hashes.map(encodeHex)).toEqual([
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ]);
    expect(consistency(6, 8).hashes.map(encodeHex)).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      roots[4],
    ]);
  });

  test('gives the hashes of complete subtrees, which tiles are made of', () => {
    const tree = createMerkleTree(sha256);
    expect(leaves.map((leaf) => tree.append(leaf))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(tree.node(0, 3)).toEqual(leaves[3]);
    expect(encodeHex(tree.node(2, 0))).toBe(roots[4]);
    expect(encodeHex(tree.node(3, 0))).toBe(roots[8]);
  });

  test('refuses places outside of it', () => {
    const tree = createMerkleTree(sha256);
    for (const leaf of leaves.slice(0, 3)) tree.append(leaf);
    const outside = [
      () => tree.node(0, 3),
      () => tree.node(1, 1),
      () => tree.node(2, 0),
      () => tree.root(4),
      () => tree.root(-1),
      () => tree.root(1.5),
      () => tree.inclusionProof(0, 0),
      () => tree.inclusionProof(2, 2),
      () => tree.inclusionProof(0, 4),
      () => tree.consistencyProof(3, 2),
      () => tree.consistencyProof(1, 4),
    ];
    expect(outside.map(codeOf)).toEqual(outside.map(() => 'CONFIG_INVALID'));
  });
});

describe('verifyInclusion', () => {
  test('accepts every leaf of every tree up to 40 leaves, and no other leaf, index, size or root', () => {
    const many = Array.from({ length: 41 }, (_, i) => leafOf(i));
    for (let size = 1; size <= 40; size++) {
      for (let index = 0; index < size; index++) {
        const proof = inclusion(index, size, many);
        expect(codeOf(() => verifyInclusion(sha256, proof))).toBe('accepted');
        const other = leafOf(40);
        const wrong = [
          { ...proof, leafHash: other },
          { ...proof, rootHash: other },
          { ...proof, index: proof.index + 1n },
          { ...proof, index: proof.index - 1n },
          { ...proof, index: proof.size },
          { ...proof, index: -1n },
          { ...proof, hashes: [...proof.hashes, other] },
          { ...proof, hashes: [other, ...proof.hashes] },
          ...proof.hashes.map((_, i) => ({ ...proof, hashes: proof.hashes.with(i, other) })),
          ...proof.hashes.map((_, i) => ({ ...proof, hashes: proof.hashes.toSpliced(i, 1) })),
        ];
        for (const mutant of wrong) expect(codeOf(() => verifyInclusion(sha256, mutant))).toBe('PROOF_INVALID');
      }
    }
  });

  test.each([
    ['hashes of 31 bytes', { hashes: [new Uint8Array(31), ...inclusion(5, 7).hashes.slice(1)] }],
    ['hashes of 33 bytes', { hashes: [new Uint8Array(33), ...inclusion(5, 7).hashes.slice(1)] }],
    ['a leaf hash of 64 bytes', { leafHash: new Uint8Array(64) }],
    ['a root of 31 bytes', { rootHash: inclusion(5, 7).rootHash.subarray(0, 31) }],
    ['no root', { rootHash: new Uint8Array() }],
    ['swapped hashes', { hashes: inclusion(5, 7).hashes.toReversed() }],
    ['size zero', { size: 0n, index: 0n, hashes: [] }],
    ['a negative size', { size: -1n, index: -2n }],
    ['size 2^63', { size: MAX_INT64 + 1n }],
    ['another size with as many hashes', { size: 6n }],
  ])('refuses %s', (_, change) => {
    expect(codeOf(() => verifyInclusion(sha256, { ...inclusion(5, 7), ...change }))).toBe('PROOF_INVALID');
  });

  test('does not take an inner node for a leaf', () => {
    const { hashes, rootHash } = inclusion(0, 4);
    const [left, right] = leaves as [Uint8Array, Uint8Array];
    // The data of the would-be leaf is what the inner node hashes.
    const leafHash = hashLeaf(sha256, Buffer.concat([left, right]));
    expect(
      codeOf(() => verifyInclusion(sha256, { index: 0n, size: 2n, leafHash, hashes: hashes.slice(1), rootHash })),
    ).toBe('PROOF_INVALID');
  });

  test.each([
    [0n, 1n, 0],
    [0n, 2n ** 32n, 32],
    [2n ** 31n, 2n ** 32n + 1n, 33],
    [2n ** 32n, 2n ** 32n + 1n, 1],
    [2n ** 53n, 2n ** 53n + 1n, 1],
    [2n ** 62n - 1n, 2n ** 62n, 62],
    [0n, MAX_INT64, 63],
    [MAX_INT64 - 1n, MAX_INT64, 62],
  ])('asks of index %d in size %d for %d hashes', (index, size, count) => {
    const hashes = Array.from({ length: count }, (_, i) => sha256(Uint8Array.of(i)));
    const proof = { index, size, leafHash: at(3), hashes };
    const rootHash = computeInclusionRoot(sha256, proof);
    expect(codeOf(() => verifyInclusion(sha256, { ...proof, rootHash }))).toBe('accepted');
    expect(codeOf(() => verifyInclusion(sha256, { ...proof, rootHash, hashes: hashes.slice(1) }))).toBe(
      count === 0 ? 'accepted' : 'PROOF_INVALID',
    );
    expect(codeOf(() => verifyInclusion(sha256, { ...proof, rootHash, index: index ^ 1n }))).toBe('PROOF_INVALID');
  });

  test.each([64, 1_000_000])('refuses %d hashes as too large', (count) => {
    const hashes = new Array<Uint8Array>(count).fill(at(0));
    expect(codeOf(() => verifyInclusion(sha256, { ...inclusion(5, 7), hashes }))).toBe('INPUT_TOO_LARGE');
  });

  test('leads nowhere from an index outside the tree, however many hashes there are', () => {
    for (const count of [0, 1, 2]) {
      const hashes = new Array<Uint8Array>(count).fill(at(0));
      const proof = { index: 1n, size: 1n, leafHash: at(0), hashes };
      expect(codeOf(() => computeInclusionRoot(sha256, proof))).toBe('PROOF_INVALID');
    }
  });

  test('folds from the leaf upwards, left or right by the bits of the index', () => {
    const [a, b, c] = leaves as [Uint8Array, Uint8Array, Uint8Array];
    const root = computeInclusionRoot(sha256, { index: 2n, size: 4n, leafHash: a, hashes: [b, c] });
    expect(root).toEqual(hashChildren(sha256, c, hashChildren(sha256, a, b)));
  });
});

describe('verifyConsistency', () => {
  test('accepts every pair of trees up to 40 leaves, and no other size, root or hash', () => {
    const many = Array.from({ length: 41 }, (_, i) => leafOf(i));
    const other = leafOf(40);
    for (let second = 1; second <= 40; second++) {
      for (let first = 0; first <= second; first++) {
        const proof = consistency(first, second, many);
        expect(
          codeOf(() => verifyConsistency(sha256, proof)),
          `${first} ${second}`,
        ).toBe('accepted');
        const wrong = [
          { ...proof, first: { ...proof.first, rootHash: other } },
          { ...proof, hashes: [...proof.hashes, other] },
          { ...proof, hashes: [other, ...proof.hashes] },
          ...(first === 0 ? [] : [{ ...proof, second: { ...proof.second, rootHash: other } }]),
          ...proof.hashes.map((_, i) => ({ ...proof, hashes: proof.hashes.with(i, other) })),
          ...proof.hashes.map((_, i) => ({ ...proof, hashes: proof.hashes.toSpliced(i, 1) })),
        ];
        for (const mutant of wrong)
          expect(
            codeOf(() => verifyConsistency(sha256, mutant)),
            `${first} ${second}`,
          ).toBe('PROOF_INVALID');
      }
    }
  });

  test.each([
    ['a log that shrank', { ...consistency(3, 7), first: consistency(3, 7).second, second: consistency(3, 7).first }],
    ['a negative size', { ...consistency(3, 7), first: { size: -1n, rootHash: at(0) } }],
    ['a size of 2^63', { ...consistency(3, 7), second: { size: MAX_INT64 + 1n, rootHash: at(0) } }],
    ['an empty tree with another root', { ...consistency(0, 7), first: { size: 0n, rootHash: at(0) } }],
    ['roots of 31 bytes', { ...consistency(3, 3), first: { size: 3n, rootHash: new Uint8Array(31) } }],
  ])('refuses %s', (_, proof) => {
    expect(codeOf(() => verifyConsistency(sha256, proof))).toBe('PROOF_INVALID');
  });

  test('accepts the largest tree as consistent with itself', () => {
    const head = { size: MAX_INT64, rootHash: at(0) };
    expect(codeOf(() => verifyConsistency(sha256, { first: head, second: head, hashes: [] }))).toBe('accepted');
  });

  test('refuses 65 hashes as too large', () => {
    const hashes = new Array<Uint8Array>(65).fill(at(0));
    expect(codeOf(() => verifyConsistency(sha256, { ...consistency(3, 7), hashes }))).toBe('INPUT_TOO_LARGE');
  });

  test('gives an answer or PROOF_INVALID for any proof', () => {
    const head = fc.record({
      size: fc.bigInt(0n, MAX_INT64),
      rootHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    });
    const hashes = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 64 });
    fc.assert(
      fc.property(
        head,
        head,
        hashes,
        (first, second, path) =>
          codeOf(() => verifyConsistency(sha256, { first, second, hashes: path })) === 'PROOF_INVALID',
      ),
    );
  });
});

interface Vector {
  readonly name: string;
  readonly wantErr: boolean;
  readonly proof: readonly string[] | null;
}
const read = (file: string): unknown => JSON.parse(readFileSync(corpus(`merkle/${file}`), 'utf8'));
const decode = (text: string | null): Uint8Array => new Uint8Array(Buffer.from(text ?? '', 'base64'));

describeCorpus('the foreign vectors of Merkle proofs', () => {
  test('verifyInclusion accepts the valid ones alone', () => {
    const cases = read('inclusion.json') as readonly (Vector & {
      leafIdx: number;
      treeSize: number;
      root: string;
      leafHash: string;
    })[];
    expect(cases.length).toBeGreaterThan(90);
    for (const { leafIdx, treeSize, root, leafHash, proof, name, wantErr } of cases) {
      const given = {
        index: BigInt(leafIdx),
        size: BigInt(treeSize),
        leafHash: decode(leafHash),
        rootHash: decode(root),
        hashes: (proof ?? []).map(decode),
      };
      expect(
        codeOf(() => verifyInclusion(sha256, given)),
        name,
      ).toBe(wantErr ? 'PROOF_INVALID' : 'accepted');
    }
  });

  test('verifyConsistency accepts the valid ones alone', () => {
    const cases = read('consistency.json') as readonly (Vector & {
      size1: number;
      size2: number;
      root1: string;
      root2: string;
    })[];
    expect(cases.length).toBeGreaterThan(90);
    for (const { size1, size2, root1, root2, proof, name, wantErr } of cases) {
      const given = {
        first: { size: BigInt(size1), rootHash: decode(root1) },
        second: { size: BigInt(size2), rootHash: decode(root2) },
        hashes: (proof ?? []).map(decode),
      };
      // One vector takes text of twelve bytes for equal roots; here a root has 32.
      const isRefused = wantErr || given.first.rootHash.length !== 32;
      expect(
        codeOf(() => verifyConsistency(sha256, given)),
        name,
      ).toBe(isRefused ? 'PROOF_INVALID' : 'accepted');
    }
  });
});
