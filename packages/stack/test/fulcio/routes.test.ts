// SPDX-License-Identifier: Apache-2.0

import 'reflect-metadata';
import { X509Certificate, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { type Stack, startStack } from '@keywax/stack';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { certificateRequest, createClientKey, postJson } from '../requests.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

const key = createClientKey();
const post = (body: unknown, headers?: Record<string, string>) =>
  postJson(`${stack.urls.fulcio}/api/v2/signingCert`, body, headers);

async function readChain(response: Response) {
  expect(response.status).toBe(200);
  const answer = (await response.json()) as { signedCertificateEmbeddedSct: { chain: { certificates: string[] } } };
  return answer.signedCertificateEmbeddedSct.chain.certificates;
}

async function readError(response: Response) {
  return { status: response.status, ...((await response.json()) as { code: number; message: string }) };
}

describe('a request with a proof of possession', () => {
  test.each([
    ['email', 'alice@example.com', 'email:alice@example.com'],
    [
      'github',
      'repo:octo-org/octo-repo:ref:refs/heads/main',
      'URI:https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
    ],
    [
      'gitlab',
      'project_path:group/project:ref_type:branch:ref:main',
      'URI:https://gitlab.com/group/project//.gitlab-ci.yml@refs/heads/main',
    ],
  ] as const)('of the %s persona gives a chain for its key and subject', async (kind, challenge, san) => {
    const chain = await readChain(await post(certificateRequest(await stack.mintToken({ kind }), key, challenge)));
    const [leaf, intermediate, root] = chain.map((pem) => new X509Certificate(pem));
    expect(leaf?.subjectAltName).toBe(san);
    expect(leaf?.publicKey.equals(createPublicKey(key.pem))).toBe(true);
    expect(intermediate && leaf?.verify(intermediate.publicKey)).toBe(true);
    expect(root && intermediate?.verify(root.publicKey)).toBe(true);
    expect(chain.every((pem) => pem.endsWith('-----END CERTIFICATE-----'))).toBe(true);
    const trusted = stack.trustedRoot.certificateAuthorities[0]?.certChain.certificates.map(({ rawBytes }) => rawBytes);
    expect(trusted).toEqual([intermediate, root].map((certificate) => certificate?.raw.toString('base64')));
  });

  test.each([
    ['P-384', 'sha384'],
    ['P-521', 'sha512'],
  ])('works for a %s key with its own hash', async (curve, hash) => {
    const other = createClientKey(curve, hash);
    await readChain(
      await post(certificateRequest(await stack.mintToken({ kind: 'email' }), other, 'alice@example.com')),
    );
  });

  test.each([
    ['ed25519', generateKeyPairSync('ed25519'), null],
    ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 }), 'sha256'],
  ])('works for a key of type %s', async (_, { publicKey, privateKey }, hash) => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const proof = sign(hash, Buffer.from('alice@example.com'), privateKey);
    const request = certificateRequest(await stack.mintToken({ kind: 'email' }), key, '');
    request.publicKeyRequest = {
      publicKey: { algorithm: 'RSA', content: pem },
      proofOfPossession: proof.toString('base64'),
    };
    await readChain(await post(request));
  });

  test('may carry the token in a header', async () => {
    const token = await stack.mintToken({ kind: 'email' });
    const { publicKeyRequest } = certificateRequest(token, key, 'alice@example.com');
    await readChain(await post({ publicKeyRequest }, { Authorization: `Bearer ${token}` }));
  });

  test('that signs something else is refused', async () => {
    const error = await readError(
      await post(certificateRequest(await stack.mintToken({ kind: 'email' }), key, 'bob@example.com')),
    );
    expect(error).toMatchObject({
      status: 400,
      code: 3,
      message: 'The signature supplied in the request could not be verified',
    });
  });

  test('with a weak key is refused', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const request = certificateRequest(await stack.mintToken({ kind: 'email' }), key, '');
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const proof = sign('sha256', Buffer.from('alice@example.com'), privateKey).toString('base64');
    request.publicKeyRequest = { publicKey: { algorithm: 'RSA', content: pem }, proofOfPossession: proof };
    expect((await readError(await post(request))).message).toBe('The public key supplied in the request is insecure');
  });

  test('without a key is refused', async () => {
    const request = certificateRequest(await stack.mintToken({ kind: 'email' }), key, '');
    request.publicKeyRequest.publicKey.content = 'junk';
    expect((await readError(await post(request))).message).toBe(
      'The public key supplied in the request could not be parsed',
    );
  });
});

