// SPDX-License-Identifier: Apache-2.0

import { randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash } from '@keywax/core/hash';
import { verifyConsistency } from '@keywax/core/merkle';
import { parseCheckpoint } from '@keywax/core/note';
import { type StackUrls, startStack } from '@keywax/stack';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFolder } from '../folder.js';
import { createClientKey, hashedRekord, hashedRekordV2, postJson, requestLeaf, sha256 } from '../requests.js';
import { bundleChild, spawnStack } from './child.js';

const key = createClientKey();
const hashPieces = (...pieces: Uint8Array[]) => hash('sha256', ...pieces);

/** What the services acknowledged. */
interface Acknowledged {
  v1: { uuid: string; body: string; digest: string }[];
  v2: { index: number; body: string }[];
  /** The newest checkpoint of each log that anyone was given. */
  checkpoints: { v1: string; v2: string };
}

interface EntryV1 {
  body: string;
  verification: { inclusionProof: { checkpoint: string } };
}

interface EntryV2 {
  logIndex: string;
  canonicalizedBody: string;
  inclusionProof: { checkpoint: { envelope: string } };
}

async function submitV1(urls: StackUrls, artifact: string, seen: Acknowledged): Promise<void> {
  const response = await postJson(`${urls.rekorV1}/api/v1/log/entries`, hashedRekord(artifact, key));
  expect(response.status).toBe(201);
  for (const [uuid, entry] of Object.entries((await response.json()) as Record<string, EntryV1>)) {
    seen.v1.push({ uuid, body: entry.body, digest: sha256(artifact).toString('hex') });
    seen.checkpoints.v1 = newer(seen.checkpoints.v1, entry.verification.inclusionProof.checkpoint);
  }
}

async function submitV2(urls: StackUrls, artifact: string, seen: Acknowledged): Promise<void> {
  const response = await postJson(`${urls.rekorV2}/api/v2/log/entries`, hashedRekordV2(artifact, key));
  expect(response.status).toBe(201);
  const entry = (await response.json()) as EntryV2;
  seen.v2.push({ index: Number(entry.logIndex), body: entry.canonicalizedBody });
  seen.checkpoints.v2 = newer(seen.checkpoints.v2, entry.inclusionProof.checkpoint.envelope);
}

function newer(a: string, b: string): string {
  return a !== '' && parseCheckpoint(a, 'a').size > parseCheckpoint(b, 'b').size ? a : b;
}

/** Submits without a pause until the services are gone; resolves then. `onAnswer` is told of every answer. */
async function submitUntilKilled(urls: StackUrls, seen: Acknowledged, onAnswer: () => void): Promise<void> {
  const submitFrom = async (worker: number): Promise<void> => {
    for (let i = 0; ; i++) {
      const artifact = `${worker} ${i} ${Math.random()}`;
      try {
        await (worker % 2 === 0 ? submitV1(urls, artifact, seen) : submitV2(urls, artifact, seen));
      } catch (error) {
        if (error instanceof TypeError || error instanceof SyntaxError) return; // the connection broke off
        throw error;
      }
      onAnswer();
    }
  };
  await Promise.all([0, 1, 2, 3, 4, 5].map(submitFrom));
}

/** Checks that nothing acknowledged was lost, and that both logs only grew. */
async function checkLogs(urls: StackUrls, seen: Acknowledged): Promise<void> {
  const get = async (url: string): Promise<Uint8Array> => {
    const response = await fetch(url);
    expect(response.status, url).toBe(200);
    return new Uint8Array(await response.arrayBuffer());
  };
  const getJson = async <T>(url: string): Promise<T> => JSON.parse(Buffer.from(await get(url)).toString()) as T;
  for (const { uuid, body } of seen.v1) {
    const entries = await getJson<Record<string, EntryV1>>(`${urls.rekorV1}/api/v1/log/entries/${uuid}`);
    expect(entries[uuid]?.body).toBe(body);
  }
  const last = seen.v1.at(-1);
  const found = await postJson(`${urls.rekorV1}/api/v1/index/retrieve`, { hash: last?.digest });
  expect(await found.json()).toEqual([last?.uuid]);

  const head = (checkpoint: string) => {
    const { origin, size, rootHash } = parseCheckpoint(checkpoint, 'checkpoint');
    return { origin, size, rootHash };
  };
  const log = await getJson<{ signedTreeHead: string }>(`${urls.rekorV1}/api/v1/log`);
  const [first, second] = [head(seen.checkpoints.v1), head(log.signedTreeHead)];
  expect(second.origin).toBe(first.origin);
  const sizes = `firstSize=${first.size}&lastSize=${second.size}`;
  const proof = await getJson<{ hashes: string[] }>(`${urls.rekorV1}/api/v1/log/proof?${sizes}`);
  verifyConsistency(hashPieces, { first, second, hashes: proof.hashes.map((text) => Buffer.from(text, 'hex')) });

  const published = head(Buffer.from(await get(`${urls.rekorV2}/api/v2/checkpoint`)).toString());
  const bodies = await readEntries(get, urls, Number(published.size));
  for (const { index, body } of seen.v2) expect(bodies[index]).toBe(body);
  const older = head(seen.checkpoints.v2);
  expect(older.origin).toBe(published.origin);
  expect(rootOf(bodies.slice(0, Number(older.size)))).toEqual(older.rootHash);
  expect(rootOf(bodies)).toEqual(published.rootHash);
}

