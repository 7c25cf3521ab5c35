// SPDX-License-Identifier: Apache-2.0

import { spawnSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Transport } from '@keywax/http';
import { type NpmRegistry, startNpmRegistry } from '@keywax/stack/npm-registry';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { serveTcp } from '../../../../test/loopback.js';
import {
  type TestAuthority,
  type TestCertificate,
  hasOpenssl,
  makeAuthority,
  makeFolder,
  serveProxy,
  serveTls,
} from '../../../../test/tls.js';
import { readNpmConfig } from '../../src/npm-config.node.js';
import { type RegistryClient, openRegistryClient } from '../../src/registry-client.js';
import { applyNetworkSettings } from '../../src/registry/network.node.js';
import type { NpmConfig } from '../../src/registry/settings.js';

const { folder, remove } = makeFolder();
const project = join(folder, 'project');
let registry: NpmRegistry;
let ca: TestAuthority;
let server: TestCertificate;
let client: TestCertificate;

beforeAll(async () => {
  registry = await startNpmRegistry();
  await registry.addPackage({ name: 'a', version: '1.0.0' });
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{"name":"project"}');
  if (!hasOpenssl) return;
  ca = makeAuthority(folder);
  server = ca.issue('server');
  client = ca.issue('client');
});
afterAll(async () => {
  remove();
  await registry.close();
});
beforeEach(() => npmrc());

function npmrc(...lines: readonly string[]): void {
  writeFileSync(join(project, '.npmrc'), [...lines, ''].join('\n'));
}

/** A client of what the `.npmrc` of the project says. */
async function open(config: NpmConfig = {}): Promise<RegistryClient> {
  const npmConfig = { ...(await readNpmConfig({ directory: project, env: { HOME: folder } })), ...config };
  return openRegistryClient({ npmConfig, transport: { allowHttp: 'loopback' } });
}

async function ask(config?: NpmConfig): Promise<string> {
  const evidence = await (await open(config)).fetchEvidence({ name: 'a', version: '1.0.0' });
  return evidence.name;
}

/** PEM as it stands in a file of npm. */
function inline(pem: string): string {
  return JSON.stringify(pem);
}

describe.skipIf(!hasOpenssl)(`a registry over TLS${hasOpenssl ? '' : ' (openssl is absent)'}`, () => {
  const front = (options: object = {}) => serveTls(server, { upstream: registry.url, ...options });
  const asking = { requestCert: true, rejectUnauthorized: true };

  test.each<[string, () => readonly string[]]>([
    ['cafile', () => [`cafile=${ca.certFile}`]],
    ['ca', () => [`ca=${inline(ca.cert)}`]],
    ['several in ca', () => [`ca[]=${inline(server.cert)}`, `ca[]=${inline(ca.cert)}`]],
  ])('is believed by %s of .npmrc', async (_, lines) => {
    const { url } = await front();
    npmrc(`registry=${url}`, ...lines());
    expect(await ask()).toBe('a');
  });

  test('is believed by nothing else, whatever strict-ssl says', async () => {
    const { url, requests } = await front();
    const other = makeAuthority(folder, 'other');
    for (const lines of [[], [`cafile=${other.certFile}`], ['strict-ssl=false'], [`ca=${inline(other.cert)}`]]) {
      npmrc(`registry=${url}`, ...lines);
      await expect(ask()).rejects.toMatchObject({ code: 'NETWORK_TLS' });
    }
    expect(requests).toEqual([]);
  });

  test('is asked through the proxy of .npmrc, but for the hosts of noproxy', async () => {
    const [{ url }, proxy] = [await front(), await serveProxy()];
    const lines = [`registry=${url}`, `cafile=${ca.certFile}`, `https-proxy=${proxy.url.replace('//', '//me:word@')}`];
    npmrc(...lines);
    expect(await ask()).toBe('a');
    expect(proxy.asked).toEqual([[new URL(url).host, `Basic ${Buffer.from('me:word').toString('base64')}`]]);
    npmrc(...lines, 'noproxy=example.com,127.0.0.1');
    expect(await ask()).toBe('a');
    expect(proxy.asked).toHaveLength(1);
  });

  test('does not learn of the password of a proxy, and neither does who reads the error', async () => {
    const { url } = await front();
    npmrc(`registry=${url}`, `cafile=${ca.certFile}`, 'proxy=http://me:CANARY@127.0.0.1:9', 'fetch-retries=0');
    const error: unknown = await ask().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'NETWORK_FAILED' });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('CANARY');
  });

  test('is shown the client certificate of its host', async () => {
    const { url, clients } = await front({ ...asking, ca: ca.cert });
    const { host } = new URL(url);
    const lines = [`registry=${url}`, `cafile=${ca.certFile}`];
    npmrc(...lines, `//${host}/:certfile=${client.certFile}`, `//${host}/:keyfile=${client.keyFile}`);
    expect(await ask()).toBe('a');
    expect(clients).toEqual(['client']);
    for (const other of ['', ':1', '1']) {
      const place = `//${other === '' ? 'a.example' : `${host}${other}`}`;
      npmrc(...lines, `${place}/:certfile=${client.certFile}`, `${place}/:keyfile=${client.keyFile}`);
      await expect(ask()).rejects.toMatchObject({ code: expect.stringMatching(/^NETWORK_/) as string });
    }
  });

  test('is shown the old kind of client certificate where it is configured itself', async () => {
    const [mine, other] = [
      await front({ ...asking, ca: ca.cert }),
      await front({ requestCert: true, rejectUnauthorized: false }),
    ];
    npmrc(`registry=${mine.url}`, `cafile=${ca.certFile}`, `cert=${inline(client.cert)}`, `key=${inline(client.key)}`);
    expect(await ask()).toBe('a');
    await (await open()).fetchEvidence({ name: 'a', version: '1.0.0', registry: other.url });
    expect([mine.clients, other.clients]).toEqual([['client'], [undefined]]);
    const own = ca.issue('own');
    const { host } = new URL(mine.url);
    expect(await ask({ [`//${host}/:certfile`]: own.certFile, [`//${host}/:keyfile`]: own.keyFile })).toBe('a');
    expect(mine.clients).toEqual(['client', 'own']);
  });
});

