// SPDX-License-Identifier: Apache-2.0
// Requests to one registry: its API, authorization, and what its statuses mean.

import { KeywaxError } from '@keywax/core/errors';
import {
  type HttpResponse,
  type HttpStream,
  type RequestOptions,
  type Transport,
  isLoopbackHost,
  request,
  requestStream,
} from '@keywax/http';
import { type Challenge, parseChallenge } from './challenge.js';
import { type CredentialSource, type RegistryCredential, checkCredential } from './credentials.js';
import { refused, registryInvalid, unauthorized } from './failure.js';
import { DOCKER_HUB, type RepositoryName } from './reference.js';
import { encodeBasic, fetchToken, parseRealm } from './token.js';

/** How a registry is reached. */
export interface SessionOptions {
  readonly credentials?: CredentialSource;
  readonly transport?: Transport;
  /**
   * Whether plain http is spoken: to loopback hosts unless `false`, to others only if `true`. Credentials then cross the
   * network in the clear.
   */
  readonly allowHttp?: boolean;
  /** Hosts, with port where they have one, that may be told the credentials as token services of the registry. */
  readonly tokenHosts?: readonly string[];
}

/** What a request does: reads, writes, or writes with the right to read another repository, `from`. */
export interface Access {
  readonly action: 'pull' | 'push';
  readonly from?: string;
}

/** One request to the registry. */
export interface RegistryRequest extends RequestOptions {
  readonly url: string;
  readonly access: Access;
}

/** Requests to one repository of a registry, authorized where the registry asks for it. */
export interface Session {
  readonly name: RepositoryName;
  /** Of the API, without a slash at the end. */
  readonly origin: string;
  readonly transport: Transport;
  /** URL of a path below the repository, such as `/manifests/latest`. */
  url(path: `/${string}`): string;
  /** Sends with the statuses that are expected beside 401. @throws REGISTRY_UNAUTHORIZED, REGISTRY_INVALID, NETWORK_…, INPUT_TOO_LARGE */
  send(request: RegistryRequest): Promise<HttpResponse>;
  /** The same, with a body that is still to be read. */
  open(request: RegistryRequest): Promise<HttpStream>;
}

/** Opens a session; nothing is sent. */
export function openSession(name: RepositoryName, options: SessionOptions): Session {
  const origin = apiOrigin(name.registry, options.allowHttp);
  const transport: Transport = {
    ...options.transport,
    ...(origin.startsWith('http:') ? { allowHttp: options.allowHttp === true ? 'any' : 'loopback' } : {}),
  };
  const authorizer = makeAuthorizer({ name, origin, transport, options });
  return Object.freeze({
    name,
    origin,
    transport,
    url: (path: `/${string}`) => `${origin}/v2/${name.repository}${path}`,
    send: (asked: RegistryRequest) => exchange(asked, { authorizer, transport, send: request, discard: () => {} }),
    open: (asked: RegistryRequest) =>
      exchange(asked, { authorizer, transport, send: requestStream, discard: (stream) => stream.close() }),
  });
}

/** The API of Docker Hub is not where its name points (PROTOCOL 9.3). */
function apiOrigin(registry: string, allowHttp: boolean | undefined): string {
  const host = registry === DOCKER_HUB ? 'registry-1.docker.io' : registry;
  const isHttp = allowHttp ?? isLoopbackHost(new URL(`https://${host}`).hostname);
  // Without a port that is the default anyway, as URLs are written.
  return new URL(`${isHttp ? 'http' : 'https'}://${host}`).origin;
}

type Answer = Pick<HttpResponse, 'status' | 'headers'> & { readonly body: Uint8Array | AsyncIterable<Uint8Array> };

interface Exchange<T> {
  readonly authorizer: Authorizer;
  readonly transport: Transport;
  readonly send: (url: string, options: RequestOptions) => Promise<T>;
  readonly discard: (answer: T) => void;
}

/** Statuses that mean something in themselves, whether or not they are expected. */
const TELLING_STATUSES: readonly number[] = [400, 401, 403, 404, 405, 409, 413, 415, 416];

/** Sends, and once more with authorization where the answer asks for it (ATTACKS OC-026: one time only). */
async function exchange<T extends Answer>(
  { url, access, ...asked }: RegistryRequest,
  { authorizer, transport, send, discard }: Exchange<T>,
): Promise<T> {
  const what = describe(asked.method, url);
  const expected = asked.expectStatus ?? [200];
  const attempt = (authorization: string | undefined): Promise<T> =>
    send(url, {
      ...transport,
      ...asked,
      expectStatus: [...expected, ...TELLING_STATUSES],
      headers: { ...asked.headers, ...(authorization === undefined ? {} : { authorization }) },
    });
  const known = authorizer.current(access);
  let answer = await attempt(known);
  // A body that was streamed is gone: another request before it has the authorization for it.
  if (answer.status === 401 && !isStreamed(asked.body)) {
    discard(answer);
    const challenge = parseChallenge(answer.headers.get('www-authenticate'), what);
    answer = await attempt(await authorizer.authorize(access, { challenge, refused: known, what }));
  }
  if (expected.includes(answer.status)) return answer;
  discard(answer);
  const body = answer.body instanceof Uint8Array ? answer.body : undefined;
  throw refused(what, { status: answer.status, origin: new URL(url).origin, body });
}

