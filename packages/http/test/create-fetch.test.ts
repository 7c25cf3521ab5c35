// SPDX-License-Identifier: Apache-2.0

import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve, serveTcp } from '../../../test/loopback.js';
import {
  type TestAuthority,
  type TestCertificate,
  hasOpenssl,
  makeAuthority,
  makeCertificate,
  makeFolder,
  serveProxy,
  serveTls,
} from '../../../test/tls.js';
import { type FetchOptions, createFetch } from '../src/create-fetch.node.js';
import type { BodyStream, RequestOptions } from '../src/index.js';
import { failure, printed, send } from './hosts.js';

const { folder, remove } = makeFolder();
let ca: TestAuthority;
let other: TestAuthority;
let good: TestCertificate;

beforeAll(() => {
  if (!hasOpenssl) return;
  ca = makeAuthority(folder);
  other = makeAuthority(folder, 'other');
  good = ca.issue('good');
});
afterAll(remove);

/** A request by a `fetch` of these options, which believes the authority of these tests unless they say otherwise. */
function ask(url: string, options: FetchOptions = {}, request: RequestOptions = {}) {
  return send(url, { fetch: createFetch({ authorities: ca.cert, ...options }), retries: 0, ...request });
}

const describeTls = describe.skipIf(!hasOpenssl);

describeTls('authorities', () => {
  test.each<[string, () => FetchOptions]>([
    ['in place of those of the host', () => ({ authorities: ca.cert })],
    ['beside those of the host', () => ({ extraAuthorities: ca.cert })],
    ['beside others', () => ({ authorities: other.cert, extraAuthorities: ca.cert })],
    ['among several, with text around them', () => ({ authorities: `# one\n${other.cert}\n# two\n${ca.cert}` })],
  ])('are believed %s', async (_, options) => {
    const server = await serveTls(good);
    expect((await send(server.url, { fetch: createFetch(options()), retries: 0 })).status).toBe(200);
  });

  test.each<[string, () => FetchOptions]>([
    ['of the host alone', () => ({})],
    ['of someone else', () => ({ authorities: other.cert })],
    ['of someone else beside those of the host', () => ({ extraAuthorities: other.cert })],
  ])('%s refuse a server of another', async (_, options) => {
    const server = await serveTls(good);
    await failure('NETWORK_TLS', send(server.url, { fetch: createFetch(options()), retries: 0 }));
    expect(server.requests).toEqual([]);
  });

  test.each([
    ['of another host', () => ca.issue('far', { extensions: 'subjectAltName=DNS:far.example' })],
    ['that has expired', () => ca.issue('old', { days: -1 })],
    ['of nobody', () => makeCertificate(folder, 'self')],
  ])('refuse a certificate %s, through a proxy too', async (_, issue) => {
    const [server, proxy] = [await serveTls(issue()), await serveProxy()];
    await failure('NETWORK_TLS', ask(server.url));
    await failure('NETWORK_TLS', ask(server.url, { proxy: proxy.url }));
    expect(server.requests).toEqual([]);
  });

  test('refuse TLS 1.1, through a proxy too', async () => {
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    const [server, proxy] = [await serveTls(good, old), await serveProxy()];
    await failure('NETWORK_TLS', ask(server.url));
    await failure('NETWORK_TLS', ask(server.url, { proxy: proxy.url }));
  });
});

