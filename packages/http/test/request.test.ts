// SPDX-License-Identifier: Apache-2.0

import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { ErrorCode } from '@keywax/core/errors';
import { describe, expect, test } from 'vitest';
import { sendJson, serve, serveTcp } from '../../../test/loopback.js';
import type { RequestOptions } from '../src/index.js';
import { HOSTS, failure, printed, send } from './hosts.js';

const MEBIBYTE = 1_048_576;

describe.each(HOSTS)('a request with %s', (_, host) => {
  test('returns status, headers and body', async () => {
    const server = await serve((response) => sendJson(response, 200, { a: [1, 'é'] }, { 'x-thing': 'yes' }));
    const answer = await send(`${server.url}/path?q=1`, { ...host, accept: ['application/json'] });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-thing')).toBe('yes');
    expect(answer.json()).toEqual(new Map([['a', [1, 'é']]]));
    expect(answer.text()).toBe('{"a":[1,"é"]}');
    expect(server.seen).toMatchObject([{ method: 'GET', path: '/path?q=1', headers: { accept: 'application/json' } }]);
  });

  test('sends a body and headers once', async () => {
    const server = await serve((response) => sendJson(response, 201, {}));
    const options: RequestOptions = { ...host, method: 'POST', body: '{"é":1}', expectStatus: [201] };
    await send(server.url, {
      ...options,
      headers: { 'Content-Type': 'application/json', Authorization: 'Bearer abc' },
    });
    const [seen] = server.seen;
    expect(seen).toMatchObject({ method: 'POST', body: '{"é":1}', headers: { 'content-type': 'application/json' } });
    expect(seen?.rawHeaders.filter((name) => /^authorization$/i.test(name))).toHaveLength(1);
  });

  test('reuses connections', async () => {
    // A pool may open a second one while the first is being given back.
    const server = await serve((response) => sendJson(response, 200, {}));
    const ports = new Set<number | undefined>();
    for (let i = 0; i < 8; i++) {
      await send(server.url, host);
      for (const socket of server.sockets) ports.add(socket.remotePort);
    }
    expect(ports.size).toBeLessThan(3);
  });

  test('survives a connection that the server closed after the answer (NW-029)', async () => {
    const server = await serve((response, _request, count) => {
      if (count === 1) response.socket?.destroy();
      else sendJson(response, 200, {});
    });
    await send(server.url, host);
    await expect(send(server.url, host)).resolves.toMatchObject({ status: 200 });
  });

  test('neither keeps nor sends cookies (NW-031), and asks that nothing be cached (NW-032)', async () => {
    const server = await serve((response, _request, count) =>
      sendJson(response, 200, { count }, { 'set-cookie': 'a=b', 'cache-control': 'max-age=60', etag: '"x"' }),
    );
    const first = await send(server.url, host);
    const second = await send(server.url, host);
    expect([...first.headers.keys()]).not.toContain('set-cookie');
    expect(second.json()).toEqual(new Map([['count', 1]]));
    expect(server.seen[1]?.headers).not.toHaveProperty('cookie');
    expect(server.seen[1]?.headers).not.toHaveProperty('if-none-match');
  });

  test('reads an answer that comes before the whole body was sent (NW-020)', async () => {
    const server = await serveTcp((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}'));
    });
    const answer = await send(server.url, {
      ...host,
      method: 'POST',
      body: new Uint8Array(4 * MEBIBYTE),
      idempotent: true,
    }).catch((error: unknown) => error);
    expect(answer).toSatisfy(
      (value) =>
        (value as { status?: number }).status === 200 || (value as { code?: string }).code === 'NETWORK_FAILED',
    );
  });

  test.each<[string, string, ErrorCode]>([
    ['a body shorter than announced (NW-004)', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}', 'NETWORK_FAILED'],
    ['a broken chunk (NW-004)', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}', 'NETWORK_FAILED'],
    [
      'an unfinished chunk (NW-004)',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n',
      'NETWORK_FAILED',
    ],
    ['something that is not HTTP', 'SSH-2.0-OpenSSH_9.9\r\n', 'NETWORK_FAILED'],
    ['nothing', '', 'NETWORK_FAILED'],
    [
      '64 KiB of headers (NW-002)',
      `HTTP/1.1 200 OK\r\n${`X-A: ${'a'.repeat(1_000)}\r\n`.repeat(64)}\r\n`,
      'INPUT_TOO_LARGE',
    ],
  ])('refuses %s', async (_name, text, code) => {
    const server = await serveTcp((socket) => socket.once('data', () => socket.end(text)));
    await failure(code, send(server.url, { ...host, retries: 1 }));
  });

  test('refuses a body that is reset half way (NW-004)', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{}', () => response.socket?.resetAndDestroy());
    });
    await failure('NETWORK_FAILED', send(server.url, { ...host, retries: 0 }));
  });

  test('reads no more than the length announced (NW-005)', async () => {
    const server = await serveTcp((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{"a":1}')),
    );
    const answer = await send(server.url, { ...host, retries: 0 }).catch((error: unknown) => error);
    if (answer instanceof Error) expect(answer).toMatchObject({ code: 'NETWORK_FAILED' });
    else await failure('SERVICE_INVALID', (async () => (answer as { json(): unknown }).json())());
  });

  test('stops reading an endless body at the cap and closes the connection (NW-005)', async () => {
    let written = 0;
    const server = await serve((response) => {
      const chunk = new Uint8Array(65_536);
      const write = (): void => {
        written += chunk.length;
        if (!response.destroyed && response.write(chunk)) setImmediate(write);
        else response.once('drain', write);
      };
      write();
    });
    await failure('INPUT_TOO_LARGE', send(server.url, { ...host, maxBytes: MEBIBYTE }));
    await server.idle();
    expect(written).toBeLessThan(16 * MEBIBYTE);
  });

  test('refuses an announced length above the cap without reading (NW-005)', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-length': String(2 * MEBIBYTE) });
      response.flushHeaders();
    });
    await failure('INPUT_TOO_LARGE', send(server.url, { ...host, maxBytes: MEBIBYTE }));
    await server.idle();
  });

  test.each<[string, Uint8Array, string, readonly ErrorCode[]]>([
    ['a gzip bomb', gzipSync(new Uint8Array(32 * MEBIBYTE)), 'gzip', ['INPUT_TOO_LARGE']],
    // On Node only gzip is undone, and no coding is asked for.
    ['a deflate bomb', deflateSync(new Uint8Array(32 * MEBIBYTE)), 'deflate', ['INPUT_TOO_LARGE', 'NETWORK_FAILED']],
    ['a brotli bomb', brotliCompressSync(new Uint8Array(32 * MEBIBYTE)), 'br', ['INPUT_TOO_LARGE', 'NETWORK_FAILED']],
    ['nested codings', gzipSync(gzipSync('{}')), 'gzip, gzip', ['NETWORK_FAILED']],
    ['an unknown coding', Buffer.from('{}'), 'rot13', ['NETWORK_FAILED']],
    ['a coding that is not there', Buffer.from('{"not":"gzip"}'), 'gzip', ['NETWORK_FAILED']],
  ])('refuses %s (NW-006)', async (_name, body, coding, codes) => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-encoding': coding });
      response.end(body);
    });
    const error = await send(server.url, { ...host, retries: 0 }).catch((thrown: unknown) => thrown);
    expect(codes).toContain((error as { code?: unknown }).code);
  });

  test('reads a body that was compressed once', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' });
      response.end(gzipSync('{"a":1}'));
    });
    expect((await send(server.url, host)).text()).toBe('{"a":1}');
  });

  test.each<[string, Record<string, string>, ErrorCode | undefined]>([
    ['an HTML page', { 'content-type': 'text/html' }, 'NETWORK_FAILED'],
    ['no type', {}, 'NETWORK_FAILED'],
    ['a type that only begins like the right one', { 'content-type': 'application/json-seq' }, 'NETWORK_FAILED'],
    ['two types', { 'content-type': 'application/json, text/html' }, 'NETWORK_FAILED'],
    ['another character set (NW-008)', { 'content-type': 'application/json; charset=utf-16' }, 'NETWORK_FAILED'],
    [
      'another character set in quotes',
      { 'content-type': 'application/json; a=b; charset="latin1"' },
      'NETWORK_FAILED',
    ],
    ['the right type', { 'content-type': 'application/json' }, undefined],
    ['the right type with its character set', { 'content-type': 'Application/JSON; charset="UTF-8"' }, undefined],
  ])('where JSON is expected, judges %s (NW-007)', async (_name, headers, code) => {
    const server = await serve((response) => response.writeHead(200, headers).end('{}'));
    const sent = send(server.url, { ...host, accept: ['application/json'], retries: 0 });
    if (code === undefined) await expect(sent).resolves.toMatchObject({ status: 200 });
    else await failure(code, sent);
  });

  test.each([
    ['HTML', '<html>'],
    ['a byte order mark', '\ufeff{}'],
    ['a name twice', '{"a":1,"a":2}'],
    ['two values', '{}{}'],
  ])('calls a service invalid that sends %s as JSON (NW-007, NW-030)', async (_name, text) => {
    const server = await serve((response) => response.writeHead(200, { 'content-type': 'application/json' }).end(text));
    const answer = await send(server.url, { ...host, accept: ['application/json'] });
    expect(() => answer.json()).toThrow(expect.objectContaining({ code: 'SERVICE_INVALID' }));
  });

  test.each([201, 202, 204, 205, 206, 304, 400, 401, 403, 404, 405, 409, 410, 418, 422, 501])(
    'reports status %i and does not try again (NW-009, NW-016, NW-019)',
    async (status) => {
      const body = status === 204 || status === 304 || status === 205 ? undefined : '{"key":"looks fine"}';
      const server = await serve((response) => response.writeHead(status).end(body));
      const error = await failure('NETWORK_STATUS', send(server.url, host));
      expect(error).toMatchObject({ details: { status, origin: server.url } });
      expect(server.seen).toHaveLength(1);
    },
  );

  test('returns any status that is expected', async () => {
    const server = await serve((response) => sendJson(response, 409, { code: 409 }, { location: '/there' }));
    const answer = await send(server.url, { ...host, expectStatus: [201, 409], accept: ['application/json'] });
    expect([answer.status, answer.headers.get('location')]).toEqual([409, expect.stringContaining('/there')]);
  });

  test('does not read the large body of an error (NW-015)', async () => {
    const server = await serve((response) => {
      response.writeHead(500, { 'content-type': 'application/json', 'content-length': String(64 * MEBIBYTE) });
      response.write('a'.repeat(1_000));
    });
    const error = await failure('NETWORK_STATUS', send(server.url, { ...host, retries: 0 }));
    await server.idle();
    expect(error.message.length).toBeLessThan(256);
  });

  test('quotes at most 256 characters of what a service says', async () => {
    const message = 'the order of words is wrong. '.repeat(40);
    const server = await serve((response) => sendJson(response, 400, { code: 3, message }));
    const error = await failure('NETWORK_STATUS', send(server.url, host));
    expect(error.message).toContain('the order of words is wrong.');
    expect(error.message.length).toBeLessThan(360);
  });

  test('escapes what would act on a terminal or a CI log (SE-009, SE-010)', async () => {
    const server = await serve((response) =>
      sendJson(response, 400, { message: 'a\n::set-output name=x::y\u001b[31m\u202e' }),
    );
    const error = await failure('NETWORK_STATUS', send(server.url, host));
    expect(error.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    expect(error.message).toContain(String.raw`a\n::set-output`);
  });
});

