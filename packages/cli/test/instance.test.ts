// SPDX-License-Identifier: Apache-2.0
// Instances by way of TUF: `sign`, `verify` and `trust …` against the repository of a stack.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Stack, startStack } from '@keywax/stack';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Called, call, makeFolder } from './call.js';

let stack: Stack;
let token: string;
let folder: string;
let cache: string;
let rootFile: string;
let who: readonly string[];

beforeAll(async () => {
  stack = await startStack();
  token = await stack.mintToken({ kind: 'email' });
  who = ['--certificate-identity', 'alice@example.com', '--certificate-oidc-issuer', stack.urls.oidc];
});
afterAll(() => stack.close());

beforeEach(() => {
  folder = makeFolder();
  cache = join(folder, 'cache');
  rootFile = write('root.json', stack.tuf.root());
});

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** The flags that name the repository of the stack, or one where nobody answers. */
function mirror(url: string = stack.urls.tuf): readonly string[] {
  return ['--tuf-mirror', url, '--cache-directory', cache];
}

function withRoot(): readonly string[] {
  return [...mirror(), '--tuf-root', rootFile];
}

async function sign(...args: readonly string[]): Promise<Called & { readonly file: string }> {
  const file = write('file', 'a');
  return { file, ...(await call(['sign', ...args, file], { env: { SIGSTORE_ID_TOKEN: token } })) };
}

function verify(file: string, ...args: readonly string[]): Promise<Called> {
  return call(['verify', ...args, ...who, file]);
}

describe('an instance by its repository', () => {
  test('is signed with and verified by, without any other file', async () => {
    const { file, code } = await sign(...withRoot());
    expect(code).toBe(0);
    expect(await verify(file, ...withRoot())).toMatchObject({ code: 0, out: '' });
  });

  test('needs no root where one is remembered', async () => {
    const { file } = await sign(...withRoot());
    cache = join(folder, 'other-cache');
    expect(await verify(file, ...mirror())).toMatchObject({
      code: 3,
      err: expect.stringContaining('TUF_TARGET_MISSING'),
    });
    const init = ['trust', 'init', '--mirror', stack.urls.tuf, '--root', rootFile, '--cache-directory', cache];
    expect((await call(init)).code).toBe(0);
    expect((await verify(file, ...mirror())).code).toBe(0);
  });

  test('says as JSON where trust comes from', async () => {
    const { file } = await sign(...withRoot());
    const { trust } = JSON.parse((await verify(file, ...withRoot(), '--json')).out) as { trust: object };
    expect(trust).toMatchObject({ instance: stack.urls.tuf, versions: { root: 1 }, expired: [] });
  });

  test('is known offline once it was asked, with its age', async () => {
    const { file } = await sign(...withRoot());
    const { code, err } = await verify(file, ...withRoot(), '--offline');
    expect(code).toBe(0);
    expect(err).toMatch(/^keywax: offline: trust of http:\S+ from the cache, just now, good until .* UTC\n/);
    expect((await verify(file, ...withRoot(), '--offline', '--max-age', '1')).code).toBe(0);
    cache = join(folder, 'empty');
    expect(await verify(file, ...withRoot(), '--offline')).toMatchObject({ code: 3, out: '' });
  });

  test('is used without a folder to write to, which is said once', async () => {
    cache = join(write('file-in-the-way', ''), 'cache');
    const { file, code, err } = await sign(...withRoot());
    expect(code).toBe(0);
    expect(err.match(/^keywax: /gm)).toHaveLength(1);
    expect(await verify(file, ...withRoot(), '--json')).toMatchObject({ code: 0 });
  });

  test('is kept in the data folder of the user unless said otherwise', async () => {
    const { file } = await sign(...withRoot());
    const args = ['verify', '--tuf-mirror', stack.urls.tuf, '--tuf-root', rootFile, ...who, file];
    const data = makeFolder();
    expect((await call(args, { env: { HOME: data, XDG_DATA_HOME: data, LOCALAPPDATA: data } })).code).toBe(0);
    expect(readdirSync(data)).not.toEqual([]);
  });

  test('with another root is refused', async () => {
    await using other = await startStack();
    const wrong = write('wrong.json', other.tuf.root());
    const { code, err } = await sign(...mirror(), '--tuf-root', wrong);
    expect(code).toBe(3);
    expect(err).toContain('TUF_SIGNATURE_INVALID');
  });

  test('with signing services of its own choice', async () => {
    const config = write('signing.json', JSON.stringify(stack.signingConfig({ rekor: 'v2' })));
    const { file, code } = await sign(...withRoot(), '--signing-config', config);
    expect(code).toBe(0);
    expect(readFileSync(`${file}.sigstore.json`, 'utf8')).toContain('"version":"0.0.2"');
  });
});

describe('production', () => {
  test('as compiled in is of no known age, so that no bound of age admits it', async () => {
    const show = ['trust', 'show', '--cache-directory', cache, '--offline', '--max-age', '9999'];
    expect(await call(show)).toMatchObject({ code: 3, out: '' });
  });

  test('is trusted as compiled in, offline and without a cache', async () => {
    const { file } = await sign(...withRoot());
    const { code, err } = await verify(file, '--offline', '--cache-directory', cache);
    expect(code).toBe(1);
    expect(err).toContain('keywax: offline: trust of production as compiled in');
    const shown = await call(['trust', 'show', '--offline', '--cache-directory', cache]);
    expect(shown.code).toBe(0);
    expect(shown.out).toContain('https://rekor.sigstore.dev');
    expect(shown.out).toContain('production signs with');
  });

  test.each(['staging', 'github'])('is the only one: offline, %s has to be initialised', async (instance) => {
    expect(
      await call(['trust', 'show', '--instance', instance, '--offline', '--cache-directory', cache]),
    ).toMatchObject({ code: 3, out: '', err: expect.stringContaining('keywax trust init') });
  });
});

