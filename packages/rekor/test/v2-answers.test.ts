// SPDX-License-Identifier: Apache-2.0
// Answers that no honest log of version 2 gives (ATTACKS CL-010).

import { decodeBase64, encodeBase64, encodeUtf8 } from '@keywax/core/bytes';
import type { ErrorCode } from '@keywax/core/errors';
import { hashLeaf } from '@keywax/core/merkle';
import { type Lab, createLab, encodeLogHead, signCheckpoint } from '@keywax/stack/lab';
import { beforeAll, describe, expect, test } from 'vitest';
import { sendJson, serve } from '../../../test/loopback.js';
import { type KnownLog, type Proposal, type RekorV2Options, submitEntryV2 } from '../src/index.js';
import { type AnswerV2, answerV2 } from './answers.js';
import { makeProposal } from './proposals.js';
import { sha256 } from './tiled-log.js';

const ZERO_HASH = encodeBase64(new Uint8Array(32));
let lab: Lab;
let proposal: Proposal;
let good: AnswerV2;
let other: AnswerV2;
let foreign: AnswerV2;
let options: RekorV2Options;
beforeAll(async () => {
  lab = await createLab({ earlierEntries: 6 });
  proposal = await makeProposal(lab);
  other = await answerV2(lab, await makeProposal(lab));
  good = await answerV2(lab, proposal);
  foreign = await answerV2(await createLab({ earlierEntries: 7 }), proposal);
  options = { allowHttp: 'loopback', delay: async () => {}, knownLogs: [knownLog()] };
});

function knownLog(): KnownLog {
  return { origin: lab.rekorV2.origin, logId: lab.rekorV2.logId };
}

function changed(change: (answer: AnswerV2) => unknown): unknown {
  const answer = structuredClone(good);
  change(answer);
  return answer;
}

function changedProof(change: (proof: AnswerV2['inclusionProof']) => unknown): unknown {
  return changed(({ inclusionProof }) => change(inclusionProof));
}

/** An answer about a body that is the only entry of its log, whatever it is. */
function about(body: string): unknown {
  const rootHash = hashLeaf(sha256, encodeUtf8(body));
  const head = encodeLogHead({ origin: lab.rekorV2.origin, size: 1, rootHash });
  const checkpoint = { envelope: signCheckpoint(head, [lab.rekorV2.signer]) };
  const inclusionProof = { logIndex: '0', rootHash: encodeBase64(rootHash), treeSize: '1', hashes: [], checkpoint };
  return { ...good, logIndex: '0', inclusionProof, canonicalizedBody: encodeBase64(encodeUtf8(body)) };
}

function flipFirst(base64: string): string {
  const bytes = decodeBase64(base64);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return encodeBase64(bytes);
}

async function submitTo(answer: unknown, given: RekorV2Options = options): Promise<unknown> {
  const server = await serve((response) => sendJson(response, 201, answer));
  return submitEntryV2(server.url, proposal, given);
}

