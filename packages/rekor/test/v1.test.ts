// SPDX-License-Identifier: Apache-2.0
// Rekor v1 as it should be, and as it is on a bad day: the log of the stack over HTTP.

import { createPublicKey, verify } from 'node:crypto';
import { type LogEntry, decodeEntryBody } from '@keywax/bundle';
import { encodeBase64, encodeHex } from '@keywax/core/bytes';
import { verifyConsistency } from '@keywax/core/merkle';
import { parseCheckpoint } from '@keywax/core/note';
import type { Transport } from '@keywax/http';
import { type Interceptor, type Stack, startStack } from '@keywax/stack';
import { type BundleRequest, type Lab, createLab, generateSigningKey } from '@keywax/stack/lab';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  fetchConsistencyProof,
  fetchEntries,
  fetchEntry,
  fetchEntryByIndex,
  fetchLogInfo,
  fetchLogKey,
  searchIndex,
  submitEntry,
  submitEntryV1,
} from '../src/index.js';
import { makeProposal } from './proposals.js';
import { sha256 } from './tiled-log.js';

const FIRST_INDEX = 1_000n;
const faults: { rekorV1?: Interceptor } = {};
const seen: string[] = [];
const waits: number[] = [];
const transport: Transport = {
  allowHttp: 'loopback',
  delay: async (ms) => void waits.push(ms),
};
let lab: Lab;
let stack: Stack;
let url: string;

beforeAll(async () => {
  lab = await createLab();
  stack = await startStack({ faults });
  url = stack.urls.rekorV1;
});
afterAll(() => stack.close());

/** Records requests; the first may be answered by `answerFirst`. */
function watch(answerFirst: Interceptor = (_, next) => next()): void {
  faults.rekorV1 = (request, next) => {
    const isFirst = seen.push(`${request.method} ${new URL(request.url).pathname}`) === 1;
    return isFirst ? answerFirst(request, next) : next();
  };
}
beforeEach(() => {
  seen.length = 0;
  waits.length = 0;
  watch();
});

/** The promise of Rekor v1, over canonical JSON written by hand. */
function isPromised({ body, integratedTime, logId, logIndex, promise }: LogEntry): boolean {
  const text = `{"body":"${encodeBase64(body)}","integratedTime":${integratedTime},"logID":"${encodeHex(logId)}","logIndex":${logIndex}}`;
  const rawBytes = stack.trustedRoot.tlogs[0]?.publicKey.rawBytes ?? '';
  const key = createPublicKey({ key: Buffer.from(rawBytes, 'base64'), format: 'der', type: 'spki' });
  return promise !== undefined && verify('sha256', Buffer.from(text), key, promise);
}

/** What of an entry every answer repeats: its signatures are made anew. */
function lasting({ logIndex, logId, kind, version, integratedTime, body }: LogEntry) {
  return { logIndex, logId, kind, version, integratedTime, body };
}

