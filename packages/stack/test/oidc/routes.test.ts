// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto';
import { type Stack, startStack } from '@keywax/stack';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postJson, sha256 } from '../requests.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

const PATHS = { email: '', github: '/github', gitlab: '/gitlab' } as const;

async function verifyToken(token: string, path: string, audience = 'sigstore') {
  const issuer = stack.urls.oidc + path;
  const discovery = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as Record<
    string,
    string
  >;
  expect(discovery['issuer']).toBe(issuer);
  const keys = createRemoteJWKSet(new URL(discovery['jwks_uri'] ?? ''));
  return jwtVerify(token, keys, { issuer, audience, algorithms: ['RS256'], requiredClaims: ['exp', 'iat', 'sub'] });
}

describe('tokens', () => {
  test.each([
    ['email', 'email', 'alice@example.com'],
    ['github', 'repository', 'octo-org/octo-repo'],
    ['gitlab', 'project_path', 'group/project'],
  ] as const)('of the %s persona verify by discovery and its keys', async (kind, claim, value) => {
    const { payload } = await verifyToken(await stack.mintToken({ kind }), PATHS[kind]);
    expect(payload[claim]).toBe(value);
  });

  test('take single claims from the caller, and lose those set to undefined', async () => {
    const token = await stack.mintToken({
      kind: 'email',
      email: 'bob@example.com',
      email_verified: undefined,
      aud: 'other',
    });
    expect(decodeJwt(token)).toMatchObject({ email: 'bob@example.com', aud: 'other' });
    expect(decodeJwt(token)).not.toHaveProperty('email_verified');
  });

  test('come from the mint endpoint too', async () => {
    const response = await postJson(`${stack.urls.oidc}/mint`, { kind: 'github', ref: 'refs/tags/v1' });
    const { token } = (await response.json()) as { token: string };
    expect((await verifyToken(token, '/github')).payload['ref']).toBe('refs/tags/v1');
    expect((await postJson(`${stack.urls.oidc}/mint`, { kind: 'other' })).status).toBe(400);
    expect((await postJson(`${stack.urls.oidc}/mint`, 'null')).status).toBe(400);
  });

  test('come as a CI runner gives them to its jobs', async () => {
    const url = `${stack.urls.oidc}/github/request-token?api-version=2.0&audience=sigstore`;
    expect((await fetch(url)).status).toBe(401);
    const response = await fetch(url, { headers: { Authorization: 'Bearer request-token' } });
    const { value } = (await response.json()) as { value: string };
    await verifyToken(value, '/github');
  });
});

describe('the authorization code flow', () => {
  const verifier = randomBytes(32).toString('base64url');
  const redirectUri = 'http://localhost:4711/auth/callback';
  const query = {
    response_type: 'code',
    client_id: 'sigstore',
    scope: 'openid email',
    redirect_uri: redirectUri,
    code_challenge: sha256(verifier).toString('base64url'),
    code_challenge_method: 'S256',
    state: 'state-1',
    nonce: 'nonce-1',
    login_hint: 'carol@example.com',
  };
  const authorize = (changes: Record<string, string> = {}) =>
    fetch(`${stack.urls.oidc}/auth?${new URLSearchParams({ ...query, ...changes })}`, { redirect: 'manual' });
  const exchange = async (changes: Record<string, string> = {}) => {
    const location = new URL((await authorize()).headers.get('location') ?? '');
    expect(location.origin + location.pathname).toBe(redirectUri);
    expect(location.searchParams.get('state')).toBe('state-1');
    const form = {
      grant_type: 'authorization_code',
      redirect_uri: redirectUri,
      code_verifier: verifier,
      client_id: 'sigstore',
    };
    const body = new URLSearchParams({ ...form, code: location.searchParams.get('code') ?? '', ...changes });
    return { body, send: () => fetch(`${stack.urls.oidc}/token`, { method: 'POST', body }) };
  };

  test('gives the same token as id_token and access_token, with the nonce', async () => {
    const answer = (await (await (await exchange()).send()).json()) as Record<string, string>;
    expect(answer['access_token']).toBe(answer['id_token']);
    const { payload } = await verifyToken(answer['id_token'] ?? '', '');
    expect(payload).toMatchObject({ nonce: 'nonce-1', email: 'carol@example.com' });
    const userinfo = await fetch(`${stack.urls.oidc}/userinfo`, {
      headers: { Authorization: `Bearer ${answer['id_token']}` },
    });
    expect(await userinfo.json()).toMatchObject({ email: 'carol@example.com' });
  });

  test('gives one token for one code', async () => {
    const { send } = await exchange();
    expect((await send()).status).toBe(200);
    const second = await send();
    expect(second.status).toBe(400);
    expect(await second.json()).toEqual({ error: 'invalid_grant' });
  });

  test.each([
    ['another verifier', { code_verifier: 'other' }, 'invalid_grant'],
    ['another redirect URI', { redirect_uri: 'http://localhost:1/' }, 'invalid_grant'],
    ['another code', { code: 'other' }, 'invalid_grant'],
    ['another grant type', { grant_type: 'password' }, 'unsupported_grant_type'],
  ])('refuses %s', async (_, changes, error) => {
    const response = await (await exchange(changes)).send();
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error });
  });

  test.each([
    ['no code challenge', { code_challenge: '' }],
    ['a redirect to another host', { redirect_uri: 'http://example.com/' }],
    ['a redirect that is no URL', { redirect_uri: '::' }],
    ['another client', { client_id: 'other' }],
    ['another response type', { response_type: 'token' }],
  ])('does not begin with %s', async (_, changes) => {
    expect((await authorize(changes)).status).toBe(400);
  });

  test('shows the code where there is no redirect', async () => {
    const response = await authorize({ redirect_uri: 'urn:ietf:wg:oauth:2.0:oob' });
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/^[\w-]{32}\n$/);
  });
});

describe('the device flow', () => {
  const poll = (code: string, verifier: string) =>
    fetch(`${stack.urls.oidc}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        device_code: code,
        code_verifier: verifier,
        client_id: 'sigstore',
      }),
    });

  test('waits until the user has approved', async () => {
    const challenge = sha256('verifier').toString('base64url');
    const body = new URLSearchParams({
      client_id: 'sigstore',
      scope: 'openid email',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    const started = await fetch(`${stack.urls.oidc}/device/code`, { method: 'POST', body });
    const device = (await started.json()) as Record<string, string>;
    const pending = await poll(device['device_code'] ?? '', 'verifier');
    expect(await pending.json()).toEqual({ error: 'authorization_pending' });
    expect((await fetch(device['verification_uri_complete'] ?? '')).status).toBe(200);
    const granted = (await (await poll(device['device_code'] ?? '', 'verifier')).json()) as Record<string, string>;
    await verifyToken(granted['id_token'] ?? '', '');
    expect((await poll(device['device_code'] ?? '', 'verifier')).status).toBe(400);
  });

  test('does not know other user codes', async () => {
    expect((await fetch(`${stack.urls.oidc}/device?user_code=XXXX-XXXX`)).status).toBe(404);
  });

  test('says that a code has expired', async () => {
    let time = Date.now();
    await using other = await startStack({ now: () => new Date(time) });
    const started = await fetch(`${other.urls.oidc}/device/code`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'sigstore' }),
    });
    const device = (await started.json()) as Record<string, string>;
    time += 301_000;
    const form = {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: device['device_code'] ?? '',
    };
    const answer = await fetch(`${other.urls.oidc}/token`, { method: 'POST', body: new URLSearchParams(form) });
    expect(await answer.json()).toEqual({ error: 'expired_token' });
  });
});
