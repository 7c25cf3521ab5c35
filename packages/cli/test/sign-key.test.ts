// SPDX-License-Identifier: Apache-2.0
// Key pairs and detached signatures on the command line, over real HTTP on this machine.

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SerializedBundle } from '@keywax/bundle';
import { generateKeyFiles } from '@keywax/oci';
import { type Stack, startStack } from '@keywax/stack';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Called, call, makeFolder } from './call.js';

const PASSWORD = 'canary-of-the-password';
const env = { COSIGN_PASSWORD: PASSWORD };
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

let stack: Stack;
let files: Readonly<Record<'privateKey' | 'publicKey', string>>;
let folder: string;
let config: string;
let file: string;

beforeAll(async () => {
  [stack, files] = await Promise.all([startStack(), generateKeyFiles({ password: PASSWORD })]);
});
afterAll(() => stack.close());

beforeEach(() => {
  folder = makeFolder();
  config = write('instance.json', JSON.stringify(stack.clientTrustConfig()));
  file = write('a', 'what is signed\n');
  write('mine.key', files.privateKey);
  write('mine.pub', files.publicKey);
});

const at = (name: string): string => join(folder, name);

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(at(name), content);
  return at(name);
}

function readBundle(name = 'a.sigstore.json'): SerializedBundle {
  return JSON.parse(readFileSync(at(name), 'utf8')) as SerializedBundle;
}

/** Signs with the encrypted key. */
function sign(...args: readonly string[]): Promise<Called> {
  return call(['sign', '--key', at('mine.key'), ...args], { env });
}

function verify(...args: readonly string[]): Promise<Called> {
  return call(['verify', '--key', at('mine.pub'), ...args]);
}

describe('a key pair', () => {
  test('signs into the log, and its public key verifies with the log', async () => {
    const { code, out, err } = await sign('--trust-config', config, file);
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(err).not.toContain('canary');
    const { verificationMaterial } = readBundle();
    const hint = createHash('sha256').update(pemBytes(files.publicKey)).digest('base64');
    expect(verificationMaterial.publicKey).toEqual({ hint });
    expect(verificationMaterial.tlogEntries).toHaveLength(1);
    expect((await verify('--trust-config', config, file)).code).toBe(0);
    expect((await verify('--trust-config', config, '--bundle', at('a.sigstore.json'), write('b', 'b'))).code).toBe(1);
  });

  test('attests', async () => {
    const args = ['--predicate', write('p.json', '{}'), '--type', 'https://example.com/t/v1', '--trust-config', config];
    expect((await call(['attest', '--key', at('mine.key'), ...args, file], { env })).code).toBe(0);
    expect((await verify('--trust-config', config, file)).code).toBe(0);
  });

  test.each([
    [
      'P-384',
      () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ type: 'sec1', format: 'pem' }),
    ],
    [
      'RSA',
      () => generateKeyPairSync('rsa', { modulusLength: 3_072 }).privateKey.export({ type: 'pkcs1', format: 'pem' }),
    ],
    ['Ed25519', () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })],
  ] as const)('may be plain, and of another kind: %s', async (_, make) => {
    const key = write('other.key', make().toString());
    const other = write('other.pub', (await call(['key', 'public', '--key', key])).out);
    for (const upload of [['--trust-config', config], ['--tlog-upload=false']]) {
      expect((await call(['sign', '--force', '--key', key, ...upload, file])).code).toBe(0);
      const how = upload.length > 1 ? upload : ['--insecure-ignore-tlog'];
      expect((await call(['verify', '--key', other, ...how, file])).code).toBe(0);
      expect((await verify(...how, file)).code).toBe(1);
    }
  });

  test('may come from a variable, and its password from a terminal', async () => {
    const askSecret = async () => PASSWORD;
    const args = ['sign', '--key', 'env://MY_KEY', '--tlog-upload', 'false', file];
    expect((await call(args, { env: { MY_KEY: files.privateKey }, askSecret })).code).toBe(0);
    expect((await verify('--insecure-ignore-tlog', file)).code).toBe(0);
  });

  test.each([
    ['another password', ['--tlog-upload=false'], { COSIGN_PASSWORD: 'other' }, 1, 'PASSWORD_WRONG'],
    ['no password', ['--tlog-upload=false'], {}, 2, 'COSIGN_PASSWORD'],
    ['a token', ['--identity-token', 'eyJ.e30.x'], env, 2, 'CONFIG_INVALID'],
    ['an algorithm', ['--algorithm', 'p384'], env, 2, 'CONFIG_INVALID'],
    ['a signing request', ['--csr'], env, 2, 'CONFIG_INVALID'],
    ['a certificate to write', ['--output-certificate', 'x.pem'], env, 2, 'CONFIG_INVALID'],
    ['neither yes nor no', ['--tlog-upload=maybe'], env, 2, 'CONFIG_INVALID'],
    ['an instance, and none', ['--tlog-upload=false', '--instance', 'staging'], env, 2, 'CONFIG_INVALID'],
  ])('is refused with %s, and nothing is written', async (_, args, env, code, name) => {
    const called = await call(['sign', '--key', at('mine.key'), ...args, file], { env });
    expect(called).toMatchObject({ code, out: '', err: expect.stringContaining(name) });
    expect(called.err).not.toContain('canary');
    expect(existsSync(at('a.sigstore.json'))).toBe(false);
  });

  test('is needed where no log is wanted', async () => {
    expect(await call(['sign', '--tlog-upload=false', file])).toMatchObject({ code: 2 });
  });

  test('that did not sign is told from the one that the log recorded', async () => {
    await sign('--trust-config', config, file);
    const other = write('other.pub', (await generateKeyFiles({ password: '' })).publicKey);
    expect(await call(['verify', '--trust-config', config, '--key', other, file])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/ENTRY_MISMATCH.*\n +because another key was recorded than the caller gave\n$/),
    });
  });

  test('that is public signs nothing, and one that is private verifies nothing', async () => {
    expect(await call(['sign', '--key', at('mine.pub'), '--tlog-upload=false', file])).toMatchObject({
      code: 1,
      err: expect.stringContaining('KEY_REJECTED'),
    });
    await sign('--tlog-upload=false', file);
    const called = await call(['verify', '--key', at('mine.key'), '--insecure-ignore-tlog', file]);
    expect(called).toMatchObject({ code: 1, err: expect.stringContaining('KEY_REJECTED') });
    expect(called.err).not.toContain(files.privateKey.split('\n')[1]);
  });
});

