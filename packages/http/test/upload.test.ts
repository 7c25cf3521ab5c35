// SPDX-License-Identifier: Apache-2.0

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { KeywaxError } from '@keywax/core/errors';
import { describe, expect, test } from 'vitest';
import { type Loopback, listen } from '../../../test/loopback.js';
import { HOSTS, failure, printed, send } from './hosts.js';

const PIECE = Buffer.alloc(100_000, 'x');

async function* pieces(count: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield PIECE;
}

/** A server that sees bodies as they arrive. */
function serveRaw(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Omit<Loopback, 'seen'>> {
  return listen(createServer(answer));
}

describe.each(HOSTS)('a body that is streamed with %s', (_, host) => {
  test('arrives whole, with its length ahead', async () => {
    const seen: { headers: IncomingMessage['headers']; bytes: number }[] = [];
    const server = await serveRaw((request, response) => {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => (bytes += chunk.length));
      request.on('end', () => {
        seen.push({ headers: request.headers, bytes });
        response.writeHead(201).end();
      });
    });
    const body = { size: 5_000_000, chunks: pieces(50) };
    await send(server.url, {
      ...host,
      method: 'PUT',
      body,
      expectStatus: [201],
      headers: { authorization: 'Bearer x' },
    });
    expect(seen).toMatchObject([
      { bytes: 5_000_000, headers: { 'content-length': '5000000', authorization: 'Bearer x' } },
    ]);
    expect(seen[0]?.headers).not.toHaveProperty('transfer-encoding');
  });

  test('may be empty', async () => {
    const server = await serveRaw((request, response) => {
      request.resume().on('end', () => response.writeHead(201).end(request.headers['content-length']));
    });
    const answer = await send(server.url, {
      ...host,
      method: 'PUT',
      body: { size: 0, chunks: pieces(0) },
      expectStatus: [201],
    });
    expect(answer.text()).toBe('0');
  });

  test('is sent once, though the answer asks for more', async () => {
    let requests = 0;
    const server = await serveRaw((request, response) => {
      requests++;
      request.resume().on('end', () => response.writeHead(503).end());
    });
    const body = { size: PIECE.length, chunks: pieces(1) };
    await failure('NETWORK_STATUS', send(server.url, { ...host, method: 'PUT', body, idempotent: true }));
    expect(requests).toBe(1);
  });

  test.each([1, 3])('is not of another size than was said: %i pieces of 2', async (count) => {
    const server = await serveRaw((request, response) => {
      request.resume().on('end', () => response.writeHead(201).end());
    });
    const body = { size: 2 * PIECE.length, chunks: pieces(count) };
    await failure('CONFIG_INVALID', send(server.url, { ...host, method: 'PUT', body, expectStatus: [201] }));
    await server.idle();
  });

  test('fails as its source does', async () => {
    const server = await serveRaw((request) => request.resume());
    const chunks = async function* () {
      yield PIECE;
      throw new KeywaxError('INPUT_MALFORMED', 'the source is broken');
    };
    const body = { size: 2 * PIECE.length, chunks: chunks() };
    const error = await failure('INPUT_MALFORMED', send(server.url, { ...host, method: 'PUT', body }));
    expect(error.message).toBe('the source is broken');
    await server.idle();
  });

  test('fails without the words of a source that is not ours', async () => {
    const server = await serveRaw((request) => request.resume());
    const chunks = async function* () {
      yield PIECE;
      throw new Error('?token=CANARY-0123456789-0123456789');
    };
    const body = { size: 2 * PIECE.length, chunks: chunks() };
    const error = await failure('NETWORK_FAILED', send(server.url, { ...host, method: 'PUT', body }));
    expect(printed(error)).not.toContain('CANARY');
  });

  test('is left, and its source told, when the caller ends it (NW-027)', async () => {
    const server = await serveRaw((request) => request.resume());
    const controller = new AbortController();
    let released: () => void = () => {};
    const release = new Promise<void>((resolve) => {
      released = resolve;
    });
    const chunks = async function* () {
      try {
        for (let i = 0; ; i++) {
          yield PIECE;
          if (i === 20) controller.abort();
        }
      } finally {
        released();
      }
    };
    const body = { size: 10_000 * PIECE.length, chunks: chunks() };
    await failure('OPERATION_ABORTED', send(server.url, { ...host, method: 'PUT', body, signal: controller.signal }));
    await release;
    await server.idle();
  });
});

test.each([-1, 1.5, Number.NaN, 2 ** 53])('a body of size %d is not begun', async (size) => {
  await failure('CONFIG_INVALID', send('https://host.example/', { method: 'PUT', body: { size, chunks: pieces(1) } }));
});
