// SPDX-License-Identifier: Apache-2.0
// Answers that no honest log of version 1 gives (ATTACKS CL-007 to CL-009).

import { decodeBase64, decodeHex, encodeBase64, encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import type { ErrorCode } from '@keywax/core/errors';
import { hashLeaf } from '@keywax/core/merkle';
import type { Transport } from '@keywax/http';
import {
  type Lab,
  createLab,
  encodeLogHead,
  encodeSigningKey,
  generateSigningKey,
  signCheckpoint,
} from '@keywax/stack/lab';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Loopback, sendJson, serve } from '../../../test/loopback.js';
import {
  type Proposal,
  fetchConsistencyProof,
  fetchEntries,
  fetchEntry,
  fetchEntryByIndex,
  fetchLogInfo,
  fetchLogKey,
  searchIndex,
  submitEntryV1,
} from '../src/index.js';
import { type AnswerV1, type IdentifiedAnswer, answerV1 } from './answers.js';
import { makeProposal } from './proposals.js';
import { sha256 } from './tiled-log.js';

const transport: Transport = { allowHttp: 'loopback', delay: async () => {} };
const LOCATION = '/api/v1/log/entries/';
const ZEROS = '0'.repeat(64);

let lab: Lab;
let proposal: Proposal;
let good: IdentifiedAnswer;
let other: IdentifiedAnswer;
let foreign: IdentifiedAnswer;
beforeAll(async () => {
  lab = await createLab({ earlierEntries: 6 });
  proposal = await makeProposal(lab);
  other = await answerV1(lab, await makeProposal(lab, { content: 'dsse' }));
  good = await answerV1(lab, proposal);
  foreign = await answerV1(await createLab({ earlierEntries: 7 }), proposal);
});

/** A copy of the good answer, changed. */
function changed(change: (answer: AnswerV1) => unknown): unknown {
  const answer = structuredClone(good.answer);
  change(answer);
  return { [good.uuid]: answer };
}

function changedProof(change: (proof: AnswerV1['verification']['inclusionProof']) => unknown): unknown {
  return changed(({ verification }) => change(verification.inclusionProof));
}

/** An answer about a body that is the only entry of its log, whatever it is. */
function about(body: string): unknown {
  const rootHash = hashLeaf(sha256, encodeUtf8(body));
  const head = encodeLogHead({ origin: 'rekor.localhost - 1', size: 1, rootHash });
  const checkpoint = signCheckpoint(head, [lab.rekorV1.signer]);
  const inclusionProof = { checkpoint, hashes: [], logIndex: 0, rootHash: encodeHex(rootHash), treeSize: 1 };
  const verification = { ...good.answer.verification, inclusionProof };
  return { [encodeHex(rootHash)]: { ...good.answer, body: encodeBase64(encodeUtf8(body)), verification } };
}

function flipFirst(hex: string): string {
  const bytes = decodeHex(hex);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return encodeHex(bytes);
}

