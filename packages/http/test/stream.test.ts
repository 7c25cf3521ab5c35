// SPDX-License-Identifier: Apache-2.0

import { isKeywaxError } from '@keywax/core/errors';
import { describe, expect, test } from 'vitest';
import { sendJson, serve } from '../../../test/loopback.js';
import { type HttpStream, type RequestOptions, requestStream } from '../src/index.js';
import { HOSTS, failure } from './hosts.js';

function open(url: string, options: RequestOptions = {}): Promise<HttpStream> {
  return requestStream(url, { allowHttp: 'loopback', delay: async () => {}, ...options });
}

async function readAll(stream: HttpStream): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream.body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe.each(HOSTS)('a streamed request with %s', (_, host) => {
  test('gives the body as it arrives', async () => {
    const more: (() => void)[] = [];
    const server = await serve((response) => {
      response.writeHead(200, { 'x-thing': 'yes' }).write('first ');
      more.push(() => response.end('second'));
    });
    const stream = await open(server.url, host);
    expect([stream.status, stream.headers.get('x-thing')]).toEqual([200, 'yes']);
    const texts: string[] = [];
    for await (const chunk of stream.body) {
      texts.push(Buffer.from(chunk).toString());
      for (const send of more.splice(0)) send();
    }
    expect(texts.length).toBeGreaterThan(1);
    expect(texts.join('')).toBe('first second');
  });

  test('gives an empty body', async () => {
    const server = await serve((response) => response.writeHead(404).end());
    await expect(readAll(await open(server.url, { ...host, expectStatus: [404] }))).resolves.toHaveLength(0);
  });

  test('is tried again until its body begins', async () => {
    const server = await serve((response, _request, count) => {
      if (count < 2) sendJson(response, 503, {});
      else response.end('here');
    });
    await expect(readAll(await open(server.url, host))).resolves.toEqual(Buffer.from('here'));
    expect(server.seen).toHaveLength(3);
  });

  test('stops an endless body at its cap, and closes the connection (NW-005)', async () => {
    const server = await serve((response) => {
      response.writeHead(200);
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) continue;
      };
      response.on('drain', pour);
      pour();
    });
    const stream = await open(server.url, { ...host, maxBytes: 1_000_000 });
    await failure('INPUT_TOO_LARGE', readAll(stream));
    await server.idle();
  });

  test('reports a body that breaks off (NW-004)', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-length': '10' }).write('half');
      setImmediate(() => response.destroy());
    });
    const reading = open(server.url, { ...host, retries: 0 }).then(readAll);
    await failure('NETWORK_FAILED', reading);
  });

  test('ends with its deadline, though the body trickles (NW-003)', async () => {
    const timers: ReturnType<typeof setInterval>[] = [];
    const server = await serve((response) => {
      response.writeHead(200);
      timers.push(setInterval(() => response.write('.'), 10));
    });
    await failure('NETWORK_TIMEOUT', open(server.url, { ...host, timeoutMs: 300 }).then(readAll));
    await server.idle();
    for (const timer of timers) clearInterval(timer);
  });

  test("ends with the caller's signal (NW-027)", async () => {
    const server = await serve((response) => response.writeHead(200).write('first'));
    const controller = new AbortController();
    const stream = await open(server.url, { ...host, signal: controller.signal });
    const reading = (async () => {
      for await (const _chunk of stream.body) controller.abort();
    })();
    await failure('OPERATION_ABORTED', reading);
    await server.idle();
  });

  test.each<[string, (stream: HttpStream) => Promise<void> | void]>([
    ['is closed unread', (stream) => stream.close()],
    [
      'is left early',
      async (stream) => {
        for await (const _chunk of stream.body) break;
      },
    ],
  ])('closes the connection of a body that %s', async (_name, leave) => {
    const server = await serve((response) => response.writeHead(200).write('first'));
    await leave(await open(server.url, host));
    await server.idle();
  });

  test('gives an expected redirect as an answer', async () => {
    const server = await serve((response) => response.writeHead(307, { location: 'https://cdn.example/x' }).end());
    const stream = await open(server.url, { ...host, expectStatus: [307], headers: { authorization: 'Bearer x' } });
    stream.close();
    expect([stream.status, stream.headers.get('location')]).toEqual([307, 'https://cdn.example/x']);
  });
});

test('the deadline of a stream that was never opened is released', async () => {
  const error = await open('https://user@evil.example/').catch((thrown: unknown) => thrown);
  expect(isKeywaxError(error, 'NETWORK_POLICY')).toBe(true);
});
