// SPDX-License-Identifier: Apache-2.0
// A connection through an HTTP proxy (RFC 9110 §9.3.6). What a proxy answers is its own word, not the server's: everything
// but a success is a failure, and its body is not read.

import { request as sendHttp } from 'node:http';
import { request as sendHttps } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions } from 'node:tls';
import type { Proxy } from './proxy.node.js';

/** How long a connection may take to come about; ATTACKS 4.3. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** What a tunnel leads to, and through what. */
export interface TunnelRequest {
  readonly proxy: Proxy;
  readonly host: string;
  readonly port: number | string;
  /** By what a proxy is known that is spoken to over TLS. */
  readonly tls: SecureContextOptions;
  readonly signal: AbortSignal | undefined;
}

/** Asks the proxy for a connection; it is closed when that takes too long, or the signal fires. */
export function openTunnel({ proxy, host, port, tls, signal }: TunnelRequest): Promise<Duplex> {
  const { protocol, hostname, port: proxyPort } = proxy.url;
  const proxyHost = hostname.replace(/^\[(.*)\]$/, '$1');
  const authority = `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
  const isTls = protocol === 'https:';
  const options = {
    method: 'CONNECT',
    host: proxyHost,
    port: proxyPort === '' ? (isTls ? 443 : 80) : proxyPort,
    path: authority,
    headers: {
      host: authority,
      ...(proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization }),
    },
    agent: false as const,
  };
  return new Promise((resolve, reject) => {
    const sent = isTls
      ? sendHttps({ ...options, ...tls, rejectUnauthorized: true, servername: isIP(proxyHost) === 0 ? proxyHost : '' })
      : sendHttp(options);
    const abort = (): unknown => sent.destroy(failure('ABORT_ERR', 'the request was given up'));
    const timer = setTimeout(
      () => sent.destroy(failure('ECONNECTIONTIMEOUT', 'the proxy did not answer in time')),
      CONNECT_TIMEOUT_MS,
    );
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    sent.once('connect', ({ statusCode = 0 }, socket, early) => {
      settle();
      // No server speaks before the client does.
      if (statusCode >= 200 && statusCode < 300 && early.length === 0) return resolve(socket);
      socket.destroy();
      const code = statusCode >= 500 ? 'EPROXYFAILED' : 'EPROXYREFUSED';
      reject(failure(code, `the proxy answered ${statusCode}`));
    });
    sent.once('error', (error) => {
      settle();
      reject(error);
    });
    signal?.addEventListener('abort', abort);
    if (signal?.aborted === true) abort();
    else sent.end();
  });
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
