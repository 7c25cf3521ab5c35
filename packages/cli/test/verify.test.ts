// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  ftruncateSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Lab, LAB_ISSUER, createLab } from '@keywax/stack/lab';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runCommand } from '../src/run.js';
import { call, makeFolder, makeHost } from './call.js';

const ARTIFACT = new TextEncoder().encode('the artifact\n');
const WHO = ['--certificate-identity', 'alice@example.com', '--certificate-oidc-issuer', LAB_ISSUER];

let lab: Lab;
let good: string;
let statement: string;
let folder: string;
let file: string;

beforeAll(async () => {
  lab = await createLab();
  good = JSON.stringify((await lab.makeBundle({ content: 'message', logs: 'both', artifact: ARTIFACT })).bundle);
  statement = JSON.stringify((await lab.makeBundle({ content: 'dsse', logs: 'v2', artifact: ARTIFACT })).bundle);
});

beforeEach(() => {
  folder = makeFolder();
  writeFileSync(join(folder, 'root.json'), JSON.stringify(lab.trustedRoot()));
  file = write('file', ARTIFACT);
});

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

function verify(...args: readonly string[]) {
  return call(['verify', '--trusted-root', join(folder, 'root.json'), ...WHO, ...args]);
}

describe('the bundle of a file', () => {
  test('is FILE.sigstore.json', async () => {
    write('file.sigstore.json', good);
    const { code, out, err } = await verify(file);
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(err).toMatch(/^✔ .*file is verified\n {2}signed by alice@example\.com on .* UTC\n$/);
  });

  test('or else FILE.sigstore', async () => {
    write('file.sigstore', good);
    expect((await verify(file)).code).toBe(0);
  });

  test('is the first of both, even where only the other is good', async () => {
    write('file.sigstore.json', '{}');
    write('file.sigstore', good);
    expect(await verify(file)).toMatchObject({ code: 1, err: expect.stringContaining('BUNDLE_INVALID') });
  });

  test('is the one that was named, and no other', async () => {
    write('file.sigstore.json', good);
    const other = write('other.json', '{}');
    expect(await verify('--bundle', other, file)).toMatchObject({
      code: 1,
      err: expect.stringContaining('BUNDLE_INVALID'),
    });
    expect(await verify('--bundle', join(folder, 'missing.json'), file)).toMatchObject({
      code: 1,
      err: expect.stringContaining('FILE_FAILED'),
    });
  });

  test('is missed where there is none', async () => {
    expect(await verify(file)).toMatchObject({ code: 1, err: expect.stringContaining('no bundle') });
  });

  test('is not the file itself, by whatever name', async () => {
    const bundle = write('file.sigstore.json', good);
    symlinkSync(bundle, join(folder, 'link'));
    expect((await verify('--bundle', bundle, bundle)).code).toBe(2);
    expect((await verify('--bundle', bundle, join(folder, 'link'))).code).toBe(2);
  });

  test.each([
    ['a pipe without a writer', (path: string) => execFileSync('mkfifo', [path]), 'FILE_FAILED'],
    ['a folder', (path: string) => mkdirSync(path), 'FILE_FAILED'],
    ['a device', (path: string) => symlinkSync('/dev/zero', path), 'FILE_FAILED'],
    ['a huge file', (path: string) => makeSparse(path, 2 ** 30), 'INPUT_TOO_LARGE'],
  ] as const)('is refused at once where it is %s', async (_, make, code) => {
    make(join(folder, 'file.sigstore.json'));
    expect(await verify(file)).toMatchObject({ code: 1, err: expect.stringContaining(code) });
  });
});

function makeSparse(path: string, bytes: number): void {
  const descriptor = openSync(path, 'w');
  ftruncateSync(descriptor, bytes);
  closeSync(descriptor);
}

