// SPDX-License-Identifier: Apache-2.0
// Keys in a token: SoftHSM by way of `pkcs11js`, where both are installed.

import { execFileSync, spawnSync } from 'node:child_process';
import { type KeyObject, generateKeyPairSync, verify as verifyByHost } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describeKeyHint } from '@keywax/sign';
import { type Pkcs11Binding, type Pkcs11Key, openPkcs11Signer } from '@keywax/sign/pkcs11';
import { type Stack, startStack } from '@keywax/stack';
import { sign, unsafeNoLog, verify } from 'keywax';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ARTIFACT } from './keywax.js';

const LIBRARY = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so'].find(
  existsSync,
);
const PIN = 'canary-4711';
const MESSAGE = Buffer.from('what is signed\n');

const binding = await loadBinding();
const absent = binding === undefined ? 'pkcs11js' : LIBRARY === undefined ? 'SoftHSM' : undefined;

async function loadBinding(): Promise<Pkcs11Binding | undefined> {
  try {
    return await import('pkcs11js');
  } catch {
    return undefined;
  }
}

const KEYS = {
  p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  rsa: generateKeyPairSync('rsa', { modulusLength: 3_072 }),
  other: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
} as const;

let folder: string;
let stack: Stack;

describe.skipIf(absent !== undefined)(
  absent === undefined ? 'a key in a token' : `a key in a token (${absent} is absent)`,
  () => {
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'keywax-softhsm-'));
      mkdirSync(join(folder, 'tokens'));
      const settings = `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`;
      writeFileSync(join(folder, 'softhsm2.conf'), settings);
      process.env['SOFTHSM2_CONF'] = join(folder, 'softhsm2.conf');
      run('--init-token', '--free', '--label', 'release', '--so-pin', PIN, '--pin', PIN);
      run('--init-token', '--free', '--label', 'empty', '--so-pin', PIN, '--pin', PIN);
      importKey('p256', KEYS.p256.privateKey, '01');
      importKey('p384', KEYS.p384.privateKey, '02');
      importKey('rsa', KEYS.rsa.privateKey, '03');
      importKey('twice', KEYS.other.privateKey, '04');
      importKey('twice', KEYS.p256.privateKey, '05');
      stack = await startStack();
    });
    afterAll(async () => {
      await stack.close();
      delete process.env['SOFTHSM2_CONF'];
      rmSync(folder, { recursive: true, force: true });
    });

    const options = (more: Partial<Pkcs11Key> = {}): Pkcs11Key => ({
      library: LIBRARY ?? '',
      token: 'release',
      keyLabel: 'p256',
      pin: PIN,
      binding: binding ?? { PKCS11: Object as never },
      ...more,
    });

    test.each([
      ['p256', 'ecdsa', 'sha256'],
      ['p384', 'ecdsa', 'sha384'],
      ['rsa', 'rsa-pkcs1', 'sha256'],
    ] as const)('%s signs what its public key verifies elsewhere', async (name, scheme, hash) => {
      const signer = await openPkcs11Signer(options({ keyLabel: name }));
      try {
        const { publicKey } = KEYS[name];
        expect(Buffer.from(signer.publicKey.spki)).toEqual(publicKey.export({ format: 'der', type: 'spki' }));
        const messages = [MESSAGE, Buffer.alloc(100_000), Buffer.alloc(0)];
        const signatures = await Promise.all(messages.map((message) => signer.sign(message, { scheme, hash })));
        for (const [i, signature] of signatures.entries())
          expect(verifyByHost(hash, messages[i] ?? MESSAGE, publicKey, signature)).toBe(true);
      } finally {
        signer.close();
      }
    });

    test('may be named by its id, and its PIN be obtained', async () => {
      const { keyLabel: _, ...rest } = options({ keyId: Uint8Array.of(3), pin: async () => PIN });
      const signer = await openPkcs11Signer(rest);
      expect(signer.publicKey.kind).toBe('rsa');
      signer.close();
    });

    test('signs bundles, with a log and without', async () => {
      const signer = await openPkcs11Signer(options());
      const pair = { signer, keyHint: describeKeyHint(signer) };
      const key = KEYS.p256.publicKey.export({ format: 'pem', type: 'spki' }).toString();
      const instance = { trustConfig: stack.clientTrustConfig() };
      const logged = await sign(ARTIFACT, { ...pair, instance });
      const bare = await sign(ARTIFACT, { ...pair, unsafeNoLog: true });
      signer.close();
      await verify(logged, { artifact: ARTIFACT, identity: { key }, instance });
      await verify(bare, { artifact: ARTIFACT, identity: { key }, instance, logThreshold: unsafeNoLog });
    });

    test('gets a certificate', async () => {
      const signer = await openPkcs11Signer(options());
      const instance = { trustConfig: stack.clientTrustConfig() };
      const bundle = await sign(ARTIFACT, {
        signer,
        instance,
        identityToken: await stack.mintToken({ kind: 'email' }),
      });
      signer.close();
      const identity = { issuer: stack.urls.oidc, subject: 'alice@example.com' };
      await verify(bundle, { artifact: ARTIFACT, identity, instance });
    });

    test('several signers share the library, and each signs until it is closed', async () => {
      const [a, b] = [await openPkcs11Signer(options()), await openPkcs11Signer(options({ keyLabel: 'rsa' }))];
      a.close();
      a.close();
      await expect(a.sign(MESSAGE, { scheme: 'ecdsa', hash: 'sha256' })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      });
      expect((await b.sign(MESSAGE, { scheme: 'rsa-pkcs1', hash: 'sha256' })).length).toBe(384);
      b.close();
      const again = await openPkcs11Signer(options());
      again.close();
    });

    test.each([
      ['another PIN', { pin: 'canary-0815' }, 'PASSWORD_WRONG'],
      ['a PIN that is too short', { pin: '1' }, 'PASSWORD_WRONG'],
      ['another token', { token: 'missing' }, 'KEY_NOT_FOUND'],
      ['a slot that is not there', { slot: 4_711 }, 'KEY_NOT_FOUND'],
      ['another key', { keyLabel: 'missing' }, 'KEY_NOT_FOUND'],
      ['a token without keys', { token: 'empty' }, 'KEY_NOT_FOUND'],
      ['an id that no key has', { keyId: Uint8Array.of(9) }, 'KEY_NOT_FOUND'],
      ['a label that two keys have', { keyLabel: 'twice' }, 'CONFIG_INVALID'],
      ['no key', { keyLabel: undefined }, 'CONFIG_INVALID'],
      ['no token, where there are several', { token: undefined }, 'CONFIG_INVALID'],
      ['another library', { library: '/nowhere/libnothing.so' }, 'CONFIG_INVALID'],
      ['a library that is none', { library: '/etc/passwd' }, 'CONFIG_INVALID'],
    ])('is not opened with %s, and nothing of the PIN is told', async (_, more, code) => {
      const error = await openPkcs11Signer(options(more as Partial<Pkcs11Key>)).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code });
      expect(inspect(error, { depth: 9 })).not.toContain('canary');
    });

    test('without logging in is not found', async () => {
      const { pin: _, ...rest } = options();
      await expect(openPkcs11Signer(rest)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    });

    test('makes no signatures of another kind', async () => {
      const signer = await openPkcs11Signer(options());
      await expect(signer.sign(MESSAGE, { scheme: 'ed25519', hash: 'sha512' })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      });
      signer.close();
    });

    test('of another kind is refused by name', async () => {
      const ed25519 = generateKeyPairSync('ed25519').privateKey;
      if (importKey('edwards', ed25519, '06') !== 0) return; // a SoftHSM without Edwards curves
      await expect(openPkcs11Signer(options({ keyLabel: 'edwards' }))).rejects.toMatchObject({
        code: 'INPUT_UNSUPPORTED',
      });
    });
  },
);

function run(...args: readonly string[]): void {
  execFileSync('softhsm2-util', args, { stdio: 'pipe' });
}

function importKey(label: string, key: KeyObject, id: string): number | null {
  const path = join(folder, `${label}.pem`);
  writeFileSync(path, key.export({ format: 'pem', type: 'pkcs8' }));
  const args = ['--import', path, '--token', 'release', '--label', label, '--id', id, '--pin', PIN];
  return spawnSync('softhsm2-util', args).status;
}

test('without the module that talks to tokens, what is missing is named', async () => {
  const options = { library: '/nowhere/libnothing.so', keyLabel: 'x', binding: undefined as never };
  await expect(openPkcs11Signer(options)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('pkcs11js'),
  });
});
