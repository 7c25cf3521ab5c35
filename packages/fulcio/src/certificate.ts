// SPDX-License-Identifier: Apache-2.0
// Asks a certificate authority for a certificate over a key, and checks that the answer is for this key and subject. Its
// path and its certificate timestamps are verified with the finished bundle.

import { defaultSuite } from '@keywax/core/algorithms';
import { encodeBase64, encodeUtf8 } from '@keywax/core/bytes';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import type { PublicKey } from '@keywax/core/key';
import { encodePem } from '@keywax/core/pem';
import { formatRfc3339 } from '@keywax/core/time';
import { type HttpResponse, type Transport, joinServiceUrl, readAnswer, request } from '@keywax/http';
import { type ExpectedSubject, type IssuedCertificate, decodeIssuedCertificate } from './answer.js';
import { type CertificateKey, encodeSigningRequest } from './csr.js';

/** What is needed of an identity token. */
export interface CertificateToken {
  readonly audiences: readonly string[];
  readonly expiresAt: Date;
  /** The token itself. */
  reveal(): string;
}

/** Whom the certificate is for. */
export interface CertificateSubject extends ExpectedSubject {
  /** What proof of possession is given over: the value of the token's `email` or `sub`. */
  readonly challenge: { readonly value: string };
}

/** A certificate to ask for. */
export interface CertificateRequest {
  /** Base URL of the authority. */
  readonly url: string;
  readonly identityToken: CertificateToken;
  readonly subject: CertificateSubject;
  readonly key: CertificateKey;
  /** How it is shown that the key is ours: a signature over the subject (unless given), or a signing request (PKCS#10). */
  readonly proof?: 'challenge' | 'csr';
  readonly now: () => Date;
  /** The audience that the authority accepts; `sigstore` unless given. */
  readonly audience?: string;
  /** Takes a certificate without certificate timestamps in it, for an authority that has no transparency log. */
  readonly allowDetachedSct?: boolean;
}

/**
 * Requests a certificate for a key with an identity token (`POST /api/v2/signingCert`).
 * @see https://github.com/sigstore/fulcio/blob/main/fulcio.proto
 * @throws TOKEN_INVALID before anything is sent; SERVICE_INVALID for an answer that is not about key and subject,
 * INPUT_TOO_LARGE, and what the transport throws
 */
export async function requestCertificate(
  asked: CertificateRequest,
  transport: Transport = {},
): Promise<IssuedCertificate> {
  const { key, subject, now, allowDetachedSct = false } = asked;
  const url = joinServiceUrl(asked.url, '/api/v2/signingCert', transport);
  checkToken(asked);
  const response = await submitRequest(url, asked, transport);
  return readAnswer(`the certificate authority ${asked.url}`, () =>
    decodeIssuedCertificate(response.json(), { spki: key.publicKey.spki, subject, now: now(), allowDetachedSct }),
  );
}

/** ATTACKS SE-013, CL-027: a token of no use is not sent. */
function checkToken({ identityToken, audience = 'sigstore', now }: CertificateRequest): void {
  const { audiences, expiresAt } = identityToken;
  if (!audiences.includes(audience)) throw invalidToken(`the audience ${quoteText(audience)}`);
  if (!(expiresAt > now())) throw invalidToken(`a token that has not expired (it did at ${formatRfc3339(expiresAt)})`);
}

async function submitRequest(url: string, asked: CertificateRequest, transport: Transport): Promise<HttpResponse> {
  const token = asked.identityToken.reveal();
  const proof = asked.proof === 'csr' ? await makeSigningRequest(asked) : await makeKeyRequest(asked);
  return request(url, {
    ...transport,
    method: 'POST',
    // In the body and not in a header, which an authority need not allow to browsers.
    body: JSON.stringify({ credentials: { oidcIdentityToken: token }, ...proof }),
    headers: { 'content-type': 'application/json' },
    accept: ['application/json'],
    expectStatus: [200, 201],
    // Another certificate for the same key does no harm.
    idempotent: true,
    secrets: [token],
  });
}

async function makeKeyRequest({ key, subject }: CertificateRequest): Promise<object> {
  const proof = await key.sign(encodeUtf8(subject.challenge.value), defaultSuite(key.publicKey));
  return {
    publicKeyRequest: {
      publicKey: {
        algorithm: ALGORITHM_NAMES[key.publicKey.kind],
        content: encodePem('PUBLIC KEY', key.publicKey.spki),
      },
      proofOfPossession: encodeBase64(proof),
    },
  };
}

/** Names that the request has for kinds of keys; the authority reads the key itself. */
const ALGORITHM_NAMES: Readonly<Record<PublicKey['kind'], string>> = {
  ec: 'ECDSA',
  rsa: 'RSA_PSS',
  ed25519: 'ED25519',
};

async function makeSigningRequest({ key }: CertificateRequest): Promise<object> {
  const der = await encodeSigningRequest(key);
  return { certificateSigningRequest: encodeBase64(encodeUtf8(encodePem('CERTIFICATE REQUEST', der))) };
}

function invalidToken(expected: string): KeywaxError<'TOKEN_INVALID'> {
  return new KeywaxError('TOKEN_INVALID', `identity token: expected ${expected}`, { details: { expected } });
}
