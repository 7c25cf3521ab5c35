// SPDX-License-Identifier: Apache-2.0

import { createServer } from 'node:http';
import type { ServerOptions } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen } from '../../../test/loopback.js';
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
import { requestInChild } from './child.js';
import { HOSTS, failure, send } from './hosts.js';

const { folder, remove } = makeFolder();
let ca: TestAuthority;
let good: TestCertificate;
let self: TestCertificate;

beforeAll(() => {
  if (!hasOpenssl) return;
  ca = makeAuthority(folder);
  good = ca.issue('good');
  self = makeCertificate(folder, 'self');
});

afterAll(remove);

describe.skipIf(!hasOpenssl)(`TLS (NW-022)${hasOpenssl ? '' : ' (openssl is absent)'}`, () => {
  test.each(HOSTS)('with a certificate of nobody is refused with %s', async (_, host) => {
    const server = await serveTls(self);
    await failure('NETWORK_TLS', send(server.url, host));
    expect(server.requests).toEqual([]);
  });

  test.each(HOSTS)('with a server that does not speak it is refused with %s', async (_, host) => {
    const server = await listen(createServer());
    await failure('NETWORK_TLS', send(server.url.replace('http:', 'https:'), host));
  });

  test('trusts the authorities of the process, and no expired, foreign or old-fashioned server', async () => {
    const old: ServerOptions = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' };
    const servers = [
      await serveTls(good),
      await serveTls(ca.issue('other', { extensions: 'subjectAltName=DNS:other.example' })),
      await serveTls(ca.issue('expired', { days: -1 })),
      await serveTls(good, old),
    ];
    const results = await requestInChild(
      servers.map(({ url }) => [url, {}] as const),
      { NODE_EXTRA_CA_CERTS: ca.certFile, NODE_OPTIONS: '--tls-min-v1.0' },
    );
    expect(results.map(({ status, code }) => status ?? code)).toEqual([
      200,
      'NETWORK_TLS',
      'NETWORK_TLS',
      'NETWORK_TLS',
    ]);
  });

  test('is checked although NODE_TLS_REJECT_UNAUTHORIZED says otherwise', async () => {
    const server = await serveTls(self);
    const results = await requestInChild([[server.url, {}]], { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    expect(results).toMatchObject([{ code: 'NETWORK_TLS' }]);
  });
});

describe.skipIf(!hasOpenssl)(`a proxy (NW-026)${hasOpenssl ? '' : ' (openssl is absent)'}`, () => {
  const withProxy = (url: string): Record<string, string> => ({
    HTTPS_PROXY: url.replace('//', '//user:CANARY@'),
    NODE_EXTRA_CA_CERTS: ca.certFile,
  });

  test('of the environment is used, and sees no request', async () => {
    const [server, proxy] = [await serveTls(good), await serveProxy()];
    const results = await requestInChild([[`${server.url}/secret`, {}]], withProxy(proxy.url));
    expect(results).toEqual([{ status: 200 }]);
    expect(proxy.asked).toEqual([[new URL(server.url).host, `Basic ${Buffer.from('user:CANARY').toString('base64')}`]]);
    expect(server.requests).toEqual(['/secret']);
  });

  test('is not used for a host in NO_PROXY', async () => {
    const [server, proxy] = [await serveTls(good), await serveProxy()];
    const results = await requestInChild([[server.url, {}]], { ...withProxy(proxy.url), NO_PROXY: '127.0.0.1' });
    expect(results).toEqual([{ status: 200 }]);
    expect(proxy.asked).toEqual([]);
  });

  test('that is down or refuses does not show its password', async () => {
    const server = await serveTls(good);
    const down = await requestInChild([[server.url, {}]], withProxy('http://127.0.0.1:9'));
    const refusing = await serveProxy({
      refusal: 'HTTP/1.1 407 No\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{"message":"CANARY"}',
    });
    const refused = await requestInChild([[server.url, {}]], withProxy(refusing.url));
    expect(JSON.stringify([down, refused])).not.toContain('CANARY');
    expect([down[0]?.code, refused[0]?.code]).toEqual(['NETWORK_FAILED', 'NETWORK_FAILED']);
    expect(server.requests).toEqual([]);
  });
});