describe('an answer to what was submitted to Rekor v1', () => {
  const submitTo = async (status: number, answer: unknown): Promise<unknown> => {
    const server = await serve((response) => sendJson(response, status, answer));
    return submitEntryV1(server.url, proposal, transport);
  };

  test('is good without change, and with members that nobody knows', async () => {
    const entry = await submitTo(201, { [good.uuid]: good.answer });
    expect(entry).toMatchObject({ kind: 'hashedrekord', version: '0.0.1', logId: lab.rekorV1.logId });
    const wider = changed((answer) => {
      Object.assign(answer, { attestation: { data: '' }, later: [1] });
      Object.assign(answer.verification, { later: {} });
      Object.assign(answer.verification.inclusionProof, { later: null });
    });
    expect(await submitTo(201, wider)).toEqual(entry);
    expect(await submitTo(201, { [good.uuid.slice(16)]: good.answer })).toEqual(entry);
  });

  test.each<[string, string, () => unknown, ErrorCode?]>([
    ['is about another body', 'entry that was proposed', () => ({ [other.uuid]: other.answer })],
    [
      'holds two entries',
      'exactly one entry, found 2',
      () => ({ [good.uuid]: good.answer, [other.uuid]: other.answer }),
    ],
    [
      'holds one entry under two ids',
      'exactly one entry, found 2',
      () => ({ [good.uuid]: good.answer, [good.uuid.slice(16)]: good.answer }),
    ],
    ['holds no entry', 'exactly one entry, found 0', () => ({})],
    ['is a list', 'an object, found an array', () => [good.answer]],
    ['is null', 'an object, found null', () => null],
    ['is a text', 'an object, found a string', () => good.uuid],
    ['is an entry without an id', 'exactly one entry, found 5', () => good.answer],
    ['holds null under the id', 'an object, found null', () => ({ [good.uuid]: null })],
    ['has the id of another entry', 'an id that ends with', () => ({ [other.uuid]: good.answer })],
    [
      'has an id that is not the leaf hash',
      'an id that ends with',
      () => ({ [flipFirst(good.uuid.slice(16))]: good.answer }),
    ],
    ['has an id in upper case', 'an id that ends with', () => ({ [good.uuid.toUpperCase()]: good.answer })],
    [
      'has an id that only ends with the leaf hash',
      'an id that ends with',
      () => ({ [`x/${good.uuid.slice(16)}`]: good.answer }),
    ],
    ['has an id with half a tree id', 'an id that ends with', () => ({ [good.uuid.slice(8)]: good.answer })],
    [
      'has no promise (CL-008)',
      'signedEntryTimestamp: expected a string',
      () => changed(({ verification: v }) => Reflect.deleteProperty(v, 'signedEntryTimestamp')),
    ],
    [
      'has an empty promise',
      'a signed entry timestamp, found none',
      () => changed(({ verification }) => (verification.signedEntryTimestamp = '')),
    ],
    [
      'has a promise that is null',
      'signedEntryTimestamp: expected a string',
      () => changed(({ verification: v }) => Object.assign(v, { signedEntryTimestamp: null })),
    ],
    [
      'has a promise that is not base64',
      'signedEntryTimestamp: expected base64',
      () => changed(({ verification: v }) => (v.signedEntryTimestamp += '!')),
    ],
    [
      'has no verification',
      'verification: expected an object',
      () => changed((answer) => Reflect.deleteProperty(answer, 'verification')),
    ],
    [
      'has no proof',
      'inclusionProof: expected an object',
      () => changed(({ verification: v }) => Reflect.deleteProperty(v, 'inclusionProof')),
    ],
    [
      'has no checkpoint',
      'checkpoint: expected a string',
      () => changedProof((proof) => Reflect.deleteProperty(proof, 'checkpoint')),
    ],
    ['has an empty checkpoint', 'exactly one blank line', () => changedProof((proof) => (proof.checkpoint = ''))],
    [
      'has a checkpoint without signatures',
      'signature lines',
      () => changedProof((p) => (p.checkpoint = p.checkpoint.replace(/\n\n.*/s, '\n\n'))),
    ],
    [
      'has the checkpoint of another log',
      "checkpoint's root",
      () => changedProof((p) => (p.checkpoint = foreign.answer.verification.inclusionProof.checkpoint)),
    ],
    [
      'has the checkpoint of another size',
      "checkpoint's tree of 7",
      () => changedProof((p) => (p.checkpoint = lab.rekorV1.checkpoint(7))),
    ],
    [
      'has a checkpoint above its limit',
      '65536 bytes',
      () => changedProof((p) => (p.checkpoint += 'x'.repeat(65_536))),
      'INPUT_TOO_LARGE',
    ],
    [
      'has an index at the size of the tree',
      'found index 8 of 8',
      () => changedProof((proof) => (proof.logIndex = proof.treeSize)),
    ],
    [
      'has an index beyond the tree',
      'found index 9 of 8',
      () => changedProof((proof) => (proof.logIndex = proof.treeSize + 1)),
    ],
    ['has a negative index', 'inclusionProof.logIndex', () => changedProof((proof) => (proof.logIndex = -1))],
    ['has a proof for another index', 'leads to the root', () => changedProof((proof) => (proof.logIndex -= 1))],
    ['has a proof for another size', "checkpoint's tree of 8", () => changedProof((proof) => (proof.treeSize += 1))],
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
    ['has a hash more in the proof', '3 hashes, found 4', () => changedProof(({ hashes }) => hashes.push(ZEROS))],
    [
      'has a proof without hashes',
      '3 hashes, found 0',
      () => changedProof((proof) => Reflect.deleteProperty(proof, 'hashes')),
    ],
    [
      'has a short hash in the proof',
      '32 bytes at entry.verification.inclusionProof.hashes[0], found 31',
      () => changedProof(({ hashes }) => (hashes[0] = hashes[0]?.slice(2) ?? '')),
    ],
    [
      'has a hash in upper case',
      'hashes[0]: expected lower-case hex',
      () => changedProof(({ hashes }) => (hashes[0] = hashes[0]?.replace(/.$/, 'A') ?? '')),
    ],
    [
      'has 64 hashes in the proof',
      'at most 63',
      () => changedProof((p) => (p.hashes = Array.from({ length: 64 }, () => ZEROS))),
      'INPUT_TOO_LARGE',
    ],
    [
      'has a short log id',
      '32 bytes at entry.logID, found 31',
      () => changed((answer) => (answer.logID = answer.logID.slice(2))),
    ],
    ['has no log id', 'logID: expected a string', () => changed((answer) => Reflect.deleteProperty(answer, 'logID'))],
    [
      'has no index',
      'entry.logIndex: expected an integer',
      () => changed((answer) => Reflect.deleteProperty(answer, 'logIndex')),
    ],
    [
      'has an index above int64',
      'entry.logIndex: expected a decimal',
      () => changed((answer) => Object.assign(answer, { logIndex: '9223372036854775808' })),
    ],
    [
      'has an index that is a fraction',
      'entry.logIndex: expected an integer',
      () => changed((answer) => (answer.logIndex += 0.5)),
    ],
    [
      'has a negative time',
      'integratedTime: expected an integer',
      () => changed((answer) => (answer.integratedTime = -1)),
    ],
    [
      'has no time',
      'integratedTime: expected an integer',
      () => changed((answer) => Reflect.deleteProperty(answer, 'integratedTime')),
    ],
    [
      'has a body that is not base64',
      'entry.body: expected base64',
      () => changed((answer) => (answer.body = `${answer.body}=`)),
    ],
    [
      'has a body in base64url',
      'entry.body: expected standard base64',
      () => changed((answer) => (answer.body = answer.body.replace(/.$/, '_'))),
    ],
    ['has an empty body', 'body', () => about('')],
    ['has a body that is not JSON', 'body', () => about('{')],
    ['has a body without a kind', 'body.kind: expected a string', () => about('{"apiVersion":"0.0.1"}')],
    ['has a body that is a list', 'body: expected an object', () => about('[]')],
  ])('is refused where it %s', async (_, reason, answer, code = 'SERVICE_INVALID') => {
    await expect(submitTo(201, answer())).rejects.toMatchObject({ code, message: expect.stringContaining(reason) });
  });

  test.each<[string, Parameters<typeof raw>, ErrorCode]>([
    ['HTML', ['text/html', '<html>'], 'NETWORK_FAILED'],
    ['HTML that is called JSON', ['application/json', '<html>'], 'SERVICE_INVALID'],
    ['nothing', ['application/json', ''], 'SERVICE_INVALID'],
    ['nothing of no type', [undefined, ''], 'NETWORK_FAILED'],
    ['half an answer', ['application/json', '{"a":{"body"'], 'SERVICE_INVALID'],
    ['JSON behind a byte order mark', ['application/json', '\ufeff{}'], 'SERVICE_INVALID'],
    ['one name twice', ['application/json', '{"a":{},"a":{}}'], 'SERVICE_INVALID'],
    ['another character set', ['application/json; charset=latin1', '{}'], 'NETWORK_FAILED'],
    ['bytes that are not UTF-8', ['application/json', Uint8Array.of(0x22, 0xff, 0x22)], 'SERVICE_INVALID'],
    ['brackets without end', ['application/json', '['.repeat(100_000)], 'INPUT_TOO_LARGE'],
    ['more than 1 MiB', ['application/json', `{"a":"${'x'.repeat(1_048_576)}"}`], 'INPUT_TOO_LARGE'],
  ])('is refused where it is %s', async (_, answer, code) => {
    const server = await serve(raw(...answer));
    await expect(submitEntryV1(server.url, proposal, transport)).rejects.toMatchObject({ code });
    expect(server.seen).toHaveLength(1);
  });

  test.each([200, 202, 204, 400, 401, 403, 404, 410, 413, 422])('has an expected status, not %i', async (status) => {
    const server = await serve((response) => sendJson(response, status, {}));
    const submitted = submitEntryV1(server.url, proposal, transport);
    await expect(submitted).rejects.toMatchObject({ code: 'NETWORK_STATUS' });
    expect(server.seen).toHaveLength(1);
  });

  test('may come at the fourth attempt, not later', async () => {
    const failing =
      (failures: number): Answer =>
      (response, _, count) =>
        count < failures ? sendJson(response, 500, {}) : sendJson(response, 201, { [good.uuid]: good.answer });
    const server = await serve(failing(3));
    await submitEntryV1(server.url, proposal, transport);
    expect(server.seen).toHaveLength(4);
    expect(new Set(server.seen.map(({ body }) => body)).size).toBe(1);
    const down = await serve(failing(4));
    await expect(submitEntryV1(down.url, proposal, transport)).rejects.toMatchObject({ code: 'NETWORK_STATUS' });
  });

  test('is not sought elsewhere', async () => {
    const elsewhere = await serve((response) => sendJson(response, 201, { [good.uuid]: good.answer }));
    const server = await serve((response) =>
      response.writeHead(307, { location: `${elsewhere.url}${LOCATION}` }).end(),
    );
    await expect(submitEntryV1(server.url, proposal, transport)).rejects.toMatchObject({ code: 'NETWORK_REDIRECT' });
    expect(elsewhere.seen).toEqual([]);
  });
});

