// SPDX-License-Identifier: Apache-2.0
// The default `fetch` of Node: make-fetch-happen, for its proxies, without its cache, retries and redirects.

import type { Agent } from 'node:http';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import type { Fetch, FetchInit, FetchResponse } from './transport.js';

declare const __KEYWAX_VERSION__: string | undefined;

const CONNECT_TIMEOUT_MS = 10_000; // ATTACKS 4.3
const PROXY_VARIABLES: ReadonlySet<string> = new Set(['https_proxy', 'http_proxy', 'proxy']);

let loaded: Promise<Fetch> | undefined;

/** The `fetch` that a request uses when it is given none; made on first use, as it is 41 packages. */
export function loadFetch(): Promise<Fetch> {
  loaded ??= makeFetch();
  return loaded;
}

async function makeFetch(): Promise<Fetch> {
  const { default: makeFetchHappen } = await import('make-fetch-happen');
  const agents = hasProxy(process.env) ? undefined : await makeAgents();
  return async (url, init) => {
    const response = await makeFetchHappen(url, {
      ...init,
      ...(await readableBody(init.body)),
      headers: { 'user-agent': userAgent(), 'accept-encoding': 'identity', ...init.headers },
      // With a proxy, make-fetch-happen makes the agent.
      agent: agents?.[url.startsWith('https:') ? 'https' : 'http'],
      timeouts: { connection: CONNECT_TIMEOUT_MS },
      // Certificates are checked whatever NODE_TLS_REJECT_UNAUTHORIZED says; NODE_EXTRA_CA_CERTS adds authorities.
      strictSSL: true,
      cache: 'no-store',
      retry: { retries: 0 },
      compress: false,
    });
    return init.method === 'HEAD' ? response : decodeResponse(response);
  };
}

/** A stream of the web as one of Node's, which is all that make-fetch-happen takes. */
async function readableBody(body: FetchInit['body']): Promise<{ readonly body?: unknown }> {
  if (body === undefined || body instanceof Uint8Array) return {};
  const { Readable } = await import('node:stream');
  const reader = body.getReader();
  const iterate = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
    } finally {
      await reader.cancel().catch(() => {});
    }
  };
  return { body: Readable.from(iterate(), { objectMode: false }) };
}

/** Undoes gzip, which some stores send to everyone. make-fetch-happen would take a broken or cut stream for its end. */
async function decodeResponse(response: FetchResponse): Promise<FetchResponse> {
  let coding = 'identity';
  response.headers.forEach((value, name) => {
    if (name.toLowerCase() === 'content-encoding') coding = value.trim().toLowerCase();
  });
  if (coding === 'identity' || response.body === null) return response;
  if (coding !== 'gzip' && coding !== 'x-gzip') {
    throw new KeywaxError('NETWORK_FAILED', `expected an answer without content coding, found ${quoteText(coding)}`);
  }
  const [{ createGunzip }, { Readable, pipeline }] = await Promise.all([import('node:zlib'), import('node:stream')]);
  const body = createGunzip();
  // An error of either stream destroys the other; the reader of `body` sees it.
  pipeline(Readable.from(response.body), body, () => {});
  return { status: response.status, headers: response.headers, body };
}

function hasProxy(environment: Readonly<Record<string, string | undefined>>): boolean {
  return Object.entries(environment).some(([name, value]) => PROXY_VARIABLES.has(name.toLowerCase()) && value !== '');
}

/** Agents of Node's own: those of make-fetch-happen leave a connection open that is aborted while it is made. */
async function makeAgents(): Promise<{ readonly http: Agent; readonly https: Agent }> {
  const [http, https] = await Promise.all([import('node:http'), import('node:https')]);
  return {
    http: limitConnecting(new http.Agent({ keepAlive: true }), 'connect'),
    https: limitConnecting(
      new https.Agent({ keepAlive: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' }),
      'secureConnect',
    ),
  };
}

/** Gives up on a connection that has not come about in time, which Node itself leaves to the operating system. */
function limitConnecting(agent: Agent, connected: 'connect' | 'secureConnect'): Agent {
  const createConnection = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = createConnection(options, callback);
    if (socket === null || socket === undefined) return socket;
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error('the connection was not made in time'), { code: 'ECONNECTIONTIMEOUT' }));
    }, CONNECT_TIMEOUT_MS);
    const stop = (): void => clearTimeout(timer);
    socket.once(connected, stop).once('close', stop);
    return socket;
  };
  return agent;
}

function userAgent(): string {
  const version = typeof __KEYWAX_VERSION__ === 'string' ? __KEYWAX_VERSION__ : '0.0.0';
  return `keywax/${version} (Node ${process.version}; ${process.platform}/${process.arch})`;
}
