// SPDX-License-Identifier: Apache-2.0
// What the TUF client can do that the original cannot. What both can is compared with the original elsewhere.

import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect, promisify } from 'node:util';
import { type Stack, startStack } from '@keywax/stack';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { TUFError, type TUFOptions, getTrustedRoot, initTUF } from '../src/tuf.js';

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

  test.each(['https://../', 'https://./', 'http://..:80/x'])('lies nowhere for the mirror %s', async (mirrorURL) => {
    const { folder, options } = open();
    const before = readdirSync(folder);
    await expect(getTrustedRoot({ ...options, mirrorURL })).rejects.toMatchObject({ code: 'NETWORK_POLICY' });
    expect(readdirSync(folder)).toEqual(before);
  });

  test('is not asked for a mirror with a password, which no error repeats', async () => {
    const { cachePath } = open().options;
    const mirrorURL = 'https://user:CANARY@127.0.0.1:1';
    const error = await initTUF({ mirrorURL, cachePath }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 9 })).not.toContain('CANARY');
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

  test('is not replaced by what was compiled in where a root is given', async () => {
    const { options } = open();
    const fetch = () => Promise.reject(new TypeError('fetch failed'));
    const given = { cachePath: options.cachePath, rootPath: options.rootPath, forceCache: true, retry: 0, fetch };
    await expect(getTrustedRoot(given)).rejects.toMatchObject({ code: 'TUF_REFRESH_METADATA_ERROR' });
  });
});

// npm takes TUF_FIND_TARGET_ERROR for "the repository has no keys of this registry" and asks the registry for them then.
describe('TUF_FIND_TARGET_ERROR', () => {
  const TARGET = 'keywax.localhost/keys.json';

  /** The code of the error, or `found`. */
  async function codeOf(options: TUFOptions): Promise<string> {
    try {
      await (await initTUF(options)).getTarget(TARGET);
      return 'found';
    } catch (error) {
      return (error as { readonly code?: string }).code ?? String(error);
    }
  }

  /** Sends what is asked for one kind of file astray. */
  function disturbed(pattern: RegExp, answer: () => Promise<Response>): NonNullable<TUFOptions['fetch']> {
    return (url, init) => (pattern.test(new URL(url).pathname) ? answer() : globalThis.fetch(url, init));
  }

  const ANSWERS: Readonly<Record<string, () => Promise<Response>>> = {
    '404': async () => new Response('', { status: 404 }),
    '403': async () => new Response('', { status: 403 }),
    '500': async () => new Response('', { status: 500 }),
    'no answer': () => Promise.reject(new TypeError('fetch failed')),
    nothing: async () => new Response(''),
    'an empty record': async () => new Response('{}'),
    'a page': async () => new Response('<html></html>', { headers: { 'content-type': 'text/html' } }),
    'an own target': async () => new Response('{"keys":[]}'),
  };
  const FILES = [/./, /timestamp/, /snapshot/, /targets\.json/, /keywax\.localhost\.json/, /\/targets\//, /root\.json/];

  test.each(FILES.flatMap((pattern) => Object.keys(ANSWERS).map((name) => [pattern, name] as const)))(
    'is no answer to %s being %s',
    async (pattern, name) => {
      const { options } = open();
      const fetch = disturbed(pattern, ANSWERS[name] ?? (() => Promise.reject(new TypeError('fetch failed'))));
      for (const forceCache of [false, true]) expect(await codeOf({ ...options, fetch, forceCache })).not.toBe(MISSING);
      // Once more, with a cache that knows the target.
      const known = { ...options, cachePath: `${options.cachePath}-known` };
      expect(await codeOf(known)).toBe('found');
      for (const forceCache of [false, true]) expect(await codeOf({ ...known, fetch, forceCache })).not.toBe(MISSING);
    },
  );

  const MISSING = 'TUF_FIND_TARGET_ERROR';
  const SPOILS: readonly (readonly [string, (path: string) => void])[] = [
    ['removed', (path) => rmSync(path)],
    ['emptied', (path) => writeFileSync(path, '')],
    ['garbage', (path) => writeFileSync(path, 'garbage')],
    ['an empty record', (path) => writeFileSync(path, '{}')],
    ['cut', (path) => writeFileSync(path, readFileSync(path).subarray(0, -9))],
    [
      'without its target',
      (path) => writeFileSync(path, readFileSync(path, 'utf8').replaceAll('keys.json', 'none.json')),
    ],
    [
      'a link',
      (path) => {
        rmSync(path);
        symlinkSync('/etc/hostname', path);
      },
    ],
  ];

  test.each(SPOILS)(
    'is no answer to a file of the cache being %s, and the target is the one that is signed',
    async (_, spoil) => {
      const { options } = open();
      const { host } = new URL(stack.urls.tuf);
      const content = await (await initTUF(options)).getTarget(TARGET);
      const folder = join(options.cachePath, encodeURIComponent(host));
      const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
        statSync(join(folder, name)).isFile(),
      );
      expect(names.length).toBeGreaterThan(5);
      for (const [i, name] of names.entries()) {
        const cachePath = `${options.cachePath}-${i}`;
        cpSync(options.cachePath, cachePath, { recursive: true });
        spoil(join(cachePath, encodeURIComponent(host), name));
        for (const forceCache of [true, false]) {
          const fetch = () => Promise.reject(new TypeError('fetch failed'));
          expect(await codeOf({ ...options, cachePath, forceCache, fetch })).not.toBe(MISSING);
          const found = await initTUF({ ...options, cachePath, forceCache })
            .then(({ getTarget }) => getTarget(TARGET))
            .catch((error: unknown) => (error as { readonly code?: string }).code);
          expect([content, 'FILE_FAILED', 'TUF_REFRESH_METADATA_ERROR', 'TUF_DOWNLOAD_TARGET_ERROR']).toContain(found);
        }
      }
    },
  );

  test('is the answer to a target that no role lists', async () => {
    const tuf = await initTUF(open().options);
    for (const name of ['registry.localhost/keys.json', 'keywax.localhost/other.json', '', '..', 'a//b'])
      await expect(tuf.getTarget(name)).rejects.toMatchObject({ code: MISSING });
  });
});
