// SPDX-License-Identifier: Apache-2.0
// Rekor v2 as it should be, and as it is on a bad day: the log of the stack over HTTP.

import { type LogEntry, decodeEntryBody } from '@keywax/bundle';
import { decodeBase64 } from '@keywax/core/bytes';
import type { KeywaxError } from '@keywax/core/errors';
import { hashLeaf, verifyInclusion } from '@keywax/core/merkle';
import { parseCheckpoint } from '@keywax/core/note';
import { type Interceptor, type KeyKind, type Stack, startStack } from '@keywax/stack';
import { type BundleRequest, type Lab, createLab, generateSigningKey } from '@keywax/stack/lab';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  type KnownLog,
  type Proposal,
  type RekorV2Options,
  fetchCheckpoint,
  readBackEntry,
  submitEntry,
  submitEntryV2,
} from '../src/index.js';
import { makeProposal } from './proposals.js';
import { sha256 } from './tiled-log.js';

const faults: { rekorV2?: Interceptor } = {};
const seen: string[] = [];
const waits: number[] = [];
let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});

/** Records requests; the first may be answered by `answerFirst`. */
function watch(answerFirst: Interceptor = (_, next) => next()): void {
  faults.rekorV2 = (request, next) => {
    const isFirst = seen.push(`${request.method} ${new URL(request.url).pathname}`) === 1;
    return isFirst ? answerFirst(request, next) : next();
  };
}
beforeEach(() => {
  seen.length = 0;
  waits.length = 0;
  watch();
});

function options(stack: Stack): RekorV2Options {
  return { allowHttp: 'loopback', delay: async (ms) => void waits.push(ms), knownLogs: knownLogs(stack) };
}

/** The logs of the trusted root; those of v2 are named after their host. */
function knownLogs({ trustedRoot }: Stack): readonly KnownLog[] {
  return trustedRoot.tlogs.map(({ baseUrl, logId }) => ({
    origin: new URL(baseUrl).host,
    logId: decodeBase64(logId.keyId),
  }));
}

/** Demands an entry about the proposal that is proven in the tree of its checkpoint. */
function expectProven(entry: LogEntry, proposal: Proposal, stack: Stack): void {
  const { signatures, digest } = decodeEntryBody(entry);
  const { signature, verifier, keyDetails } = proposal;
  expect(signatures).toEqual([{ signature, verifier, keyDetails }]);
  expect(digest).toEqual({ of: 'artifact', ...proposal.digest });
  const { logIndex, logId, kind, version, integratedTime, promise, proof } = entry;
  expect({ kind, version, integratedTime, promise }).toEqual({
    kind: 'hashedrekord',
    version: '0.0.2',
    integratedTime: 0n,
  });
  const [, known] = knownLogs(stack);
  expect(logId).toEqual(known?.logId);
  const { origin, size, rootHash } = parseCheckpoint(proof?.checkpoint ?? '', 'checkpoint');
  expect(proof).toMatchObject({ logIndex, treeSize: size, rootHash });
  expect(origin).toBe(known?.origin);
  const leafHash = hashLeaf(sha256, entry.body);
  verifyInclusion(sha256, { index: logIndex, size, leafHash, hashes: proof?.hashes ?? [], rootHash });
}