describe('an answer to what was submitted to Rekor v2', () => {
  test('is good without change, and with members that nobody knows', async () => {
    const entry = await submitTo(good);
    expect(entry).toMatchObject({ logIndex: 7n, kind: 'hashedrekord', version: '0.0.2', logId: lab.rekorV2.logId });
    const wider = changed((answer) => {
      Object.assign(answer, { later: [1] });
      Object.assign(answer.logId, { later: true });
      Object.assign(answer.kindVersion, { later: null });
      Object.assign(answer.inclusionProof, { later: {} });
      Object.assign(answer.inclusionProof.checkpoint, { later: '' });
    });
    expect(await submitTo(wider)).toEqual(entry);
  });

  test('proves no time, whatever it says (RUL-8)', async () => {
    const claim = { integratedTime: '1700000000', inclusionPromise: { signedEntryTimestamp: 'AAAA' } };
    const entry = await submitTo(changed((answer) => Object.assign(answer, claim)));
    expect(entry).toMatchObject({ integratedTime: 0n });
    expect(entry).not.toHaveProperty('promise');
  });

  test('may leave out zeros', async () => {
    const first = await createLab({ earlierEntries: 0 });
    const answer: { logIndex?: string; inclusionProof: { logIndex?: string } } = await answerV2(first, proposal);
    delete answer.logIndex;
    delete answer.inclusionProof.logIndex;
    const knownLogs = [{ origin: first.rekorV2.origin, logId: first.rekorV2.logId }];
    expect(await submitTo(answer, { ...options, knownLogs })).toMatchObject({ logIndex: 0n, proof: { logIndex: 0n } });
  });

  test.each<[string, string, () => unknown, ErrorCode?]>([
    ['is about another body', 'the entry that was proposed', () => other],
    ['is a list', 'an object, found an array', () => [good]],
    ['is null', 'an object, found null', () => null],
    ['is empty', '$.logId: expected an object', () => ({})],
    ['is an error', '$.logId: expected an object', () => ({ code: 3, message: 'x', details: [] })],
    ['has no log id', '$.logId', () => changed((answer) => Reflect.deleteProperty(answer, 'logId'))],
    ['has a short log id', '32 bytes at $.logId.keyId', () => changed(({ logId }) => (logId.keyId = 'AAAA'))],
    ['has the id of another log', 'a known log', () => changed(({ logId }) => (logId.keyId = flipFirst(logId.keyId)))],
    ['is of another log', 'a known log', () => foreign],
    ['has no kind', '$.kindVersion', () => changed((answer) => Reflect.deleteProperty(answer, 'kindVersion'))],
    [
      'has another kind than its body',
      'kind of the body',
      () => changed((answer) => (answer.kindVersion.kind = 'dsse')),
    ],
    ['has another version than its body', 'kind of the body', () => changed((a) => (a.kindVersion.version = '0.0.1'))],
    ['has a negative index', '$.logIndex', () => changed((answer) => (answer.logIndex = '-1'))],
    ['has an index above int64', '$.logIndex', () => changed((answer) => (answer.logIndex = '9223372036854775808'))],
    ['has an index with a leading zero', '$.logIndex', () => changed((answer) => (answer.logIndex = '07'))],
    ['has another index than its proof', 'a proof for index 6', () => changed((answer) => (answer.logIndex = '6'))],
    [
      'has an index at the size of the tree',
      'index 8 of 8',
      () => changed((answer) => (answer.logIndex = answer.inclusionProof.logIndex = '8')),
    ],
    [
      'has an index beyond the tree',
      'index 9 of 8',
      () => changed((answer) => (answer.logIndex = answer.inclusionProof.logIndex = '9')),
    ],
    [
      'has a proof for another index',
      'leads to the root',
      () => changed((answer) => (answer.logIndex = answer.inclusionProof.logIndex = '6')),
    ],
    ['has no proof', '$.inclusionProof', () => changed((answer) => Reflect.deleteProperty(answer, 'inclusionProof'))],
    ['has a proof that is null', '$.inclusionProof', () => changed((a) => Object.assign(a, { inclusionProof: null }))],
    [
      'has no checkpoint',
      'checkpoint: expected an object',
      () => changedProof((proof) => Reflect.deleteProperty(proof, 'checkpoint')),
    ],
    [
      'has an empty checkpoint',
      'exactly one blank line',
      () => changedProof((proof) => (proof.checkpoint.envelope = '')),
    ],
    [
      'has a checkpoint above its limit',
      '65536 bytes',
      () => changedProof((proof) => (proof.checkpoint.envelope += 'x'.repeat(65_536))),
      'INPUT_TOO_LARGE',
    ],
    [
      'has the checkpoint of another log',
      "checkpoint's root",
      () => changedProof((proof) => (proof.checkpoint = foreign.inclusionProof.checkpoint)),
    ],
    [
      'has the checkpoint of another size',
      "checkpoint's tree of 7",
      () => changedProof((proof) => (proof.checkpoint.envelope = lab.rekorV2.checkpoint(7))),
    ],
    ['has a proof for another size', "checkpoint's tree of 8", () => changedProof((proof) => (proof.treeSize = '9'))],
    ['has no size', '$.inclusionProof.treeSize', () => changedProof((p) => Reflect.deleteProperty(p, 'treeSize'))],
    [
      'has a proof for another root',
      "checkpoint's root",
      () => changedProof((proof) => (proof.rootHash = flipFirst(proof.rootHash))),
    ],
    [
      'has a wrong hash in the proof',
      'leads to the root',
      () => changedProof(({ hashes }) => (hashes[0] = flipFirst(hashes[0] ?? ''))),
    ],
    ['has a hash less in the proof', '3 hashes, found 2', () => changedProof(({ hashes }) => hashes.pop())],
    ['has a hash more in the proof', '3 hashes, found 4', () => changedProof(({ hashes }) => hashes.push(ZERO_HASH))],
    ['has a short hash in the proof', '32 bytes at', () => changedProof(({ hashes }) => (hashes[0] = 'AAAA'))],
    [
      'has 64 hashes in the proof',
      'at most 63',
      () => changedProof((proof) => (proof.hashes = Array.from({ length: 64 }, () => ZERO_HASH))),
      'INPUT_TOO_LARGE',
    ],
    ['has no body', '$.canonicalizedBody', () => changed((a) => Reflect.deleteProperty(a, 'canonicalizedBody'))],
    ['has a body that is not base64', 'base64', () => changed((answer) => (answer.canonicalizedBody += '='))],
    ['has an empty body', 'body', () => about('')],
    ['has a body that is not JSON', 'body', () => about('{')],
    ['has a body without a kind', 'body.kind', () => about('{"apiVersion":"0.0.2"}')],
    [
      'has a body of its own',
      'the entry that was proposed',
      () => about('{"apiVersion":"0.0.2","kind":"hashedrekord"}'),
    ],
  ])('is refused where it %s', async (_, reason, answer, code = 'SERVICE_INVALID') => {
    await expect(submitTo(answer())).rejects.toMatchObject({ code, message: expect.stringContaining(reason) });
  });

  test.each<[string, string | undefined, string, ErrorCode]>([
    ['HTML', 'text/html', '<html>', 'NETWORK_FAILED'],
    ['HTML that is called JSON', 'application/json', '<html>', 'SERVICE_INVALID'],
    ['of no type', undefined, '{}', 'NETWORK_FAILED'],
    ['half an answer', 'application/json', '{"logIndex"', 'SERVICE_INVALID'],
    ['one name twice', 'application/json', '{"logIndex":"1","logIndex":"1"}', 'SERVICE_INVALID'],
    ['more than 1 MiB', 'application/json', `{"a":"${'x'.repeat(1_048_576)}"}`, 'INPUT_TOO_LARGE'],
  ])('is refused where it is %s', async (_, type, body, code) => {
    const server = await serve((response) =>
      response.writeHead(201, type === undefined ? {} : { 'content-type': type }).end(body),
    );
    await expect(submitEntryV2(server.url, proposal, options)).rejects.toMatchObject({ code });
  });

  test.each([200, 204, 400, 404, 405, 413, 501])('has an expected status, not %i', async (status) => {
    const server = await serve((response) => sendJson(response, status, good));
    await expect(submitEntryV2(server.url, proposal, options)).rejects.toMatchObject({ code: 'NETWORK_STATUS' });
    expect(server.seen).toHaveLength(1);
  });

  test('may come after failures, to the same request', async () => {
    const server = await serve((response, _, count) => sendJson(response, count < 2 ? 500 : 201, good));
    await submitEntryV2(server.url, proposal, options);
    expect(server.seen).toHaveLength(3);
    expect(new Set(server.seen.map(({ body }) => body)).size).toBe(1);
  });
});

