// SPDX-License-Identifier: Apache-2.0

import type { ErrorCode } from '@keywax/core/errors';
import { describe, expect, test } from 'vitest';
import { type Answer, sendJson, serve } from '../../../test/loopback.js';
import type { RequestOptions } from '../src/index.js';
import { chooseBackoffMs, readRetryAfter } from '../src/retry.js';
import { HOSTS, failure, send } from './hosts.js';

/** Fails `times` times, then answers. */
function failing(times: number, status: number, headers: Record<string, string> = {}): Answer {
  return (response, _request, count) =>
    sendJson(response, count < times ? status : 200, {}, count < times ? headers : {});
}

/** A `delay` that notes what was asked of it. */
function recorder(): { readonly waits: number[]; readonly delay: (ms: number) => Promise<void> } {
  const waits: number[] = [];
  return { waits, delay: async (ms) => void waits.push(ms) };
}

describe.each(HOSTS)('another attempt with %s', (_, host) => {
  test.each([408, 429, 500, 502, 503, 504])('follows status %i (NW-014)', async (status) => {
    const server = await serve(failing(2, status));
    await expect(send(server.url, host)).resolves.toMatchObject({ status: 200 });
    expect(server.seen).toHaveLength(3);
  });

  test('follows a broken connection', async () => {
    const server = await serve((response, _request, count) => {
      if (count === 0) response.socket?.destroy();
      else if (count === 1)
        response.writeHead(200, { 'content-length': '9' }).write('{', () => response.socket?.destroy());
      else sendJson(response, 200, {});
    });
    await expect(send(server.url, host)).resolves.toMatchObject({ status: 200 });
    expect(server.seen).toHaveLength(3);
  });

  test('comes three times at most, and then the last failure is reported', async () => {
    const server = await serve(failing(9, 503));
    await failure('NETWORK_STATUS', send(server.url, host));
    expect(server.seen).toHaveLength(4);
  });

  test('comes as often as asked', async () => {
    const server = await serve(failing(9, 503));
    await failure('NETWORK_STATUS', send(server.url, { ...host, retries: 0 }));
    await failure('NETWORK_STATUS', send(server.url, { ...host, retries: 1 }));
    expect(server.seen).toHaveLength(3);
  });

  test.each<[string, RequestOptions, number]>([
    ['never follows a POST', { method: 'POST', body: 'a' }, 1],
    ['never follows a PUT', { method: 'PUT', body: 'a' }, 1],
    ['follows a POST that is idempotent', { method: 'POST', body: 'a', idempotent: true }, 4],
    ['follows a DELETE', { method: 'DELETE' }, 4],
    ['follows a HEAD', { method: 'HEAD' }, 4],
  ])('%s (NW-014)', async (_name, options, attempts) => {
    const server = await serve(failing(9, 503));
    await failure('NETWORK_STATUS', send(server.url, { ...host, ...options }));
    expect(server.seen.map(({ body }) => body)).toEqual(Array(attempts).fill(options.body ?? ''));
  });

  test('repeats no header (NW-017)', async () => {
    const server = await serve(failing(2, 503));
    await send(server.url, { ...host, headers: { authorization: 'Bearer token', accept: 'text/plain' } });
    for (const { rawHeaders } of server.seen) {
      const names = rawHeaders.filter((_name, i) => i % 2 === 0).map((name) => name.toLowerCase());
      expect(new Set(names).size).toBe(names.length);
    }
  });

  test.each<[string, string, number, number]>([
    ['seconds', '7', 7_000, 7_000],
    ['no seconds', '0', 0, 0],
    ['a minute', '60', 60_000, 60_000],
    ['a date in the past', 'Sun, 06 Nov 1994 08:49:37 GMT', 0, 0],
    ['a negative number', '-5', 250, 500],
    ['a fraction', '1.5', 250, 500],
    ['junk', 'soon', 250, 500],
    ['a date that is not one', 'Sun, 06 Foo 1994 08:49:37 GMT', 250, 500],
    ['an empty header', '', 250, 500],
  ])('waits as Retry-After asks with %s (NW-013)', async (_name, header, least, most) => {
    const { waits, delay } = recorder();
    const server = await serve(failing(1, 429, { 'retry-after': header }));
    await send(server.url, { ...host, delay });
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThanOrEqual(least);
    expect(waits[0]).toBeLessThanOrEqual(most);
  });

  test.each(['61', '1000000000', '99999999999'.slice(0, 10), 'Fri, 31 Dec 9999 23:59:59 GMT'])(
    'does not come where Retry-After asks for more than a minute: %s (NW-013)',
    async (header) => {
      const server = await serve(failing(1, 429, { 'retry-after': header }));
      await failure('NETWORK_STATUS', send(server.url, host));
      expect(server.seen).toHaveLength(1);
    },
  );

  test('does not come where its wait would outlast the deadline, and the failure is the cause (NW-028)', async () => {
    const server = await serve(failing(1, 429, { 'retry-after': '30' }));
    const error = await failure('NETWORK_TIMEOUT', send(server.url, { ...host, timeoutMs: 20_000 }));
    expect(error.cause).toMatchObject({ code: 'NETWORK_STATUS' satisfies ErrorCode });
  });

  test('of a hundred callers comes at different times (NW-018)', async () => {
    const { waits, delay } = recorder();
    const seen = new Map<string, number>();
    const server = await serve((response, { path }) => {
      const times = (seen.get(path) ?? 0) + 1;
      seen.set(path, times);
      sendJson(response, times === 1 ? 429 : 200, {});
    });
    await Promise.all(Array.from({ length: 100 }, (_value, i) => send(`${server.url}/${i}`, { ...host, delay })));
    expect(waits).toHaveLength(100);
    expect(new Set(waits).size).toBeGreaterThan(10);
  });
});

describe('the wait before another attempt', () => {
  test('doubles, spreads over half of its length, and ends at 16 seconds', () => {
    expect([0, 1, 2, 3].map((failures) => chooseBackoffMs(failures, 0))).toEqual([250, 500, 1_000, 2_000]);
    expect([0, 1, 2, 3].map((failures) => chooseBackoffMs(failures, 1))).toEqual([500, 1_000, 2_000, 4_000]);
    expect(chooseBackoffMs(30, 1)).toBe(16_000);
  });

  test('is read from a date', () => {
    const now = Date.UTC(1994, 10, 6, 8, 49, 0);
    expect(readRetryAfter('Sun, 06 Nov 1994 08:49:37 GMT', now)).toEqual({ kind: 'wait', ms: 37_000 });
  });
});
