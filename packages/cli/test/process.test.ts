// SPDX-License-Identifier: Apache-2.0
// The built commands, as processes of their own.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLab } from '@keywax/stack/lab';
import { describe, expect, test } from 'vitest';
import { hasCorpus } from '../../../test/corpus.js';
import { makeFolder } from './call.js';
import { CASES, findCase } from './conformance-cases.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const KEYWAX = join(root, 'dist/main.js');
const CONFORMANCE = join(root, 'bin/conformance.mjs');
/** Writes the URL of each module that is loaded to stderr. */
const TRACE = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) { process._rawDebug(url); return next(url, context); } });`)}`;
const isBuilt = existsSync(KEYWAX);

function start(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [KEYWAX, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

describe.skipIf(!isBuilt)(isBuilt ? 'the command' : 'the command (not built)', () => {
  test('loads the engine and the clients only when a command needs them', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', TRACE, KEYWAX, 'version'], {
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '0.0.0\n' });
    const packages = stderr.split('\n').flatMap((url) => /\/packages\/(\w+)\//.exec(url)?.[1] ?? []);
    expect([...new Set(packages)].sort()).toEqual(['cli', 'core']);
  });

  test.each([
    [{ FORCE_COLOR: '1' }, true],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [{ FORCE_COLOR: '0' }, false],
    [{}, false], // its output is no terminal here
  ])('with %o, colours are there: %s', (variables, isColored) => {
    const { FORCE_COLOR: _, NO_COLOR: __, ...env } = process.env;
    const { status, stderr } = spawnSync(process.execPath, [KEYWAX, 'nothing'], {
      env: { ...env, ...variables },
      encoding: 'utf8',
    });
    expect({ status, isColored: stderr.includes('\u001b[') }).toEqual({ status: 2, isColored });
  });

  test('fails, and says nothing, where nobody reads what it writes', async () => {
    const child = start('help');
    child.stdout?.destroy();
    let prose = '';
    child.stderr?.on('data', (chunk: Buffer) => (prose += chunk.toString()));
    const [status] = (await once(child, 'close')) as [number];
    expect({ isOk: status === 0, prose }).toEqual({ isOk: false, prose: '' });
  });
});

describe.skipIf(!isBuilt || process.platform === 'win32')('a signal', () => {
  test('ends a command that waits for a pipe to be opened', async () => {
    const folder = makeFolder();
    const [pipe, bundle, trust] = ['pipe', 'bundle.json', 'root.json'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    spawnSync('mkfifo', [pipe]);
    writeFileSync(bundle, '{}');
    writeFileSync(trust, JSON.stringify((await createLab()).trustedRoot()));
    const who = ['--certificate-identity', 'a', '--certificate-oidc-issuer', 'b', '--trusted-root', trust];
    const child = spawn(process.execPath, ['--import', TRACE, KEYWAX, 'verify', ...who, '--bundle', bundle, pipe]);
    // By then the signal is listened to.
    let loaded = '';
    child.stderr.on('data', (chunk: Buffer) => {
      loaded += chunk.toString();
      if (loaded.includes('/dist/verify')) child.kill('SIGINT');
    });
    const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
    expect([130, 'SIGINT']).toContain(status ?? signal);
  });
});

const SOME = [
  'happy-path-v0.3',
  'managed-key-happy-path',
  'rekor2-happy-path',
  'signature-mismatch_fail',
  'rekor2-timestamp-outside-tsa-cert-validity_fail',
];
const isRunnable = isBuilt && hasCorpus;

describe.skipIf(!isRunnable)(
  isRunnable ? 'the conformance entry point' : 'the conformance entry point (not built, or no corpus)',
  () => {
    test('is executable', () => {
      expect(statSync(CONFORMANCE).mode & 0o111).toBe(0o111);
    });

    test.each(SOME)('%s', (name) => {
      const { bundlePath, artifactPath, trustedRootPath, keyPath, subject, issuer } = findCase(name);
      const who =
        keyPath === undefined
          ? ['--certificate-identity', subject, '--certificate-oidc-issuer', issuer]
          : ['--key', keyPath];
      const args = ['verify-bundle', '--bundle', bundlePath, ...who, '--trusted-root', trustedRootPath, artifactPath];
      const { status, stdout, stderr } = spawnSync(process.execPath, [CONFORMANCE, ...args], {
        cwd: makeFolder(),
        encoding: 'utf8',
      });
      const code = CASES[name];
      expect({ status, stdout }).toEqual({ status: code === undefined ? 0 : 1, stdout: '' });
      expect(stderr).toMatch(code === undefined ? /^$/ : new RegExp(`^${code}: [^\\n]+\\n$`));
    });
  },
);
