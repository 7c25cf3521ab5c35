// SPDX-License-Identifier: Apache-2.0
// What Rekor v2 has already: conflicts, checkpoints and tiles, good and bad.

import { concatBytes, encodeUtf8 } from '@keywax/core/bytes';
import { hashLeaf, verifyInclusion } from '@keywax/core/merkle';
import type { Fetch } from '@keywax/http';
import { type Lab, createLab, encodeLogHead, signCheckpoint } from '@keywax/stack/lab';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Proposal, type RekorV2Options, fetchCheckpoint, readBackEntry, submitEntryV2 } from '../src/index.js';
import { encodeProposalV2 } from '../src/proposal.js';
import { makeProposal } from './proposals.js';
import { type MemoryLog, NOT_FOUND, type TileFaults, growLog, serveTiles, sha256 } from './tiled-log.js';

const BASE = 'https://log.example';
/** Where the proposal is in the log. */
const PLACES = [0, 1, 127, 254, 255, 256, 511, 512];
const OTHER_PLACE = 2;
let lab: Lab;
let proposal: Proposal;
let body: Uint8Array;
let log: MemoryLog;
beforeAll(async () => {
  lab = await createLab();
  proposal = await makeProposal(lab);
  ({ body } = encodeProposalV2(proposal));
  const other = encodeProposalV2(await makeProposal(lab)).body;
  log = growLog(600, new Map([...PLACES.map((index) => [index, body] as const), [OTHER_PLACE, other]]));
});

type Change = NonNullable<TileFaults['change']>;

/** How a server departs from a good one that has the proposal at an index and has published so many entries. */
interface Faults extends TileFaults {
  readonly conflict?: Readonly<Record<string, string>>;
  /** The checkpoint for the poll number `count`, from 0. */
  readonly checkpoint?: (count: number) => string;
}

interface Server {
  readonly options: RekorV2Options & { readonly fetch: Fetch };
  readonly paths: string[];
  readonly waits: number[];
}

function checkpointOf(size: number, origin: string = lab.rekorV2.origin): string {
  const head = encodeLogHead({ origin, size, rootHash: log.tree.root(size) });
  return signCheckpoint(head, [{ ...lab.rekorV2.signer, name: origin }]);
}

function serveLog(index: number, size: number, { conflict, checkpoint, ...faults }: Faults = {}): Server {
  const tiles = serveTiles(log, faults);
  const waits: number[] = [];
  let polls = 0;
  const fetch: Fetch = async (url, init) => {
    const { pathname } = new URL(url);
    if (pathname.includes('/tile/')) return tiles.fetch(url, init);
    tiles.paths.push(pathname);
    if (init.method !== 'POST') return answer(200, checkpoint?.(polls++) ?? checkpointOf(size));
    return answer(409, '{}', conflict ?? { 'x-log-index': String(index) });
  };
  const knownLogs = [{ origin: lab.rekorV2.origin, logId: lab.rekorV2.logId }];
  return { options: { fetch, knownLogs, delay: async (ms) => void waits.push(ms) }, paths: tiles.paths, waits };
}

function answer(status: number, text: string, headers: Readonly<Record<string, string>> = {}) {
  return { status, headers: new Headers(headers), body: new Blob([text]).stream() };
}

