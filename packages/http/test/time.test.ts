// SPDX-License-Identifier: Apache-2.0

import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type Loopback, sendJson, serve, serveTcp } from '../../../test/loopback.js';
import { waitWithTimer } from '../src/deadline.js';
import type { Delay, RequestOptions } from '../src/index.js';
import { requestInChild } from './child.js';
import { HOSTS, failure, send } from './hosts.js';

/** The fetch of a host may leave a handshake to a timeout of its own; then only the answer to the caller is ours. */
async function closed(server: Loopback, url: string, { fetch }: RequestOptions): Promise<void> {
  if (fetch === undefined || !url.startsWith('https:')) await server.idle();
}

/** Writes `text` every few milliseconds for as long as the connection is open. */
function drip(socket: Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 10);
  socket.on('close', () => clearInterval(timer));
}

describe.each(HOSTS)('a limit of time with %s', (_, host) => {
  test.each<[string, string, (socket: Socket) => void]>([
    ['a TLS handshake that stalls (NW-001)', 'https', () => {}],
    ['headers that never come (NW-002)', 'http', () => {}],
    [
      'headers that never end (NW-002)',
      'http',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nX-A: ');
        drip(socket, 'a');
      },
    ],
  ])('ends %s and closes the connection', async (_name, scheme, talk) => {
    const server = await serveTcp(talk);
    const url = server.url.replace('http', scheme);
    await failure('NETWORK_TIMEOUT', send(url, { ...host, responseTimeoutMs: 60, retries: 1 }));
    await closed(server, url, host);
  });

  test.each<[string, RequestOptions, (socket: Socket) => void]>([
    ['a body that stalls', { idleTimeoutMs: 60 }, () => {}],
    ['a body that drips (NW-003)', { timeoutMs: 120 }, (socket) => drip(socket, '1\r\na\r\n')],
  ])('ends %s and closes the connection', async (_name, options, talk) => {
    const server = await serveTcp((socket) =>
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        talk(socket);
      }),
    );
    await failure('NETWORK_TIMEOUT', send(server.url, { ...host, retries: 0, ...options }));
    await server.idle();
  });

  test('spans all attempts (NW-028)', async () => {
    const server = await serve((response) => sendJson(response, 503, {}));
    const never = (): Promise<void> => new Promise(() => {});
    await failure('NETWORK_TIMEOUT', send(server.url, { ...host, timeoutMs: 1_000, delay: never }));
    expect(server.seen).toHaveLength(1);
  });

  test('leads to another attempt', async () => {
    const server = await serve((response, _request, count) => {
      if (count > 0) sendJson(response, 200, {});
    });
    await expect(send(server.url, { ...host, responseTimeoutMs: 200 })).resolves.toMatchObject({ status: 200 });
  });
});

describe.each(HOSTS)("the caller's signal with %s", (_, host) => {
  const reason = new Error('enough');

  test('that has fired prevents the request (NW-027)', async () => {
    const server = await serve((response) => sendJson(response, 200, {}));
    const error = await failure('OPERATION_ABORTED', send(server.url, { ...host, signal: AbortSignal.abort(reason) }));
    expect(error.cause).toBe(reason);
    expect(server.seen).toHaveLength(0);
  });

  test.each<[string, string, (socket: Socket, abort: () => void) => void]>([
    ['the TLS handshake', 'https', (_socket, abort) => abort()],
    ['the wait for headers', 'http', (socket, abort) => socket.once('data', abort)],
    [
      'the body',
      'http',
      (socket, abort) =>
        socket.once('data', () =>
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{', () => setImmediate(abort)),
        ),
    ],
    [
      'the body of an error',
      'http',
      (socket, abort) =>
        socket.once('data', () =>
          socket.write('HTTP/1.1 500 No\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{', () =>
            setImmediate(abort),
          ),
        ),
    ],
  ])('ends %s at once and closes the connection (NW-027)', async (_name, scheme, talk) => {
    const controller = new AbortController();
    const server = await serveTcp((socket) => talk(socket, () => controller.abort(reason)));
    const url = server.url.replace('http', scheme);
    const error = await failure('OPERATION_ABORTED', send(url, { ...host, signal: controller.signal }));
    expect(error.cause).toBe(reason);
    await closed(server, url, host);
  });

  test.each<[string, Delay]>([
    ['by a timer', waitWithTimer],
    ['that does not know it', () => new Promise(() => {})],
  ])('ends a wait %s before another attempt (NW-027)', async (_name, delay) => {
    const controller = new AbortController();
    const server = await serve((response) => {
      sendJson(response, 503, {}, { 'retry-after': '60' });
    });
    const delayed: Delay = (ms, signal) => {
      setImmediate(() => controller.abort(reason));
      return delay(ms, signal);
    };
    const error = await failure(
      'OPERATION_ABORTED',
      send(server.url, { ...host, signal: controller.signal, delay: delayed }),
    );
    expect(error.cause).toBe(reason);
  });

  test('is left alone afterwards', async () => {
    const listeners = new Set<unknown>();
    const { signal } = new AbortController();
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
      listeners.add(listener);
      add(type, listener);
    };
    signal.removeEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
      listeners.delete(listener);
      remove(type, listener);
    };
    const server = await serve((response) => sendJson(response, 200, {}));
    await send(server.url, { ...host, signal });
    expect(listeners.size).toBe(0);
  });
});

test('a process ends although a server never answered its handshake', async () => {
  const server = await serveTcp(() => {});
  const url = server.url.replace('http', 'https');
  expect(await requestInChild([[url, { responseTimeoutMs: 60 }]])).toMatchObject([{ code: 'NETWORK_TIMEOUT' }]);
});