function isStreamed(body: RequestOptions['body']): boolean {
  return typeof body === 'object' && !(body instanceof Uint8Array);
}

/** Method, origin and path of a request. */
export function describe(method: string | undefined, url: string): string {
  const { origin, pathname } = new URL(url);
  return `${method ?? 'GET'} ${origin}${pathname}`;
}

interface Authorizer {
  /** The header that worked last for this access. */
  current(access: Access): string | undefined;
  /** A header that answers a challenge to a request that was sent with `refused`. */
  authorize(
    access: Access,
    asked: { readonly challenge: Challenge; readonly refused: string | undefined; readonly what: string },
  ): Promise<string>;
}

interface AuthorizerSettings {
  readonly name: RepositoryName;
  readonly origin: string;
  readonly transport: Transport;
  readonly options: SessionOptions;
}

function makeAuthorizer(settings: AuthorizerSettings): Authorizer {
  const headers = new Map<string, string>();
  const pending = new Map<string, Promise<string>>();
  let credential: Promise<RegistryCredential | undefined> | undefined;
  const findCredential = (): Promise<RegistryCredential | undefined> => (credential ??= readCredential(settings));
  const renew = async (
    key: string,
    access: Access,
    asked: { readonly challenge: Challenge; readonly what: string },
  ) => {
    const header = await answerChallenge({ ...asked, settings, access, findCredential });
    headers.set(key, header);
    return header;
  };
  return {
    current: (access) => headers.get(accessKey(access)),
    authorize(access, { challenge, refused, what }) {
      const key = accessKey(access);
      const known = headers.get(key);
      // Another request has renewed it meanwhile, or is about to.
      if (known !== undefined && known !== refused) return Promise.resolve(known);
      const renewal = pending.get(key) ?? renew(key, access, { challenge, what }).finally(() => pending.delete(key));
      pending.set(key, renewal);
      return renewal;
    },
  };
}

async function readCredential({ name, options }: AuthorizerSettings): Promise<RegistryCredential | undefined> {
  const found = await options.credentials?.(name.registry);
  return found === undefined ? undefined : checkCredential({ ...found });
}

function accessKey({ action, from }: Access): string {
  return `${action} ${from ?? ''}`;
}

async function answerChallenge({
  challenge,
  what,
  settings,
  access,
  findCredential,
}: {
  readonly challenge: Challenge;
  readonly what: string;
  readonly settings: AuthorizerSettings;
  readonly access: Access;
  readonly findCredential: () => Promise<RegistryCredential | undefined>;
}): Promise<string> {
  if (challenge.kind === 'basic') {
    const credential = await findCredential();
    if (credential?.kind === 'basic') return encodeBasic(credential);
    throw unauthorized(what, 'the registry wants a user name and a password');
  }
  const { name, origin, transport, options } = settings;
  // The place is checked before any credential is even looked up.
  const realm = parseRealm(challenge.realm, { registry: name.registry, origin, tokenHosts: options.tokenHosts ?? [] });
  const credential = await findCredential();
  const token = await fetchToken(realm, challenge, {
    registry: name.registry,
    origin,
    scopes: makeScopes(name, access),
    credential,
    transport,
  });
  return `Bearer ${token}`;
}

/** Ours alone, whatever the challenge says (ATTACKS OC-005). */
function makeScopes({ repository }: RepositoryName, { action, from }: Access): readonly string[] {
  const own = `repository:${repository}:${action === 'push' ? 'pull,push' : 'pull'}`;
  return from === undefined ? [own] : [own, `repository:${from}:pull`];
}

/** Where a `Location` or `Link` leads, if it stays within the origin of `base`. @throws the error that `refuse` makes */
export function resolveSameOrigin(
  text: string | undefined,
  {
    base,
    what,
    code,
  }: { readonly base: string; readonly what: string; readonly code: 'NETWORK_REDIRECT' | 'NETWORK_POLICY' },
): string {
  if (text === undefined || text === '') throw registryInvalid(what, 'a location', 'none');
  const url = resolveUrl(text, base);
  if (url !== undefined && url.origin === new URL(base).origin && url.username === '' && url.password === '')
    return `${url.origin}${url.pathname}${url.search}`;
  const expected = 'a location on the same host';
  throw new KeywaxError(code, `${what}: expected ${expected}`, { details: { expected } });
}

function resolveUrl(text: string, base: string): URL | undefined {
  return URL.canParse(text, base) ? new URL(text, base) : undefined;
}
