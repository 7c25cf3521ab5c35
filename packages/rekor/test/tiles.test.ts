// SPDX-License-Identifier: Apache-2.0

import { concatBytes, encodeUtf8 } from '@keywax/core/bytes';
import { verifyConsistency, verifyInclusion, hashLeaf } from '@keywax/core/merkle';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type TiledLog,
  encodeTilePath,
  fetchConsistencyHashes,
  fetchEntryData,
  fetchInclusionHashes,
} from '../src/index.js';
import { NOT_FOUND, type TileFaults, type TileServer, growLog, serveTiles, sha256 } from './tiled-log.js';

const BASE = 'https://log.example';
// Built once: the trees of all smaller sizes are in it.
const log = growLog(65_536 + 257);

function open(size: number, faults: TileFaults = {}): TiledLog & TileServer {
  const server = serveTiles(log, faults);
  return { ...server, base: BASE, size: BigInt(size), transport: { fetch: server.fetch } };
}

describe('the path of a tile', () => {
  test.each([
    [0, 0n, 256, '0/000'],
    [0, 0n, 1, '0/000.p/1'],
    [0, 0n, 255, '0/000.p/255'],
    [1, 5n, 256, '1/005'],
    [0, 999n, 256, '0/999'],
    [0, 1_000n, 256, '0/x001/000'],
    [0, 70_000n, 256, '0/x070/000'],
    [3, 1_234_067n, 256, '3/x001/x234/067'],
    ['entries', 0n, 256, 'entries/000'],
    ['entries', 1_234_067n, 17, 'entries/x001/x234/067.p/17'],
    [7, 2n ** 55n - 1n, 256, '7/x036/x028/x797/x018/x963/967'],
  ] as const)('of level %s, index %s and width %i is %s', (level, index, width, path) => {
    expect(encodeTilePath({ level, index, width })).toBe(`/api/v2/tile/${path}`);
  });

  test('gives the index back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (index) => {
        const path = encodeTilePath({ level: 0, index, width: 256 });
        expect(path).toMatch(/^\/api\/v2\/tile\/0\/(?!x000)(?:x\d{3}\/)*\d{3}$/);
        expect(BigInt(path.slice('/api/v2/tile/0/'.length).replaceAll(/[x/]/g, ''))).toBe(index);
      }),
    );
  });
});

const SIZES = [1, 2, 3, 7, 255, 256, 257, 511, 512, 513, 1_000, 65_535, 65_536, 65_537, 65_793];

/** Places where something changes: ends, powers of two, borders of tiles. */
function places(size: number): readonly number[] {
  const marks = [0, 1, 2, 254, 255, 256, 257, 512, 65_535, 65_536, Math.floor(size / 2), size - 2, size - 1];
  return [...new Set(marks.filter((index) => index >= 0 && index < size))];
}

describe.each(SIZES)('the tiles of a log of %i entries', (size) => {
  test('give the inclusion proofs that its tree gives', async () => {
    for (const index of places(size)) {
      const hashes = await fetchInclusionHashes(open(size), BigInt(index));
      expect(hashes).toEqual(log.tree.inclusionProof(index, size));
      const leafHash = hashLeaf(sha256, log.entry(index));
      verifyInclusion(sha256, {
        index: BigInt(index),
        size: BigInt(size),
        leafHash,
        hashes,
        rootHash: log.tree.root(size),
      });
    }
  });

  test('give the consistency proofs that its tree gives', async () => {
    for (const first of [...places(size), size]) {
      const hashes = await fetchConsistencyHashes(open(size), BigInt(first));
      expect(hashes).toEqual(log.tree.consistencyProof(first, size));
      const [before, after] = [first, size].map((n) => ({ size: BigInt(n), rootHash: log.tree.root(n) }));
      if (before !== undefined && after !== undefined)
        verifyConsistency(sha256, { first: before, second: after, hashes });
    }
  });

  test('give its entries', async () => {
    for (const index of places(size)) expect(await fetchEntryData(open(size), BigInt(index))).toEqual(log.entry(index));
  });
});