function raw(type: string | undefined, body: string | Uint8Array): Answer {
  return (response) => response.writeHead(201, type === undefined ? {} : { 'content-type': type }).end(body);
}

describe('a conflict on Rekor v1', () => {
  const conflict = (location: string | undefined, answer: () => unknown): Promise<Loopback> =>
    serve((response, { method }) =>
      method === 'POST'
        ? sendJson(response, 409, { code: 409, message: 'exists' }, location === undefined ? {} : { location })
        : sendJson(response, 200, answer()),
    );

  test.each<[string, () => string | undefined]>([
    ['80 digits', () => LOCATION + good.uuid],
    ['64 digits', () => LOCATION + good.uuid.slice(16)],
    ['no location', () => undefined],
  ])('leads to the entry with %s', async (_, location) => {
    const server = await conflict(location(), () => ({ [good.uuid]: good.answer }));
    const entry = await submitEntryV1(server.url, proposal, transport);
    expect(entry.body).toEqual(decodeBase64(good.answer.body));
    expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /api/v1/log/entries',
      `GET ${location() ?? LOCATION + good.uuid.slice(16)}`,
    ]);
  });

  test('leads to an entry below the path of the log', async () => {
    const server = await conflict(LOCATION + good.uuid, () => ({ [good.uuid]: good.answer }));
    await submitEntryV1(`${server.url}/rekor/`, proposal, transport);
    expect(server.seen.map(({ path }) => path)).toEqual(['/rekor/api/v1/log/entries', `/rekor${LOCATION}${good.uuid}`]);
  });

  test.each<[string, (uuid: string, self: string) => string]>([
    ['on another host', (uuid) => `https://evil.example${LOCATION}${uuid}`],
    ['on another host without a scheme', (uuid) => `//evil.example${LOCATION}${uuid}`],
    ['that is a whole URL of the log', (uuid, self) => `${self}${LOCATION}${uuid}`],
    ['with dot segments', (uuid) => `${LOCATION}../entries/${uuid}`],
    ['with dot segments at its end', (uuid) => `${LOCATION}${uuid}/..`],
    ['with encoded dot segments', (uuid) => `${LOCATION}%2e%2e/${uuid}`],
    ['with backslashes', (uuid) => String.raw`\\evil.example${LOCATION}${uuid}`],
    ['relative to the request', (uuid) => uuid],
    ['below another path', (uuid) => `/evil${LOCATION}${uuid}`],
    ['of another endpoint', (uuid) => `/api/v1/log/${uuid}`],
    ['with a query', (uuid) => `${LOCATION}${uuid}?logIndex=0`],
    ['with a fragment', (uuid) => `${LOCATION}${uuid}#x`],
    ['with a slash at its end', (uuid) => `${LOCATION}${uuid}/`],
    ['with an id in upper case', (uuid) => `${LOCATION}${uuid.toUpperCase()}`],
    ['with an id that is too short', (uuid) => `${LOCATION}${uuid.slice(17)}`],
    ['without an id', () => LOCATION],
    ['that is empty', () => ''],
    ['that is a file', () => 'file:///etc/passwd'],
  ])('does not lead to a location %s (CL-009)', async (_, makeLocation) => {
    let self = '';
    const server = await serve((response) => sendJson(response, 409, {}, { location: makeLocation(good.uuid, self) }));
    self = server.url;
    await expect(submitEntryV1(server.url, proposal, transport)).rejects.toMatchObject({ code: 'NETWORK_POLICY' });
    expect(server.seen).toHaveLength(1);
  });

  test.each<[string, () => string, () => unknown]>([
    ['another entry', () => LOCATION + other.uuid, () => ({ [other.uuid]: other.answer })],
    ['another entry than the location says', () => LOCATION + good.uuid, () => ({ [other.uuid]: other.answer })],
    ['the entry under another name', () => LOCATION + other.uuid, () => ({ [good.uuid]: good.answer })],
    ['the entry of another tree', () => LOCATION + good.uuid, () => ({ [foreign.uuid]: foreign.answer })],
    ['no entry', () => LOCATION + good.uuid, () => ({})],
    [
      'an entry without promise',
      () => LOCATION + good.uuid,
      () => changed(({ verification: v }) => (v.signedEntryTimestamp = '')),
    ],
  ])('is refused where it leads to %s', async (_, location, answer) => {
    const server = await conflict(location(), answer);
    await expect(submitEntryV1(server.url, proposal, transport)).rejects.toMatchObject({ code: 'SERVICE_INVALID' });
    expect(server.seen).toHaveLength(2);
  });

  test('is refused where it leads nowhere', async () => {
    const server = await serve((response, { method }) =>
      sendJson(response, method === 'POST' ? 409 : 404, {}, { location: LOCATION + good.uuid }),
    );
    await expect(submitEntryV1(server.url, proposal, transport)).rejects.toMatchObject({
      code: 'NETWORK_STATUS',
      details: { status: 404 },
    });
  });
});

