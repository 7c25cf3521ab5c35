// SPDX-License-Identifier: Apache-2.0
// Docker's credential files and helpers: by exact name, bounded, and silent about what is in them.

import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorCode } from '@keywax/core/errors';
import { afterEach, describe, expect, test } from 'vitest';
import { type RegistryCredential, dockerCredentials } from '../src/index.js';
import { CANARY, CANARY_BASIC, failure } from './registry-hosts.js';

const BASIC: RegistryCredential = { kind: 'basic', username: 'user', password: CANARY };
const folders: string[] = [];

afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

/** A folder with a `config.json` of the given text, and one of helpers: shell scripts by name. */
async function prepare(config: unknown, helpers: Readonly<Record<string, string>> = {}, helperTimeoutMs = 20_000) {
  const directory = await mkdtemp(join(tmpdir(), 'keywax-docker-config-'));
  folders.push(directory);
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  await writeFile(join(directory, 'config.json'), text);
  const bin = join(directory, 'bin');
  await mkdir(bin);
  for (const [name, script] of Object.entries(helpers)) {
    const path = join(bin, `docker-credential-${name}`);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
  }
  return {
    directory,
    source: dockerCredentials({ directory, environment: { PATH: `${bin}:/usr/bin:/bin` }, helperTimeoutMs }),
  };
}

const withAuth = (key: string): unknown => ({ auths: { [key]: { auth: CANARY_BASIC } } });
const answer = (username: string, secret: string): string =>
  `cat > /dev/null; printf '{"ServerURL":"x","Username":"${username}","Secret":"${secret}"}'`;

describe("Docker's config.json", () => {
  test.each([
    ['ghcr.io', 'ghcr.io'],
    ['localhost:5000', 'localhost:5000'],
    ['docker.io', 'https://index.docker.io/v1/'],
    ['docker.io', 'index.docker.io'],
    ['docker.io', 'docker.io'],
  ])('gives the credentials for %s under %s', async (registry, key) => {
    const { source } = await prepare(withAuth(key));
    await expect(source(registry)).resolves.toEqual(BASIC);
  });

  test.each([
    ['ghcr.io', 'ghcr.io.evil.example'],
    ['ghcr.io.evil.example', 'ghcr.io'],
    ['evil-ghcr.io', 'ghcr.io'],
    ['ghcr.io', 'evil-ghcr.io'],
    ['ghcr.io', 'GHCR.IO'],
    ['ghcr.io', 'ghcr.io/path'],
    ['ghcr.io', 'ghcr.io:443'],
    ['ghcr.io:443', 'ghcr.io'],
    ['ghcr.io', 'https://ghcr.io'],
    ['ghcr.io', 'https://ghcr.io/v1/'],
    ['ghcr.io', 'ghcr.io.'],
    ['ghcr.io', '*.io'],
    ['ghcr.io', ''],
    ['index.docker.io.evil.example', 'https://index.docker.io/v1/'],
    ['constructor', 'ghcr.io'],
    ['__proto__', 'ghcr.io'],
  ])('gives none for %s under %s (OC-001)', async (registry, key) => {
    const { source } = await prepare(withAuth(key));
    await expect(source(registry)).resolves.toBeUndefined();
  });

  test.each<[string, unknown, RegistryCredential | undefined]>([
    ['auth', { auth: CANARY_BASIC }, BASIC],
    [
      'auth with colons in the password',
      { auth: btoa('user:a:b') },
      { kind: 'basic', username: 'user', password: 'a:b' },
    ],
    ['auth with padding of zeros', { auth: btoa('user:a\0\0') }, { kind: 'basic', username: 'user', password: 'a' }],
    ['user and password', { username: 'user', password: CANARY }, BASIC],
    ['an identity token', { auth: CANARY_BASIC, identitytoken: 't' }, { kind: 'identityToken', token: 't' }],
    ['a registry token', { registrytoken: 't' }, { kind: 'bearer', token: 't' }],
    ['nothing', {}, undefined],
    ['empty texts', { auth: '', identitytoken: '', username: '' }, undefined],
    ['other members', { auth: CANARY_BASIC, email: 'x', extra: [1] }, BASIC],
  ])('may hold %s', async (_name, entry, credential) => {
    const { source } = await prepare({ auths: { 'host.example': entry }, HttpHeaders: {}, psFormat: 'x' });
    await expect(source('host.example')).resolves.toEqual(credential);
  });

  test('may be absent', async () => {
    const source = dockerCredentials({ directory: join(tmpdir(), 'keywax-no-such-folder'), environment: {} });
    await expect(source('host.example')).resolves.toBeUndefined();
  });

  test.each<[string, unknown, ErrorCode]>([
    ['not JSON', `{"auths":{"host.example":{"auth":"${CANARY}`, 'CONFIG_INVALID'],
    ['an array', [CANARY], 'CONFIG_INVALID'],
    ['a host twice', `{"auths":{"host.example":{"auth":"${CANARY_BASIC}"},"host.example":{}}}`, 'CONFIG_INVALID'],
    ['auth that is no text', { auths: { 'host.example': { auth: 1 } } }, 'CONFIG_INVALID'],
    ['auth that is no base64', { auths: { 'host.example': { auth: `${CANARY}!` } } }, 'CONFIG_INVALID'],
    ['auth without a colon', { auths: { 'host.example': { auth: btoa(CANARY) } } }, 'CONFIG_INVALID'],
    ['auth without a user', { auths: { 'host.example': { auth: btoa(`:${CANARY}`) } } }, 'CONFIG_INVALID'],
    ['a token with a newline', { auths: { 'host.example': { identitytoken: `${CANARY}\n` } } }, 'CONFIG_INVALID'],
    ['2 MiB', ' '.repeat(2 * 1_048_576), 'CONFIG_INVALID'],
  ])('that is or has %s is refused without a word of it (SE-005)', async (_name, config, code) => {
    const { source } = await prepare(config);
    await failure(code, source('host.example'));
  });

  test('that is a folder is an error', async () => {
    const { directory } = await prepare({});
    await rm(join(directory, 'config.json'));
    await mkdir(join(directory, 'config.json'));
    await failure('FILE_FAILED', dockerCredentials({ directory, environment: {} })('host.example'));
  });
});

