// SPDX-License-Identifier: Apache-2.0

import { createHash, createPublicKey, verify } from 'node:crypto';
import { hash } from '@keywax/core/hash';
import { hashLeaf, verifyConsistency, verifyInclusion } from '@keywax/core/merkle';
import { parseCheckpoint } from '@keywax/core/note';
import { type Stack, startStack } from '@keywax/stack';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type ClientKey, createClientKey, hashedRekord, postJson, requestLeaf, sha256 } from '../requests.js';

let stack: Stack;
beforeEach(async () => {
  stack = await startStack();
  onTestFinished(() => stack.close());
});

const key = createClientKey();
const hashPieces = (...pieces: Uint8Array[]) => hash('sha256', ...pieces);
const url = (path: string) => `${stack.urls.rekorV1}/api/v1/${path}`;
const submit = (proposal: unknown) => postJson(url('log/entries'), proposal);

interface Entry {
  body: string;
  integratedTime: number;
  logID: string;
  logIndex: number;
  verification: {
    signedEntryTimestamp: string;
    inclusionProof: { checkpoint: string; hashes: string[]; logIndex: number; rootHash: string; treeSize: number };
  };
}

async function readEntry(response: Response) {
  const [[uuid, entry] = ['', undefined]] = Object.entries((await response.json()) as Record<string, Entry>);
  if (entry === undefined) throw new Error('no entry');
  return { uuid, entry };
}

async function addEntry(artifact: string) {
  const response = await submit(hashedRekord(artifact, key));
  expect(response.status).toBe(201);
  return { response, ...(await readEntry(response)) };
}