describe('tiles', () => {
  test('are fetched once each', async () => {
    const tiles = open(65_793);
    await fetchInclusionHashes(tiles, 300n);
    // The leaf and its neighbours, their parents, and beyond the first 65,536 one full subtree and one leaf.
    expect(tiles.paths.toSorted()).toEqual([
      '/api/v2/tile/0/001',
      '/api/v2/tile/0/257.p/1',
      '/api/v2/tile/1/000',
      '/api/v2/tile/1/001.p/1',
    ]);
  });

  test('lie below the path of the log', async () => {
    const paths: string[] = [];
    const fetch: TileServer['fetch'] = (url, init) => {
      paths.push(url);
      return open(1).fetch(url.replace('/some/log', ''), init);
    };
    await fetchEntryData({ base: `${BASE}/some/log/`, size: 1n, transport: { fetch } }, 0n);
    expect(paths).toEqual([`${BASE}/some/log/api/v2/tile/entries/000.p/1`]);
  });

  test('that are partial may be gone once they are full', async () => {
    const isGone: TileFaults = { change: (path) => (path.includes('.p/') ? NOT_FOUND : undefined) };
    for (const size of [2, 255, 257, 300, 513]) {
      for (const index of places(size)) {
        const tiles = open(size, isGone);
        expect(await fetchInclusionHashes(tiles, BigInt(index))).toEqual(log.tree.inclusionProof(index, size));
        expect(await fetchEntryData(tiles, BigInt(index))).toEqual(log.entry(index));
      }
    }
  });

  test('that are missing in both widths are missing', async () => {
    const tiles = open(300, { change: () => NOT_FOUND });
    await expect(fetchInclusionHashes(tiles, 299n)).rejects.toMatchObject({ code: 'NETWORK_STATUS' });
    const entries = open(300, { change: () => NOT_FOUND });
    await expect(fetchEntryData(entries, 299n)).rejects.toMatchObject({ code: 'NETWORK_STATUS' });
    expect(entries.paths).toEqual(['/api/v2/tile/entries/001.p/44', '/api/v2/tile/entries/001']);
  });

  test('that are full are not asked for twice', async () => {
    const tiles = open(256, { change: () => NOT_FOUND });
    await expect(fetchEntryData(tiles, 0n)).rejects.toMatchObject({ code: 'NETWORK_STATUS' });
    expect(tiles.paths).toEqual(['/api/v2/tile/entries/000']);
  });

  test('behind a server that fails are not replaced by other widths', async () => {
    const tiles = open(300, { change: () => ({ status: 403, body: new Uint8Array() }) });
    await expect(fetchEntryData(tiles, 299n)).rejects.toMatchObject({ code: 'NETWORK_STATUS' });
    expect(tiles.paths).toEqual(['/api/v2/tile/entries/001.p/44']);
  });

  test.each<[string, (bytes: Uint8Array) => Uint8Array, string]>([
    ['nothing', () => new Uint8Array(), 'SERVICE_INVALID'],
    ['one byte less', (bytes) => bytes.slice(1), 'SERVICE_INVALID'],
    ['one hash less', (bytes) => bytes.slice(32), 'SERVICE_INVALID'],
    ['one byte more', (bytes) => concatBytes(bytes, Uint8Array.of(0)), 'INPUT_TOO_LARGE'],
    ['all 256 hashes', () => new Uint8Array(8_192), 'INPUT_TOO_LARGE'],
  ])('of hashes may not have %s', async (_, change, code) => {
    const tiles = open(300, { change: (_, { status, body }) => ({ status, body: change(body) }) });
    await expect(fetchInclusionHashes(tiles, 299n)).rejects.toMatchObject({ code });
  });

  test.each<[string, (bytes: Uint8Array) => Uint8Array, string]>([
    ['nothing', () => new Uint8Array(), 'SERVICE_INVALID'],
    ['one byte', () => Uint8Array.of(0), 'SERVICE_INVALID'],
    ['one byte less', (bytes) => bytes.slice(0, -1), 'SERVICE_INVALID'],
    ['one byte more', (bytes) => concatBytes(bytes, Uint8Array.of(0)), 'SERVICE_INVALID'],
    ['an entry more', (bytes) => concatBytes(bytes, Uint8Array.of(0, 1, 65)), 'SERVICE_INVALID'],
    ['an entry less', () => encodeUtf8('\0\u{1}a\0\u{1}b'), 'SERVICE_INVALID'],
    ['an entry that is longer than the rest', () => Uint8Array.of(0xff, 0xff, 1, 2, 3), 'SERVICE_INVALID'],
    ['a thousand empty entries', () => new Uint8Array(2_000), 'SERVICE_INVALID'],
    ['more than its entries can take', () => new Uint8Array(3 * 65_537 + 1), 'INPUT_TOO_LARGE'],
  ])('of three entries may not have %s', async (_, change, code) => {
    const tiles = open(3, { change: (_, { status, body }) => ({ status, body: change(body) }) });
    for (const index of [0n, 2n]) await expect(fetchEntryData(tiles, index)).rejects.toMatchObject({ code });
  });

  test('hold entries of every length that two bytes can say', async () => {
    const given = new Map([0, 1, 255, 256, 65_535].map((length, i) => [i, new Uint8Array(length).fill(i)]));
    const { fetch } = serveTiles(growLog(5, given));
    const tiles = { base: BASE, size: 5n, transport: { fetch } };
    for (const [index, data] of given) expect(await fetchEntryData(tiles, BigInt(index))).toEqual(data);
  });

  test('are not asked for what is outside the log', async () => {
    const tiles = open(300);
    for (const index of [-1n, 300n, 2n ** 63n]) {
      await expect(fetchEntryData(tiles, index)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      await expect(fetchInclusionHashes(tiles, index)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    }
    for (const size of [-1n, 301n])
      await expect(fetchConsistencyHashes(tiles, size)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await fetchConsistencyHashes(tiles, 0n)).toEqual([]);
    expect(tiles.paths).toEqual([]);
  });

  test('of the largest log are few', async () => {
    const paths: string[] = [];
    const fetch: TileServer['fetch'] = async (url) => {
      paths.push(new URL(url).pathname);
      return { status: 200, headers: new Headers(), body: new Blob([new Uint8Array(32)]).stream() };
    };
    const tiles = { base: BASE, size: 2n ** 63n - 1n, transport: { fetch } };
    await expect(fetchInclusionHashes(tiles, 2n ** 62n)).rejects.toMatchObject({ code: 'SERVICE_INVALID' });
    expect(new Set(paths).size).toBeLessThanOrEqual(16);
  });
});
