// SPDX-License-Identifier: Apache-2.0
// What a client sends to the stack, written by hand: the stack's tests do not lean on Keywax's own clients.

import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { Stack } from '@keywax/stack';

/** Sends JSON; `body` that is text goes out as it is. */
export function postJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** A key pair of a client, with what the services want to see of it. */
export function createClientKey(namedCurve = 'P-256', hash = 'sha256') {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
  return {
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    spki: publicKey.export({ type: 'spki', format: 'der' }),
    sign: (data: string | Uint8Array) => sign(hash, Buffer.from(data), privateKey),
    privateKey,
  };
}

export type ClientKey = ReturnType<typeof createClientKey>;

/** SHA-256, as bytes. */
export function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

/** The body of a request for a certificate with a proof of possession over `challenge`. */
export function certificateRequest(token: string, key: ClientKey, challenge: string) {
  return {
    credentials: { oidcIdentityToken: token },
    publicKeyRequest: {
      publicKey: { algorithm: 'ECDSA', content: key.pem },
      proofOfPossession: key.sign(challenge).toString('base64'),
    },
  };
}

/** A certificate for the e-mail persona, as PEM with a newline at its end, as Rekor stores it. */
export async function requestLeaf(stack: Stack, key: ClientKey): Promise<string> {
  const token = await stack.mintToken({ kind: 'email' });
  const response = await postJson(
    `${stack.urls.fulcio}/api/v2/signingCert`,
    certificateRequest(token, key, 'alice@example.com'),
  );
  const answer = (await response.json()) as { signedCertificateEmbeddedSct: { chain: { certificates: string[] } } };
  return `${answer.signedCertificateEmbeddedSct.chain.certificates[0]}\n`;
}

/** A proposal for `hashedrekord` 0.0.1. */
export function hashedRekord(artifact: string, key: ClientKey, pem: string = key.pem) {
  return {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: sha256(artifact).toString('hex') } },
      signature: {
        content: key.sign(artifact).toString('base64'),
        publicKey: { content: Buffer.from(pem).toString('base64') },
      },
    },
  };
}

/** A request for `hashedrekord` 0.0.2. */
export function hashedRekordV2(artifact: string, key: ClientKey) {
  return {
    hashedRekordRequestV002: {
      digest: sha256(artifact).toString('base64'),
      signature: {
        content: key.sign(artifact).toString('base64'),
        verifier: { keyDetails: 'PKIX_ECDSA_P256_SHA_256', publicKey: { rawBytes: key.spki.toString('base64') } },
      },
    },
  };
}