describe('without a log', () => {
  beforeEach(async () => {
    expect(await sign('--tlog-upload=false', '--output-signature', at('a.sig'), file)).toMatchObject({
      code: 0,
      out: '',
    });
  });

  test('the bundle has a signature and nothing else, and verifies where that is said', async () => {
    expect(Object.keys(readBundle().verificationMaterial)).toEqual(['publicKey']);
    expect(await verify('--insecure-ignore-tlog', file)).toMatchObject({
      code: 0,
      err: expect.stringContaining('which is all that is proven'),
    });
    expect((await verify('--trust-config', config, '--insecure-ignore-tlog', file)).code).toBe(0);
    expect(await verify('--trust-config', config, file)).toMatchObject({
      code: 1,
      err: expect.stringContaining('LOG_THRESHOLD'),
    });
  });

  test.each([
    ['a threshold of logs', ['--insecure-ignore-tlog', '--log-threshold', '1'], 2],
    ['an identity', ['--insecure-ignore-tlog', '--certificate-identity', 'a', '--certificate-oidc-issuer', 'b'], 2],
  ])('is refused with %s', async (_, args, code) => {
    expect((await verify(...args, file)).code).toBe(code);
  });

  test('an identity still needs a time', async () => {
    const who = ['--certificate-identity', 'a@example.com', '--certificate-oidc-issuer', 'https://id.example.com'];
    const args = ['verify', ...who, '--trust-config', config, '--insecure-ignore-tlog', file];
    expect(await call(args)).toMatchObject({ code: 1 });
  });

  test('the detached signature verifies by the key where that is said', async () => {
    const signature = readFileSync(at('a.sig'), 'utf8');
    expect(signature.trim()).toBe(readBundle().messageSignature?.signature);
    expect((await verify('--signature', at('a.sig'), '--insecure-ignore-tlog', file)).code).toBe(0);
    const raw = write('raw.sig', Buffer.from(signature, 'base64'));
    expect((await verify('--signature', raw, '--insecure-ignore-tlog', file)).code).toBe(0);
    const digest = `sha256:${createHash('sha256').update(readFileSync(file)).digest('hex')}`;
    expect((await verify('--signature', raw, '--insecure-ignore-tlog', digest)).code).toBe(0);
  });

  test.each([
    ['with the log that it does not bring', () => [file], 1, 'LOG_THRESHOLD'],
    ['of another file', () => ['--insecure-ignore-tlog', write('b', 'b')], 1, 'SIGNATURE_INVALID'],
    ['beside a bundle', () => ['--bundle', at('a.sigstore.json'), '--insecure-ignore-tlog', file], 2, 'CONFIG_INVALID'],
    ['with a key and a certificate', () => ['--certificate', at('mine.pub'), file], 2, 'CONFIG_INVALID'],
    ['of two files', () => ['--insecure-ignore-tlog', file, write('b', 'b')], 2, 'CONFIG_INVALID'],
    [
      'of a digest by another function',
      () => ['--insecure-ignore-tlog', `sha512:${'0'.repeat(128)}`],
      2,
      'CONFIG_INVALID',
    ],
  ] as const)('the detached signature is refused %s', async (_, args, code, name) => {
    const called = await verify('--trust-config', config, '--signature', at('a.sig'), ...args());
    expect(called).toMatchObject({ code, err: expect.stringContaining(name) });
  });

  test('and a file that is no signature, is none', async () => {
    const verdict = await verify('--insecure-ignore-tlog', '--signature', write('no.sig', 'nothing!'), file);
    expect(verdict).toMatchObject({ code: 1, err: expect.stringContaining('SIGNATURE_INVALID') });
    const empty = await verify('--insecure-ignore-tlog', '--signature', write('empty.sig', ''), file);
    expect(empty).toMatchObject({ code: 1, err: expect.stringContaining('INPUT_MALFORMED') });
  });

  test.skipIf(!hasOpenssl)(`OpenSSL verifies the detached signature${hasOpenssl ? '' : ' (openssl is absent)'}`, () => {
    const raw = write('raw.sig', Buffer.from(readFileSync(at('a.sig'), 'utf8'), 'base64'));
    const args = ['dgst', '-sha256', '-verify', at('mine.pub'), '-signature', raw, file];
    expect(execFileSync('openssl', args, { encoding: 'utf8' })).toContain('Verified OK');
  });
});

