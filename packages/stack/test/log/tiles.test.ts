// SPDX-License-Identifier: Apache-2.0

import { encodeUint } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { hashLeaf } from '@keywax/core/merkle';
import { computeRoot, createMerkleTree } from '@keywax/core/merkle-tree';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeTilePath, parseTilePath, readHashTile } from '../../src/log/tiles.js';

const sha256 = (...pieces: Uint8Array[]) => hash('sha256', ...pieces);

describe('the path of a tile', () => {
  test.each([
    [{ index: 0 }, '000'],
    [{ index: 999, width: 3 }, '999.p/3'],
    [{ index: 1000 }, 'x001/000'],
    [{ index: 70000 }, 'x070/000'],
    [{ index: 1234067, width: 255 }, 'x001/x234/067.p/255'],
  ])('of %j is %s', (name, path) => {
    expect(encodeTilePath(name)).toBe(path);
    expect(parseTilePath(path)).toEqual(name);
  });

  test('is read as it was written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.option(fc.integer({ min: 1, max: 255 }), { nil: undefined }), (large, width) => {
        const name = { index: large % 10 ** 12, ...(width === undefined ? {} : { width }) };
        expect(parseTilePath(encodeTilePath(name))).toEqual(name);
      }),
    );
  });

  test.each(['', '00', '0000', 'x000/000', '001/000', '000.p/0', '000.p/256', '000.p/01', '000/', 'x1234/000', '-01'])(
    '%j is none',
    (path) => {
      expect(parseTilePath(path)).toBe(undefined);
    },
  );
});

test('tiles of the second level hold the roots of full tiles below them', () => {
  const tree = createMerkleTree(sha256);
  const leaves = Array.from({ length: 600 }, (_, i) => hashLeaf(sha256, encodeUint(i, 4)));
  for (const leaf of leaves) tree.append(leaf);
  const read = (level: number, index: number, width: number, size = 600) =>
    readHashTile(tree, { index, width }, { level, size });
  expect(read(0, 1, 256)).toHaveLength(256 * 32);
  expect(read(0, 2, 88)).toHaveLength(88 * 32);
  expect(read(0, 2, 89)).toBe(undefined);
  expect(read(0, 1, 256, 511)).toBe(undefined);
  expect(read(1, 0, 2)?.subarray(0, 32)).toEqual(computeRoot(sha256, leaves.slice(0, 256)));
  expect(read(1, 0, 2)?.subarray(32)).toEqual(computeRoot(sha256, leaves.slice(256, 512)));
  expect(read(1, 0, 2, 511)).toBe(undefined);
  expect(read(2, 0, 1)).toBe(undefined);
});
