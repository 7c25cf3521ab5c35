// SPDX-License-Identifier: Apache-2.0

import { X509Certificate } from 'node:crypto';
import { decodeBase64 } from '@keywax/core/bytes';
import { encodePae } from '@keywax/core/dsse';
import { encodePem } from '@keywax/core/pem';
import { requestTimestamp } from '@keywax/sign';
import { startStack } from '@keywax/stack';
import type { SerializedBundle } from 'keywax';
import { afterAll, expect, test } from 'vitest';
import { ALICE, ARTIFACT, OTHER_ARTIFACT, STATEMENT, STATEMENT_TYPE, signWithKeywax } from './keywax.js';
import { describeOpenssl, runOpenssl } from './openssl.js';

const stack = await startStack();
const elsewhere = await startStack();
afterAll(() => Promise.all([stack.close(), elsewhere.close()]));

type Authority = (typeof stack.trustedRoot.timestampAuthorities)[number];

describeOpenssl('openssl verifies timestamps', () => {
  const [leaf = '', root = ''] = readChain(stack.trustedRoot.timestampAuthorities);
  const verifyReply = (reply: Uint8Array, data: Uint8Array) =>
    runOpenssl(['ts', '-verify', '-in', 'reply', '-data', 'data', '-CAfile', 'root', '-untrusted', 'leaf'], {
      reply,
      data,
      root,
      leaf,
    });

  test('that Keywax asked for, and only for the data that was stamped', async () => {
    const transport = { allowHttp: 'loopback' } as const;
    const reply = await requestTimestamp({ url: stack.urls.tsa, signature: ARTIFACT, transport });
    expect(verifyReply(reply, ARTIFACT)).toMatchObject({ status: 0 });
    expect(verifyReply(reply, OTHER_ARTIFACT).output).toContain('message imprint mismatch');
  });

  test('that Keywax put into a bundle', async () => {
    const bundle = await signWithKeywax(stack, { content: 'dsse', rekor: 'v2' });
    const [timestamp] = bundle.verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
    expect(verifyReply(decodeBase64(timestamp?.signedTimestamp ?? ''), signatureOf(bundle))).toMatchObject({
      status: 0,
    });
  });

  test('that the stack made for a query of its own', async () => {
    const query = runOpenssl(['ts', '-query', '-data', 'data', '-sha512', '-cert'], { data: ARTIFACT }).stdout;
    const headers = { 'content-type': 'application/timestamp-query' };
    const answer = await fetch(stack.urls.tsa, { method: 'POST', headers, body: new Uint8Array(query) });
    const reply = new Uint8Array(await answer.arrayBuffer());
    const args = ['ts', '-verify', '-in', 'reply', '-queryfile', 'query', '-CAfile', 'root', '-untrusted', 'leaf'];
    expect(runOpenssl(args, { reply, query, root, leaf })).toMatchObject({ status: 0 });
  });
});

describeOpenssl('openssl verifies certificates', () => {
  const [intermediate = '', root = ''] = readChain(stack.trustedRoot.certificateAuthorities);
  const [, otherRoot = ''] = readChain(elsewhere.trustedRoot.certificateAuthorities);

  test.each([false, true])('that the stack issued to Keywax (by signing request: %s)', async (csr) => {
    const leaf = leafOf(await signWithKeywax(stack, { content: 'message', rekor: 'v2' }, { csr }));
    const verifyLeaf = (anchor: string) =>
      runOpenssl(['verify', '-x509_strict', '-CAfile', 'anchor', '-untrusted', 'intermediate', 'leaf'], {
        anchor,
        intermediate,
        leaf,
      });
    expect(verifyLeaf(root)).toMatchObject({ status: 0, output: 'leaf: OK\n' });
    expect(verifyLeaf(otherRoot).output).toContain('unable to get local issuer certificate');
    const { output } = runOpenssl(['x509', '-in', 'leaf', '-noout', '-text'], { leaf });
    for (const part of [
      'X509v3 Subject Alternative Name: critical',
      `email:${ALICE}`,
      'Code Signing',
      'CT Precertificate SCTs',
      `1.3.6.1.4.1.57264.1.1: \n                ${stack.urls.oidc}`,
    ])
      expect(output).toContain(part);
  });
});

describeOpenssl('openssl verifies signatures of Keywax', () => {
  const PAE = encodePae(STATEMENT_TYPE, STATEMENT);

  test.each([
    ['PKIX_ECDSA_P256_SHA_256', 'message', 'v1', '-sha256'],
    ['PKIX_ECDSA_P384_SHA_384', 'message', 'v2', '-sha384'],
    ['PKIX_ECDSA_P521_SHA_512', 'message', 'v2', '-sha512'],
    ['PKIX_ECDSA_P256_SHA_256', 'dsse', 'v1', '-sha256'],
    ['PKIX_ECDSA_P384_SHA_384', 'dsse', 'v2', '-sha384'],
  ] as const)('%s over a %s, Rekor %s', async (algorithm, content, rekor, digest) => {
    const bundle = await signWithKeywax(stack, { content, rekor }, { algorithm });
    const verify = (data: Uint8Array) =>
      runOpenssl(['dgst', digest, '-verify', 'key', '-signature', 'signature', 'data'], {
        key: publicKeyOf(bundle),
        signature: signatureOf(bundle),
        data,
      });
    expect(verify(content === 'message' ? ARTIFACT : PAE)).toMatchObject({ status: 0, output: 'Verified OK\n' });
    expect(verify(OTHER_ARTIFACT).status).toBe(1);
  });

  test('PKIX_ED25519 over a dsse, Rekor v1', async () => {
    const bundle = await signWithKeywax(stack, { content: 'dsse', rekor: 'v1' }, { algorithm: 'PKIX_ED25519' });
    const args = ['pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', 'key', '-sigfile', 'signature', '-in', 'data'];
    const files = { key: publicKeyOf(bundle), signature: signatureOf(bundle), data: PAE };
    expect(runOpenssl(args, files)).toMatchObject({ status: 0, output: 'Signature Verified Successfully\n' });
  });
});

/** The certificates of the first authority, in PEM, leaf-ward first. */
function readChain([authority]: readonly Authority[]): readonly string[] {
  const certificates = authority?.certChain.certificates ?? [];
  return certificates.map(({ rawBytes }) => encodePem('CERTIFICATE', decodeBase64(rawBytes)));
}

function leafOf({ verificationMaterial }: SerializedBundle): string {
  return encodePem('CERTIFICATE', decodeBase64(verificationMaterial.certificate?.rawBytes ?? ''));
}

function publicKeyOf(bundle: SerializedBundle): string {
  return new X509Certificate(leafOf(bundle)).publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

function signatureOf({ messageSignature, dsseEnvelope }: SerializedBundle): Uint8Array {
  return decodeBase64(messageSignature?.signature ?? dsseEnvelope?.signatures[0]?.sig ?? '');
}