describe('a known log', () => {
  test.each<[string, (known: KnownLog) => readonly KnownLog[], boolean]>([
    ['is found among others', (known) => [{ ...known, origin: 'other.example' }, known], true],
    ['is found beside another key of the same name', (known) => [{ ...known, logId: new Uint8Array(32) }, known], true],
    ['is found by the key id of its checkpoints', (known) => [{ ...known, checkpointKeyId: known.logId }], true],
    ['is not one of another origin', (known) => [{ ...known, origin: 'other.example' }], false],
    ['is not one with another key', (known) => [{ ...known, logId: new Uint8Array(32) }], false],
    [
      'is not one with another id',
      (known) => [{ ...known, logId: new Uint8Array(32), checkpointKeyId: known.logId }],
      false,
    ],
    [
      'is not one that signs checkpoints with another key',
      (known) => [{ ...known, checkpointKeyId: new Uint8Array(32) }],
      false,
    ],
    ['is not found among none', () => [], false],
  ])('%s', async (_, makeLogs, isFound) => {
    const submitted = submitTo(good, { ...options, knownLogs: makeLogs(knownLog()) });
    if (isFound) await submitted;
    else await expect(submitted).rejects.toMatchObject({ code: 'SERVICE_INVALID' });
  });

  test('is not one that only signs the checkpoint of another', async () => {
    const { signer, origin } = lab.rekorV2;
    const log = lab.rekorV2.log;
    const head = encodeLogHead({ origin, size: log.size(), rootHash: log.tree.root() });
    const envelope = signCheckpoint(head, [{ ...signer, name: 'witness.example' }]);
    const answer = changedProof((proof) => (proof.checkpoint.envelope = envelope));
    await expect(submitTo(answer)).rejects.toMatchObject({ code: 'SERVICE_INVALID' });
  });
});
