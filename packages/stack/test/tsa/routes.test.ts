// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto';
import { parseTimestampResponse } from '@keywax/core/timestamp';
import { type Stack, startStack } from '@keywax/stack';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runOpenssl, runOpensslBytes, testOpenssl } from '../openssl.js';
import { postJson, sha256 } from '../requests.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

const data = randomBytes(72);
const digest = sha256(data);
/** TimeStampReq, version 1, SHA-256 of `data`, then what is given. */
const derRequest = (...rest: number[]) => {
  const imprint = [
    0x30,
    0x31,
    0x30,
    0x0d,
    0x06,
    0x09,
    0x60,
    0x86,
    0x48,
    0x01,
    0x65,
    3,
    4,
    2,
    1,
    5,
    0,
    4,
    0x20,
    ...digest,
  ];
  const content = [2, 1, 1, ...imprint, ...rest];
  return Uint8Array.from([0x30, content.length, ...content]);
};
const NONCE = [2, 8, 0x41, 2, 3, 4, 5, 6, 7, 8];
const CERT_REQ = [1, 1, 0xff];

const postDer = (body: Uint8Array, type = 'application/timestamp-query') =>
  fetch(stack.urls.tsa, { method: 'POST', headers: { 'Content-Type': type }, body: Uint8Array.from(body) });
const postQuery = (changes: object = {}) =>
  postJson(stack.urls.tsa, { artifactHash: digest.toString('base64'), hashAlgorithm: 'sha256', ...changes });

async function readReply(response: Response) {
  expect(response.status).toBe(201);
  expect(response.headers.get('content-type')).toBe('application/timestamp-reply');
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { bytes, timestamp: parseTimestampResponse(bytes, 'response') };
}

describe('a request in DER', () => {
  test('is answered with its digest and nonce, and the certificate where asked for', async () => {
    const plain = await readReply(await postDer(derRequest()));
    expect(plain.timestamp.info.imprint).toEqual({ hash: 'sha256', digest: new Uint8Array(digest) });
    expect(plain.timestamp.info.nonce).toBe(undefined);
    expect(plain.timestamp.certificates).toEqual([]);
    const { timestamp } = await readReply(await postDer(derRequest(...NONCE, ...CERT_REQ)));
    expect([...(timestamp.info.nonce ?? [])]).toEqual(NONCE.slice(2));
    const leaf = stack.trustedRoot.timestampAuthorities[0]?.certChain.certificates[0]?.rawBytes;
    expect(timestamp.certificates.map((der) => Buffer.from(der).toString('base64'))).toEqual([leaf]);
  });

  test.each<[string, Uint8Array]>([
    ['is empty', new Uint8Array()],
    ['has bytes behind it', Uint8Array.from([...derRequest(), 0])],
    ['has extensions', derRequest(0xa0, 0)],
    ['asks for another policy', derRequest(6, 3, 0x2a, 3, 4)],
    ['names SHA-1', Uint8Array.from(Buffer.from(`30260201013021300906052b0e03021a05000414${'00'.repeat(20)}`, 'hex'))],
  ])('that %s is refused', async (_, body) => {
    expect((await postDer(body)).status).toBe(400);
  });

  testOpenssl('by openssl gets a reply that openssl verifies with the chain of the service', async () => {
    const query = runOpensslBytes(['ts', '-query', '-data', 'data', '-sha256', '-cert'], { data });
    const { bytes } = await readReply(await postDer(query));
    const chain = await (await fetch(`${stack.urls.tsa}/certchain`)).text();
    const args = [
      'ts',
      '-verify',
      '-queryfile',
      'query.tsq',
      '-in',
      'response.tsr',
      '-CAfile',
      'chain.pem',
      '-untrusted',
      'chain.pem',
    ];
    expect(runOpenssl(args, { 'query.tsq': query, 'response.tsr': bytes, 'chain.pem': chain })).toContain(
      'Verification: OK',
    );
  });
});

describe('a request in JSON', () => {
  test.each([
    ['sha256', 32],
    ['SHA384', 48],
    ['sha512', 64],
  ])('with %s is answered', async (hashAlgorithm, length) => {
    const { timestamp } = await readReply(
      await postQuery({ hashAlgorithm, artifactHash: Buffer.alloc(length, 7).toString('base64') }),
    );
    expect(timestamp.info.imprint.digest).toEqual(new Uint8Array(length).fill(7));
  });

  test('has its nonce echoed, also above 2^53', async () => {
    const body = `{"artifactHash":"${digest.toString('base64')}","hashAlgorithm":"sha256","nonce":18446744073709551615,"certificates":true}`;
    const { timestamp } = await readReply(await postJson(stack.urls.tsa, body));
    expect([...(timestamp.info.nonce ?? [])]).toEqual([0, 255, 255, 255, 255, 255, 255, 255, 255]);
    expect(timestamp.certificates).toHaveLength(1);
  });

  test.each<[string, object]>([
    ['SHA-1', { hashAlgorithm: 'sha1', artifactHash: Buffer.alloc(20).toString('base64') }],
    ['a digest of another length', { hashAlgorithm: 'sha512' }],
    ['another policy', { tsaPolicyOID: '1.2.3' }],
    ['a member that is not known', { extra: true }],
    ['more than 1,024 bytes', { tsaPolicyOID: '1'.repeat(1_000) }],
  ])('with %s is refused', async (_, changes) => {
    const response = await postQuery(changes);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 400 });
  });
});

test('a request of another type is refused', async () => {
  expect((await postDer(derRequest(), 'text/plain')).status).toBe(415);
});
