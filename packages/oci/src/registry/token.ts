// SPDX-License-Identifier: Apache-2.0
// Tokens for a registry, from the token service that it names (distribution spec/auth/token.md and oauth.md).

import { encodeBase64, encodeUtf8 } from '@keywax/core/bytes';
import { decodeOpenObject, decodeString, optional } from '@keywax/core/decode';
import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';
import { type HttpResponse, type RequestOptions, type Transport, parseServiceUrl, request } from '@keywax/http';
import type { Challenge } from './challenge.js';
import { type RegistryCredential, isToken } from './credentials.js';
import { registryInvalid, unauthorized } from './failure.js';
import { DOCKER_HUB } from './reference.js';

/** Hosts of token services that are not the registry itself, by registry. */
const TOKEN_HOSTS: ReadonlyMap<string, readonly string[]> = new Map([
  [DOCKER_HUB, ['auth.docker.io']],
  ['registry.gitlab.com', ['gitlab.com']],
]);
const MAX_TOKEN_ANSWER_BYTES = 65_536;

/** What a token is asked for. */
export interface TokenRequest {
  /** The registry's name in references. */
  readonly registry: string;
  /** Origin of the registry's API. */
  readonly origin: string;
  /** Such as `repository:library/debian:pull`. */
  readonly scopes: readonly string[];
  readonly credential: RegistryCredential | undefined;
  readonly transport: Transport;
}

/**
 * The URL of a token service: https, or http where the registry's own is; on the registry's own host and port, on a host
 * known for it, or on one that the caller trusts with the credentials (ATTACKS OC-002).
 * @throws NETWORK_POLICY
 */
export function parseRealm(
  realm: string,
  {
    registry,
    origin,
    tokenHosts,
  }: { readonly registry: string; readonly origin: string; readonly tokenHosts: readonly string[] },
): URL {
  const own = new URL(origin);
  const url = parseServiceUrl(realm, own.protocol === 'http:' ? { allowHttp: 'any' } : {});
  if (url.origin === own.origin) return url;
  const known = [...(TOKEN_HOSTS.get(registry) ?? []), ...tokenHosts];
  if (url.protocol === 'https:' && known.includes(url.host)) return url;
  const expected = 'a token service on the host of the registry, or on one that is trusted for it';
  const actual = quoteText(url.origin);
  throw new KeywaxError('NETWORK_POLICY', `${registry}: expected ${expected}, found ${actual}`, {
    details: { expected, actual },
  });
}

/** Fetches a token for exactly the given scopes. @throws REGISTRY_UNAUTHORIZED, REGISTRY_INVALID, NETWORK_…, INPUT_TOO_LARGE */
export async function fetchToken(
  realm: URL,
  challenge: Extract<Challenge, { readonly kind: 'bearer' }>,
  asked: TokenRequest,
): Promise<string> {
  if (asked.credential?.kind === 'bearer') return asked.credential.token;
  const what = `token service ${realm.origin}`;
  const options: RequestOptions = {
    ...asked.transport,
    ...(realm.protocol === 'http:' ? { allowHttp: 'any' as const } : {}),
    accept: ['application/json'],
    expectStatus: [200, 400, 401, 403],
    maxBytes: MAX_TOKEN_ANSWER_BYTES,
    sensitive: true,
  };
  const answer =
    asked.credential?.kind === 'identityToken'
      ? await postRefreshToken(realm, { challenge, asked, token: asked.credential.token }, options)
      : await getToken(realm, { challenge, asked }, options);
  if (answer.status !== 200) throw unauthorized(what, `answered ${answer.status}`);
  return readToken(answer, what);
}

interface Exchange {
  readonly challenge: Extract<Challenge, { readonly kind: 'bearer' }>;
  readonly asked: TokenRequest;
}

function getToken(realm: URL, { challenge, asked }: Exchange, options: RequestOptions): Promise<HttpResponse> {
  const url = new URL(realm);
  if (challenge.service !== undefined) url.searchParams.set('service', challenge.service);
  url.searchParams.delete('scope');
  for (const scope of asked.scopes) url.searchParams.append('scope', scope);
  return request(url.href, {
    ...options,
    ...(asked.credential?.kind === 'basic' ? { headers: { authorization: encodeBasic(asked.credential) } } : {}),
  });
}

function postRefreshToken(
  realm: URL,
  { challenge, asked, token }: Exchange & { readonly token: string },
  options: RequestOptions,
): Promise<HttpResponse> {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    ...(challenge.service === undefined ? {} : { service: challenge.service }),
    scope: asked.scopes.join(' '),
    client_id: 'keywax',
    refresh_token: token,
  });
  return request(realm.href, {
    ...options,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
    idempotent: true,
    secrets: [token],
  });
}

const decodeTokenAnswer = /* @__PURE__ */ decodeOpenObject<{
  readonly token: string | undefined;
  readonly access_token: string | undefined;
}>({ token: optional(decodeString), access_token: optional(decodeString) });

/** Errors of the readers may quote what they read, which is secret: they are left behind. */
function readToken(answer: HttpResponse, what: string): string {
  try {
    const { token, access_token: accessToken } = decodeTokenAnswer(answer.json(), '$');
    const value = token ?? accessToken;
    if (value !== undefined && isToken(value)) return value;
  } catch (error) {
    if (!isKeywaxError(error)) throw error;
  }
  throw registryInvalid(what, 'an answer with a token', 'something else');
}

/** The `Authorization` of user name and password (RFC 7617). */
export function encodeBasic({ username, password }: Extract<RegistryCredential, { readonly kind: 'basic' }>): string {
  return `Basic ${encodeBase64(encodeUtf8(`${username}:${password}`))}`;
}