describe('submitting to Rekor v1', () => {
  test.each<[string, Partial<BundleRequest>]>([
    ['a message signed with a certificate', {}],
    ['a message signed with a P-256 key', { managedKey: true }],
    ['a message signed with a P-384 key', { managedKey: true, key: generateSigningKey('P-384') }],
    ['a message signed with a P-521 key', { key: generateSigningKey('P-521') }],
    ['a message signed with an Ed25519 key', { managedKey: true, key: generateSigningKey('ed25519') }],
    ['a message signed with an RSA key', { managedKey: true, key: generateSigningKey('rsa-2048') }],
    ['a statement signed with a certificate', { content: 'dsse' }],
    ['a statement signed with a P-256 key', { content: 'dsse', managedKey: true }],
    ['a statement signed with an Ed25519 key', { content: 'dsse', key: generateSigningKey('ed25519') }],
    ['a text in an envelope', { content: 'dsse', payloadType: 'text/plain', payload: new Uint8Array(100) }],
  ])('logs %s', async (_, request) => {
    const proposal = await makeProposal(lab, request);
    const entry = await submitEntry({ url, majorApiVersion: 1 }, proposal, transport);
    const { signatures, digest } = decodeEntryBody(entry);
    expect(entry.kind).toBe(request.content === 'dsse' ? 'dsse' : 'hashedrekord');
    expect(entry.version).toBe('0.0.1');
    expect(signatures).toEqual([{ signature: proposal.signature, verifier: proposal.verifier }]);
    if (request.content === undefined) expect(digest).toEqual({ of: 'artifact', ...proposal.digest });
    expect(isPromised(entry)).toBe(true);
    expect(entry.logIndex).toBe(FIRST_INDEX + (entry.proof?.logIndex ?? 0n));
    expect(seen).toEqual(['POST /api/v1/log/entries']);
  });

  test('finds an entry that the log has already', async () => {
    const proposal = await makeProposal(lab);
    const first = await submitEntryV1(url, proposal, transport);
    await submitEntryV1(url, await makeProposal(lab), transport);
    seen.length = 0;
    const again = await submitEntryV1(url, proposal, transport);
    expect(lasting(again)).toEqual(lasting(first));
    expect(isPromised(again)).toBe(true);
    expect(again.proof?.treeSize).toBe((first.proof?.treeSize ?? 0n) + 1n);
    expect(seen).toEqual([
      'POST /api/v1/log/entries',
      expect.stringMatching(/^GET \/api\/v1\/log\/entries\/[0-9a-f]{80}$/),
    ]);
  });

  test('leaves an entry alone that the log has already where the caller says so', async () => {
    const proposal = await makeProposal(lab);
    await submitEntryV1(url, proposal, transport);
    seen.length = 0;
    const again = submitEntryV1(url, proposal, { ...transport, fetchOnConflict: () => false });
    await expect(again).rejects.toMatchObject({ code: 'NETWORK_STATUS', details: { status: 409, origin: url } });
    expect(seen).toHaveLength(1);
  });

  test('finds the entry whose answer got lost', async () => {
    watch(async (_, next) => {
      await next();
      return Response.json({ code: 500, message: 'the answer got lost' }, { status: 500 });
    });
    const entry = await submitEntryV1(url, await makeProposal(lab, { content: 'dsse' }), transport);
    expect(isPromised(entry)).toBe(true);
    expect(seen.map((request) => request.slice(0, 24))).toEqual([
      'POST /api/v1/log/entries',
      'POST /api/v1/log/entries',
      'GET /api/v1/log/entries/',
    ]);
    expect(waits).toHaveLength(1);
  });

  test('waits as long as an overloaded log asks for', async () => {
    watch(() => Response.json({ code: 503, message: 'busy' }, { status: 503, headers: { 'retry-after': '7' } }));
    expect(isPromised(await submitEntryV1(url, await makeProposal(lab), transport))).toBe(true);
    expect(waits).toEqual([7_000]);
  });

  test('says what a log says that refuses a signature, and does not ask again', async () => {
    const proposal = await makeProposal(lab);
    const refused = submitEntryV1(url, { ...proposal, signature: new Uint8Array(64).fill(1) }, transport);
    await expect(refused).rejects.toMatchObject({ code: 'NETWORK_STATUS', details: { status: 400 } });
    await expect(refused).rejects.toThrow('invalid signature');
    expect(seen).toHaveLength(1);
  });

  test('needs a version that is spoken', async () => {
    const proposal = await makeProposal(lab);
    for (const majorApiVersion of [0, 3]) {
      const submitted = submitEntry({ url, majorApiVersion }, proposal, transport);
      await expect(submitted).rejects.toMatchObject({ code: 'INPUT_UNSUPPORTED' });
    }
    expect(seen).toEqual([]);
  });

  test('goes nowhere but over https, unless told otherwise', async () => {
    await expect(submitEntryV1(url, await makeProposal(lab))).rejects.toMatchObject({ code: 'NETWORK_POLICY' });
    expect(seen).toEqual([]);
  });

  test('ends when its signal fires', async () => {
    const controller = new AbortController();
    watch(async (_, next) => {
      controller.abort();
      return next();
    });
    const submitted = submitEntryV1(url, await makeProposal(lab), { ...transport, signal: controller.signal });
    await expect(submitted).rejects.toMatchObject({ code: 'OPERATION_ABORTED' });
  });
});