describe('files of the configuration', () => {
  const place = '//registry.example/:certfile';
  const config = (path: string): NpmConfig => ({ [place]: path, '//registry.example/:keyfile': path });
  const url = 'https://registry.example/';

  function make(kind: string): string {
    const path = join(folder, kind.replaceAll(' ', '-'));
    if (kind === 'a folder') mkdirSync(path, { recursive: true });
    if (kind === 'a pipe') spawnSync('mkfifo', [path]);
    if (kind === 'what is too large') {
      writeFileSync(path, '');
      truncateSync(path, 1_048_577);
    }
    if (kind === 'no certificate') writeFileSync(path, 'CANARY');
    if (kind === 'no text') writeFileSync(path, new Uint8Array([0xff]));
    return path;
  }

  test.each(['a folder', 'a pipe', 'what is too large', 'no certificate', 'no text', 'nothing'])(
    'that are %s are refused, and never quoted',
    async (kind) => {
      const path = make(kind);
      const reach = (settings: NpmConfig) => openRegistryClient({ npmConfig: { registry: url, ...settings } });
      for (const settings of [{ cafile: path }, ...(kind === 'nothing' ? [] : [config(path)])]) {
        const error: unknown = await reach(settings).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
        expect(inspect(error, { depth: 10 })).not.toContain('CANARY');
      }
    },
  );

  test('of client certificates are passed over where they are not there', async () => {
    const client = await openRegistryClient({ npmConfig: { registry: url, ...config(join(folder, 'absent')) } });
    expect(client.registries).toEqual(new Set([url]));
  });

  test('are not opened offline, nor where the caller sends requests', async () => {
    const npmConfig = { registry: url, cafile: make('a folder'), ...config(folder) };
    await openRegistryClient({ npmConfig, offline: true });
    await openRegistryClient({ npmConfig, transport: { fetch: globalThis.fetch } });
  });
});

describe('limits of the configuration', () => {
  const apply = (config: NpmConfig, transport: Transport = {}) =>
    applyNetworkSettings(config, { transport, registries: [] });

  test.each<[NpmConfig, Transport, Transport]>([
    [{}, {}, {}],
    [{ timeout: 5000 }, {}, { timeoutMs: 5000, responseTimeoutMs: 5000 }],
    [{ timeout: 0 }, {}, {}],
    [{ timeout: 1e12 }, {}, { timeoutMs: 3_600_000, responseTimeoutMs: 3_600_000 }],
    [{ timeout: '5' }, {}, {}],
    [{ timeout: 5000 }, { timeoutMs: 1 }, { timeoutMs: 1, responseTimeoutMs: 5000 }],
    [{ retry: { retries: 0 } }, {}, { retries: 0 }],
    [{ retry: { retries: 99 } }, {}, { retries: 10 }],
    [{ retry: 4 }, {}, { retries: 4 }],
    [{ retry: { retries: -1 } }, {}, {}],
    [{ retry: null, ca: null, noProxy: '', httpsProxy: null, proxy: false, strictSSL: false }, {}, {}],
    [{ retry: 4 }, { retries: 2 }, { retries: 2 }],
  ])('%j with %j of the caller are %j', async (config, transport, expected) => {
    expect(await apply(config, transport)).toEqual(expected);
  });

  test('hold for requests', async () => {
    const silent = await serveTcp(() => {});
    npmrc(`registry=${silent.url}`, 'fetch-timeout=100', 'fetch-retries=0');
    await expect(ask()).rejects.toMatchObject({ code: 'NETWORK_TIMEOUT' });
  });

  test.each([{ proxy: 'ftp://me:CANARY@127.0.0.1' }, { ca: 'CANARY' }])('that are no such: %j', async (config) => {
    const error: unknown = await apply(config).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('CANARY');
  });
});
