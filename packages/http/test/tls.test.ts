// SPDX-License-Identifier: Apache-2.0

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type ServerOptions, createServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Loopback, listen } from '../../../test/loopback.js';
import { requestInChild } from './child.js';
import { HOSTS, failure, send } from './hosts.js';

const OPENSSL = 'openssl';
const hasOpenssl = spawnSync(OPENSSL, ['version']).status === 0;

let folder = '';

beforeAll(() => {
  if (!hasOpenssl) return;
  folder = mkdtempSync(join(tmpdir(), 'keywax-http-'));
  makeCertificate('ca', { issuer: undefined, extensions: 'basicConstraints=critical,CA:TRUE', days: 2 });
  makeCertificate('good', { issuer: 'ca', extensions: 'subjectAltName=DNS:localhost,IP:127.0.0.1', days: 2 });
  makeCertificate('other', { issuer: 'ca', extensions: 'subjectAltName=DNS:other.example', days: 2 });
  makeCertificate('expired', { issuer: 'ca', extensions: 'subjectAltName=IP:127.0.0.1', days: -1 });
  makeCertificate('self', { issuer: undefined, extensions: 'subjectAltName=IP:127.0.0.1', days: 2 });
});

afterAll(() => {
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

interface CertificateOptions {
  readonly issuer: string | undefined;
  readonly extensions: string;
  readonly days: number;
}

/** Makes NAME.key and NAME.pem with OpenSSL. */
function makeCertificate(name: string, { issuer, extensions, days }: CertificateOptions): void {
  const file = (suffix: string): string => join(folder, `${name}.${suffix}`);
  const openssl = (...parameters: string[]): Buffer => execFileSync(OPENSSL, parameters, { stdio: 'pipe' });
  writeFileSync(file('ext'), extensions);
  openssl(
    'req',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    file('key'),
    '-out',
    file('csr'),
  );
  const signer =
    issuer === undefined
      ? ['-signkey', file('key')]
      : ['-CA', join(folder, `${issuer}.pem`), '-CAkey', join(folder, `${issuer}.key`), '-CAcreateserial'];
  openssl(
    'x509',
    '-req',
    '-in',
    file('csr'),
    '-out',
    file('pem'),
    '-extfile',
    file('ext'),
    '-days',
    String(days),
    ...signer,
  );
}

async function serveTls(
  name: string,
  options: ServerOptions = {},
): Promise<{ readonly url: string; readonly requests: string[] }> {
  const requests: string[] = [];
  const material = { key: readFileSync(join(folder, `${name}.key`)), cert: readFileSync(join(folder, `${name}.pem`)) };
  const server = createServer({ ...material, ...options }, (request, response) => {
    requests.push(request.url ?? '');
    response.end('{}');
  });
  const { url } = await listen(server);
  return { url: url.replace('http:', 'https:'), requests };
}

describe.skipIf(!hasOpenssl)(`TLS (NW-022)${hasOpenssl ? '' : ' (openssl is absent)'}`, () => {
  test.each(HOSTS)('with a certificate of nobody is refused with %s', async (_, host) => {
    const server = await serveTls('self');
    await failure('NETWORK_TLS', send(server.url, host));
    expect(server.requests).toEqual([]);
  });

  test.each(HOSTS)('with a server that does not speak it is refused with %s', async (_, host) => {
    const server = await listen(createHttpServer());
    await failure('NETWORK_TLS', send(server.url.replace('http:', 'https:'), host));
  });

  test('trusts the authorities of the process, and no expired, foreign or old-fashioned server', async () => {
    const old: ServerOptions = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' };
    const servers = [
      await serveTls('good'),
      await serveTls('other'),
      await serveTls('expired'),
      await serveTls('good', old),
    ];
    const results = await requestInChild(
      servers.map(({ url }) => [url, {}] as const),
      { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'), NODE_OPTIONS: '--tls-min-v1.0' },
    );
    expect(results.map(({ status, code }) => status ?? code)).toEqual([
      200,
      'NETWORK_TLS',
      'NETWORK_TLS',
      'NETWORK_TLS',
    ]);
  });

  test('is checked although NODE_TLS_REJECT_UNAUTHORIZED says otherwise', async () => {
    const server = await serveTls('self');
    const results = await requestInChild([[server.url, {}]], { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    expect(results).toMatchObject([{ code: 'NETWORK_TLS' }]);
  });
});

/** A proxy that connects where it is asked to, or answers every CONNECT with `refusal`. */
async function serveProxy(
  refusal?: string,
): Promise<Omit<Loopback, 'seen'> & { readonly asked: (string | undefined)[][] }> {
  const asked: (string | undefined)[][] = [];
  const server = createHttpServer();
  server.on('connect', (request, client) => {
    asked.push([request.url, request.headers['proxy-authorization']]);
    if (refusal !== undefined) {
      client.end(refusal);
      return;
    }
    const [host = '', port] = (request.url ?? '').split(':');
    const target = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(target).pipe(client);
    });
    target.on('error', () => client.destroy());
    client.on('error', () => target.destroy());
  });
  return { ...(await listen(server)), asked };
}

describe.skipIf(!hasOpenssl)(`a proxy (NW-026)${hasOpenssl ? '' : ' (openssl is absent)'}`, () => {
  const withProxy = (url: string): Record<string, string> => ({
    HTTPS_PROXY: url.replace('//', '//user:CANARY@'),
    NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
  });

  test('of the environment is used, and sees no request', async () => {
    const [server, proxy] = [await serveTls('good'), await serveProxy()];
    const results = await requestInChild([[`${server.url}/secret`, {}]], withProxy(proxy.url));
    expect(results).toEqual([{ status: 200 }]);
    expect(proxy.asked).toEqual([[new URL(server.url).host, `Basic ${Buffer.from('user:CANARY').toString('base64')}`]]);
    expect(server.requests).toEqual(['/secret']);
  });

  test('is not used for a host in NO_PROXY', async () => {
    const [server, proxy] = [await serveTls('good'), await serveProxy()];
    const results = await requestInChild([[server.url, {}]], { ...withProxy(proxy.url), NO_PROXY: '127.0.0.1' });
    expect(results).toEqual([{ status: 200 }]);
    expect(proxy.asked).toEqual([]);
  });

  test('that is down or refuses does not show its password', async () => {
    const server = await serveTls('good');
    const down = await requestInChild([[server.url, {}]], withProxy('http://127.0.0.1:9'));
    const refusing = await serveProxy(
      'HTTP/1.1 407 No\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{"message":"CANARY"}',
    );
    const refused = await requestInChild([[server.url, {}]], withProxy(refusing.url));
    expect(JSON.stringify([down, refused])).not.toContain('CANARY');
    expect([down[0]?.code, refused[0]?.code]).toEqual(['NETWORK_FAILED', 'NETWORK_STATUS']);
    expect(server.requests).toEqual([]);
  });
});