function pemBytes(pem: string): Buffer {
  return Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64');
}

describe('a detached certificate', () => {
  const who = () => ['--certificate-identity', 'alice@example.com', '--certificate-oidc-issuer', stack.urls.oidc];
  const pieces = () => ['--signature', at('a.sig'), '--certificate', at('a.pem')];

  beforeEach(async () => {
    const token = await stack.mintToken({ kind: 'email' });
    const args = ['--trust-config', config, '--output-signature', at('a.sig'), '--output-certificate', at('a.pem')];
    expect((await call(['sign', ...args, file], { env: { SIGSTORE_ID_TOKEN: token } })).code).toBe(0);
    expect(readFileSync(at('a.pem'), 'utf8')).toMatch(/^-----BEGIN CERTIFICATE-----\n/);
  });

  test('proves no time, and is refused with advice', async () => {
    const called = await call(['verify', ...who(), '--trust-config', config, ...pieces(), file]);
    expect(called).toMatchObject({ code: 1, err: expect.stringMatching(/TIME_MISSING.*--rfc3161-timestamp/s) });
  });

  test.each([
    ['as its authority wrote it', (der: Buffer) => der],
    ['as cosign keeps it', (der: Buffer) => JSON.stringify({ SignedRFC3161Timestamp: der.toString('base64') })],
  ])('with a timestamp, %s, needs no log where that is said', async (_, form) => {
    const [stamp] = readBundle().verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
    const timestamp = [
      '--rfc3161-timestamp',
      write('a.tsr', form(Buffer.from(stamp?.signedTimestamp ?? '', 'base64'))),
    ];
    const args = ['verify', ...who(), '--trust-config', config, ...pieces(), ...timestamp];
    expect((await call([...args, '--insecure-ignore-tlog', file])).code).toBe(0);
    expect(await call([...args, file])).toMatchObject({ code: 1, err: expect.stringContaining('LOG_THRESHOLD') });
    expect((await call([...args, '--insecure-ignore-tlog', write('b', 'b')])).code).toBe(1);
  });

  test('is made a bundle 0.3 with the entry that the log has', async () => {
    const create = ['bundle', 'create', ...pieces(), '--artifact', file, '--out', at('b.json')];
    const called = await call([...create, '--rekor-url', stack.urls.rekorV1]);
    expect(called).toEqual({ code: 0, out: '', err: '' });
    expect(readBundle('b.json').mediaType).toBe('application/vnd.dev.sigstore.bundle.v0.3+json');
    expect((await call(['verify', ...who(), '--trust-config', config, '--bundle', at('b.json'), file])).code).toBe(0);
    expect((await call(create)).code).toBe(2); // it exists
  });

  test('is made a bundle without an entry, which says that nobody will verify it', async () => {
    const { code, err, out } = await call(['bundle', 'create', ...pieces(), '--artifact', file]);
    expect(code).toBe(0);
    expect(err).toContain('nobody will verify this');
    write('b.json', out);
    expect((await call(['verify', ...who(), '--trust-config', config, '--bundle', at('b.json'), file])).code).toBe(1);
  });

  test('of a signature that the log does not have gets no entry', async () => {
    const args = ['--signature', write('b.sig', 'AAAA'), '--certificate', at('a.pem'), '--artifact', file];
    const called = await call(['bundle', 'create', ...args, '--rekor-url', stack.urls.rekorV1]);
    expect(called).toMatchObject({ code: 2, out: '' });
  });
});

