// SPDX-License-Identifier: Apache-2.0
// In a file of its own: the environment says once per process whether there is a proxy.

import { type Server, createServer, request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NpmRegistry, startNpmRegistry } from '@keywax/stack/npm-registry';
import { openRegistryClient } from '../src/registry-client.js';

let registry: NpmRegistry;
let proxy: Server;
const proxied: string[] = [];
const before = process.env['HTTP_PROXY'];

beforeAll(async () => {
  registry = await startNpmRegistry();
  proxy = createServer((incoming, outgoing) => {
    proxied.push(incoming.url ?? '');
    const { method, headers } = incoming;
    request(incoming.url ?? '', { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    }).end();
  });
  proxy.on('connect', ({ url = '' }, socket) => {
    proxied.push(url);
    const [host, port] = url.split(':');
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  process.env['HTTP_PROXY'] = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterAll(async () => {
  if (before === undefined) Reflect.deleteProperty(process.env, 'HTTP_PROXY');
  else process.env['HTTP_PROXY'] = before;
  proxy.closeAllConnections();
  proxy.close();
  await registry.close();
});

test('registries are asked through the proxy that the environment names', async () => {
  await registry.addPackage({ name: 'a', version: '1.0.0' });
  const client = await openRegistryClient({
    npmConfig: { registry: registry.url },
    transport: { allowHttp: 'loopback', retries: 0 },
  });
  expect(await client.fetchEvidence({ name: 'a', version: '1.0.0' })).toMatchObject({ name: 'a', source: 'registry' });
  expect(proxied.length).toBeGreaterThan(0);
  expect(proxied[0]).toContain(new URL(registry.url).host);
});
