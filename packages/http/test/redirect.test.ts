// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { sendJson, serve } from '../../../test/loopback.js';
import type { RequestOptions } from '../src/index.js';
import { HOSTS, failure, send } from './hosts.js';

describe.each(HOSTS)('a redirect with %s', (_, host) => {
  test.each([301, 302, 303, 307, 308])(
    'of status %i within the origin is followed for a GET (NW-010)',
    async (status) => {
      const server = await serve((response, { path }) => {
        const step = Number(path.slice(1));
        if (step === 3) sendJson(response, 200, {});
        else response.writeHead(status, { location: step === 1 ? `${server.url}/2` : `/${step + 1}` }).end();
      });
      const answer = await send(`${server.url}/0`, host);
      expect(answer.url).toBe(`${server.url}/3`);
      expect(server.seen.map(({ path }) => path)).toEqual(['/0', '/1', '/2', '/3']);
    },
  );

  test.each<[string, string]>([
    ['to itself', '/'],
    ['in a chain of four', '/next'],
    ['to nothing', ''],
    ['to another host', 'https://evil.example/'],
    ['to another host without a scheme', '//evil.example/'],
    ['to another host by backslashes', String.raw`/\evil.example/`],
    ['to another port', 'http://127.0.0.1:1/'],
    ['to another scheme', 'https://127.0.0.1/'],
    ['to a link-local address (NW-025)', 'http://169.254.169.254/latest/meta-data'],
    ['to a file', 'file:///etc/passwd'],
    ['to data', 'data:application/json,{}'],
    ['to what is not a URL', 'http://['],
  ])('%s is refused (NW-011, NW-012)', async (_name, location) => {
    const server = await serve((response) => response.writeHead(302, { location }).end());
    await failure('NETWORK_REDIRECT', send(server.url, host));
    expect(server.seen.length).toBeLessThanOrEqual(4);
  });

  test('with user information is refused (NW-012)', async () => {
    const server = await serve((response) =>
      response.writeHead(302, { location: `${server.url.replace('//', '//user:CANARY@')}/next` }).end(),
    );
    const error = await failure('NETWORK_REDIRECT', send(server.url, host));
    expect(error.message).not.toContain('CANARY');
    expect(server.seen).toHaveLength(1);
  });

  test('without a location is refused', async () => {
    const server = await serve((response) => response.writeHead(307).end());
    await failure('NETWORK_REDIRECT', send(server.url, host));
  });

  test.each<[string, RequestOptions]>([
    ['with a body', { method: 'POST', body: '{}', idempotent: true }],
    ['with a token', { headers: { authorization: 'Bearer token' } }],
    ['with a cookie', { headers: { Cookie: 'a=b' } }],
    ['that is sensitive', { sensitive: true }],
    ['that deletes', { method: 'DELETE' }],
  ])('of a request %s is never followed (NW-011, CL-006)', async (_name, options) => {
    for (const status of [301, 302, 303, 307, 308]) {
      const server = await serve((response) => response.writeHead(status, { location: '/next' }).end());
      await failure('NETWORK_REDIRECT', send(server.url, { ...host, ...options }));
      expect(server.seen).toHaveLength(1);
    }
  });

  test('that is expected is an answer', async () => {
    const server = await serve((response) => response.writeHead(307, { location: 'https://cdn.example/x' }).end());
    const answer = await send(server.url, { ...host, expectStatus: [200, 307], sensitive: true });
    expect([answer.status, answer.headers.get('location')]).toEqual([307, 'https://cdn.example/x']);
  });

  test('with an endless body closes its connection', async () => {
    const server = await serve((response, { path }) => {
      if (path === '/next') return sendJson(response, 200, {}, { connection: 'close' });
      response.writeHead(302, { location: '/next' });
      response.write('more to come');
    });
    await send(server.url, host);
    await server.idle();
  });
});