describe('a certificate signing request', () => {
  async function createCsr(namedCurve = 'P-256', hash = 'SHA-256') {
    const algorithm = { name: 'ECDSA', namedCurve, hash };
    const keys = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
    return Pkcs10CertificateRequestGenerator.create({ name: 'CN=ignored', keys, signingAlgorithm: algorithm }, crypto);
  }

  test('gives a certificate for its key, whatever subject it asks for', async () => {
    const csr = await createCsr();
    const body = {
      credentials: { oidcIdentityToken: await stack.mintToken({ kind: 'email' }) },
      certificateSigningRequest: Buffer.from(csr.toString('pem')).toString('base64'),
    };
    const [leaf] = await readChain(await post(body));
    const certificate = new X509Certificate(leaf ?? '');
    expect(certificate.subject).toBe(undefined);
    expect(certificate.publicKey.export({ type: 'spki', format: 'der' })).toEqual(Buffer.from(csr.publicKey.rawData));
  });

  test('whose signature was changed is refused', async () => {
    const der = Buffer.from((await createCsr()).rawData);
    der[der.length - 1] = (der[der.length - 1] ?? 0) ^ 1;
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    const credentials = { oidcIdentityToken: await stack.mintToken({ kind: 'email' }) };
    const response = await post({ credentials, certificateSigningRequest: Buffer.from(pem).toString('base64') });
    expect((await readError(response)).message).toBe('The signature supplied in the request could not be verified');
  });

  test.each(['junk', '-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n'])(
    'that is %j is refused',
    async (pem) => {
      const credentials = { oidcIdentityToken: await stack.mintToken({ kind: 'email' }) };
      const response = await post({ credentials, certificateSigningRequest: Buffer.from(pem).toString('base64') });
      expect((await readError(response)).message).toBe('The certificate signing request could not be parsed');
    },
  );
});

describe('a token', () => {
  const seconds = Math.floor(Date.now() / 1000);
  test.each([
    ['for another audience', { kind: 'email', aud: 'other' }],
    ['that has expired', { kind: 'email', exp: seconds - 60, iat: seconds - 600 }],
    ['of an issuer that is not known', { kind: 'email', iss: 'https://issuer.example.com' }],
    ['with an unverified address', { kind: 'email', email_verified: false }],
    ['without the claim that names its subject', { kind: 'github', job_workflow_ref: undefined }],
  ] as const)('%s is refused with status 400', async (_, request) => {
    const error = await readError(
      await post(certificateRequest(await stack.mintToken(request), key, 'alice@example.com')),
    );
    expect(error).toMatchObject({ status: 400, message: 'There was an error processing the identity token' });
  });

  test('of another instance is refused', async () => {
    await using other = await startStack();
    const token = await other.mintToken({ kind: 'email', iss: stack.urls.oidc });
    expect((await post(certificateRequest(token, key, 'alice@example.com'))).status).toBe(400);
  });

  test('may say in text that the address is verified', async () => {
    const token = await stack.mintToken({ kind: 'email', email_verified: 'true' });
    await readChain(await post(certificateRequest(token, key, 'alice@example.com')));
  });
});

describe('the rest of the API', () => {
  test('tells the chains of the authority', async () => {
    const { chains } = (await (await fetch(`${stack.urls.fulcio}/api/v2/trustBundle`)).json()) as {
      chains: { certificates: string[] }[];
    };
    expect(chains[0]?.certificates.map((pem) => new X509Certificate(pem).subject)).toEqual([
      'O=keywax.localhost\nCN=keywax-intermediate',
      'O=keywax.localhost\nCN=keywax-root',
    ]);
  });

  test('tells the issuers and their challenge claims', async () => {
    const configuration = await (await fetch(`${stack.urls.fulcio}/api/v2/configuration`)).json();
    expect(configuration).toEqual({
      issuers: [
        { issuerUrl: stack.urls.oidc, audience: 'sigstore', challengeClaim: 'email', issuerType: 'email' },
        {
          issuerUrl: `${stack.urls.oidc}/github`,
          audience: 'sigstore',
          challengeClaim: 'sub',
          issuerType: 'github-workflow',
        },
        {
          issuerUrl: `${stack.urls.oidc}/gitlab`,
          audience: 'sigstore',
          challengeClaim: 'sub',
          issuerType: 'gitlab-pipeline',
        },
      ],
    });
  });

  test.each(['', '[]', '{"a":1,"a":2}', '{}'])('refuses the body %j', async (body) => {
    expect((await post(body)).status).toBe(400);
  });

  test('refuses a body that is too large', async () => {
    expect((await post(`"${'x'.repeat(5 * 1024 * 1024)}"`)).status).toBe(413);
  });
});