describe('the entries of Rekor v1', () => {
  let entries: readonly LogEntry[];
  beforeAll(async () => {
    watch();
    const proposals = await Promise.all(
      [{}, { content: 'dsse' } as const, {}].map((request) => makeProposal(lab, request)),
    );
    const submitted = [];
    for (const proposal of proposals) submitted.push(await submitEntryV1(url, proposal, transport));
    entries = submitted;
  });

  test('are fetched by index and by either id', async () => {
    for (const entry of entries) {
      const { uuid, entry: found } = await fetchEntryByIndex(url, entry.logIndex, transport);
      expect(uuid).toMatch(/^[0-9a-f]{80}$/);
      expect(lasting(found)).toEqual(lasting(entry));
      for (const id of [uuid, uuid.slice(16)]) {
        const byId = await fetchEntry(url, id, transport);
        expect(byId.uuid).toBe(uuid);
        expect(lasting(byId.entry)).toEqual(lasting(entry));
      }
    }
  });

  test('are fetched together, without those that the log lacks', async () => {
    const indexes = entries.map(({ logIndex }) => logIndex);
    const found = await fetchEntries(url, [...indexes, 0n, 10n ** 9n], transport);
    expect(found.map(({ entry }) => entry.logIndex)).toEqual(indexes);
    expect(await fetchEntries(url, [0n], transport)).toEqual([]);
    expect(await fetchEntries(url, [...indexes, ...indexes], transport)).toHaveLength(indexes.length);
  });

  test('may be absent', async () => {
    for (const absent of [fetchEntry(url, '0'.repeat(64), transport), fetchEntryByIndex(url, 0n, transport)])
      await expect(absent).rejects.toMatchObject({ code: 'NETWORK_STATUS', details: { status: 404 } });
  });

  test('are found by digest and by address', async () => {
    const [entry] = entries;
    if (entry === undefined) throw new Error('an entry');
    const hash = `sha256:${encodeHex(decodeEntryBody(entry).digest.value)}`;
    const { uuid } = await fetchEntryByIndex(url, entry.logIndex, transport);
    expect(await searchIndex(url, { hash }, transport)).toEqual([uuid]);
    expect(await searchIndex(url, { email: 'alice@example.com' }, transport)).toContain(uuid);
    expect(await searchIndex(url, { hash, email: 'alice@example.com' }, transport)).toEqual([uuid]);
    expect(await searchIndex(url, { hash, email: 'bob@example.com' }, transport)).toEqual([]);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['an id of another length', () => fetchEntry(url, '0'.repeat(63), transport)],
    ['an id in upper case', () => fetchEntry(url, 'A'.repeat(64), transport)],
    ['an id that is a path', () => fetchEntry(url, `../${'0'.repeat(64)}`, transport)],
    ['a negative index', () => fetchEntryByIndex(url, -1n, transport)],
    ['an index beyond int64', () => fetchEntryByIndex(url, 2n ** 63n, transport)],
    ['no indexes', () => fetchEntries(url, [], transport)],
    [
      'eleven indexes',
      () =>
        fetchEntries(
          url,
          Array.from({ length: 11 }, (_, i) => BigInt(i)),
          transport,
        ),
    ],
    ['a negative index among others', () => fetchEntries(url, [1n, -1n], transport)],
    ['an empty search', () => searchIndex(url, {}, transport)],
    ['a digest without its algorithm', () => searchIndex(url, { hash: '0'.repeat(64) }, transport)],
    ['a digest in upper case', () => searchIndex(url, { hash: `sha256:${'A'.repeat(64)}` }, transport)],
    ['a digest of another length', () => searchIndex(url, { hash: `sha512:${'0'.repeat(64)}` }, transport)],
    [
      'a proof from no entries',
      () => fetchConsistencyProof(url, { firstSize: 0n, lastSize: 1n, treeId: 1n }, transport),
    ],
    ['a proof backwards', () => fetchConsistencyProof(url, { firstSize: 2n, lastSize: 1n, treeId: 1n }, transport)],
  ])('are not asked for with %s', async (_, ask) => {
    await expect(ask()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(seen).toEqual([]);
  });
});

describe('a Rekor v1 log', () => {
  test('says which key it has', async () => {
    const { spki } = await fetchLogKey(url, transport);
    expect(encodeBase64(spki)).toBe(stack.trustedRoot.tlogs[0]?.publicKey.rawBytes);
  });

  test('proves that it only grows', async () => {
    await submitEntryV1(url, await makeProposal(lab), transport);
    const before = await fetchLogInfo(url, transport);
    for (let i = 0; i < 3; i++) {
      await submitEntryV1(url, await makeProposal(lab), transport);
      const after = await fetchLogInfo(url, transport);
      expect(after.treeId).toBe(before.treeId);
      const [first, second] = [before, after].map(({ checkpoint }) => parseCheckpoint(checkpoint, 'checkpoint'));
      if (first === undefined || second === undefined) throw new Error('two checkpoints');
      const query = { firstSize: first.size, lastSize: second.size, treeId: after.treeId };
      const hashes = await fetchConsistencyProof(url, query, transport);
      verifyConsistency(sha256, { first, second, hashes });
      expect([first, second]).toMatchObject([
        { size: before.treeSize, rootHash: before.rootHash },
        { size: after.treeSize, rootHash: after.rootHash },
      ]);
    }
  });

  test('has no proof for a tree or a size that it does not have', async () => {
    const { treeId, treeSize: lastSize } = await fetchLogInfo(url, transport);
    for (const query of [
      { firstSize: 1n, lastSize, treeId: treeId + 1n },
      { firstSize: 1n, lastSize: lastSize + 1n, treeId },
    ])
      await expect(fetchConsistencyProof(url, query, transport)).rejects.toMatchObject({ code: 'NETWORK_STATUS' });
  });
});
