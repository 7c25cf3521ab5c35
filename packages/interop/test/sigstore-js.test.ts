// SPDX-License-Identifier: Apache-2.0

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '@keywax/stack';
import { attest, createVerifier, sign } from 'sigstore';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { serve } from '../../../test/loopback.js';
import {
  ALICE,
  ARTIFACT,
  OTHER_ARTIFACT,
  STATEMENT,
  STATEMENT_TYPE,
  type SigningCase,
  signWithKeywax,
  verifyWithKeywax,
} from './keywax.js';
import { signByConfig, signWithParts, verifyWithPeer } from './sigstore-js.js';
import { TAMPERINGS } from './tampered.js';
import { makeRepository } from './tuf-repository.js';

const stack = await startStack({ rekor: { acceptDsse: true } });
const elsewhere = await startStack();
afterAll(() => Promise.all([stack.close(), elsewhere.close()]));

const ISSUER = stack.urls.oidc;
const CASES: readonly SigningCase[] = [
  { content: 'message', rekor: 'v1' },
  { content: 'dsse', rekor: 'v1' },
  { content: 'message', rekor: 'v2' },
  { content: 'dsse', rekor: 'v2' },
];

describe('@sigstore/verify accepts what Keywax signed', () => {
  const policy = { subjectAlternativeName: ALICE, extensions: { issuer: ISSUER } };

  test.each(CASES)('$content, Rekor $rekor', async (signingCase) => {
    const bundle = await signWithKeywax(stack, signingCase);
    expect(verifyWithPeer(stack, bundle, { policy }).identity).toMatchObject(policy);
  });

  test.each([
    ['PKIX_ECDSA_P384_SHA_384', 'message', 'v1'],
    ['PKIX_ECDSA_P384_SHA_384', 'message', 'v2'],
    ['PKIX_ECDSA_P521_SHA_512', 'message', 'v1'],
    ['PKIX_ECDSA_P521_SHA_512', 'message', 'v2'],
    ['PKIX_ED25519', 'dsse', 'v1'],
  ] as const)('%s, %s, Rekor %s', async (algorithm, content, rekor) => {
    const bundle = await signWithKeywax(stack, { content, rekor }, { algorithm, csr: true });
    expect(() => verifyWithPeer(stack, bundle, { policy })).not.toThrow();
  });

  // It takes every digest of an envelope in Rekor v2 for SHA-256, and has no Ed25519ph.
  test.each([
    ['PKIX_ECDSA_P384_SHA_384', 'dsse', 'v2', 'TLOG_BODY_ERROR'],
    ['PKIX_ED25519', 'dsse', 'v2', 'TLOG_BODY_ERROR'],
    ['PKIX_ED25519', 'message', 'v1', 'SIGNATURE_ERROR'],
    ['PKIX_ED25519', 'message', 'v2', 'SIGNATURE_ERROR'],
  ] as const)('but not %s, %s, Rekor %s', async (algorithm, content, rekor, code) => {
    const bundle = await signWithKeywax(stack, { content, rekor }, { algorithm });
    expect(() => verifyWithPeer(stack, bundle, { policy })).toThrow(expect.objectContaining({ code }));
  });
});

describe('sigstore, which takes its trust from TUF, accepts what Keywax signed', () => {
  test.each(CASES)('$content, Rekor $rekor', async (signingCase) => {
    const bundle = await signWithKeywax(stack, signingCase);
    const verifier = await createVerifier({
      ...(await serveTrust()),
      certificateIssuer: ISSUER,
      certificateIdentityEmail: '^alice@example\\.com$',
    });
    const data = signingCase.content === 'message' ? ARTIFACT : undefined;
    expect(verifier.verify(bundle as never, data).identity?.subjectAlternativeName).toBe(ALICE);
  });
});

