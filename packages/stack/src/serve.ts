// SPDX-License-Identifier: Apache-2.0
// HTTP servers for the services: each on a port of its own, so that each has its own origin, as in production.

import { type Server, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { KeywaxError } from '@keywax/core/errors';
import type { Hono } from 'hono';

/** Stands between a service and its clients: may answer itself, wait, or change what the service answers. */
export type Interceptor = (request: Request, next: () => Promise<Response>) => Response | Promise<Response>;

/** A server that listens, and answers once it was given routes. */
export interface ListeningServer {
  /** Base URL without a slash at its end. */
  readonly url: string;
  /** Answers by these routes. `intercept` is asked for an interceptor at every request. */
  answer(app: Hono, intercept: () => Interceptor | undefined): void;
  close(): Promise<void>;
}

/** Certificate and private key of a server, as PEM. */
export interface TlsOptions {
  readonly cert: string;
  readonly key: string;
}

/** Listens on `port`, or on any free one where it is 0. @throws FILE_FAILED where the port is taken */
export async function listen(host: string, port: number, tls?: TlsOptions): Promise<ListeningServer> {
  const server = tls === undefined ? createServer() : createTlsServer({ cert: tls.cert, key: tls.key });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new KeywaxError('FILE_FAILED', `cannot listen on ${host}, port ${port}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
  const { port: actualPort } = server.address() as AddressInfo; // of a TCP server that listens
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${name}:${actualPort}`,
    answer: (app, intercept) => answerBy(server, app, intercept),
    close: () => closeServer(server),
  };
}

function answerBy(server: Server, app: Hono, intercept: () => Interceptor | undefined): void {
  app.notFound((context) => context.json({ code: 404, message: 'not found' }, 404));
  app.onError((_, context) => context.json({ code: 13, message: 'internal error', details: [] }, 500));
  const answer = async (request: Request): Promise<Response> => {
    const next = async (): Promise<Response> => app.fetch(request);
    return (await intercept()?.(request, next)) ?? next();
  };
  const listener = getRequestListener(answer, { overrideGlobalObjects: false });
  server.on('request', (request, response) => void listener(request, response));
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