describe('trust init', () => {
  const init = (...args: readonly string[]) => call(['trust', 'init', ...args, '--cache-directory', cache]);

  test('shows version, digest, threshold and keys of the root', async () => {
    const { code, out, err } = await init('--mirror', stack.urls.tuf, '--root', rootFile);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^http:\S+ is trusted by root 1, which expires on .* UTC\n {2}SHA-256 [0-9a-f]{64}\n/);
    expect(out).toMatch(/^ {2}1 of these keys sign the next root:\n {4}[0-9a-f]{64} \(SHA-256, ecdsa P-256\)\n$/m);
  });

  test('prints the same as JSON', async () => {
    const { out } = await init('staging', '--root', rootFile, '--json');
    expect(JSON.parse(out)).toMatchObject({ instance: 'staging', version: 1, threshold: 1, keys: [{}] });
  });

  test('takes the root of the repository itself where that is asked for, and warns', async () => {
    const { code, out, err } = await init('--mirror', stack.urls.tuf, '--unsafe-first-use');
    expect(code).toBe(0);
    expect(out).toContain('is trusted by root 1');
    expect(err).toContain('nobody vouched');
    const { file } = await sign(...mirror());
    expect((await verify(file, ...mirror())).code).toBe(0);
  });

  test.each<readonly [string, () => readonly string[]]>([
    ['no instance', () => ['--root', rootFile]],
    ['two instances', () => ['staging', '--mirror', stack.urls.tuf, '--root', rootFile]],
    ['an unknown instance', () => ['nobody', '--root', rootFile]],
    ['no root', () => ['staging']],
    ['two roots', () => ['staging', '--root', rootFile, '--unsafe-first-use']],
    ['an instance that is compiled in', () => ['production', '--root', rootFile]],
    ['the first use of one that is compiled in', () => ['production', '--unsafe-first-use']],
    ['a root that is missing', () => ['staging', '--root', 'missing.json']],
  ])('is used wrongly with %s', async (_, args) => {
    expect(await init(...args())).toMatchObject({ code: 2, out: '' });
  });

  test('refuses a root that does not sign itself, and remembers nothing', async () => {
    const broken = write('broken.json', readFileSync(rootFile, 'utf8').replace(/"expires": ?"2/, '"expires":"3'));
    expect(await init('--mirror', stack.urls.tuf, '--root', broken)).toMatchObject({ code: 3, out: '' });
    expect(await verify(rootFile, ...mirror())).toMatchObject({ code: 3 });
  });

  test('needs a folder', async () => {
    const args = ['trust', 'init', '--mirror', stack.urls.tuf, '--root', rootFile];
    expect(await call(args)).toMatchObject({ code: 2, err: expect.stringContaining('--cache-directory') });
  });
});

describe('trust update', () => {
  const update = (...args: readonly string[]) => call(['trust', 'update', ...args]);

  test('fetches what is newest, also where the cache is young', async () => {
    await using own = await startStack();
    const flags = ['--tuf-mirror', own.urls.tuf, '--tuf-root', write('own.json', own.tuf.root())];
    expect(await update(...flags, '--cache-directory', cache)).toMatchObject({
      code: 0,
      out: '',
      err: expect.stringMatching(/is up to date\n.* from its repository, just now, .*\n {2}root 1, timestamp \d+/),
    });
    await own.tuf.rotateRoot();
    const { out } = await update(...flags, '--cache-directory', cache, '--json');
    expect(JSON.parse(out)).toMatchObject({ source: 'repository', versions: { root: 2 } });
  });

  test.each(['rollback', 'mixAndMatch', 'wrongKeys'] as const)('refuses an attack: %s', async (name) => {
    await using own = await startStack();
    const flags = ['--tuf-mirror', own.urls.tuf, '--tuf-root', write('own.json', own.tuf.root())];
    expect((await update(...flags, '--cache-directory', cache)).code).toBe(0);
    await own.tuf.publish();
    expect((await update(...flags, '--cache-directory', cache)).code).toBe(0);
    own.tuf.attack(name);
    await own.tuf.publish();
    const { code, err } = await update(...flags, '--cache-directory', cache);
    expect(code).toBe(3);
    expect(err).toMatch(/^keywax: TUF_/);
  });

  test.each([
    ['two instances', ['staging', 'github']],
    ['an unknown one', ['nobody']],
    ['a name and a mirror', ['staging', '--tuf-mirror', 'https://tuf.example']],
    ['a root without a mirror', ['--tuf-root', 'root.json']],
  ])('is used wrongly with %s', async (_, args) => {
    expect(await update(...args, '--cache-directory', cache)).toMatchObject({ code: 2, out: '' });
  });
});

describe('thresholds', () => {
  test.each([
    ['as many as there are', ['--log-threshold', '1', '--timestamp-threshold', '1', '--distinct-operators'], 0],
    ['more logs than there are', ['--log-threshold', '2'], 1],
    ['more timestamps than there are', ['--timestamp-threshold', '2'], 1],
    ['more certificate logs than there are', ['--sct-threshold', '2'], 1],
    ['nothing at all', ['--log-threshold', 'none'], 2],
    ['no number', ['--log-threshold', '0'], 2],
    ['words', ['--sct-threshold', 'two'], 2],
  ])('of %s', async (_, args, code) => {
    const { file } = await sign(...withRoot());
    expect(await verify(file, ...withRoot(), ...args)).toMatchObject({ code });
  });
});