describe.each<KeyKind>(['ed25519', 'P-256'])('submitting to Rekor v2 with a key of kind %s', (v2Key) => {
  let stack: Stack;
  let url: string;
  beforeAll(async () => {
    stack = await startStack({ faults, rekor: { v2Key } });
    url = stack.urls.rekorV2;
  });
  afterAll(() => stack.close());

  test.each<[string, Partial<BundleRequest>]>([
    ['a message signed with a certificate', {}],
    ['a message signed with a P-256 key', { managedKey: true }],
    ['a message signed with a P-384 key', { managedKey: true, key: generateSigningKey('P-384') }],
    ['a message signed with a P-521 key', { key: generateSigningKey('P-521') }],
    ['a message signed with an Ed25519 key', { managedKey: true, key: generateSigningKey('ed25519') }],
    ['a message signed with an RSA key', { managedKey: true, key: generateSigningKey('rsa-2048') }],
    ['a statement signed with a certificate', { content: 'dsse' }],
    ['a statement signed with a P-384 key', { content: 'dsse', managedKey: true, key: generateSigningKey('P-384') }],
    ['a statement signed with an Ed25519 key', { content: 'dsse', logs: 'v2', key: generateSigningKey('ed25519') }],
  ])('logs %s', async (_, request) => {
    const proposal = await makeProposal(lab, request);
    expectProven(await submitEntry({ url, majorApiVersion: 2 }, proposal, options(stack)), proposal, stack);
    expect(seen).toEqual(['POST /api/v2/log/entries']);
  });

  test('needs no known logs where the log answers with the entry', async () => {
    const proposal = await makeProposal(lab);
    expectProven(await submitEntryV2(url, proposal, { allowHttp: 'loopback' }), proposal, stack);
  });

  test('finds the entry whose answer got lost', async () => {
    watch(async (_, next) => {
      await next();
      return Response.json({ code: 13, message: 'the answer got lost' }, { status: 500 });
    });
    const proposal = await makeProposal(lab);
    expectProven(await submitEntryV2(url, proposal, options(stack)), proposal, stack);
    expect(seen.slice(0, 3)).toEqual([
      'POST /api/v2/log/entries',
      'POST /api/v2/log/entries',
      'GET /api/v2/checkpoint',
    ]);
    expect(waits).toHaveLength(1);
  });

  test('waits as long as an overloaded log asks for', async () => {
    watch(() => Response.json({ code: 14, message: 'pushback' }, { status: 503, headers: { 'retry-after': '3' } }));
    const proposal = await makeProposal(lab);
    expectProven(await submitEntryV2(url, proposal, options(stack)), proposal, stack);
    expect(waits).toEqual([3_000]);
  });

  test('says what a log says that refuses a signature, and does not ask again', async () => {
    const refused = submitEntryV2(url, { ...(await makeProposal(lab)), signature: new Uint8Array(64) }, options(stack));
    await expect(refused).rejects.toMatchObject({ code: 'NETWORK_STATUS', details: { status: 400 } });
    await expect(refused).rejects.toThrow('invalid signature');
    expect(seen).toHaveLength(1);
  });

  test('rebuilds every earlier entry from the tiles', async () => {
    const proposals: Proposal[] = [];
    for (let i = 0; i < 5; i++) {
      const proposal = await makeProposal(lab);
      proposals.push(proposal);
      await submitEntryV2(url, proposal, options(stack));
    }
    const { checkpoint } = await fetchCheckpoint(url, options(stack));
    for (const proposal of proposals) {
      const entry = await submitEntryV2(url, proposal, options(stack));
      expectProven(entry, proposal, stack);
      expect(entry.proof?.treeSize).toBe(checkpoint.size);
      expect(await readBackEntry(url, entry.logIndex, options(stack))).toMatchObject({ body: entry.body });
    }
  });
});

test('a log of Rekor v2 that publishes later answers later', async () => {
  const stack = await startStack({ rekor: { publicationDelayMs: 20 } });
  onTestFinished(() => stack.close());
  const proposals = await Promise.all([makeProposal(lab), makeProposal(lab)]);
  for (const proposal of proposals)
    expectProven(await submitEntryV2(stack.urls.rekorV2, proposal, options(stack)), proposal, stack);
});

test('a log of Rekor v2 on a large tree gives entries and proofs from full and partial tiles', async () => {
  const stack = await startStack();
  onTestFinished(() => stack.close());
  const url = stack.urls.rekorV2;
  const marks = new Map<number, Proposal>();
  for (let i = 0; i < 258; i++) {
    const proposal = await makeProposal(lab, { managedKey: true });
    const { logIndex } = await submitEntryV2(url, proposal, { allowHttp: 'loopback' });
    expect(logIndex).toBe(BigInt(i));
    if ([0, 1, 127, 128, 254, 255, 256, 257].includes(i)) marks.set(i, proposal);
    if (![0, 1, 2, 254, 255, 256, 257].includes(i)) continue;
    for (const marked of marks.values()) expectProven(await submitEntryV2(url, marked, options(stack)), marked, stack);
  }
});

describe('the patience with Rekor v2', () => {
  /** What has become, after some time, of a submission to a log that never answers. */
  const waitFor = async (elapsedMs: number, transport: RekorV2Options): Promise<string> => {
    const proposal = await makeProposal(lab);
    const fetch: RekorV2Options['fetch'] = () => new Promise(() => {});
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let outcome = 'waiting';
    submitEntryV2('https://log.example', proposal, { ...transport, fetch, retries: 0 }).catch((error: KeywaxError) => {
      outcome = error.code;
    });
    await vi.advanceTimersByTimeAsync(elapsedMs);
    return outcome;
  };

  test.each<[number, RekorV2Options, string]>([
    [15_000, {}, 'waiting'],
    [29_999, {}, 'waiting'],
    [30_000, {}, 'NETWORK_TIMEOUT'],
    [19_999, { timeoutMs: 5_000 }, 'waiting'],
    [20_000, { timeoutMs: 5_000 }, 'NETWORK_TIMEOUT'],
  ])('after %i ms with %o is at %s (CL-011)', async (elapsedMs, transport, outcome) => {
    expect(await waitFor(elapsedMs, transport)).toBe(outcome);
  });

  test('ends when the signal fires', async () => {
    const controller = new AbortController();
    const fetch: RekorV2Options['fetch'] = () => {
      controller.abort();
      return new Promise(() => {});
    };
    const submitted = submitEntryV2('https://log.example', await makeProposal(lab), {
      fetch,
      signal: controller.signal,
    });
    await expect(submitted).rejects.toMatchObject({ code: 'OPERATION_ABORTED' });
  });
});