describe("cosign's old bundle of a blob", () => {
  const who = () => ['--certificate-identity', 'alice@example.com', '--certificate-oidc-issuer', stack.urls.oidc];

  /** The same evidence as cosign 2 kept it. */
  function toOldForm(bundle: SerializedBundle, pem: string): object {
    const [entry] = bundle.verificationMaterial.tlogEntries ?? [];
    const envelope = bundle.dsseEnvelope;
    return {
      base64Signature: bundle.messageSignature?.signature ?? Buffer.from(JSON.stringify(envelope)).toString('base64'),
      cert: Buffer.from(pem).toString('base64'),
      rekorBundle: {
        SignedEntryTimestamp: entry?.inclusionPromise?.signedEntryTimestamp,
        Payload: {
          body: entry?.canonicalizedBody,
          integratedTime: Number(entry?.integratedTime),
          logIndex: Number(entry?.logIndex),
          logID: Buffer.from(entry?.logId.keyId ?? '', 'base64').toString('hex'),
        },
      },
    };
  }

  /** An instance whose bundles have no timestamp: the log's promise is all that says when. */
  async function signOld(...args: readonly string[]): Promise<string> {
    const token = await stack.mintToken({ kind: 'email' });
    const called = await call([...args, '--trust-config', config, '--bundle', at('new.json'), file], {
      env: { SIGSTORE_ID_TOKEN: token },
    });
    expect(called.code).toBe(0);
    const bundle = readBundle('new.json');
    const der = bundle.verificationMaterial.certificate?.rawBytes ?? '';
    const pem = `-----BEGIN CERTIFICATE-----\n${der.match(/.{1,64}/g)?.join('\n')}\n-----END CERTIFICATE-----\n`;
    return write('old.bundle', JSON.stringify(toOldForm(bundle, pem)));
  }

  test.each([
    ['of a blob', ['sign']],
    ['of a statement', ['attest', '--type', 'https://example.com/t/v1', '--predicate']],
  ])('%s verifies by the promise of the log, and is converted with its proof', async (_, [name = '', ...rest]) => {
    const old = await signOld(name, ...rest, ...(rest.length > 0 ? [write('p.json', '{}')] : []));
    const verdict = ['verify', ...who(), '--trust-config', config];
    expect((await call([...verdict, '--bundle', old, file])).code).toBe(0);
    expect(await call([...verdict, '--bundle', old, write('b', 'b')])).toMatchObject({
      code: 1,
      err: expect.stringContaining('ARTIFACT_MISMATCH'),
    });

    const without = await call(['bundle', 'create', '--bundle', old]);
    expect(without).toMatchObject({ code: 0, err: expect.stringContaining('--rekor-url') });
    expect(JSON.parse(without.out)).toMatchObject({ mediaType: expect.stringContaining('version=0.1') });
    expect((await call([...verdict, '--bundle', write('01.json', without.out), file])).code).toBe(0);

    const complete = await call(['bundle', 'create', '--bundle', old, '--rekor-url', stack.urls.rekorV1]);
    expect(complete).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(complete.out)).toMatchObject({ mediaType: expect.stringContaining('v0.3') });
    expect((await call([...verdict, '--bundle', write('03.json', complete.out), file])).code).toBe(0);

    const upgraded = await call(['bundle', 'upgrade', '--rekor-url', stack.urls.rekorV1, at('01.json')]);
    expect(JSON.parse(upgraded.out)).toMatchObject({ mediaType: expect.stringContaining('v0.3') });
    expect((await call([...verdict, '--bundle', write('up.json', upgraded.out), file])).code).toBe(0);
    const stays = await call(['bundle', 'upgrade', at('01.json')]);
    expect(stays).toMatchObject({ code: 0, out: without.out, err: expect.stringContaining('stays a bundle 0.1') });
    expect((await call(['bundle', 'inspect', old])).out).toContain('promise');
  });

  test('of a key pair verifies with the key', async () => {
    await sign('--trust-config', config, file);
    const old = write('old.bundle', JSON.stringify(toOldForm(readBundle(), files.publicKey)));
    expect((await verify('--trust-config', config, '--bundle', old, file)).code).toBe(0);
    const { cert: _, ...bare } = JSON.parse(readFileSync(old, 'utf8')) as { cert: string };
    expect((await verify('--trust-config', config, '--bundle', write('bare', JSON.stringify(bare)), file)).code).toBe(
      0,
    );
  });

  test.each([
    [
      'a promise over another time',
      (old: string) => old.replace(/(?<="integratedTime":)\d+/, (time) => `${Number(time) + 1}`),
      'PROMISE_INVALID',
    ],
    [
      'another signature',
      (old: string) => old.replace(/"base64Signature":"[^"]*"/, '"base64Signature":"MAYCAQECAQE="'),
      'ENTRY_MISMATCH',
    ],
    ['a member that it does not have', (old: string) => old.replace('{', '{"x":1,'), 'INPUT_MALFORMED'],
    ['a body that is no entry', (old: string) => old.replace(/"body":"[^"]*"/, '"body":"AAAA"'), 'INPUT_MALFORMED'],
    [
      'no log entry',
      (old: string) => JSON.stringify({ ...(JSON.parse(old) as object), rekorBundle: null }),
      'TIME_MISSING',
    ],
  ])('is refused with %s', async (_, change, name) => {
    const old = await signOld('sign');
    write('old.bundle', change(readFileSync(old, 'utf8')));
    const called = await call(['verify', ...who(), '--trust-config', config, '--bundle', old, file]);
    expect(called).toMatchObject({ code: 1, err: expect.stringContaining(name) });
  });
});