describe('an answer about entries of Rekor v1', () => {
  const ask = async (answer: unknown, call: (url: string) => Promise<unknown>): Promise<unknown> =>
    call((await serve((response) => sendJson(response, 200, answer))).url);
  const entry = ({ uuid, answer }: IdentifiedAnswer): object => ({ [uuid]: answer });
  const goodIndex = (): bigint => BigInt(good.answer.logIndex);

  test.each<[string, () => unknown, (url: string) => Promise<unknown>, ErrorCode?]>([
    ['of another id', () => entry(other), (url) => fetchEntry(url, good.uuid, transport)],
    ['of another tree', () => entry(foreign), (url) => fetchEntry(url, good.uuid, transport)],
    ['of another index', () => entry(other), (url) => fetchEntryByIndex(url, goodIndex(), transport)],
    ['that is no list', () => entry(good), (url) => fetchEntries(url, [goodIndex()], transport)],
    [
      'of an index that was not asked for',
      () => [entry(good), entry(other)],
      (url) => fetchEntries(url, [goodIndex()], transport),
    ],
    ['that come twice', () => [entry(good), entry(good)], (url) => fetchEntries(url, [goodIndex(), 0n], transport)],
    [
      'of which one is broken',
      () => [changed((answer) => (answer.body = ''))],
      (url) => fetchEntries(url, [goodIndex()], transport),
    ],
    [
      'of which there are eleven',
      () => Array.from({ length: 11 }, () => entry(good)),
      (url) => fetchEntries(url, [goodIndex()], transport),
      'INPUT_TOO_LARGE',
    ],
  ])('is refused for entries %s', async (_, answer, call, code = 'SERVICE_INVALID') => {
    await expect(ask(answer(), call)).rejects.toMatchObject({ code });
  });

  test.each<[string, unknown, ErrorCode?]>([
    ['ids that are none', ['x']],
    ['ids in upper case', ['A'.repeat(64)]],
    ['ids that are paths', [`../${ZEROS}`]],
    ['ids that are numbers', [1]],
    ['an object', {}],
    ['more ids than can be', Array.from({ length: 10_001 }, () => ZEROS), 'INPUT_TOO_LARGE'],
  ])('is refused for %s', async (_, answer, code = 'SERVICE_INVALID') => {
    await expect(ask(answer, (url) => searchIndex(url, { email: 'a@b.c' }, transport))).rejects.toMatchObject({ code });
  });
});