describe('a request with the default of Node', () => {
  test('refuses a compressed body that is cut, which hosts take for its end (NW-006)', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(gzipSync('{"a":"aaaaaaaaaaaaaaaa"}').subarray(0, 20));
    });
    await failure('NETWORK_FAILED', send(server.url, { retries: 0 }));
  });

  test('says who it is, and asks for no content coding', async () => {
    const server = await serve((response) => sendJson(response, 200, {}));
    await send(server.url);
    expect(server.seen[0]?.headers).toMatchObject({
      'user-agent': expect.stringMatching(/^keywax\//),
      'accept-encoding': 'identity',
    });
  });
});

describe('a request that fails', () => {
  test.each<[string, (url: string) => string]>([
    ['query', (url) => `${url}/path?token=CANARY`],
    ['long query', (url) => `${url}/path?a=1&token=CANARY&b=2`],
  ])('does not repeat its %s (SE-004)', async (_name, makeUrl) => {
    const server = await serve((response) => response.socket?.destroy());
    for (const [, host] of HOSTS) {
      const error = await failure('NETWORK_FAILED', send(makeUrl(server.url), { ...host, retries: 0 }));
      expect(printed(error)).not.toContain('CANARY');
    }
  });

  test('does not repeat its headers or body (SE-005)', async () => {
    const server = await serve((response, _request, count) => {
      if (count % 2 === 0) response.socket?.destroy();
      else sendJson(response, 400, { message: 'bad CANARY-ONE, Bearer CANARY-TWO, {"x":"CANARY-THREE"}' });
    });
    for (const [, host] of HOSTS) {
      for (const code of ['NETWORK_FAILED', 'NETWORK_STATUS'] as const) {
        const error = await failure(
          code,
          send(server.url, {
            ...host,
            method: 'POST',
            body: '{"x":"CANARY-THREE"}',
            secrets: ['CANARY-THREE', 'CANARY-ONE'],
            headers: { authorization: 'Bearer CANARY-TWO' },
          }),
        );
        expect(printed(error)).not.toContain('CANARY');
      }
    }
  });

  test('does not repeat an answer that may hold a secret', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"CANARY":1,"CANARY":2}');
    });
    for (const options of [{ sensitive: true }, { secrets: ['token'] }]) {
      const answer = await send(server.url, options);
      const error = await failure('SERVICE_INVALID', (async () => answer.json())());
      expect(printed(error)).not.toContain('CANARY');
    }
  });

  test('keeps a redacted account of what a custom fetch threw', async () => {
    const fetch = async (): Promise<never> => {
      const cause = new Error('https://u:CANARY@host/?q=CANARY CANARY_TOKEN_OF_MANY_CHARACTERS');
      throw Object.assign(new TypeError(`fetch ${cause.message}`, { cause }), { request: { token: 'CANARY' } });
    };
    const error = await failure('NETWORK_FAILED', send('https://host.example', { fetch, retries: 0 }));
    expect(printed(error)).not.toContain('CANARY');
    expect((error.cause as Error).name).toBe('TypeError');
  });
});
