// SPDX-License-Identifier: Apache-2.0

import type { LogEntry } from '@keywax/bundle';
import type { Transport } from '@keywax/http';
import { type Stack, startStack } from '@keywax/stack';
import { createLab } from '@keywax/stack/lab';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoggedSignature, type Proposal, fetchEntryProof, findEntry, submitEntry } from '../src/index.js';
import { makeProposal } from './proposals.js';

const transport: Transport = { allowHttp: 'loopback' };
let stack: Stack;
let complete: LogEntry;
let proposal: Proposal;

beforeAll(async () => {
  stack = await startStack();
  proposal = await makeProposal(await createLab());
  complete = await submitEntry({ url: stack.urls.rekorV1, majorApiVersion: 1 }, proposal, transport);
});
afterAll(() => stack.close());

/** The entry as cosign kept it. */
function withoutProof(): LogEntry {
  const { proof: _, ...entry } = complete;
  return entry;
}

test('an entry without its proof gets that of its log, and keeps its promise', async () => {
  const entry = await fetchEntryProof(stack.urls.rekorV1, withoutProof(), transport);
  expect(entry).toMatchObject(withoutProof());
  expect(entry.proof?.checkpoint).toContain('\n');
});

describe('an answer about something else is refused', () => {
  test.each([
    ['a body', { body: new TextEncoder().encode('{}') }, 'SERVICE_INVALID'],
    ['a log', { logId: new Uint8Array(32) }, 'SERVICE_INVALID'],
    ['a time', { integratedTime: 1n }, 'SERVICE_INVALID'],
    ['an index', { logIndex: 2n ** 62n }, 'NETWORK_STATUS'],
    ['an index that no log has', { logIndex: -1n }, 'CONFIG_INVALID'],
  ] as const)('for another %s', async (_, change, code) => {
    await expect(
      fetchEntryProof(stack.urls.rekorV1, { ...withoutProof(), ...change }, transport),
    ).rejects.toMatchObject({ code });
  });
});

describe('a signature', () => {
  const wanted = (change: Partial<LoggedSignature> = {}): LoggedSignature => ({
    sha256: proposal.digest.value,
    signature: proposal.signature,
    verifier: proposal.verifier,
    ...change,
  });

  test('is found with its proof by the artifact', async () => {
    const other = await makeProposal(await createLab(), { artifact: new Uint8Array(16) });
    await submitEntry({ url: stack.urls.rekorV1, majorApiVersion: 1 }, other, transport);
    const found = await findEntry(stack.urls.rekorV1, wanted(), transport);
    expect(found?.logIndex).toBe(complete.logIndex);
    expect(found?.proof?.checkpoint).toBeDefined();
  });

  test.each([
    ['another artifact', { sha256: new Uint8Array(32) }],
    ['another signature', { signature: new Uint8Array(70) }],
    ['another key', { verifier: { kind: 'publicKey' as const, spki: new Uint8Array(91) } }],
  ])('is not found by %s', async (_, change) => {
    expect(await findEntry(stack.urls.rekorV1, wanted(change), transport)).toBeUndefined();
  });
});
