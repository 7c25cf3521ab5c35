// SPDX-License-Identifier: Apache-2.0
// Requests to one registry: its API, authorization, and what its statuses mean.

import {
  type HttpResponse,
  type HttpStream,
  type RequestOptions,
  type Transport,
  isLoopbackHost,
  request,
  requestStream,
} from '@keywax/http';
import { type Access, type AuthorizationOptions, type Authorizer, makeAuthorizer } from './authorizer.js';
import { parseChallenge } from './challenge.js';
import { refused } from './failure.js';
import { DOCKER_HUB, type RepositoryName } from './reference.js';

/** How a registry is reached. */
export interface SessionOptions extends AuthorizationOptions {
  readonly transport?: Transport;
  /**
   * Whether plain http is spoken: to loopback hosts unless `false`, to others only if `true`. Credentials then cross the
   * network in the clear.
   */
  readonly allowHttp?: boolean;
  /** Sent with every request to the registry's API: not to token services, and not where blobs are redirected. */
  readonly headers?: Readonly<Record<string, string>>;
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
  const own = { authorizer, transport, headers: lowerNames(options.headers ?? {}) };
  return Object.freeze({
    name,
    origin,
    transport,
    url: (path: `/${string}`) => `${origin}/v2/${name.repository}${path}`,
    send: (asked: RegistryRequest) => exchange(asked, { ...own, send: request, discard: () => {} }),
    open: (asked: RegistryRequest) =>
      exchange(asked, { ...own, send: requestStream, discard: (stream) => stream.close() }),
  });
}

/** With one name for each header, those of a request go before those of the options. */
function lowerNames(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
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
  readonly headers: Readonly<Record<string, string>>;
  readonly send: (url: string, options: RequestOptions) => Promise<T>;
  readonly discard: (answer: T) => void;
}

/** Statuses that mean something in themselves, whether or not they are expected. */
const TELLING_STATUSES: readonly number[] = [400, 401, 403, 404, 405, 409, 413, 415, 416];

/** Sends, and once more with authorization where the answer asks for it (ATTACKS OC-026: one time only). */
async function exchange<T extends Answer>(
  { url, access, ...asked }: RegistryRequest,
  { authorizer, transport, headers, send, discard }: Exchange<T>,
): Promise<T> {
  const what = describe(asked.method, url);
  const expected = asked.expectStatus ?? [200];
  const attempt = (authorization: string | undefined): Promise<T> =>
    send(url, {
      ...transport,
      ...asked,
      expectStatus: [...expected, ...TELLING_STATUSES],
      headers: { ...headers, ...asked.headers, ...(authorization === undefined ? {} : { authorization }) },
      // They may be secret.
      ...(Object.keys(headers).length === 0 ? {} : { sensitive: true }),
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
