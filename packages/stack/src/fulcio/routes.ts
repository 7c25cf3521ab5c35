// SPDX-License-Identifier: Apache-2.0
// Fulcio over HTTP: a token and a key in, a certificate chain out.

import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import { encodePem } from '@keywax/core/pem';
import type { Instance } from '../instance.js';
import type { TokenIssuer, VerifiedToken } from '../oidc/issuer.js';
import { type Outcome, answerGrpcError, done, limitBody, readJsonBody, refused } from '../service.js';
import { type CertifiedIdentity, type IssuerKind, selectIdentity } from './identity.js';
import { type CertificateRequest, decodeCertificateRequest, verifyRequestedKey } from './request.js';

const MAX_BODY_BYTES = 4 * 1024 * 1024; // as upstream

/** The claim that a proof of possession signs, and the name of the issuer's type, by kind. */
const ISSUERS: Readonly<Record<IssuerKind, { readonly challengeClaim: 'email' | 'sub'; readonly issuerType: string }>> =
  {
    email: { challengeClaim: 'email', issuerType: 'email' },
    github: { challengeClaim: 'sub', issuerType: 'github-workflow' },
    gitlab: { challengeClaim: 'sub', issuerType: 'gitlab-pipeline' },
  };

/** The routes of Fulcio. */
export function createFulcioRoutes(instance: Instance, issuer: TokenIssuer): Hono {
  const app = new Hono();
  app.use(cors({ origin: '*' }));
  app.use(limitBody(MAX_BODY_BYTES, answerGrpcError));
  app.get('/healthz', (context) => context.json({ status: 'SERVING' }));
  app.get('/api/v2/configuration', (context) =>
    context.json({ issuers: issuer.kinds.map((kind) => describeIssuer(issuer, kind)) }),
  );
  app.get('/api/v2/trustBundle', (context) =>
    context.json({ chains: [{ certificates: encodeChain(instance.material.fulcio.chain) }] }),
  );
  app.post('/api/v2/signingCert', async (context) => {
    const outcome = await answerRequest(context, instance, issuer);
    if (outcome.kind === 'refused') return answerGrpcError(context, outcome);
    const certificates = encodeChain([outcome.value, ...instance.material.fulcio.chain]);
    return context.json({ signedCertificateEmbeddedSct: { chain: { certificates } } });
  });
  return app;
}

function describeIssuer(issuer: TokenIssuer, kind: IssuerKind): object {
  return { issuerUrl: issuer.issuerUrl(kind), audience: 'sigstore', ...ISSUERS[kind] };
}

/** PEM without a newline at the end, as upstream. */
function encodeChain(chain: readonly Uint8Array[]): readonly string[] {
  return chain.map((der) => encodePem('CERTIFICATE', der).trimEnd());
}

async function answerRequest(context: Context, instance: Instance, issuer: TokenIssuer): Promise<Outcome<Uint8Array>> {
  const request = await readJsonBody(context, decodeCertificateRequest, MAX_BODY_BYTES);
  if (request === undefined) return refused(400, 'The request could not be parsed');
  const token = await verifyToken(context, request, issuer);
  if (token.kind === 'refused') return token;
  const { identity, challenge } = token.value;
  const key = await verifyRequestedKey(request, challenge);
  if (key.kind === 'refused') return key;
  return done(await instance.issueCertificate(key.value.spki, identity));
}

interface Applicant {
  readonly identity: CertifiedIdentity;
  /** What a proof of possession signs. */
  readonly challenge: string;
}

async function verifyToken(
  context: Context,
  { credentials }: CertificateRequest,
  issuer: TokenIssuer,
): Promise<Outcome<Applicant>> {
  const bearer = /^bearer (\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1];
  const token = credentials?.oidcIdentityToken ?? bearer;
  if (token === undefined) return refused(400, 'There was an error processing the credentials for this request');
  const verified: VerifiedToken | undefined = await issuer.verify(token).catch(() => undefined);
  const identity = verified === undefined ? undefined : selectIdentity(verified.kind, verified.claims);
  if (verified === undefined || identity === undefined) {
    return refused(400, 'There was an error processing the identity token'); // 400 and not 401, as upstream
  }
  return done({ identity, challenge: String(verified.claims[ISSUERS[verified.kind].challengeClaim]) });
}
