// SPDX-License-Identifier: Apache-2.0
// Round trips over real HTTP against a local instance.

import { createHash, generateKeyPairSync } from 'node:crypto';
import { createKeySigner } from '@keywax/sign';
import { type RekorChoice, type Stack, startStack } from '@keywax/stack';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Instance,
  type SerializedBundle,
  type SignOptions,
  type StatementInput,
  type Verified,
  type VerifyOptions,
  attest,
  email,
  githubActions,
  sign,
  unsafeNoLog,
  verify,
} from '../src/index.js';
import { refusalOf } from './refusal.js';

const ARTIFACT = new TextEncoder().encode('the artifact\n');
const STATEMENT: StatementInput = {
  subjects: [{ name: 'artifact', artifact: ARTIFACT }],
  predicateType: 'https://example.com/built/v1',
  predicate: { by: 'hand', minutes: 3 },
};

let stack: Stack;
let identityToken: string;

beforeAll(async () => {
  stack = await startStack();
  identityToken = await stack.mintToken({ kind: 'email' });
});
afterAll(() => stack.close());

function instance(rekor: RekorChoice = 'v1'): Instance {
  return { trustConfig: stack.clientTrustConfig({ rekor }) };
}

/** Verifies what alice signed, as read again from its text. */
async function verifyAlice(bundle: SerializedBundle, options: Partial<VerifyOptions> = {}): Promise<Verified> {
  const identity = email({ address: 'alice@example.com', issuer: stack.urls.oidc });
  return verify(JSON.stringify(bundle), {
    artifact: ARTIFACT,
    identity,
    instance: { trustedRoot: stack.trustedRoot },
    ...options,
  });
}