describe('the artifact', () => {
  test.each([
    ['sha256', 0],
    ['sha512', 2], // what was signed is the other digest
  ])('stands for itself by %s: %i', async (algorithm, code) => {
    const digest = `${algorithm}:${createHash(algorithm).update(ARTIFACT).digest('hex')}`;
    expect((await verify('--bundle', write('b.json', good), digest)).code).toBe(code);
  });

  test('by the digest of another is refused', async () => {
    expect(await verify('--bundle', write('b.json', good), `sha256:${'0'.repeat(64)}`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('ARTIFACT_MISMATCH'),
    });
  });

  test('with the name of a digest is a file where its path says so', async () => {
    const name = `sha256:${'0'.repeat(64)}`;
    write(name, ARTIFACT);
    expect((await verify('--bundle', write('b.json', good), join(folder, name))).code).toBe(0);
  });

  test('with the name of a digest is never taken for that digest', async () => {
    const name = `sha256:${createHash('sha256').update(ARTIFACT).digest('hex')}`;
    const bundle = write('b.json', good);
    write(name, 'something else');
    const previous = process.cwd();
    process.chdir(folder);
    try {
      expect(await verify('--bundle', bundle, name)).toMatchObject({
        code: 2,
        err: expect.stringContaining(`./${name}`),
      });
      expect((await verify('--bundle', bundle, `./${name}`)).code).toBe(1);
    } finally {
      process.chdir(previous);
    }
  });

  test('that is large is streamed', async () => {
    const bytes = new Uint8Array(5_000_001).fill(1);
    const large = write('large', bytes);
    const { bundle } = await lab.makeBundle({ content: 'message', logs: 'v1', artifact: bytes });
    write('large.sigstore.json', JSON.stringify(bundle));
    expect((await verify(large)).code).toBe(0);
    write('large', bytes.fill(2, 4_999_999));
    expect(await verify(large)).toMatchObject({ code: 1, err: expect.stringContaining('ARTIFACT_MISMATCH') });
  });

  test('that is empty is an artifact too', async () => {
    const { bundle } = await lab.makeBundle({ content: 'message', logs: 'v1', artifact: new Uint8Array() });
    expect((await verify('--bundle', write('b.json', JSON.stringify(bundle)), write('empty', ''))).code).toBe(0);
  });

  test.skipIf(!existsSync('/proc/self/cmdline'))('that claims to be empty is read to its end', async () => {
    const { bundle } = await lab.makeBundle({ content: 'message', logs: 'v1', artifact: new Uint8Array() });
    const { code } = await verify('--bundle', write('b.json', JSON.stringify(bundle)), '/proc/self/cmdline');
    expect(code).toBe(1);
  });

  test.each([
    ['is missing', 'missing'],
    ['is a folder', '.'],
  ])('that %s is not verified', async (_, name) => {
    expect(await verify('--bundle', write('b.json', good), join(folder, name))).toMatchObject({
      code: 1,
      err: expect.stringContaining('FILE_FAILED'),
    });
  });
});

describe('a file whose name is a flag', () => {
  test.each(['--help', '-h'])('%s is never verified by showing the help', async (name) => {
    const bundle = write('b.json', good);
    expect((await verify('--bundle', bundle, name)).code).toBe(2);
    expect(await verify('--bundle', bundle, '--', name)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('FILE_FAILED'),
    });
  });
});