describeTls('a proxy', () => {
  test('is asked for a connection, and sees no request', async () => {
    const [server, proxy] = [await serveTls(good), await serveProxy()];
    const { host } = new URL(server.url);
    const fetch = createFetch({ authorities: ca.cert, proxy: proxy.url.replace('//', '//a%40b:c%3Ad@') });
    const headers = { authorization: 'Bearer CANARY' };
    expect((await send(`${server.url}/secret`, { fetch, headers })).status).toBe(200);
    expect((await send(`${server.url}/again`, { fetch, headers })).status).toBe(200);
    expect(proxy.asked).toEqual([[host, `Basic ${Buffer.from('a@b:c:d').toString('base64')}`]]);
    expect(JSON.stringify(proxy.headers)).not.toContain('CANARY');
    expect(server.requests).toEqual(['/secret', '/again']);
  });

  test('is spoken to over TLS where its URL says so', async () => {
    const [server, proxy] = [await serveTls(good), await serveProxy({ tls: good })];
    expect((await ask(server.url, { proxy: proxy.url })).status).toBe(200);
    expect(proxy.asked).toHaveLength(1);
    const foreign = await serveProxy({ tls: other.issue('proxy') });
    await failure('NETWORK_TLS', ask(server.url, { proxy: foreign.url }));
  });

  test('takes a streamed body', async () => {
    const [server, proxy] = [await serveTls(good), await serveProxy()];
    const chunks = async function* () {
      yield new Uint8Array(3);
      yield new Uint8Array(4);
    };
    const body: BodyStream = { size: 7, chunks: chunks() };
    expect((await ask(server.url, { proxy: proxy.url }, { method: 'PUT', body })).status).toBe(200);
  });

  test('is asked for plain http by the whole URL, with credentials', async () => {
    const [proxy, unused] = [await serveProxy(), await serveProxy()];
    const options = { proxy: unused.url, httpProxy: proxy.url.replace('//', '//user:word@') };
    expect((await ask('http://127.0.0.1:9/path', options)).status).toBe(200);
    expect(proxy.asked).toEqual([['http://127.0.0.1:9/path', `Basic ${Buffer.from('user:word').toString('base64')}`]]);
    expect((await ask('http://127.0.0.1:9/path', { proxy: proxy.url })).status).toBe(200);
    expect(unused.asked).toEqual([]);
  });

  test.each(['http', 'https'])('of SOCKS leads to a server over %s', async (scheme) => {
    const targets: number[] = [];
    const socks = await serveTcp((client) => {
      // RFC 1928: no authentication, then a connection to an address of IPv4.
      client.once('data', () => {
        client.write(new Uint8Array([5, 0]));
        client.once('data', (asked: Buffer) => {
          const target = connect(asked.readUInt16BE(8), [...asked.subarray(4, 8)].join('.'), () => {
            targets.push(asked.readUInt16BE(8));
            client.write(new Uint8Array([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
            client.pipe(target).pipe(client);
          });
          target.on('error', () => client.destroy());
        });
      });
    });
    const { cert: certificate, key } = ca.issue('client');
    const server =
      scheme === 'https'
        ? await serveTls(good, { requestCert: true, rejectUnauthorized: true, ca: ca.cert })
        : await serve((response) => response.end('{}'));
    const options = scheme === 'https' ? { clientCertificates: [{ url: server.url, certificate, key }] } : {};
    const proxy = socks.url.replace('http:', 'socks5:');
    expect((await ask(server.url, { ...options, proxy })).status).toBe(200);
    expect(targets).toEqual([Number(new URL(server.url).port)]);
    if (scheme === 'https') await failure('NETWORK_TLS', ask(server.url, { authorities: other.cert, proxy }));
  });

  test.each([
    ['127.0.0.1', false],
    ['example.com, 127.0.0.1', false],
    ['example.com 127.0.0.1', false],
    ['127.0.0.1:PORT', false],
    ['127.0.0.1:1', true],
    ['*', false],
    ['.0.0.1', false],
    ['*.0.0.1', false],
    ['27.0.0.1', true],
    ['', true],
    ['localhost', true],
  ])('and noProxy %j: %j', async (noProxy, isUsed) => {
    const [server, proxy] = [await serveTls(good), await serveProxy()];
    const list = noProxy.replace('PORT', new URL(server.url).port);
    expect((await ask(server.url, { proxy: proxy.url, noProxy: list })).status).toBe(200);
    expect(proxy.asked).toHaveLength(isUsed ? 1 : 0);
  });

  test.each([
    [407, false],
    [403, false],
    [404, false],
    [302, false],
    [304, false],
    [502, true],
  ])('that answers %i speaks for itself, not for the server', async (status, isRetried) => {
    const body = '{"message":"CANARY"}';
    const refusal = `HTTP/1.1 ${status} No\r\nContent-Type: application/json\r\nLocation: /\r\nConnection: close\r\n\r\n${body}`;
    const [server, proxy] = [await serveTls(good), await serveProxy({ refusal })];
    const options = { proxy: proxy.url.replace('//', '//user:CANARY@') };
    const expectStatus = [200, 302, 304, 403, 404, 407, 502];
    const error = await failure('NETWORK_FAILED', ask(server.url, options, { expectStatus, retries: 1 }));
    expect(printed(error)).not.toContain('CANARY');
    expect(proxy.asked).toHaveLength(isRetried ? 2 : 1);
    expect(server.requests).toEqual([]);
    await proxy.idle();
  });

  test.each([
    ['no HTTP', 'SSH-2.0-CANARY\r\n'],
    ['more than a connection', 'HTTP/1.1 200 OK\r\n\r\n{"message":"CANARY"}'],
  ])('that answers %s is refused', async (_, refusal) => {
    const [server, proxy] = [await serveTls(good), await serveProxy({ refusal })];
    const error = await failure('NETWORK_FAILED', ask(server.url, { proxy: proxy.url }));
    expect(printed(error)).not.toContain('CANARY');
  });

  test.each(['http', 'https', 'socks5'])('of %s that is down does not show its password', async (scheme) => {
    const { url } = await serveTls(good);
    const fetch = createFetch({ authorities: ca.cert, proxy: `${scheme}://user:CANARY%21@127.0.0.1:9` });
    for (const target of [url, 'http://127.0.0.1:9/']) {
      expect(printed(await failure('NETWORK_FAILED', send(target, { fetch, retries: 0 })))).not.toContain('CANARY');
      const init = { method: 'GET', headers: {}, redirect: 'manual', signal: new AbortController().signal } as const;
      const thrown: unknown = await fetch(target, init).catch((error: unknown) => error);
      expect(printed(thrown)).not.toMatch(/CANARY|Q0FOQVJZ/);
    }
  });

  test.each([
    ['that says nothing', async () => serveProxy({ refusal: '' })],
    ['that connects to what says nothing', async () => serveProxy()],
  ])('%s is left when the time is up, or the caller is (NW-001, NW-027)', async (_, start) => {
    const [server, proxy] = [await serveTcp(() => {}), await start()];
    const url = server.url.replace('http:', 'https:');
    await failure('NETWORK_TIMEOUT', ask(url, { proxy: proxy.url }, { responseTimeoutMs: 100 }));
    await proxy.idle();
    const controller = new AbortController();
    const asked = ask(url, { proxy: proxy.url }, { signal: controller.signal });
    await expect.poll(() => proxy.asked.length).toBe(2);
    controller.abort();
    await failure('OPERATION_ABORTED', asked);
    await Promise.all([proxy.idle(), server.idle()]);
  });

  test('loses the connection of a request that is aborted while the body comes', async () => {
    const [server, proxy] = [await serveTls(good, { stalls: true }), await serveProxy()];
    const fetch = createFetch({ authorities: ca.cert, proxy: proxy.url });
    const controller = new AbortController();
    const init = { method: 'GET', headers: {}, redirect: 'manual', signal: controller.signal } as const;
    expect((await fetch(server.url, init)).status).toBe(200);
    expect(server.sockets.size).toBe(1);
    controller.abort();
    await Promise.all([proxy.idle(), server.idle()]);
  });

  test.each(['ftp://user:CANARY@127.0.0.1', 'http://', 'http://user:CANARY%ZZ@127.0.0.1', 'http://CANARY:CANARY:1:2'])(
    'cannot be %s',
    async (proxy) => {
      expect(printed(await failure('CONFIG_INVALID', (async () => createFetch({ proxy }))()))).not.toContain('CANARY');
    },
  );

  test('may be named without a scheme', async () => {
    const [server, proxy] = [await serveTls(good), await serveProxy()];
    expect((await ask(server.url, { proxy: proxy.url.replace('http://', 'user:word@') })).status).toBe(200);
    expect(proxy.asked).toHaveLength(1);
  });
});

describeTls('a client certificate', () => {
  const asking = () => serveTls(good, { requestCert: true, rejectUnauthorized: true, ca: ca.cert });
  const offering = () => serveTls(good, { requestCert: true, rejectUnauthorized: false });

  test.each(['directly', 'through a proxy'])('is shown to its server alone, %s', async (how) => {
    const [mine, another] = [await asking(), await offering()];
    const proxy = await serveProxy({ tls: { ...good, requestCert: true, rejectUnauthorized: false } });
    const { cert, key } = ca.issue('client');
    const fetch = createFetch({
      authorities: ca.cert,
      ...(how === 'directly' ? {} : { proxy: proxy.url }),
      clientCertificates: [{ url: mine.url, certificate: cert, key }],
    });
    for (const { url } of [mine, another, mine]) expect((await send(`${url}/a`, { fetch })).status).toBe(200);
    expect(mine.clients).toEqual(['client', 'client']);
    expect(another.clients).toEqual([undefined]);
  });

  test('is not shown to a proxy', async () => {
    const shown: unknown[] = [];
    const server = await asking();
    const strict = await serveProxy({ tls: { ...good, requestCert: true, rejectUnauthorized: true, ca: ca.cert } });
    const { cert: certificate, key } = ca.issue('client');
    const clientCertificates = [{ url: server.url, certificate, key }];
    await failure(
      'NETWORK_TLS',
      ask(server.url, { proxy: strict.url, clientCertificates }).then((it) => shown.push(it)),
    );
    expect([shown, strict.asked, server.requests]).toEqual([[], [], []]);
  });

  test('is that of the longest URL, and of whole segments of its path', async () => {
    const server = await offering();
    const [whole, part] = [ca.issue('whole'), ca.issue('part')];
    const fetch = createFetch({
      authorities: ca.cert,
      clientCertificates: [
        { url: `${server.url}/npm`, certificate: whole.cert, key: whole.key },
        { url: `${server.url}/npm/team/`, certificate: part.cert, key: part.key },
      ],
    });
    for (const path of ['/npm/team/a', '/npm/team', '/npm/teams', '/npms', '/'])
      await send(`${server.url}${path}`, { fetch });
    expect(server.clients).toEqual(['part', 'part', 'whole', undefined, undefined]);
  });

  test.each<[string, () => FetchOptions]>([
    ['whose key is of another', () => ({ clientCertificates: [{ ...show(good), key: ca.key }] })],
    ['that is none', () => ({ clientCertificates: [{ ...show(good), certificate: 'CANARY' }] })],
    ['whose key is none', () => ({ clientCertificates: [{ ...show(good), key: 'CANARY' }] })],
    ['of an authority that is none', () => ({ authorities: 'CANARY' })],
    ['of an authority that is a key', () => ({ extraAuthorities: ca.key })],
    [
      'of an authority that is broken',
      () => ({ authorities: '-----BEGIN CERTIFICATE-----\nQ0FOQVJZ\n-----END CERTIFICATE-----\n' }),
    ],
  ])('%s is refused, and never quoted', async (_, options) => {
    const error = await failure('CONFIG_INVALID', (async () => createFetch(options()))());
    expect(printed(error)).not.toMatch(/CANARY|Q0FOQVJZ|BEGIN/);
  });
});

function show({ cert: certificate, key }: TestCertificate) {
  return { url: 'https://127.0.0.1/', certificate, key };
}

test('says who it is, as the caller wants', async () => {
  const server = await serve((response) => response.end('{}'));
  await send(server.url, { fetch: createFetch({ userAgent: 'me/1' }) });
  await send(server.url, { fetch: createFetch() });
  expect(server.seen.map(({ headers }) => headers['user-agent'])).toEqual(['me/1', expect.stringMatching(/^keywax\//)]);
});