describe('a credential helper', () => {
  test('is asked for a registry of its own before the store of all and the file', async () => {
    const config = {
      auths: { 'host.example': { auth: btoa('file:x') }, 'other.example': { auth: btoa('file:x') } },
      credHelpers: { 'host.example': 'own' },
      credsStore: 'all',
    };
    const { source } = await prepare(config, { own: answer('own', 'x'), all: answer('all', 'x') });
    await expect(source('host.example')).resolves.toMatchObject({ username: 'own' });
    await expect(source('other.example')).resolves.toMatchObject({ username: 'all' });
  });

  test('is told the exact name, by its input and not by its arguments', async () => {
    const script = `printf '{"Username":"%s","Secret":"%s"}' "$*" "$(cat | tr : _)"`;
    const { source } = await prepare({ credHelpers: { 'host.example:5000': 'x' }, credsStore: 'x' }, { x: script });
    await expect(source('host.example:5000')).resolves.toEqual({
      kind: 'basic',
      username: 'get',
      password: 'host.example_5000',
    });
    await expect(source('docker.io')).resolves.toMatchObject({ password: 'https_//index.docker.io/v1/' });
  });

  test('is not asked for another registry (OC-001)', async () => {
    const { source } = await prepare({ credHelpers: { 'ghcr.io': 'x' } }, { x: answer('user', CANARY) });
    for (const registry of ['ghcr.io.evil.example', 'evil-ghcr.io', 'ghcr.io:443'])
      await expect(source(registry)).resolves.toBeUndefined();
  });

  test('may give an identity token', async () => {
    const { source } = await prepare({ credsStore: 'x' }, { x: answer('<token>', 'the-token') });
    await expect(source('host.example')).resolves.toEqual({ kind: 'identityToken', token: 'the-token' });
  });

  test('may have nothing, and then the file answers', async () => {
    const script = 'echo "credentials not found in native keychain"; exit 1';
    const { source } = await prepare({ credsStore: 'x', ...(withAuth('host.example') as object) }, { x: script });
    await expect(source('host.example')).resolves.toEqual(BASIC);
    await expect(source('other.example')).resolves.toBeUndefined();
  });

  test.each([
    ['hangs', 'exec sleep 60'],
    ['hangs in a child that keeps its output', 'sleep 60 & wait'],
  ])('that %s is ended (OC-025)', async (_name, script) => {
    const { source } = await prepare({ credsStore: 'x' }, { x: script }, 300);
    await failure('REGISTRY_INVALID', source('host.example'));
  });

  test.each([
    ['fails', `echo ${CANARY}; echo ${CANARY} >&2; exit 1`],
    ['prints junk', `echo ${CANARY}`],
    ['prints an array', `echo '["${CANARY}"]'`],
    ['prints no secret', `echo '{"Username":"${CANARY}"}'`],
    ['prints a secret twice', `echo '{"Username":"a","Secret":"${CANARY}","Secret":"b"}'`],
    ['prints without end', `while :; do echo ${CANARY}; done`],
    ['ends without reading', `exit 3`],
    ['is killed', 'kill -9 $$'],
  ])('that %s ends in a named error, and says nothing of its output (OC-025)', async (_name, script) => {
    const { source } = await prepare({ credsStore: 'x' }, { x: script });
    await failure('REGISTRY_INVALID', source('host.example'));
  });

  test.each(['../x', '/bin/sh', 'x/y', 'x y', 'x;y', '$(x)', '-x', '.', 'x\ny', 'é', 'x'.repeat(65), 'absent'])(
    'of the name %j is not run (OC-025)',
    async (name) => {
      const { source } = await prepare({ credHelpers: { 'host.example': name } }, { x: answer('user', CANARY) });
      await failure('REGISTRY_INVALID', source('host.example'));
    },
  );

  test('that gives a user with a newline is refused', async () => {
    const { source } = await prepare({ credsStore: 'x' }, { x: answer('a\\\\nb', CANARY) });
    await failure('CONFIG_INVALID', source('host.example'));
  });
});