describe('an entry that Rekor v2 has already', () => {
  test.each(
    [1, 2, 128, 255, 256, 257, 512, 513, 600].flatMap((size) =>
      PLACES.filter((index) => index < size).map((index) => [index, size] as const),
    ),
  )('is rebuilt at index %i of %i', async (index, size) => {
    const { options } = serveLog(index, size);
    const entry = await submitEntryV2(BASE, proposal, options);
    const rootHash = log.tree.root(size);
    const proof = {
      logIndex: BigInt(index),
      rootHash,
      treeSize: BigInt(size),
      hashes: log.tree.inclusionProof(index, size),
    };
    expect(entry).toEqual({
      logIndex: BigInt(index),
      logId: lab.rekorV2.logId,
      kind: 'hashedrekord',
      version: '0.0.2',
      integratedTime: 0n,
      proof: { ...proof, checkpoint: expect.stringContaining(`\n${size}\n`) },
      body,
    });
    const leafHash = hashLeaf(sha256, entry.body);
    verifyInclusion(sha256, { index: BigInt(index), size: BigInt(size), leafHash, hashes: proof.hashes, rootHash });
  });

  test('is rebuilt where partial tiles are gone', async () => {
    const { options, paths } = serveLog(256, 300, {
      change: (path) => (/\/(?:0|entries)\/001\.p/.test(path) ? NOT_FOUND : undefined),
    });
    expect(await submitEntryV2(BASE, proposal, options)).toMatchObject({ logIndex: 256n, body });
    expect(paths).toEqual(expect.arrayContaining(['/api/v2/tile/entries/001.p/44', '/api/v2/tile/entries/001']));
  });

  test('is awaited where no checkpoint covers it yet', async () => {
    const { options, waits } = serveLog(256, 0, { checkpoint: (count) => checkpointOf(254 + count) });
    expect(await submitEntryV2(BASE, proposal, options)).toMatchObject({ proof: { treeSize: 257n } });
    expect(waits).toEqual([1_000, 1_000, 1_000]);
  });

  test('is awaited for twenty seconds', async () => {
    const { options, waits } = serveLog(256, 256);
    await expect(submitEntryV2(BASE, proposal, options)).rejects.toMatchObject({ code: 'SERVICE_INVALID' });
    expect(waits).toEqual(Array.from({ length: 20 }, () => 1_000));
  });

  test('is not awaited when the signal fires', async () => {
    const controller = new AbortController();
    const { options, paths } = serveLog(256, 256);
    const delay: RekorV2Options['delay'] = async () => controller.abort();
    const submitted = submitEntryV2(BASE, proposal, { ...options, delay, signal: controller.signal });
    await expect(submitted).rejects.toMatchObject({ code: 'OPERATION_ABORTED' });
    expect(paths).toEqual(['/api/v2/log/entries', '/api/v2/checkpoint']);
  });

  test('cannot be rebuilt without known logs', async () => {
    const { options, paths } = serveLog(1, 2);
    const { knownLogs: _, ...transport } = options;
    await expect(submitEntryV2(BASE, proposal, transport)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(readBackEntry(BASE, 1n, transport)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(paths).toEqual(['/api/v2/log/entries']);
  });

  test.each<[string, string, Faults]>([
    ['no index', 'x-log-index', { conflict: {} }],
    ['an empty index', 'x-log-index', { conflict: { 'x-log-index': '' } }],
    ['a negative index', 'x-log-index', { conflict: { 'x-log-index': '-1' } }],
    ['an index in hex', 'x-log-index', { conflict: { 'x-log-index': '0x1' } }],
    ['an index above int64', 'x-log-index', { conflict: { 'x-log-index': '9223372036854775808' } }],
    ['two indexes', 'x-log-index', { conflict: { 'x-log-index': '1, 2' } }],
    ['the index of another entry', 'the entry that was proposed', { conflict: { 'x-log-index': `${OTHER_PLACE}` } }],
    ['an index that is never published', 'covers entry 600', { conflict: { 'x-log-index': '600' } }],
    ['the checkpoint of another log', 'a known log', { checkpoint: () => checkpointOf(300, 'evil.example') }],
    ['a checkpoint signed by another key', 'a known log', { checkpoint: () => foreignSignature(checkpointOf(300)) }],
    ['a checkpoint that is HTML', 'a note with', { checkpoint: () => '<html>' }],
    ['an empty checkpoint', 'a note with', { checkpoint: () => '' }],
    [
      'a checkpoint of another tree',
      'leads to the root',
      { checkpoint: () => checkpointOf(300).replace(/\n300\n.*\n\n/, `\n300\n${'A'.repeat(43)}=\n\n`) },
    ],
    [
      'a checkpoint of another size',
      'leads to the root',
      { checkpoint: () => checkpointOf(300).replace('\n300\n', '\n299\n') },
    ],
    ['another entry in the bundle', 'leads to the root', { change: flip('/entries/', () => body.length + 10) }],
    ['another hash in a tile', 'leads to the root', { change: flip('/0/000', () => 0) }],
    ['another hash in an upper tile', 'leads to the root', { change: flip('/0/001', () => 0) }],
    ['a tile that is too short', 'a tile of 256 hashes', { change: cut('/0/000') }],
    ['a bundle that is too short', 'a bundle of 256 entries', { change: cut('/entries/') }],
  ])('is refused with %s', async (_, reason, faults) => {
    const { options } = serveLog(1, 300, faults);
    const submitted = submitEntryV2(BASE, proposal, options);
    await expect(submitted).rejects.toMatchObject({
      code: 'SERVICE_INVALID',
      message: expect.stringContaining(reason),
    });
  });

  test.each(['entries/000', '0/000', '0/001'])('needs the tile %s', async (name) => {
    const isMissing: Change = (path) => (path.startsWith(`/api/v2/tile/${name}`) ? NOT_FOUND : undefined);
    const { options } = serveLog(1, 300, { change: isMissing });
    const submitted = submitEntryV2(BASE, proposal, options);
    await expect(submitted).rejects.toMatchObject({ code: 'NETWORK_STATUS', details: { status: 404 } });
  });
});

test('a checkpoint is fetched as it was published', async () => {
  const { options } = serveLog(1, 300);
  const { envelope, checkpoint } = await fetchCheckpoint(BASE, options);
  expect(envelope).toContain(`${lab.rekorV2.origin}\n300\n`);
  expect(checkpoint).toMatchObject({ origin: lab.rekorV2.origin, size: 300n, rootHash: log.tree.root(300) });
});

test('a checkpoint above its limit is not read', async () => {
  const { options } = serveLog(1, 300, { checkpoint: () => 'x'.repeat(65_537) });
  await expect(fetchCheckpoint(BASE, options)).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' });
});

/** Changes one byte of the tiles whose path holds a text. */
function flip(part: string, at: () => number): Change {
  return (path, tile) => {
    if (!path.includes(part)) return undefined;
    const bytes = tile.body.slice();
    bytes[at()] = (bytes[at()] ?? 0) ^ 1;
    return { status: 200, body: bytes };
  };
}

function cut(part: string): Change {
  return (path, { body: bytes }) => (path.includes(part) ? { status: 200, body: bytes.slice(0, -1) } : undefined);
}

function foreignSignature(envelope: string): string {
  const [text = ''] = envelope.split('\n\n');
  const line = Buffer.from(concatBytes(Uint8Array.of(1, 2, 3, 4), encodeUtf8('signature'))).toString('base64');
  return `${text}\n\n\u2014 ${lab.rekorV2.origin} ${line}\n`;
}
