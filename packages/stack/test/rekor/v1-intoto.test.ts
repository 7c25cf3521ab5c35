// SPDX-License-Identifier: Apache-2.0

import { decodeEntryBody } from '@keywax/bundle';
import { type Stack, startStack } from '@keywax/stack';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClientKey, postJson, requestLeaf, sha256 } from '../requests.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

const TYPE = 'application/vnd.in-toto+json';
const SUBJECT = 'ab'.repeat(32);
const PAYLOAD = JSON.stringify({ subject: [{ name: 'x', digest: { sha256: SUBJECT } }] });
const key = createClientKey();
const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64');
const url = (path: string) => `${stack.urls.rekorV1}/api/v1/${path}`;
const submit = (proposal: unknown) => postJson(url('log/entries'), proposal);

/** A proposal as clients make it: digests over the envelope with the verifier beside its signature. */
function propose(pem = key.pem, keyid?: string) {
  const sig = base64(key.sign(`DSSEv1 ${TYPE.length} ${TYPE} ${PAYLOAD.length} ${PAYLOAD}`));
  const id = keyid === undefined ? {} : { keyid };
  const hashed = { payload: base64(PAYLOAD), payloadType: TYPE, signatures: [{ ...id, publicKey: pem, sig }] };
  const digest = (text: string) => ({ algorithm: 'sha256', value: sha256(text).toString('hex') });
  return {
    apiVersion: '0.0.2',
    kind: 'intoto',
    spec: {
      content: {
        envelope: {
          payloadType: TYPE,
          payload: base64(base64(PAYLOAD)),
          signatures: [{ sig: base64(sig), publicKey: base64(pem), ...id }],
        },
        hash: digest(JSON.stringify(hashed)),
        payloadHash: digest(PAYLOAD),
      },
    },
  };
}

type Proposal = ReturnType<typeof propose>;

async function readBody(response: Response) {
  const [entry] = Object.values((await response.json()) as Record<string, { body: string }>);
  return Buffer.from(entry?.body ?? '', 'base64');
}

describe('an intoto entry', () => {
  test('keeps what was proposed, but for the payload', async () => {
    const pem = (await requestLeaf(stack, key)).trimEnd(); // as the authority answers: no newline at its end
    const proposal = propose(pem);
    const response = await submit(proposal);
    expect(response.status).toBe(201);
    const body = await readBody(response);
    const { payload: _, ...envelope } = proposal.spec.content.envelope;
    expect(JSON.parse(body.toString())).toEqual({
      ...proposal,
      spec: { content: { ...proposal.spec.content, envelope } },
    });
    const decoded = decodeEntryBody({ kind: 'intoto', version: '0.0.2', body });
    expect(Buffer.from(decoded.digest.value).toString('hex')).toBe(sha256(PAYLOAD).toString('hex'));
  });

  test('is logged once: a second proposal gets 409 and the place of the first', async () => {
    const proposal = propose();
    expect((await submit(proposal)).status).toBe(201);
    const second = await submit(proposal);
    expect(second.status).toBe(409);
    const found = await fetch(new URL(second.headers.get('location') ?? '', stack.urls.rekorV1));
    expect((await readBody(found)).toString()).toContain('"kind":"intoto"');
  });

  test('is found by the digest of its subject', async () => {
    await submit(propose());
    const found = await postJson(url('index/retrieve'), { hash: `sha256:${SUBJECT}` });
    expect(((await found.json()) as string[]).length).toBeGreaterThan(0);
  });

  test('need not say its digests, and may have a key id', async () => {
    const proposal = propose(key.pem, 'name');
    expect((await submit(proposal)).status).toBe(201);
    const { envelope } = propose(key.pem, '').spec.content;
    const response = await submit({ ...proposal, spec: { content: { envelope } } });
    expect(response.status).toBe(201);
    expect((await readBody(response)).toString()).not.toContain('keyid');
  });
});

test.each<[string, (content: Proposal['spec']['content']) => unknown]>([
  ['has no signature', ({ envelope }) => envelope.signatures.splice(0)],
  ['is of another type', ({ envelope }) => (envelope.payloadType = 'other')],
  ['has another payload', ({ envelope }) => (envelope.payload = base64(base64('{}')))],
  ['is encoded once', ({ envelope }) => (envelope.payload = base64(PAYLOAD))],
  [
    'names another verifier',
    ({ envelope }) => envelope.signatures.forEach((s) => (s.publicKey = base64(createClientKey().pem))),
  ],
  ['has another digest', ({ hash }) => (hash.value = sha256('').toString('hex'))],
  ['has another digest of its payload', ({ payloadHash }) => (payloadHash.value = sha256('').toString('hex'))],
  ['has a further member', (content) => Object.assign(content, { more: 1 })],
])('an envelope that %s is refused', async (_name, edit) => {
  const proposal = propose();
  edit(proposal.spec.content);
  expect((await submit(proposal)).status).toBe(400);
});