async function readEntries(
  get: (url: string) => Promise<Uint8Array>,
  urls: StackUrls,
  size: number,
): Promise<string[]> {
  const bodies: string[] = [];
  for (let tile = 0; tile * 256 < size; tile++) {
    const width = Math.min(256, size - tile * 256);
    const name = `${String(tile).padStart(3, '0')}${width === 256 ? '' : `.p/${width}`}`;
    const bundle = Buffer.from(await get(`${urls.rekorV2}/api/v2/tile/entries/${name}`));
    for (let offset = 0; offset < bundle.length; ) {
      const end = offset + 2 + bundle.readUInt16BE(offset);
      bodies.push(bundle.subarray(offset + 2, end).toString('base64'));
      offset = end;
    }
  }
  return bodies;
}

/** Root by the definition (RFC 6962 §2.1). */
function rootOf(bodies: readonly string[]): Uint8Array {
  if (bodies.length === 0) return hashPieces();
  if (bodies.length === 1) return hashPieces(Uint8Array.of(0), Buffer.from(bodies[0] ?? '', 'base64'));
  let middle = 1;
  while (middle * 2 < bodies.length) middle *= 2;
  return hashPieces(Uint8Array.of(1), rootOf(bodies.slice(0, middle)), rootOf(bodies.slice(middle)));
}

describe('a stack over a folder', () => {
  test('continues after a restart with its keys, its logs and its index', async () => {
    const directory = createFolder();
    const seen: Acknowledged = { v1: [], v2: [], checkpoints: { v1: '', v2: '' } };
    const first = await startStack({ directory });
    for (const artifact of ['a', 'b', 'c']) {
      await submitV1(first.urls, artifact, seen);
      await submitV2(first.urls, artifact, seen);
    }
    await requestLeaf(first, key);
    const { trustedRoot } = first;
    await first.close();
    await using second = await startStack({ directory, now: () => new Date(Date.now() + 3_600_000) });
    expect(second.trustedRoot).toEqual(trustedRoot);
    await checkLogs(second.urls, seen);
    const head = (await (await fetch(`${second.urls.ct}/ct/v1/get-sth`)).json()) as { tree_size: number };
    expect(head.tree_size).toBe(1);
  });

  test('is used by one stack at a time', async () => {
    const directory = createFolder();
    const first = await startStack({ directory });
    await expect(startStack({ directory })).rejects.toMatchObject({ code: 'FILE_FAILED' });
    await first.close();
    await (await startStack({ directory })).close();
  });

  test('keeps its secrets from other users', async () => {
    const directory = join(createFolder(), 'state');
    await (await startStack({ directory })).close();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o077, name).toBe(0);
  });
});

describe('a stack that is killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keywax-child-'));
  let program: string;
  beforeAll(async () => {
    program = await bundleChild(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('while it writes loses nothing that it acknowledged, and its logs stay consistent', async () => {
    const directory = createFolder();
    const seen: Acknowledged = { v1: [], v2: [], checkpoints: { v1: '', v2: '' } };
    for (let round = 0; round < 4; round++) {
      const stack = spawnStack(program, directory);
      const urls = await stack.urls;
      if (round > 0) await checkLogs(urls, seen);
      let answersLeft = 10 + randomInt(60);
      let killed: Promise<unknown> | undefined;
      await submitUntilKilled(urls, seen, () => {
        if (--answersLeft === 0) killed = stack.kill();
      });
      await killed; // requests fail before the process is gone
    }
    await using stack = await startStack({ directory });
    await checkLogs(stack.urls, seen);
  });

  test('while it starts starts again', async () => {
    const directory = createFolder();
    for (let round = 0; round < 5; round++) {
      const stack = spawnStack(program, directory);
      await Promise.race([stack.urls, new Promise((resolve) => setTimeout(resolve, 60 + randomInt(250)))]);
      await stack.kill();
    }
    await using stack = await startStack({ directory });
    expect((await fetch(`${stack.urls.rekorV1}/ping`)).status).toBe(200);
  });

  test('while another process runs leaves the folder to that one', async () => {
    const directory = createFolder();
    const first = spawnStack(program, directory);
    await first.urls;
    const second = spawnStack(program, directory);
    await expect(second.urls).rejects.toThrow(/in use by process/);
    await expect(startStack({ directory })).rejects.toMatchObject({ code: 'FILE_FAILED' });
    await first.kill();
    await (await startStack({ directory })).close();
  });
});
