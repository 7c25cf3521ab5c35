// SPDX-License-Identifier: Apache-2.0
// OpenID Connect over HTTP: discovery, keys, the authorization code flow with PKCE, the device flow, and tokens on
// demand for tests. Whoever asks is authenticated: this is a local instance.

import { Hono } from 'hono';
import { decodeJsonObject } from '@keywax/core/decode';
import { toPlainJson } from '@keywax/core/json';
import type { IssuerKind } from '../fulcio/identity.js';
import { DEVICE_GRANT, type GrantStore, OUT_OF_BAND, createGrantStore } from './grants.js';
import { type TokenIssuer, TOKEN_SECONDS } from './issuer.js';
import { answerError, limitBody, readJsonBody } from '../service.js';
import { ISSUER_PATHS } from './personas.js';

const MAX_BODY_BYTES = 65_536;

const DEVICE_INTERVAL_SECONDS = 1;

/** The routes of the OIDC service: each issuer below its path, and `POST /mint` with a `TokenRequest` for all. */
export function createOidcRoutes(issuer: TokenIssuer, now: () => Date): Hono {
  const app = new Hono();
  const grants = createGrantStore(now);
  app.use(limitBody(MAX_BODY_BYTES, answerError));
  app.post('/mint', async (context) => {
    const request = await readJsonBody(context, decodeJsonObject, MAX_BODY_BYTES);
    const kind = issuer.kinds.find((candidate) => candidate === request?.get('kind'));
    if (request === undefined || kind === undefined) return context.json({ error: 'invalid_request' }, 400);
    return context.json({ token: await issuer.mint({ ...(toPlainJson(request) as object), kind }) });
  });
  for (const kind of issuer.kinds) {
    const routes = new Hono();
    addProviderRoutes(routes, issuer, kind);
    addCodeRoutes(routes, grants);
    addDeviceRoutes(routes, grants, issuer.issuerUrl(kind));
    addTokenRoute(routes, grants, (claims) => issuer.mint({ kind, ...claims }));
    app.route(ISSUER_PATHS[kind] === '' ? '/' : ISSUER_PATHS[kind], routes);
  }
  return app;
}

/** The discovery document of an issuer. */
function describeProvider(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    userinfo_endpoint: `${issuer}/userinfo`,
    device_authorization_endpoint: `${issuer}/device/code`,
    grant_types_supported: ['authorization_code', DEVICE_GRANT],
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256', 'plain'],
    scopes_supported: ['openid', 'email'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    claims_supported: ['iss', 'sub', 'aud', 'iat', 'exp', 'nonce', 'email', 'email_verified'],
  };
}

function addProviderRoutes(app: Hono, issuer: TokenIssuer, kind: IssuerKind): void {
  const url = issuer.issuerUrl(kind);
  app.get('/.well-known/openid-configuration', (context) => context.json(describeProvider(url)));
  app.get('/keys', async (context) => context.json(await issuer.jwks()));
  app.get('/userinfo', async (context) => {
    const token = readBearer(context.req.header('authorization'));
    const verified = await issuer.verify(token ?? '').catch(() => undefined);
    return verified === undefined ? context.json({ error: 'invalid_token' }, 401) : context.json(verified.claims);
  });
  // What a CI runner offers its jobs: the audience in the query, some request token in the header.
  app.get('/request-token', async (context) => {
    const isAuthorized = readBearer(context.req.header('authorization')) !== undefined;
    if (!isAuthorized) return context.json({ error: 'invalid_token' }, 401);
    return context.json({ value: await issuer.mint({ kind, aud: context.req.query('audience') ?? url }) });
  });
}

function readBearer(header: string | undefined): string | undefined {
  return /^bearer (\S+)$/i.exec(header ?? '')?.[1];
}

function addCodeRoutes(app: Hono, grants: GrantStore): void {
  app.get('/auth', (context) => {
    const query = context.req.query();
    const grant = grants.authorize(query);
    if (grant === undefined) return context.json({ error: 'invalid_request' }, 400);
    if (grant.redirectUri === OUT_OF_BAND) return context.text(`${grant.code}\n`);
    const target = new URL(grant.redirectUri);
    target.searchParams.set('code', grant.code);
    if (query['state'] !== undefined) target.searchParams.set('state', query['state']);
    return context.redirect(target.href);
  });
}

function addDeviceRoutes(app: Hono, grants: GrantStore, url: string): void {
  app.post('/device/code', async (context) => {
    const { code, userCode, expiresInSeconds } = grants.startDevice(await context.req.parseBody());
    return context.json({
      device_code: code,
      user_code: userCode,
      verification_uri: `${url}/device`,
      verification_uri_complete: `${url}/device?user_code=${userCode}`,
      expires_in: expiresInSeconds,
      interval: DEVICE_INTERVAL_SECONDS,
    });
  });
  app.get('/device', (context) => {
    const isKnown = grants.approve(context.req.query('user_code') ?? '');
    return context.text(isKnown ? 'The device is signed in.\n' : 'This code is not known.\n', isKnown ? 200 : 404);
  });
}

function addTokenRoute(app: Hono, grants: GrantStore, mint: (claims: object) => Promise<string>): void {
  app.post('/token', async (context) => {
    const outcome = grants.redeem(await context.req.parseBody());
    if (outcome.kind === 'refused') return context.json({ error: outcome.error }, 400);
    const token = await mint(outcome.claims);
    // The Python client reads `access_token`, all others `id_token`.
    return context.json({ access_token: token, id_token: token, token_type: 'bearer', expires_in: TOKEN_SECONDS });
  });
}