describe('an answer about the state of a Rekor v1 log', () => {
  const state = () => ({
    rootHash: encodeHex(lab.rekorV1.log.tree.root()),
    treeSize: lab.rekorV1.log.size(),
    signedTreeHead: lab.rekorV1.checkpoint(),
    treeID: String(lab.rekorV1.treeId),
    inactiveShards: [],
  });
  const query = { firstSize: 1n, lastSize: 2n, treeId: 1n };

  test('is good without change', async () => {
    const server = await serve((response) => sendJson(response, 200, state()));
    expect(await fetchLogInfo(server.url, transport)).toEqual({
      treeId: lab.rekorV1.treeId,
      treeSize: BigInt(lab.rekorV1.log.size()),
      rootHash: lab.rekorV1.log.tree.root(),
      checkpoint: expect.any(String),
    });
  });

  test.each<[string, () => object]>([
    ['the root of another state', () => ({ rootHash: encodeHex(lab.rekorV1.log.tree.root(1)) })],
    ['another size than its checkpoint', () => ({ treeSize: 1 })],
    ['a checkpoint that is none', () => ({ signedTreeHead: 'x' })],
    ['no checkpoint', () => ({ signedTreeHead: undefined })],
    ['a tree id that is no number', () => ({ treeID: '0x1' })],
    ['a negative size', () => ({ treeSize: -1 })],
  ])('is refused where it has %s', async (_, change) => {
    const server = await serve((response) => sendJson(response, 200, { ...state(), ...change() }));
    await expect(fetchLogInfo(server.url, transport)).rejects.toMatchObject({ code: 'SERVICE_INVALID' });
  });

  test.each<[string, unknown, ErrorCode?]>([
    ['a hash that is short', { hashes: ['00'] }],
    ['a hash in upper case', { hashes: ['A'.repeat(64)] }],
    ['hashes that are no list', { hashes: {} }],
    ['more hashes than can be', { hashes: Array.from({ length: 65 }, () => ZEROS) }, 'INPUT_TOO_LARGE'],
  ])('is refused where a consistency proof has %s', async (_, answer, code = 'SERVICE_INVALID') => {
    const server = await serve((response) => sendJson(response, 200, answer));
    await expect(fetchConsistencyProof(server.url, query, transport)).rejects.toMatchObject({ code });
  });

  test.each<[string, string, () => string, ErrorCode]>([
    ['HTML', 'text/html', () => '<html>', 'NETWORK_FAILED'],
    ['HTML that is called PEM', 'application/x-pem-file', () => '<html>', 'SERVICE_INVALID'],
    ['a private key', 'application/x-pem-file', () => encodeSigningKey(generateSigningKey('P-256')), 'SERVICE_INVALID'],
    ['a key above 1 MiB', 'application/x-pem-file', () => 'x'.repeat(1_048_577), 'INPUT_TOO_LARGE'],
  ])('is refused where the key is %s', async (_, type, key, code) => {
    const server = await serve((response) => response.writeHead(200, { 'content-type': type }).end(key()));
    const fetched = fetchLogKey(server.url, transport);
    await expect(fetched).rejects.toMatchObject({ code });
    await expect(fetched).rejects.not.toThrow(/MIG|PRIVATE KEY-----/);
  });
});
