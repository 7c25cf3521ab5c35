// SPDX-License-Identifier: Apache-2.0
// Encrypted private keys, with scrypt and secretbox of others in both directions, and OpenSSL as the judge of the keys.

import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { type KeyFiles, generateKeyFiles, openKeySigner } from '@keywax/oci';
import { scrypt } from 'scrypt-js';
import nacl from 'tweetnacl';
import { describe, expect, test } from 'vitest';
import { describeOpenssl, runOpenssl } from './openssl.js';

const LABELS = ['ENCRYPTED SIGSTORE PRIVATE KEY', 'ENCRYPTED COSIGN PRIVATE KEY'] as const;
const PASSWORDS = ['correct horse', '', 'pässwörd ✓'] as const;
const COSTS = [32_768, 65_536, 131_072] as const;
const MESSAGE = Buffer.from('what is signed\n');
const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });

interface KeyFileJson {
  readonly kdf: {
    readonly name: string;
    readonly params: { readonly N: number; readonly r: number; readonly p: number };
    readonly salt: string;
  };
  readonly cipher: { readonly name: string; readonly nonce: string };
  readonly ciphertext: string;
}

/** Encrypts as cosign does, by `scrypt-js` and `tweetnacl`. */
async function sealElsewhere(pkcs8: Uint8Array, password: string, N: number, label: string): Promise<string> {
  const [salt, nonce] = [randomBytes(32), randomBytes(24)];
  const key = await scrypt(Buffer.from(password), salt, N, 8, 1, 32);
  const file: KeyFileJson = {
    kdf: { name: 'scrypt', params: { N, r: 8, p: 1 }, salt: salt.toString('base64') },
    cipher: { name: 'nacl/secretbox', nonce: nonce.toString('base64') },
    ciphertext: Buffer.from(nacl.secretbox(pkcs8, nonce, key)).toString('base64'),
  };
  const lines =
    Buffer.from(JSON.stringify(file))
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** Decrypts what Keywax wrote by the same. */
async function openElsewhere({ privateKey }: KeyFiles, password: string): Promise<Uint8Array | null> {
  const base64 = privateKey.split('\n').slice(1, -2).join('');
  const { kdf, cipher, ciphertext } = JSON.parse(Buffer.from(base64, 'base64').toString()) as KeyFileJson;
  const { N, r, p } = kdf.params;
  const key = await scrypt(Buffer.from(password), Buffer.from(kdf.salt, 'base64'), N, r, p, 32);
  return nacl.secretbox.open(Buffer.from(ciphertext, 'base64'), Buffer.from(cipher.nonce, 'base64'), key);
}

describe('a key that others encrypted opens', () => {
  test.each(LABELS.flatMap((label) => COSTS.map((N, i) => ({ label, N, password: PASSWORDS[i] ?? '' }))))(
    '$label with N = $N and the password "$password"',
    async ({ label, N, password }) => {
      const pkcs8 = P256.privateKey.export({ format: 'der', type: 'pkcs8' });
      const privateKey = await sealElsewhere(new Uint8Array(pkcs8), password, N, label);
      const { publicKey } = await openKeySigner({ privateKey, password });
      expect(Buffer.from(publicKey.spki)).toEqual(P256.publicKey.export({ format: 'der', type: 'spki' }));
      await expect(openKeySigner({ privateKey, password: `${password}.` })).rejects.toMatchObject({
        code: 'PASSWORD_WRONG',
      });
    },
  );
});

describe('a key that Keywax encrypted opens elsewhere', () => {
  test.each(PASSWORDS)('with the password "%s", and with no other', async (password) => {
    const files = await generateKeyFiles({ password });
    const pkcs8 = await openElsewhere(files, password);
    const key = createPrivateKey({ key: Buffer.from(pkcs8 ?? []), format: 'der', type: 'pkcs8' });
    expect(key.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(await openElsewhere(files, `${password}.`)).toBeNull();
  });
});

describeOpenssl('OpenSSL', () => {
  test.each([
    ['PKIX_ECDSA_P256_SHA_256', ['-sha256']],
    ['PKIX_ECDSA_P384_SHA_384', ['-sha384']],
    ['PKIX_RSA_PKCS1V15_3072_SHA256', ['-sha256']],
    ['PKIX_RSA_PKCS1V15_4096_SHA256', ['-sha256']],
  ] as const)('verifies what a generated key signs: %s', async (algorithm, digest) => {
    const { privateKey, publicKey } = await generateKeyFiles({ algorithm, password: 'secret' });
    const signer = await openKeySigner({ privateKey, password: 'secret' });
    const hash = digest[0] === '-sha384' ? 'sha384' : 'sha256';
    const scheme = signer.publicKey.kind === 'rsa' ? ('rsa-pkcs1' as const) : ('ecdsa' as const);
    const signature = await signer.sign(MESSAGE, { scheme, hash });
    const { output } = runOpenssl(['dgst', ...digest, '-verify', 'key.pub', '-signature', 'sig', 'message'], {
      'key.pub': publicKey,
      sig: signature,
      message: MESSAGE,
    });
    expect(output).toContain('Verified OK');
  });

  test('verifies what a generated Ed25519 key signs', async () => {
    const { privateKey, publicKey } = await generateKeyFiles({ algorithm: 'PKIX_ED25519', password: 'secret' });
    const signer = await openKeySigner({ privateKey, password: 'secret' });
    const signature = await signer.sign(MESSAGE, { scheme: 'ed25519', hash: 'sha512' });
    const args = ['pkeyutl', '-verify', '-pubin', '-inkey', 'key.pub', '-rawin', '-in', 'message', '-sigfile', 'sig'];
    const { output } = runOpenssl(args, { 'key.pub': publicKey, sig: signature, message: MESSAGE });
    expect(output).toContain('Verified Successfully');
  });

  test.each([
    ['SEC 1', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout']],
    ['SEC 1 of P-384', ['ecparam', '-name', 'secp384r1', '-genkey', '-noout']],
    ['PKCS#1', ['genrsa', '-traditional', '3072']],
    ['PKCS#8 of RSA', ['genrsa', '3072']],
    ['PKCS#8 of Ed25519', ['genpkey', '-algorithm', 'ed25519']],
    ['PKCS#8 of EC', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']],
  ])('makes keys that open: %s', async (_, args) => {
    const privateKey = runOpenssl(args, {}).stdout.toString();
    const { publicKey } = await openKeySigner({ privateKey });
    const { stdout } = runOpenssl(['pkey', '-in', 'key', '-pubout', '-outform', 'DER'], { key: privateKey });
    expect(Buffer.from(publicKey.spki)).toEqual(stdout);
  });
});
