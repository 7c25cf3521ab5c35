// SPDX-License-Identifier: Apache-2.0
// A `fetch` for Node, of make-fetch-happen without its cache, retries and redirects: the default one, and those with
// proxies, authorities and certificates of the caller.

// oxlint-disable-next-line typescript/triple-slash-reference -- packages above do not see ambient files otherwise
/// <reference path="./make-fetch-happen.d.ts" />

import { type Agents, createAgents } from './agents.node.js';
import {
  type AuthorityOptions,
  type ClientCertificate,
  readAuthorities,
  readClientCertificates,
} from './credentials.node.js';
import { decodeResponse, toNodeBody } from './node-body.node.js';
import { type ProxyOptions, readProxyRule } from './proxy.node.js';
import { redactError } from './redact.js';
import type { Fetch, FetchInit, FetchResponse } from './transport.js';
import { CONNECT_TIMEOUT_MS } from './tunnel.node.js';

export type { AuthorityOptions, ClientCertificate } from './credentials.node.js';
export type { ProxyOptions } from './proxy.node.js';

declare const __KEYWAX_VERSION__: string | undefined;

/** How requests leave this machine. */
export interface FetchOptions extends ProxyOptions, AuthorityOptions {
  /** What servers are shown that ask for a certificate; of several that fit, that of the longest URL. No proxy sees one. */
  readonly clientCertificates?: readonly ClientCertificate[];
  /** The `User-Agent` header; name, version and host of this package unless given. */
  readonly userAgent?: string;
}

/**
 * Makes a `fetch` for the `fetch` of a transport. Certificates of servers are checked whatever
 * `NODE_TLS_REJECT_UNAUTHORIZED` says, and TLS is 1.2 or later. Proxies of the environment are read now; make-fetch-happen
 * is loaded with the first request, as it is 41 packages.
 * @throws CONFIG_INVALID for a proxy, authority or certificate that cannot be used, NETWORK_POLICY for the URL of one
 * @example
 * const fetch = createFetch({ proxy: 'http://proxy.example:3128', extraAuthorities: await readFile('ca.pem', 'utf8') });
 * const answer = await request(url, { fetch });
 */
export function createFetch(options: FetchOptions = {}): Fetch {
  const chooseProxy = readProxyRule(options, process.env);
  const chooseCertificate = readClientCertificates(options.clientCertificates ?? []);
  const tls = readAuthorities(options);
  const agents = createAgents(tls);
  const userAgent = options.userAgent ?? describeAgent();
  return async (url, init) => {
    const target = new URL(url);
    const proxy = chooseProxy(target);
    const agent = agents.choose(target, proxy);
    const response = await send(url, init, {
      agents,
      secrets: proxy?.secrets ?? [],
      settings: {
        ...chooseCertificate(target),
        // Without an agent make-fetch-happen makes one, and no more asks the environment.
        ...(agent === undefined ? { ...tls, proxy: proxy?.url.href, noProxy: ',' } : { agent }),
        headers: { 'user-agent': userAgent, 'accept-encoding': 'identity', ...init.headers },
      },
    });
    return init.method === 'HEAD' ? response : decodeResponse(response);
  };
}

interface Route {
  readonly agents: Agents;
  readonly secrets: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
}

async function send(url: string, init: FetchInit, { agents, secrets, settings }: Route): Promise<FetchResponse> {
  const { default: makeFetchHappen } = await import('make-fetch-happen');
  try {
    return await agents.run(init.signal, () =>
      makeFetchHappen(url, {
        ...init,
        ...toNodeBody(init.body),
        ...settings,
        timeouts: { connection: CONNECT_TIMEOUT_MS },
        strictSSL: true,
        cache: 'no-store',
        retry: { retries: 0 },
        compress: false,
      }),
    );
  } catch (thrown) {
    // Errors about proxies hold their URL.
    throw secrets.length === 0 ? thrown : redactError(thrown, secrets);
  }
}

function describeAgent(): string {
  const version = typeof __KEYWAX_VERSION__ === 'string' ? __KEYWAX_VERSION__ : '0.0.0';
  return `keywax/${version} (Node ${process.version}; ${process.platform}/${process.arch})`;
}