describe('what is signed verifies', () => {
  describe.each(['v1', 'v2', 'both'] as const)('with Rekor %s', (rekor) => {
    test.each([
      ['a message', {}],
      ['a message, with P-384', { algorithm: 'PKIX_ECDSA_P384_SHA_384' }],
      ['a message, with P-521', { algorithm: 'PKIX_ECDSA_P521_SHA_512' }],
      ['a message, with a signing request', { csr: true }],
    ] as readonly (readonly [string, SignOptions])[])('%s', async (_, options) => {
      const bundle = await sign(ARTIFACT, { identityToken, instance: instance(rekor), ...options });
      const { signer, entries } = await verifyAlice(bundle);
      expect(signer).toMatchObject({ kind: 'certificate', identity: { subject: 'alice@example.com' } });
      expect(entries).toHaveLength(1);
      expect(await refusalOf(() => verifyAlice(bundle, { artifact: new Uint8Array(3) }))).toBe('ARTIFACT_MISMATCH');
    });

    test('a statement', async () => {
      const bundle = await attest(STATEMENT, { identityToken, instance: instance(rekor) });
      const { statement, subject } = await verifyAlice(bundle, { predicateType: STATEMENT.predicateType });
      expect(subject?.name).toBe('artifact');
      expect([...(statement?.predicate ?? [])]).toEqual([
        ['by', 'hand'],
        ['minutes', 3],
      ]);
      expect(await refusalOf(() => verifyAlice(bundle, { predicateType: 'https://example.com/other' }))).toBe(
        'STATEMENT_INVALID',
      );
    });
  });

  test.each([
    ['a blob', () => new Blob([ARTIFACT])],
    ['a stream', () => new Blob([ARTIFACT]).stream()],
  ])('an artifact as %s', async (_, artifact) => {
    await verifyAlice(await sign(artifact(), { identityToken, instance: instance() }));
  });

  test('a statement by digests, and one that is written already', async () => {
    const sha512 = createHash('sha512').update(ARTIFACT).digest();
    const options = { identityToken, instance: instance() };
    await verifyAlice(await attest({ ...STATEMENT, subjects: [{ name: 'artifact', digests: { sha512 } }] }, options));
    const text = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha512":"${sha512.toString('hex')}"}}],"predicateType":"x:y","predicate":{}}`;
    const { payload } = await verifyAlice(await attest(new TextEncoder().encode(text), options));
    expect(Buffer.from(payload ?? []).toString()).toBe(text);
  });

  test('under the identity of a workflow', async () => {
    const bundle = await sign(ARTIFACT, {
      identityToken: await stack.mintToken({ kind: 'github' }),
      instance: instance(),
    });
    const record = githubActions({ repository: 'octo-org/octo-repo', workflow: 'release.yml', ref: 'refs/heads/main' });
    const identity = { ...record, issuer: `${stack.urls.oidc}/github` };
    const { signer } = await verifyAlice(bundle, { identity });
    expect(signer).toMatchObject({
      identity: { extensions: { sourceRepositoryUri: 'https://github.com/octo-org/octo-repo', buildTrigger: 'push' } },
    });
    expect(await refusalOf(() => verifyAlice(bundle))).toBe('IDENTITY_MISMATCH');
  });

  test('with a key pair and no certificate', async () => {
    const { privateKey, publicKey: key } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const signer = await createKeySigner(privateKey);
    const bundle = await sign(ARTIFACT, { signer, keyHint: 'release key', instance: instance() });
    expect((await verifyAlice(bundle, { identity: { key } })).signer.kind).toBe('key');
  });

  test('with a key pair and no service at all, where both sides say so', async () => {
    const { privateKey, publicKey: key } = generateKeyPairSync('ed25519', {
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const fetch = () => Promise.reject(new Error('a request was sent'));
    const options = { signer: await createKeySigner(privateKey), keyHint: 'release key', unsafeNoLog: true, fetch };
    const bundle = await sign(ARTIFACT, options);
    await verifyAlice(bundle, { identity: { key }, logThreshold: unsafeNoLog });
    await verifyAlice(await attest(STATEMENT, options), { identity: { key }, logThreshold: unsafeNoLog });
    expect(await refusalOf(() => verifyAlice(bundle, { identity: { key } }))).toBe('LOG_THRESHOLD');
    expect(await refusalOf(() => verifyAlice(bundle, { logThreshold: unsafeNoLog }))).toBe('CONFIG_INVALID');
  });

  test('with a provider that is asked for the token', async () => {
    const { provideToken } = await import('@keywax/identity');
    await verifyAlice(await sign(ARTIFACT, { identity: provideToken(identityToken), instance: instance() }));
  });
});

describe('what is not signed', () => {
  test.each([
    [
      'an instance without a signing config',
      () => ({ instance: { trustedRoot: stack.trustedRoot } }),
      'CONFIG_INVALID',
    ],
    [
      'production, whose signing config is not compiled in',
      () => ({ instance: { trustedRoot: 'production' as const } }),
      'CONFIG_INVALID',
    ],
    ['an unknown option', () => ({ rekorUrl: 'https://rekor.example' }), 'CONFIG_INVALID'],
    ['a token and a provider', () => ({ identity: async () => Promise.reject(new Error('asked')) }), 'CONFIG_INVALID'],
    ['a token and a key pair', () => ({ keyHint: 'release key' }), 'CONFIG_INVALID'],
    ['a token without any log', () => ({ unsafeNoLog: true }), 'CONFIG_INVALID'],
    ['an unknown algorithm', () => ({ algorithm: 'ROT13' as never }), 'CONFIG_INVALID'],
    ['a token that is none', () => ({ identityToken: 'abc' }), 'TOKEN_INVALID'],
    ['a signal that has fired', () => ({ signal: AbortSignal.abort() }), 'OPERATION_ABORTED'],
    [
      'a log that another instance runs',
      () => ({ instance: { trustedRoot: 'production' as const, signingConfig: stack.signingConfig() } }),
      'SERVICE_INVALID',
    ],
  ] as const)('%s: %s', async (_, options, code) => {
    expect(await refusalOf(() => sign(ARTIFACT, { identityToken, instance: instance(), ...options() }))).toBe(code);
  });

  test('a provider that fails gives no token, and whatever else fails is an error of ours too', async () => {
    const cause = new Error('on fire');
    const identity = async () => Promise.reject(cause);
    await expect(sign(ARTIFACT, { identity, instance: instance() })).rejects.toMatchObject({
      code: 'TOKEN_UNAVAILABLE',
      cause,
    });
    const now = () => {
      throw cause;
    };
    await expect(sign(ARTIFACT, { identityToken, now, instance: instance() })).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      cause,
    });
  });

  test('a token for another audience', async () => {
    const other = await stack.mintToken({ kind: 'email', aud: 'elsewhere' });
    expect(await refusalOf(() => sign(ARTIFACT, { identityToken: other, instance: instance() }))).toBe('TOKEN_INVALID');
  });

  test.each([
    ['without subjects', { subjects: [] }, 'CONFIG_INVALID'],
    ['about a digest that nobody compares', { subjects: [{ name: 'a', digests: { md5: 'ab' } }] }, 'STATEMENT_INVALID'],
    ['with a predicate that is not JSON', { predicate: { at: new Date() } }, 'INPUT_MALFORMED'],
  ] as const)('a statement %s', async (_, change, code) => {
    expect(await refusalOf(() => attest({ ...STATEMENT, ...change }, { identityToken, instance: instance() }))).toBe(
      code,
    );
  });
});
