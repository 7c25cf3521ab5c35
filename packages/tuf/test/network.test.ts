// SPDX-License-Identifier: Apache-2.0
// A mirror that misbehaves on the wire.

import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { ErrorCode } from '@keywax/core/errors';
import { describe, expect, test } from 'vitest';
import { serve } from '../../../test/loopback.js';
import { CONTENT, type World, createVisitedWorld } from './world.js';

/** Serves a world's repository over loopback; `spoil` answers for the timestamp. */
async function serveSpoiled(
  { repository }: World,
  spoil: (response: ServerResponse, file: Uint8Array) => void,
): Promise<string> {
  const { url } = await serve((response, { path }) => {
    const file = repository.files.get(path.slice(1));
    if (file === undefined) response.writeHead(404).end();
    else if (path === '/timestamp.json') spoil(response, file);
    else response.writeHead(200).end(file);
  });
  return url;
}

const CASES: readonly (readonly [string, (response: ServerResponse, file: Uint8Array) => void, ErrorCode])[] = [
  [
    'TU-036: a length that promises more',
    (response, file) => {
      response.writeHead(200, { 'content-length': file.length + 1 });
      response.end(file);
      response.destroy();
    },
    'NETWORK_FAILED',
  ],
  [
    'TU-036: a length beyond the bound',
    (response) => response.writeHead(200, { 'content-length': 16_385 }).write(' '),
    'INPUT_TOO_LARGE',
  ],
  [
    'TU-036: a body beyond the bound without a length',
    (response) => {
      response.writeHead(200);
      for (let i = 0; i < 20; i++) response.write(' '.repeat(1_000));
      response.end();
    },
    'INPUT_TOO_LARGE',
  ],
  [
    'TU-036: a body that grows when it is unpacked',
    (response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(' '.repeat(10_000_000)));
    },
    'INPUT_TOO_LARGE',
  ],
  ['TU-037: a body that comes too slowly', (response) => void response.writeHead(200).write('{'), 'NETWORK_TIMEOUT'],
  ['TU-037: no answer', () => {}, 'NETWORK_TIMEOUT'],
  [
    'a redirect to another origin',
    (response) => {
      response.writeHead(302, { location: 'https://elsewhere.example/timestamp.json' }).end();
    },
    'NETWORK_REDIRECT',
  ],
  ['TU-053: an error of the server', (response) => response.writeHead(500).end('x'), 'NETWORK_STATUS'],
  ['TU-053: a refusal', (response) => response.writeHead(403).end(), 'NETWORK_STATUS'],
  ['TU-053: a page', (response) => response.writeHead(200).end('<!doctype html>'), 'TUF_METADATA_INVALID'],
  ['no content', (response) => response.writeHead(204).end(), 'NETWORK_STATUS'],
];

describe('a mirror with', () => {
  test.each(CASES)('%s is refused, and the store left as it was', async (_, spoil, code) => {
    const world = await createVisitedWorld();
    const mirrorUrl = await serveSpoiled(world, spoil);
    const transport = { allowHttp: 'loopback', retries: 0, timeoutMs: 300 } as const;
    const before = new Map(world.store.files);
    await expect(world.client({ mirrorUrl, transport }).refresh()).rejects.toMatchObject({ code });
    expect(world.changesSince(before)).toEqual([]);
    const client = world.client({ mirrorUrl, transport, offline: true });
    expect(await client.fetchTarget('a.txt')).toEqual(CONTENT);
  });

  test('an error that passes is asked again', async () => {
    const world = await createVisitedWorld();
    let asked = 0;
    const mirrorUrl = await serveSpoiled(world, (response, file) => {
      response.writeHead(++asked < 3 ? 503 : 200).end(file);
    });
    const transport = { allowHttp: 'loopback', delay: async () => {} } as const;
    await expect(world.client({ mirrorUrl, transport }).refresh()).resolves.toMatchObject({ source: 'mirror' });
    expect(asked).toBe(3);
  });

  test('plain http is not asked unless it is on this machine', async () => {
    const world = await createVisitedWorld();
    const make = (mirrorUrl: string) => () => world.client({ mirrorUrl, transport: { allowHttp: 'loopback' } });
    expect(make('http://192.0.2.1')).toThrow(expect.objectContaining({ code: 'NETWORK_POLICY' }));
    expect(make('http://127.0.0.1:1')).not.toThrow();
  });
});
