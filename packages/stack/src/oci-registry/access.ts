// SPDX-License-Identifier: Apache-2.0
// Who may do what: basic authentication, or bearer tokens from an endpoint of the registry's own, as the token
// specification of the distribution project has it.

import { randomBytes } from 'node:crypto';
import { decodeBase64, decodeUtf8 } from '@keywax/core/bytes';
import { attempt } from '../service.js';
import { answerFault } from './answer.js';

/** Whom the registry lets in. */
export interface OciRegistryAuth {
  readonly kind: 'basic' | 'bearer';
  readonly username: string;
  readonly password: string;
  /** With bearer tokens: whoever does not sign in may pull. */
  readonly anonymousPull?: boolean;
  /** With bearer tokens: what `docker login` may keep in place of the password. */
  readonly identityToken?: string;
}

/** Decides on requests. */
export interface Access {
  /** An answer to a request that is not let in, or that asks for a token; `undefined` lets it in. */
  check(request: Request, repository: string | undefined): Promise<Response | undefined>;
}

const TOKEN_SECONDS = 300;

/** What a token lets its holder do, as `NAME:ACTION`. */
type Grants = ReadonlySet<string>;

/** The access rules of a registry at `url`. */
export function createAccess(url: string, auth: OciRegistryAuth | undefined): Access {
  if (auth === undefined) return { check: async () => undefined };
  return auth.kind === 'basic' ? createBasicAccess(auth) : createBearerAccess(url, auth);
}

function createBasicAccess(auth: OciRegistryAuth): Access {
  const challenge = 'Basic realm="keywax"';
  const check = async (request: Request): Promise<Response | undefined> =>
    isSignedIn(request, auth) ? undefined : answerUnauthorized(challenge);
  return { check };
}

function createBearerAccess(url: string, auth: OciRegistryAuth): Access {
  const tokens = new Map<string, { readonly grants: Grants; readonly expiresAt: number }>();
  const issue = (grants: Grants): Response => {
    const token = randomBytes(24).toString('base64url');
    tokens.set(token, { grants, expiresAt: Date.now() + TOKEN_SECONDS * 1000 });
    return Response.json({ token, access_token: token, expires_in: TOKEN_SECONDS });
  };
  const check = async (request: Request, repository: string | undefined): Promise<Response | undefined> => {
    if (new URL(request.url).pathname === '/token') return answerTokenRequest(request, auth, issue);
    const wanted = repository === undefined ? undefined : `${repository}:${actionOf(request.method)}`;
    const held = tokens.get(/^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? '');
    const isValid = held !== undefined && held.expiresAt > Date.now();
    if (isValid && (wanted === undefined || held.grants.has(wanted))) return undefined;
    return answerUnauthorized(describeChallenge(url, { repository, method: request.method, isKnown: isValid }));
  };
  return { check };
}

function describeChallenge(
  url: string,
  { repository, method, isKnown }: { repository: string | undefined; method: string; isKnown: boolean },
): string {
  const actions = actionOf(method) === 'pull' ? 'pull' : 'pull,push';
  const scope = repository === undefined ? '' : `,scope="repository:${repository}:${actions}"`;
  const error = isKnown ? ',error="insufficient_scope"' : '';
  return `Bearer realm="${url}/token",service="${new URL(url).host}"${scope}${error}`;
}

function actionOf(method: string): string {
  if (method === 'GET' || method === 'HEAD') return 'pull';
  return method === 'DELETE' ? 'delete' : 'push';
}

function answerUnauthorized(challenge: string): Response {
  return answerFault('UNAUTHORIZED', 'authentication required', { headers: { 'WWW-Authenticate': challenge } });
}

/** `GET /token` with basic authentication or none, or `POST /token` in the form of OAuth 2. */
async function answerTokenRequest(
  request: Request,
  auth: OciRegistryAuth,
  issue: (grants: Grants) => Response,
): Promise<Response> {
  const form = new URLSearchParams(request.method === 'POST' ? await request.text() : new URL(request.url).search);
  const isAnonymous = request.method === 'GET' && request.headers.get('authorization') === null;
  if (isAnonymous) return issue(readGrants(form, auth.anonymousPull === true ? ['pull'] : []));
  const isKnown = request.method === 'POST' ? isGranted(form, auth) : isSignedIn(request, auth);
  if (!isKnown) return answerUnauthorized('Basic realm="keywax"');
  return issue(readGrants(form, ['pull', 'push', 'delete']));
}

/** What `scope` asks for, as far as it is allowed. */
function readGrants(form: URLSearchParams, allowed: readonly string[]): Grants {
  const grants = new Set<string>();
  for (const scope of form.getAll('scope').flatMap((text) => text.split(' '))) {
    const [, name = '', actions = ''] = /^repository:([^:]+):([a-z,*]+)$/.exec(scope) ?? [];
    for (const action of actions.split(',')) if (allowed.includes(action)) grants.add(`${name}:${action}`);
  }
  return grants;
}

function isGranted(form: URLSearchParams, { username, password, identityToken }: OciRegistryAuth): boolean {
  if (form.get('grant_type') === 'refresh_token')
    return identityToken !== undefined && form.get('refresh_token') === identityToken;
  const isPassword = form.get('grant_type') === 'password';
  return isPassword && form.get('username') === username && form.get('password') === password;
}

function isSignedIn(request: Request, { username, password }: OciRegistryAuth): boolean {
  const sent = /^Basic (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  const text = sent === undefined ? undefined : attempt(() => decodeUtf8(decodeBase64(sent)));
  return text === `${username}:${password}`;
}