describe('bundle upgrade', () => {
  test('makes the strict form of that of another client', async () => {
    await sign('--tlog-upload=false', file);
    const bundle = readBundle();
    const lenient = {
      media_type: bundle.mediaType,
      verification_material: { public_key: bundle.verificationMaterial.publicKey, tlog_entries: [] },
      message_signature: {
        message_digest: { algorithm: 1, digest: bundle.messageSignature?.messageDigest.digest },
        signature: bundle.messageSignature?.signature,
      },
    };
    const path = write('lenient.json', JSON.stringify(lenient));
    expect((await verify('--insecure-ignore-tlog', '--bundle', path, file)).code).toBe(1);
    expect((await call(['inspect', path])).code).toBe(1);
    expect((await call(['bundle', 'inspect', path])).code).toBe(0);
    expect((await call(['bundle', 'upgrade', '--out', at('strict.json'), path])).code).toBe(0);
    expect(readBundle('strict.json')).toEqual(bundle);
    expect((await verify('--insecure-ignore-tlog', '--bundle', at('strict.json'), file)).code).toBe(0);
  });

  test.each([
    ['no bundle', []],
    ['two', ['a', 'b']],
  ])('takes one bundle, not %s', async (_, args) => {
    expect((await call(['bundle', 'upgrade', ...args])).code).toBe(2);
  });

  test('overwrites nothing', async () => {
    const before = readdirSync(folder);
    expect((await call(['bundle', 'upgrade', '--out', config, file])).code).toBe(2);
    expect(readdirSync(folder)).toEqual(before);
  });
});
