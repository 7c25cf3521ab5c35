// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { type Fetch, type FetchInit, type RequestOptions, request } from '../src/index.js';
import { failure, printed, send } from './hosts.js';

describe('the options of a request', () => {
  test.each<[string, RequestOptions]>([
    ['a newline in a header (NW-021)', { headers: { authorization: 'Bearer CANARY\r\nX-Evil: 1' } }],
    ['a line feed in a header', { headers: { a: 'CANARY\nb' } }],
    ['a NUL in a header', { headers: { a: 'CANARY\0' } }],
    ['a letter outside ASCII in a header', { headers: { a: 'CANARÝ' } }],
    ['a header name that ends the line', { headers: { 'a\r\nb': 'CANARY' } }],
    ['a header name with a colon', { headers: { 'a:': 'CANARY' } }],
    ['an empty header name', { headers: { '': 'CANARY' } }],
    ['a newline among the accepted types', { accept: ['a/b\r\nx: CANARY'] }],
    ['a body on GET', { body: 'CANARY' }],
    ['a body on HEAD', { method: 'HEAD', body: 'CANARY' }],
    ['no deadline', { timeoutMs: 0 }],
    ['a deadline that is not a number', { timeoutMs: Number.NaN }],
    ['a deadline beyond what timers hold', { timeoutMs: 2 ** 31 }],
    ['an endless response timeout', { responseTimeoutMs: Infinity }],
    ['half a millisecond', { idleTimeoutMs: 0.5 }],
    ['a negative number of retries', { retries: -1 }],
    ['endless retries', { retries: Infinity }],
    ['no bytes', { maxBytes: 0 }],
  ])('may not have %s', async (_name, options) => {
    const error = await failure(
      'CONFIG_INVALID',
      send('https://host.example', { fetch: () => expect.fail('sent'), ...options }),
    );
    expect(printed(error)).not.toContain('CANAR');
  });

  test('are copied: what the caller changes later has no effect', async () => {
    const body = new Uint8Array([1, 2, 3]);
    const sent: FetchInit['body'][] = [];
    const fetch: RequestOptions['fetch'] = async (_url, init) => {
      sent.push(init.body);
      body.fill(9);
      return { status: sent.length === 1 ? 503 : 200, headers: new Headers(), body: null };
    };
    await send('https://host.example', { fetch, method: 'POST', body, idempotent: true });
    expect(sent).toEqual([new Uint8Array([1, 2, 3]), new Uint8Array([1, 2, 3])]);
  });

  test('tell browsers to send no credentials and to store nothing', async () => {
    const inits: unknown[] = [];
    const fetch: RequestOptions['fetch'] = async (_url, init) => {
      inits.push(init);
      return { status: 200, headers: new Headers(), body: null };
    };
    await send('https://host.example', { fetch });
    expect(inits).toMatchObject([
      { redirect: 'manual', cache: 'no-store', credentials: 'omit', referrerPolicy: 'no-referrer' },
    ]);
  });

  test('take bodies that are streams of the web or iterables', async () => {
    const bytes = [new Uint8Array([1]), new Uint8Array(), new Uint8Array([2, 3])];
    for (const body of [
      new Blob(bytes).stream(),
      (async function* () {
        yield* bytes;
      })(),
    ]) {
      const fetch: RequestOptions['fetch'] = async () => ({ status: 200, headers: new Headers(), body });
      expect((await send('https://host.example', { fetch })).body).toEqual(new Uint8Array([1, 2, 3]));
    }
  });

  test('take the opaque redirect of a browser for what it is', async () => {
    const fetch: RequestOptions['fetch'] = async () => ({ status: 0, headers: new Headers(), body: null });
    await failure('NETWORK_REDIRECT', send('https://host.example', { fetch }));
  });
});

test('a polluted prototype neither sends requests nor allows plain http (AP-011)', async () => {
  const polluted: Readonly<Record<string, unknown>> = {
    allowHttp: 'any',
    fetch: () => Promise.reject(new Error('no')),
  };
  for (const [name, value] of Object.entries(polluted))
    Reflect.defineProperty(Object.prototype, name, { value, configurable: true });
  try {
    await expect(request('http://192.0.2.1/')).rejects.toMatchObject({ code: 'NETWORK_POLICY' });
    const fetched: string[] = [];
    const fetch: Fetch = async (url) => {
      fetched.push(url);
      return { status: 200, headers: new Headers(), body: null };
    };
    await request('https://service.example/', { fetch });
    expect(fetched).toEqual(['https://service.example/']);
    await expect(request('https://127.0.0.1:9/', { retries: 0 })).rejects.toMatchObject({
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  } finally {
    for (const name of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, name);
  }
});
