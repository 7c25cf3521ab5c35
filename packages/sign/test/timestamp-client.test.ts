// SPDX-License-Identifier: Apache-2.0
// The client of timestamp authorities: the stack's over HTTP, which may be made to answer otherwise (ATTACKS CL-012).

import { concatBytes, encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import { encodeInteger } from '@keywax/core/der';
import type { ErrorCode } from '@keywax/core/errors';
import { type HashName, hash } from '@keywax/core/hash';
import { parseTimestampResponse } from '@keywax/core/timestamp';
import type { Transport } from '@keywax/http';
import { type Interceptor, type Stack, startStack } from '@keywax/stack';
import { type Lab, createLab, encodeResponse, encodeStatus } from '@keywax/stack/lab';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { serve } from '../../../test/loopback.js';
import { requestTimestamp } from '../src/timestamp-client.js';

const REPLY = 'application/timestamp-reply';
const signature = encodeUtf8('signature');
const faults: { tsa?: Interceptor } = {};
const queries: Uint8Array[] = [];
const waits: number[] = [];
const transport: Transport = { allowHttp: 'loopback', delay: async (ms) => void waits.push(ms) };
let stack: Stack;
let lab: Lab;
beforeAll(async () => {
  stack = await startStack({ faults });
  lab = await createLab();
});
afterAll(() => stack.close());
beforeEach(() => {
  queries.length = 0;
  waits.length = 0;
  answerWith((_, next) => next());
});

/** Answers in place of the authority; `count` counts from 0. */
function answerWith(
  answer: (query: Uint8Array, next: () => Promise<Response>, count: number) => Response | Promise<Response>,
): void {
  faults.tsa = async (request, next) => {
    const query = new Uint8Array(await request.clone().arrayBuffer());
    return answer(query, next, queries.push(query) - 1);
  };
}

function reply(body: Uint8Array | string, { status = 200, type = REPLY } = {}): Response {
  return new Response(typeof body === 'string' ? body : Uint8Array.from(body), {
    status,
    headers: { 'content-type': type },
  });
}

const request = (): Promise<Uint8Array> => requestTimestamp({ url: stack.urls.tsa, signature, transport });

/** The nonce of a query, as a DER INTEGER: eight bytes before the request for certificates. */
function nonceOf(query: Uint8Array): Uint8Array {
  return query.slice(-13, -3);
}

function imprint(data: Uint8Array, algorithm: HashName = 'sha256') {
  return { algorithm, digest: hash(algorithm, data) };
}

describe('a request for a timestamp', () => {
  test('is answered with a response about the signature', async () => {
    const timestamp = parseTimestampResponse(await request(), 'response');
    expect(timestamp.info.imprint).toEqual({ hash: 'sha256', digest: hash('sha256', signature) });
    expect(timestamp.certificates).toHaveLength(1);
  });

  test('has a new nonce each time, and asks for the certificate', async () => {
    await Promise.all(Array.from({ length: 8 }, request));
    // TimeStampReq: version, imprint with SHA-256, nonce of eight bytes, certReq.
    const digest = encodeHex(hash('sha256', signature));
    const form = new RegExp(`^30430201013031300d060960864801650304020105000420${digest}0208[4-7][0-9a-f]{15}0101ff$`);
    for (const query of queries) expect(encodeHex(query)).toMatch(form);
    expect(new Set(queries.map((query) => encodeHex(nonceOf(query)))).size).toBe(8);
  });

  test.each([200, 201])('takes status %i', async (status) => {
    answerWith(async (_, next) => reply(new Uint8Array(await (await next()).arrayBuffer()), { status }));
    await request();
  });

  test('is repeated as it was after a failure', async () => {
    answerWith((_, next, count) => (count === 0 ? reply('', { status: 500 }) : next()));
    await request();
    expect(queries[1]).toEqual(queries[0]);
    expect(waits).toHaveLength(1);
  });

  test('waits as long as an overloaded authority asks for', async () => {
    const busy = (): Response => new Response('', { status: 429, headers: { 'retry-after': '5' } });
    answerWith((_, next, count) => (count === 0 ? busy() : next()));
    await request();
    expect(waits).toEqual([5_000]);
  });

  test('ends when its signal fires', async () => {
    const controller = new AbortController();
    answerWith((_, next) => {
      controller.abort();
      return next();
    });
    const aborted = requestTimestamp({
      url: stack.urls.tsa,
      signature,
      transport: { ...transport, signal: controller.signal },
    });
    await expect(aborted).rejects.toMatchObject({ code: 'OPERATION_ABORTED' });
  });

  test('goes nowhere but over https, unless told otherwise', async () => {
    await expect(requestTimestamp({ url: stack.urls.tsa, signature })).rejects.toMatchObject({
      code: 'NETWORK_POLICY',
    });
    expect(queries).toEqual([]);
  });

  test('does not follow a redirect', async () => {
    const elsewhere = await serve((response) => response.end());
    answerWith(() => Response.redirect(elsewhere.url, 307));
    await expect(request()).rejects.toMatchObject({ code: 'NETWORK_REDIRECT' });
    expect(elsewhere.seen).toEqual([]);
  });
});

describe('the answer of a timestamp authority', () => {
  test.each<[string, (query: Uint8Array) => Uint8Array | string, string, ErrorCode?]>([
    ['HTML', () => '<html>', 'timestamp response'],
    ['nothing', () => '', 'timestamp response'],
    ['a response that is cut', (query) => stamp(query).slice(0, -1), 'timestamp response'],
    ['a response and a byte more', (query) => concatBytes(stamp(query), Uint8Array.of(0)), 'timestamp response'],
    ['a rejection', () => encodeResponse({ statusInfo: encodeStatus(2, 0) }), 'a granted timestamp, found status 2'],
    ['a rejection with a token', rejectWithToken, 'a granted timestamp, found status 2'],
    ['a response without a token', () => encodeResponse({ statusInfo: encodeStatus(0) }), 'a token'],
    ['over another imprint', (query) => stamp(query, { imprint: imprint(encodeUtf8('other')) }), 'a timestamp over'],
    [
      'over another hash function',
      (query) => stamp(query, { imprint: imprint(signature, 'sha512') }),
      'a timestamp over',
    ],
    [
      'over the artifact of the signature',
      (query) => stamp(query, { imprint: imprint(hash('sha256', signature)) }),
      'a timestamp over',
    ],
    ['without a nonce', () => lab.timestamp({ imprint: imprint(signature) }), 'the nonce of the request, found none'],
    [
      'with another nonce',
      (query) => stamp(query, { nonce: encodeInteger(1n) }),
      'the nonce of the request, found another',
    ],
    ['with the nonce and a byte more', longerNonce, 'the nonce of the request, found another'],
    ['of 64 KiB and a byte', () => new Uint8Array(65_537), 'at most 65536', 'INPUT_TOO_LARGE'],
  ])('is refused where it is %s', async (_, make, reason, code = 'SERVICE_INVALID') => {
    answerWith((query) => reply(make(query)));
    await expect(request()).rejects.toMatchObject({ code, message: expect.stringContaining(reason) });
    expect(queries).toHaveLength(1);
  });

  test('is refused where it is the one to an earlier request', async () => {
    const earlier = await request();
    answerWith(() => reply(earlier));
    await expect(request()).rejects.toMatchObject({ code: 'SERVICE_INVALID' });
  });

  test('is not read on where it has 64 MiB', async () => {
    const chunk = new Uint8Array(65_536);
    let sent = 0;
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': REPLY });
      const send = (): void => {
        while (sent < 1_024 && !response.destroyed) {
          sent++;
          if (!response.write(chunk)) return void response.once('drain', send);
        }
        response.end();
      };
      send();
    });
    const refused = requestTimestamp({ url: server.url, signature, transport });
    await expect(refused).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' });
    await server.idle();
    expect(sent).toBeLessThan(1_024);
  });

  test.each(['text/html', 'application/json', 'application/timestamp-query', 'application/octet-stream'])(
    'is refused where it calls itself %s',
    async (type) => {
      answerWith((query) => reply(stamp(query), { type }));
      await expect(request()).rejects.toMatchObject({ code: 'NETWORK_FAILED' });
    },
  );

  test.each([202, 204, 400, 403, 404, 415])('is refused with status %i', async (status) => {
    answerWith(
      () =>
        new Response(status === 204 ? null : '{"code":1,"message":"no"}', {
          status,
          headers: { 'content-type': 'application/json' },
        }),
    );
    await expect(request()).rejects.toMatchObject({ code: 'NETWORK_STATUS', details: { status } });
    expect(queries).toHaveLength(1);
  });
});

type Stamp = Parameters<Lab['timestamp']>[0];

/** A response to a query, with members of its own. */
function stamp(query: Uint8Array, members: Partial<Stamp> = {}): Uint8Array {
  return lab.timestamp({ imprint: imprint(signature), nonce: nonceOf(query), ...members });
}

function rejectWithToken(query: Uint8Array): Uint8Array {
  const changeResponse = <T extends object>(members: T) => ({ ...members, statusInfo: encodeStatus(2, 0) });
  return lab.timestamp({ imprint: imprint(signature), nonce: nonceOf(query) }, { changeResponse });
}

function longerNonce(query: Uint8Array): Uint8Array {
  const nonce = concatBytes(nonceOf(query).slice(2), Uint8Array.of(0));
  return stamp(query, { nonce: encodeInteger(nonce) });
}