describe('Keywax accepts what sigstore signed', () => {
  const optionsFor = async () => ({
    fulcioURL: stack.urls.fulcio,
    rekorURL: stack.urls.rekorV1,
    identityToken: await stack.mintToken({ kind: 'email' }),
  });

  test.each([
    ['sign', async () => sign(ARTIFACT, await optionsFor())],
    ['sign with a timestamp', async () => sign(ARTIFACT, { ...(await optionsFor()), tsaServerURL: stack.urls.tsa })],
    ['attest', async () => attest(STATEMENT, STATEMENT_TYPE, await optionsFor())],
    ['its parts, message, Rekor v1', () => signWithParts(stack, { content: 'message', rekor: 'v1' })],
    ['its parts, dsse, Rekor v1', () => signWithParts(stack, { content: 'dsse', rekor: 'v1' })],
    ['its parts, dsse, Rekor v2', () => signWithParts(stack, { content: 'dsse', rekor: 'v2' })],
    ['a signing config, message, Rekor v1', () => signByConfig(stack, { content: 'message', rekor: 'v1' })],
    ['a signing config, dsse, Rekor v1', () => signByConfig(stack, { content: 'dsse', rekor: 'v1' })],
    ['a signing config, dsse, Rekor v2', () => signByConfig(stack, { content: 'dsse', rekor: 'v2' })],
  ])('with %s', async (_, makeBundle) => {
    const bundle = await makeBundle();
    const { signer } = await verifyWithKeywax(stack, bundle);
    expect(signer).toMatchObject({ identity: { subject: ALICE, issuer: ISSUER } });
    const others = [
      [{ artifact: OTHER_ARTIFACT }, 'ARTIFACT_MISMATCH'],
      [{ identity: { issuer: ISSUER, subject: 'mallory@example.com' } }, 'IDENTITY_MISMATCH'],
      [{ instance: { trustedRoot: elsewhere.trustedRoot } }, 'TIME_MISSING'],
    ] as const;
    for (const [options, code] of others)
      await expect(verifyWithKeywax(stack, bundle, options)).rejects.toMatchObject({ code });
  });

  // It writes every message signature as a bundle 0.2, with Rekor v2 too.
  test.each([
    ['its parts', signWithParts],
    ['a signing config', signByConfig],
  ])('with %s, message, Rekor v2, as a bundle 0.2', async (_, signWith) => {
    const bundle = await signWith(stack, { content: 'message', rekor: 'v2' });
    expect(bundle.mediaType).toContain('version=0.2');
    const verified = await verifyWithKeywax(stack, bundle);
    expect(verified.signer).toMatchObject({ identity: { subject: ALICE } });
  });

  test('for a workflow, with what its token said', async () => {
    const identityToken = await stack.mintToken({ kind: 'github', repository: 'octo-org/other' });
    const bundle = await sign(ARTIFACT, { ...(await optionsFor()), identityToken });
    const subject = 'https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main';
    const identity = { issuer: `${ISSUER}/github`, subject, buildTrigger: 'push' };
    const sourceRepositoryUri = 'https://github.com/octo-org/other';
    await verifyWithKeywax(stack, bundle, { identity: { ...identity, sourceRepositoryUri } });
    await expect(
      verifyWithKeywax(stack, bundle, { identity: { ...identity, sourceRepositoryUri: `${sourceRepositoryUri}-2` } }),
    ).rejects.toMatchObject({ code: 'IDENTITY_MISMATCH' });
  });
});

describe('Keywax and @sigstore/verify both refuse', () => {
  test.each(TAMPERINGS)('$name ($of.content, Rekor $of.rekor)', async ({ of, change, code, peerCode }) => {
    const [bundle, other] = [await signWithKeywax(stack, of), await signWithKeywax(stack, of)];
    await verifyWithKeywax(stack, bundle);
    verifyWithPeer(stack, bundle);
    change(bundle, other);
    await expect(verifyWithKeywax(stack, bundle)).rejects.toMatchObject({ code });
    expect(() => verifyWithPeer(stack, bundle)).toThrow(expect.objectContaining({ code: peerCode }));
  });

  test('a bundle for another artifact', async () => {
    const bundle = await signWithKeywax(stack, { content: 'message', rekor: 'v2' });
    await expect(verifyWithKeywax(stack, bundle, { artifact: OTHER_ARTIFACT })).rejects.toMatchObject({
      code: 'ARTIFACT_MISMATCH',
    });
    expect(() => verifyWithPeer(stack, bundle, { artifact: OTHER_ARTIFACT })).toThrow(
      expect.objectContaining({ code: 'SIGNATURE_ERROR' }),
    );
  });

  test('a signer other than the one that the policy names', async () => {
    const bundle = await signWithKeywax(stack, { content: 'message', rekor: 'v1' });
    await expect(
      verifyWithKeywax(stack, bundle, { identity: { issuer: ISSUER, subject: 'mallory@example.com' } }),
    ).rejects.toMatchObject({ code: 'IDENTITY_MISMATCH' });
    expect(() => verifyWithPeer(stack, bundle, { policy: { subjectAlternativeName: 'mallory@example.com' } })).toThrow(
      expect.objectContaining({ code: 'UNTRUSTED_SIGNER_ERROR' }),
    );
  });

  test('a bundle of an instance that is not trusted', async () => {
    const bundle = await signWithKeywax(elsewhere, { content: 'message', rekor: 'v1' });
    await expect(verifyWithKeywax(stack, bundle)).rejects.toMatchObject({ code: 'TIME_MISSING' });
    expect(() => verifyWithPeer(stack, bundle)).toThrow(expect.objectContaining({ code: 'TIMESTAMP_ERROR' }));
  });
});

/** Serves the stack's trusted root as the only target of a TUF repository. */
async function serveTrust() {
  const files = makeRepository('trusted_root.json', Buffer.from(JSON.stringify(stack.trustedRoot)));
  const { url } = await serve((response, { path }) => {
    const file = files.get(path.slice(1));
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  const folder = mkdtempSync(join(tmpdir(), 'keywax-tuf-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const tufRootPath = join(folder, 'root.json');
  writeFileSync(tufRootPath, files.get('1.root.json') ?? '');
  return { tufMirrorURL: url, tufRootPath, tufCachePath: join(folder, 'cache') };
}
