// SPDX-License-Identifier: Apache-2.0
// What the TUF client can do that the original cannot. What both can is compared with the original elsewhere.

import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Stack, startStack } from '@keywax/stack';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { TUFError, getTrustedRoot, initTUF } from '../src/tuf.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

function open() {
  const folder = mkdtempSync(join(tmpdir(), 'keywax-compat-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const rootPath = join(folder, 'root.json');
  writeFileSync(rootPath, stack.tuf.root());
  return { folder, options: { mirrorURL: stack.urls.tuf, rootPath, cachePath: join(folder, 'cache'), retry: 0 } };
}

describe('requests', () => {
  test('go through a fetch that is given', async () => {
    const asked: string[] = [];
    const fetch = (url: string, init: RequestInit): Promise<Response> => {
      asked.push(url);
      return globalThis.fetch(url, init);
    };
    const tuf = await initTUF({ ...open().options, fetch });
    await tuf.getTarget('trusted_root.json');
    expect(asked.length).toBeGreaterThan(3);
    expect(asked.every((url) => url.startsWith(stack.urls.tuf))).toBe(true);
  });

  test('end with a signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(initTUF({ ...open().options, signal })).rejects.toMatchObject({ code: 'OPERATION_ABORTED' });
  });

  test('go through the proxy of the environment', async () => {
    const seen: string[] = [];
    const proxy = createServer((request, response) => {
      seen.push(request.url ?? '');
      const { pathname } = new URL(request.url ?? '', 'http://tuf.example');
      globalThis
        .fetch(stack.urls.tuf + pathname)
        .then(async (answer) => response.writeHead(answer.status).end(await answer.bytes()))
        .catch(() => response.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      proxy.close();
    });
    const { options } = open();
    const script = fileURLToPath(new URL('proxied.mjs', import.meta.url));
    const env = { PATH: process.env['PATH'], HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
    const args = ['--conditions=source', '--no-warnings', script];
    const given = JSON.stringify({ ...options, mirrorURL: 'http://tuf.example' });
    const { stdout } = await promisify(execFile)(process.execPath, [...args, given], { env });
    expect(JSON.parse(stdout)).toHaveProperty('mediaType');
    expect(seen).toContain('http://tuf.example/timestamp.json');
  });
});

describe('the cache', () => {
  test('lies in a folder that the name of the mirror decides', async () => {
    const { folder, options } = open();
    await getTrustedRoot(options);
    const { host } = new URL(stack.urls.tuf);
    expect(readdirSync(join(folder, 'cache'))).toEqual([encodeURIComponent(host)]);
  });

  test('serves many calls at the same time', async () => {
    const { options } = open();
    const roots = await Promise.all(Array.from({ length: 10 }, () => getTrustedRoot({ ...options, forceCache: true })));
    expect(new Set(roots.map(({ tlogs }) => tlogs.length)).size).toBe(1);
  });

  test('never decides whom the root at rootPath trusts', async () => {
    const { folder, options } = open();
    await getTrustedRoot(options);
    const other = await startStack();
    onTestFinished(() => other.close());
    const rootPath = join(folder, 'other.json');
    writeFileSync(rootPath, other.tuf.root());
    await expect(getTrustedRoot({ ...options, rootPath, forceCache: true })).rejects.toBeInstanceOf(TUFError);
  });
});