describe('several files', () => {
  test('are all listed, and one failure fails the whole', async () => {
    for (const name of ['a', 'b', 'c']) write(name, name === 'b' ? 'other' : ARTIFACT);
    for (const name of ['a', 'b', 'c']) write(`${name}.sigstore.json`, good);
    const paths = ['a', 'b', 'c'].map((name) => join(folder, name));
    const { code, err } = await verify(...paths);
    expect(code).toBe(1);
    expect(err.match(/^[✔✘].*/gm)?.map((line) => line.replace(/ .*\//, ' '))).toEqual([
      '✔ a is verified',
      '✘ b is not verified',
      '✔ c is verified',
    ]);
    expect(err).toContain('1 of 3 files not verified.');
    expect((await verify(paths[0] ?? '', paths[2] ?? '')).err).toContain('All 2 files are verified.');
  });
});

describe('the signer', () => {
  test.each([
    [['--certificate-identity', 'bob@example.com', '--certificate-oidc-issuer', LAB_ISSUER], 1],
    [['--certificate-identity', 'alice@example.com', '--certificate-oidc-issuer', 'https://other.example'], 1],
    [['--certificate-identity', 'alice@example', '--certificate-oidc-issuer', LAB_ISSUER], 1],
    [['--certificate-identity-regexp', '.*@example\\.com', '--certificate-oidc-issuer', LAB_ISSUER], 0],
    [['--certificate-identity-regexp', 'alice', '--certificate-oidc-issuer', LAB_ISSUER], 1],
    [['--certificate-identity', 'alice@example.com', '--certificate-oidc-issuer-regexp', 'https://[a-z.]+'], 0],
  ])('%j: %i', async (who, code) => {
    write('file.sigstore.json', good);
    expect((await call(['verify', '--trusted-root', join(folder, 'root.json'), ...who, file])).code).toBe(code);
  });

  test('of a bundle with a certificate is no key', async () => {
    write('file.sigstore.json', good);
    const { key } = await lab.makeBundle({ content: 'message', logs: 'v1', artifact: ARTIFACT, managedKey: true });
    const pem = write(
      'key.pem',
      `-----BEGIN PUBLIC KEY-----\n${Buffer.from(key.spki).toString('base64')}\n-----END PUBLIC KEY-----\n`,
    );
    expect((await call(['verify', '--trusted-root', join(folder, 'root.json'), '--key', pem, file])).code).toBe(2);
  });

  test('is the key where the bundle has none', async () => {
    const { bundle, key } = await lab.makeBundle({
      content: 'message',
      logs: 'v1',
      artifact: ARTIFACT,
      managedKey: true,
    });
    write('file.sigstore.json', JSON.stringify(bundle));
    const pem = write(
      'key.pem',
      `-----BEGIN PUBLIC KEY-----\n${Buffer.from(key.spki).toString('base64')}\n-----END PUBLIC KEY-----\n`,
    );
    const args = ['verify', '--trusted-root', join(folder, 'root.json'), '--key', pem, file];
    expect(await call(args)).toMatchObject({ code: 0, err: expect.stringContaining('signed by the key you gave') });
    expect(await verify(file)).toMatchObject({ code: 1, err: expect.stringContaining('KEY_NOT_FOUND') });
  });
});

describe('a statement', () => {
  test.each([
    ['https://slsa.dev/provenance/v1', 0],
    ['https://slsa.dev/provenance/v0.2', 1],
  ])('of type %s: %i', async (type, code) => {
    write('file.sigstore.json', statement);
    expect((await verify('--predicate-type', type, file)).code).toBe(code);
  });
});

describe('the result as JSON', () => {
  test('has what is proven, on stdout alone', async () => {
    write('file.sigstore.json', statement);
    const { code, out, err } = await verify('--json', file);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({
      verified: true,
      results: [
        {
          file,
          bundle: `${file}.sigstore.json`,
          verified: true,
          signer: { kind: 'certificate', subject: 'alice@example.com', subjectKind: 'email', issuer: LAB_ISSUER },
          times: [{ source: 'timestamp' }],
          entries: [{ index: expect.stringMatching(/^\d+$/) }],
          statement: { predicateType: 'https://slsa.dev/provenance/v1' },
        },
      ],
    });
  });

  test('has nothing of the bundle where it is refused, but the error and the checks', async () => {
    write('file.sigstore.json', statement);
    write('file', 'other');
    const { code, out } = await verify('--json', file);
    const { verified, results } = JSON.parse(out) as {
      readonly verified: boolean;
      readonly results: readonly Record<string, unknown>[];
    };
    expect({ code, verified }).toEqual({ code: 1, verified: false });
    expect(Object.keys(results[0] ?? {}).sort()).toEqual(['bundle', 'checks', 'error', 'file', 'verified']);
    expect(results[0]).toMatchObject({ verified: false, error: { code: 'ARTIFACT_MISMATCH' } });
  });
});

describe('the explanation', () => {
  test('says who, when, where, what, and lists each check', async () => {
    write('file.sigstore.json', good);
    const { code, out, err } = await verify('--explain', file);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const text of [
      'is verified',
      'Signed by     alice@example.com',
      `vouched for by ${LAB_ISSUER}`,
      'says the timestamp authority',
      'says the log',
      'Recorded as   entry',
      'sha256 ',
      'When was it signed?',
      'policy.identity',
    ]) {
      expect(out).toContain(text);
    }
    expect(out).not.toContain('✘');
  });

  test.each([80, 100])('keeps its checks within a terminal of %i columns', async (columns) => {
    write('file.sigstore.json', good);
    const { host, written } = makeHost();
    const args = ['verify', '--explain', '--trusted-root', join(folder, 'root.json'), ...WHO, file];
    expect(await runCommand(args, { ...host, out: { ...host.out, columns } })).toBe(0);
    const [, checks = ''] = written.out.split('How it was proven');
    expect(checks).toMatch(/\btime\.proven$/m);
    expect(Math.max(...checks.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns);
  });

  test('says why not, and marks what is claimed', async () => {
    write('file.sigstore.json', good);
    write('file', 'other');
    const { code, out } = await verify('--explain', file);
    expect(code).toBe(1);
    expect(out).toMatch(/^✘ .* is not verified/);
    expect(out).toContain('ARTIFACT_MISMATCH: expected that the signed digest is that of the artifact');
    expect(out).not.toContain('What was proven');
  });

  test('shows what was set aside', async () => {
    const other = await createLab();
    const { bundle } = await lab.makeBundle({
      content: 'message',
      logs: 'v1',
      artifact: ARTIFACT,
      steps: {
        timestamps: (signature) => [
          other.timestamp({
            imprint: { algorithm: 'sha256', digest: createHash('sha256').update(signature).digest() },
          }),
        ],
      },
    });
    write('file.sigstore.json', JSON.stringify(bundle));
    expect((await verify('--explain', file)).out).toContain(
      'set aside: the trusted root knows no authority with this signer',
    );
  });
});

describe('a time of an attacker', () => {
  test.each([
    ['253402300799', '9999-12-31 23:59:59 UTC'],
    ['253402300800', '253402300800 seconds after 1970'],
    [`${2n ** 63n - 1n}`, '9223372036854775807 seconds after 1970'],
  ])('of %s seconds is shown as %s', async (integratedTime, shown) => {
    const bundle = JSON.parse(good) as { verificationMaterial: { tlogEntries: { integratedTime?: string }[] } };
    for (const entry of bundle.verificationMaterial.tlogEntries)
      if (entry.integratedTime !== undefined) entry.integratedTime = integratedTime;
    const path = write('b.json', JSON.stringify(bundle));
    expect(await call(['inspect', path])).toMatchObject({ code: 0, err: '', out: expect.stringContaining(shown) });
    expect(await verify('--explain', '--bundle', path, file)).toMatchObject({ code: 1, err: '' });
  });
});

describe('text of an attacker', () => {
  test('in names of files does nothing to a terminal or a build server', async () => {
    const { err } = await verify('::set-output name=x::y', '\u001b[2J\nfake');
    expect(err).not.toMatch(/\u001b|^::|^fake/m);
    expect(err).toContain('\\u001b[2J\\u000afake');
  });
});

test('a signal stops it', async () => {
  write('file.sigstore.json', good);
  const args = ['verify', '--trusted-root', join(folder, 'root.json'), ...WHO, file];
  const { code, err } = await call(args, { signal: AbortSignal.abort() });
  expect({ code, isVerified: err.includes('✔') }).toEqual({ code: 130, isVerified: false });
});

test('a good bundle is left as it was', async () => {
  const path = write('file.sigstore.json', good);
  await verify(file);
  expect(readFileSync(path, 'utf8')).toBe(good);
});