function dsseProposal(signer: ClientKey, pems: readonly string[] = [signer.pem], payload = statement('x')) {
  const payloadType = 'application/vnd.in-toto+json';
  const pae = Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} ${payload}`);
  const envelope = JSON.stringify({
    payload: Buffer.from(payload).toString('base64'),
    payloadType,
    signatures: [{ sig: signer.sign(pae).toString('base64') }],
  });
  const verifiers = pems.map((pem) => Buffer.from(pem).toString('base64'));
  return { apiVersion: '0.0.1', kind: 'dsse', spec: { proposedContent: { envelope, verifiers } } };
}

function statement(name: string) {
  return JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name, digest: { sha256: 'AB'.repeat(32) } }],
  });
}

describe('an entry', () => {
  test('comes with a promise, a proof and a checkpoint that hold', async () => {
    await addEntry('a');
    await addEntry('b');
    const { uuid, entry, response } = await addEntry('c');
    expect(response.headers.get('etag')).toBe(uuid);
    expect(response.headers.get('location')).toBe(`/api/v1/log/entries/${uuid}`);

    const logKey = createPublicKey(await (await fetch(url('log/publicKey'))).text());
    const keyId = createHash('sha256')
      .update(logKey.export({ type: 'spki', format: 'der' }))
      .digest('hex');
    expect(entry.logID).toBe(keyId);
    const { body, integratedTime, logID, logIndex } = entry;
    const promised = Buffer.from(JSON.stringify({ body, integratedTime, logID, logIndex }));
    expect(verify('sha256', promised, logKey, Buffer.from(entry.verification.signedEntryTimestamp, 'base64'))).toBe(
      true,
    );

    const proof = entry.verification.inclusionProof;
    const checkpoint = parseCheckpoint(proof.checkpoint, 'checkpoint');
    const [signature] = checkpoint.signatures;
    expect(checkpoint.origin).toMatch(/^rekor\.localhost - [0-9]+$/);
    expect(signature?.name).toBe('rekor.localhost');
    expect(verify('sha256', checkpoint.signedText, logKey, signature?.signature ?? Buffer.alloc(0))).toBe(true);
    expect(Number(checkpoint.size)).toBe(proof.treeSize);
    const leafHash = hashLeaf(hashPieces, Buffer.from(body, 'base64'));
    expect(uuid.slice(16)).toBe(Buffer.from(leafHash).toString('hex'));
    verifyInclusion(hashPieces, {
      index: BigInt(proof.logIndex),
      size: checkpoint.size,
      leafHash,
      hashes: proof.hashes.map((text) => Buffer.from(text, 'hex')),
      rootHash: checkpoint.rootHash,
    });
  });

  test('has an index over all shards that is not the one in the tree', async () => {
    const { entry } = await addEntry('a');
    expect(entry.logIndex).toBe(1000);
    expect(entry.verification.inclusionProof.logIndex).toBe(0);
  });

  test('with the certificate of a signer is found by the name in it', async () => {
    const pem = await requestLeaf(stack, key);
    const { uuid } = await readEntry(await submit(hashedRekord('a', key, pem)));
    const found = await postJson(url('index/retrieve'), { email: 'Alice@example.com' });
    expect(await found.json()).toEqual([uuid]);
  });

  test('is logged once: a second proposal gets 409 and the place of the first', async () => {
    const proposal = hashedRekord('a', key);
    const { uuid } = await readEntry(await submit(proposal));
    const second = await submit(proposal);
    expect(second.status).toBe(409);
    expect(second.headers.get('location')).toBe(`/api/v1/log/entries/${uuid}`);
    expect(await second.json()).toEqual({
      code: 409,
      message: `an equivalent entry already exists in the transparency log with UUID ${uuid}`,
    });
    expect((await readEntry(await fetch(url(`log/entries/${uuid}`)))).uuid).toBe(uuid);
  });

  test('is logged once also where both proposals arrive together', async () => {
    const proposal = hashedRekord('a', key);
    const answers = await Promise.all(Array.from({ length: 8 }, () => submit(proposal)));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
  });

  test('of a signature in other PEM is the same entry', async () => {
    const proposal = hashedRekord('a', key);
    await submit(proposal);
    const lines = key.pem.replaceAll('\n', '\r\n');
    proposal.spec.signature.publicKey.content = Buffer.from(lines).toString('base64');
    expect((await submit(proposal)).status).toBe(409);
  });
});

describe('a proposal is refused', () => {
  const change = (edit: (proposal: ReturnType<typeof hashedRekord>) => void) => {
    const proposal = hashedRekord('a', key);
    edit(proposal);
    return proposal;
  };
  test.each<[string, unknown, number]>([
    [
      'whose signature is over something else',
      change(({ spec }) => (spec.data.hash.value = sha256('b').toString('hex'))),
      400,
    ],
    [
      'whose key is another',
      change(({ spec }) => (spec.signature.publicKey.content = Buffer.from(createClientKey().pem).toString('base64'))),
      400,
    ],
    ['whose digest is too short', change(({ spec }) => (spec.data.hash.value = 'ab')), 400],
    ['whose hash is not known', change(({ spec }) => (spec.data.hash.algorithm = 'md5')), 400],
    ['whose key is no PEM', change(({ spec }) => (spec.signature.publicKey.content = 'anVuaw==')), 400],
    ['with a member that is not known', { ...hashedRekord('a', key), extra: 1 }, 422],
    ['of a kind that is not known', { ...hashedRekord('a', key), kind: 'rpm' }, 422],
    ['of a version that is not known', { ...hashedRekord('a', key), apiVersion: '0.0.9' }, 422],
    ['that is no object', [], 422],
    ['that is no JSON', '{', 422],
    ['whose envelope is signed by another key', dsseProposal(key, [createClientKey().pem]), 400],
    ['with a verifier that verified nothing', dsseProposal(key, [key.pem, createClientKey().pem]), 400],
    ['without a verifier', dsseProposal(key, []), 400],
    ['whose envelope is signed with SHA-384', dsseProposal(createClientKey('P-384', 'sha384')), 400],
  ])('%s', async (_, proposal, status) => {
    const response = await submit(proposal);
    expect(response.status).toBe(status);
    expect(await response.json()).toHaveProperty('message');
  });
});

describe('an envelope', () => {
  test('is logged by its hashes and signatures, without its payload', async () => {
    const proposal = dsseProposal(key);
    const response = await submit(proposal);
    expect(response.status).toBe(201);
    const { uuid, entry } = await readEntry(response);
    const { envelope } = proposal.spec.proposedContent;
    const body = JSON.parse(Buffer.from(entry.body, 'base64').toString()) as { spec: Record<string, unknown> };
    expect(body.spec).toMatchObject({
      envelopeHash: { algorithm: 'sha256', value: sha256(envelope).toString('hex') },
      payloadHash: { algorithm: 'sha256', value: sha256(statement('x')).toString('hex') },
      signatures: [{ verifier: Buffer.from(key.pem).toString('base64') }],
    });
    const found = await postJson(url('index/retrieve'), { hash: `sha256:${'ab'.repeat(32)}` });
    expect(await found.json()).toEqual([uuid]);
  });

  test('signed with SHA-256 by a P-384 key is taken, as upstream takes no other hash', async () => {
    expect((await submit(dsseProposal(createClientKey('P-384', 'sha256')))).status).toBe(201);
  });

  test('is taken from clients that write the members of a logged entry as null', async () => {
    const { spec, ...proposal } = dsseProposal(key);
    const members = { envelopeHash: null, payloadHash: null, signatures: null };
    expect((await submit({ ...proposal, spec: { ...spec, ...members } })).status).toBe(201);
  });
});

describe('reading', () => {
  test.each([
    ['by index', (entry: Entry) => fetch(url(`log/entries?logIndex=${entry.logIndex}`))],
    ['by UUID', (_: Entry, uuid: string) => fetch(url(`log/entries/${uuid}`))],
    ['by leaf hash', (_: Entry, uuid: string) => fetch(url(`log/entries/${uuid.slice(16)}`))],
  ])('%s gives the entry', async (_, read) => {
    const { uuid, entry } = await addEntry('a');
    const response = await read(entry, uuid);
    expect(response.status).toBe(200);
    expect(await readEntry(response)).toMatchObject({ uuid, entry: { body: entry.body, logIndex: entry.logIndex } });
  });

  test.each([
    ['log/entries?logIndex=0', 404],
    ['log/entries?logIndex=1001', 404],
    ['log/entries?logIndex=-1', 422],
    ['log/entries', 422],
    [`log/entries/${'0'.repeat(80)}`, 404],
    [`log/entries/${'0'.repeat(64)}`, 404],
    ['log/entries/xyz', 422],
    ['log/proof?lastSize=9', 400],
    ['log/proof?firstSize=0&lastSize=1', 422],
    ['log/proof?firstSize=2&lastSize=1', 400],
    ['log/proof?lastSize=1&treeID=1', 400],
    ['log/publicKey?treeID=1', 400],
  ])('%s gives %i', async (path, status) => {
    await addEntry('a');
    expect((await fetch(url(path))).status).toBe(status);
  });

  test('several at once skips what is not there', async () => {
    const first = await addEntry('a');
    const second = await addEntry('b');
    const third = hashedRekord('c', key);
    await submit(third);
    const body = {
      entryUUIDs: [first.uuid, '0'.repeat(80)],
      logIndexes: [second.entry.logIndex, 5],
      entries: [third, hashedRekord('d', key)],
    };
    const answer = (await (await postJson(url('log/entries/retrieve/'), body)).json()) as object[];
    expect(answer.map((map) => Object.keys(map)[0]?.length)).toEqual([80, 80, 80]);
  });

  test.each([
    ['nothing', {}],
    ['too much', { logIndexes: Array.from({ length: 11 }, (_, i) => i) }],
    ['a broken UUID', { entryUUIDs: ['x'] }],
  ])('%s at once is refused', async (_, body) => {
    expect((await postJson(url('log/entries/retrieve'), body)).status).toBe(422);
  });

  test('the log tells its state, and proves that it only grew', async () => {
    for (const artifact of ['a', 'b', 'c', 'd', 'e']) await addEntry(artifact);
    const before = (await (await fetch(url('log'))).json()) as Record<string, string>;
    for (const artifact of ['f', 'g', 'h', 'i']) await addEntry(artifact);
    const after = (await (await fetch(url('log'))).json()) as Record<string, string>;
    const proof = await fetch(
      url(`log/proof?firstSize=${before['treeSize']}&lastSize=${after['treeSize']}&treeID=${after['treeID']}`),
    );
    const { hashes } = (await proof.json()) as { hashes: string[] };
    const head = (log: Record<string, string>) => {
      const { size, rootHash } = parseCheckpoint(log['signedTreeHead'] ?? '', 'head');
      expect(Buffer.from(rootHash).toString('hex')).toBe(log['rootHash']);
      return { size, rootHash };
    };
    verifyConsistency(hashPieces, {
      first: head(before),
      second: head(after),
      hashes: hashes.map((text) => Buffer.from(text, 'hex')),
    });
  });
});

describe('searching', () => {
  const search = async (query: object) => (await postJson(url('index/retrieve'), query)).json();

  test('finds entries by digest, key and name, any or all of them', async () => {
    const other = createClientKey();
    const { uuid: a } = await addEntry('a');
    const { uuid: b } = await readEntry(await submit(hashedRekord('a', other)));
    const digest = sha256('a').toString('hex');
    const publicKey = { format: 'x509', content: Buffer.from(other.pem).toString('base64') };
    expect(await search({ hash: `sha256:${digest}` })).toEqual([a, b]);
    expect(await search({ hash: digest.toUpperCase() })).toEqual([a, b]);
    expect(await search({ publicKey })).toEqual([b]);
    expect(await search({ hash: digest, publicKey, operator: 'and' })).toEqual([b]);
    expect(await search({ hash: digest, publicKey })).toEqual([a, b]);
    expect(await search({ email: 'nobody@example.com' })).toEqual([]);
  });

  test.each([
    ['nothing', {}, 422],
    ['a hash of another kind', { hash: 'sha384:00' }, 422],
    ['another operator', { hash: 'ab'.repeat(32), operator: 'xor' }, 422],
    ['a key of another format', { publicKey: { format: 'pgp', content: 'AAAA' } }, 400],
  ])('by %s is refused', async (_, query, status) => {
    expect((await postJson(url('index/retrieve'), query)).status).toBe(status);
  });
});
