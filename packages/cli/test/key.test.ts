// SPDX-License-Identifier: Apache-2.0
// `key generate`, `key import` and `key public`, and where passwords come from.

import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openKeySigner } from '@keywax/oci';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Called, call, makeFolder } from './call.js';

const PASSWORD = 'canary-of-the-password';
const PLAIN = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'sec1', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

let folder: string;
let prefix: string;

beforeEach(() => {
  folder = makeFolder();
  prefix = join(folder, 'mine');
});

function write(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

function generate(...args: readonly string[]): Promise<Called> {
  return call(['key', 'generate', '--output-key-prefix', prefix, ...args], { env: { COSIGN_PASSWORD: PASSWORD } });
}

/** Answers one question after the other. */
function answering(...answers: readonly string[]) {
  const asked: string[] = [];
  const askSecret = async (question: string) => {
    asked.push(question);
    const answer = answers[asked.length - 1];
    if (answer === undefined) throw new Error('asked too often');
    return answer;
  };
  return { asked, askSecret };
}

describe('key generate', () => {
  test('writes the private key for its owner alone, encrypted, and the public key', async () => {
    const { code, out, err } = await generate();
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(err).toContain('mine.key');
    expect(err).not.toContain('canary');
    expect(readdirSync(folder).sort()).toEqual(['mine.key', 'mine.pub']);
    expect(statSync(`${prefix}.key`).mode & 0o777).toBe(0o600);
    const privateKey = readFileSync(`${prefix}.key`, 'utf8');
    expect(privateKey).toMatch(/^-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n/);
    const { publicKey } = await openKeySigner({ privateKey, password: PASSWORD });
    expect(publicKey).toMatchObject({ kind: 'ec', curve: 'P-256' });
    expect(readFileSync(`${prefix}.pub`, 'utf8')).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
  });

  test.each([
    ['p384', { kind: 'ec', curve: 'P-384' }],
    ['rsa', { kind: 'rsa', bits: 3_072 }],
    ['Ed25519', { kind: 'ed25519' }],
    ['PKIX_ECDSA_P521_SHA_512', { kind: 'ec', curve: 'P-521' }],
  ])('by %s', async (algorithm, expected) => {
    expect((await generate('--algorithm', algorithm)).code).toBe(0);
    const { publicKey } = await openKeySigner({
      privateKey: readFileSync(`${prefix}.key`, 'utf8'),
      password: PASSWORD,
    });
    expect(publicKey).toMatchObject(expected);
  });

  test('says where as JSON', async () => {
    const { out } = await generate('--json');
    expect(JSON.parse(out)).toEqual({ privateKey: `${prefix}.key`, publicKey: `${prefix}.pub` });
  });

  test.each(['mine.key', 'mine.pub'])('never overwrites %s, but by force', async (name) => {
    write(name, 'precious');
    expect(await generate()).toMatchObject({ code: 2, err: expect.stringContaining('--force') });
    expect(readFileSync(join(folder, name), 'utf8')).toBe('precious');
    expect(readdirSync(folder)).toEqual([name]);
    chmodSync(join(folder, name), 0o644);
    expect((await generate('--force')).code).toBe(0);
    expect(statSync(`${prefix}.key`).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, name), 'utf8')).not.toBe('precious');
  });

  test('asks twice on a terminal', async () => {
    const { asked, askSecret } = answering('typed', 'typed');
    expect((await call(['key', 'generate', '--output-key-prefix', prefix], { askSecret })).code).toBe(0);
    expect(asked).toHaveLength(2);
    await openKeySigner({ privateKey: readFileSync(`${prefix}.key`, 'utf8'), password: 'typed' });
  });

  test('takes an empty variable for an empty password', async () => {
    const { asked, askSecret } = answering();
    const env = { COSIGN_PASSWORD: '' };
    expect((await call(['key', 'generate', '--output-key-prefix', prefix], { env, askSecret })).code).toBe(0);
    expect(asked).toEqual([]);
    await openKeySigner({ privateKey: readFileSync(`${prefix}.key`, 'utf8'), password: '' });
  });

  test.each([
    ['two passwords', [], () => answering('canary', 'other')],
    ['no password and no terminal', [], () => ({})],
    ['another algorithm', ['--algorithm', 'rot13'], () => answering('a', 'a')],
    ['RSA of 2,048 bits', ['--algorithm', 'PKIX_RSA_PKCS1V15_2048_SHA256'], () => answering('a', 'a')],
    ['an operand', ['file'], () => answering('a', 'a')],
  ])('refuses %s, and leaves nothing behind', async (_, args, given) => {
    const { code, err } = await call(['key', 'generate', '--output-key-prefix', prefix, ...args], given());
    expect(code).toBe(2);
    expect(err).not.toContain('canary');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('refuses a place that is a folder', async () => {
    mkdirSync(`${prefix}.pub`);
    expect((await generate('--force')).code).toBe(2);
    expect(existsSync(`${prefix}.key`)).toBe(false);
  });
});

describe('key import', () => {
  test('encrypts a key of another tool', async () => {
    const key = write('plain.pem', PLAIN.privateKey);
    const args = ['key', 'import', '--key', key, '--output-key-prefix', prefix];
    expect((await call(args, { env: { COSIGN_PASSWORD: PASSWORD } })).code).toBe(0);
    expect(readFileSync(`${prefix}.pub`, 'utf8')).toBe(PLAIN.publicKey);
    expect(statSync(`${prefix}.key`).mode & 0o777).toBe(0o600);
    await openKeySigner({ privateKey: readFileSync(`${prefix}.key`, 'utf8'), password: PASSWORD });
  });

  test.each([
    ['a public key', () => PLAIN.publicKey, 1, 'KEY_REJECTED'],
    ['what is no key', () => 'canary', 1, 'INPUT_MALFORMED'],
    [
      'RSA of 2,048 bits',
      () =>
        generateKeyPairSync('rsa', { modulusLength: 2_048 })
          .privateKey.export({ type: 'pkcs8', format: 'pem' })
          .toString(),
      1,
      'KEY_REJECTED',
    ],
  ])('refuses %s', async (_, make, code, name) => {
    const args = ['key', 'import', '--key', write('in.pem', make()), '--output-key-prefix', prefix];
    const called = await call(args, { env: { COSIGN_PASSWORD: PASSWORD } });
    expect(called).toMatchObject({ code, out: '', err: expect.stringContaining(name) });
    expect(called.err).not.toContain('canary');
    expect(readdirSync(folder)).toEqual(['in.pem']);
  });
});

describe('key public', () => {
  test('prints the public key of an encrypted one', async () => {
    await generate();
    const called = await call(['key', 'public', '--key', `${prefix}.key`], { env: { COSIGN_PASSWORD: PASSWORD } });
    expect(called).toEqual({ code: 0, out: readFileSync(`${prefix}.pub`, 'utf8'), err: '' });
  });

  test('asks once for the password of an encrypted one, and not for that of a plain one', async () => {
    await generate();
    const { asked, askSecret } = answering(PASSWORD);
    expect((await call(['key', 'public', '--key', `${prefix}.key`], { askSecret })).code).toBe(0);
    expect(asked).toHaveLength(1);
    expect((await call(['key', 'public', '--key', write('plain.pem', PLAIN.privateKey)])).out).toBe(PLAIN.publicKey);
  });

  test('takes the key from a variable', async () => {
    const env = { MY_KEY: PLAIN.privateKey };
    expect((await call(['key', 'public', '--key', 'env://MY_KEY'], { env })).out).toBe(PLAIN.publicKey);
  });

  test('writes a file, and none that exists', async () => {
    const args = ['key', 'public', '--key', write('plain.pem', PLAIN.privateKey), '--outfile', `${prefix}.pub`];
    expect(await call(args)).toMatchObject({ code: 0, out: '' });
    expect(readFileSync(`${prefix}.pub`, 'utf8')).toBe(PLAIN.publicKey);
    expect((await call(args)).code).toBe(2);
  });

  test.each([
    ['another password', { COSIGN_PASSWORD: 'other' }, 1, 'PASSWORD_WRONG'],
    ['an empty password', { COSIGN_PASSWORD: '' }, 1, 'PASSWORD_WRONG'],
    ['no password', {}, 2, 'COSIGN_PASSWORD'],
  ])('does not with %s', async (_, env, code, name) => {
    await generate();
    const called = await call(['key', 'public', '--key', `${prefix}.key`], { env });
    expect(called).toMatchObject({ code, out: '', err: expect.stringContaining(name) });
  });

  test.each([
    ['no key', []],
    ['a variable that is not set', ['--key', 'env://MISSING']],
    ['a variable that only objects have', ['--key', 'env://constructor']],
    ['a store of keys', ['--key', 'awskms:///alias/mine']],
    ['a file that is not there', ['--key', '/nowhere/at-all.key']],
    ['an operand', ['--key', 'a', 'b']],
  ])('refuses %s', async (_, args) => {
    expect(await call(['key', 'public', ...args])).toMatchObject({ code: 2, out: '' });
  });
});

test.each([
  [['key', 'public'], '--key=', []],
  [['key', 'public'], '--key=env://', []],
  [['key', 'import'], '--key=', []],
  [['sign'], '--key=', ['file']],
  [['image', 'sign'], '--key=', ['host.example/a']],
  [['verify'], '--key=', ['file']],
  [['verify', '--signature', 'file', '--insecure-ignore-tlog'], '--key=', ['file']],
])('repeats no key that stands in place of its file: %j %s', async (command, flag, operands) => {
  const lines = PLAIN.privateKey.split('\n');
  const answer = await call([...command, `${flag}${PLAIN.privateKey}`, ...operands], { env: { COSIGN_PASSWORD: '' } });
  expect(answer.code).toBe(2);
  for (const line of lines.slice(1, 4)) expect(`${answer.out}${answer.err}`).not.toContain(line);
});
