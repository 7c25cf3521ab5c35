// SPDX-License-Identifier: Apache-2.0
// A container registry of the distribution specification 1.1 on loopback, in memory, for tests and trials.

import { Hono } from 'hono';
import { type Interceptor, type TlsOptions, listen } from '../serve.js';
import { type OciRegistryAuth, createAccess } from './access.js';
import { answerExchange, readRepositoryName } from './routes.js';
import type { Store } from './store.js';

/** How the registry is to be. */
export interface OciRegistryOptions {
  /** 127.0.0.1 unless given. */
  readonly host?: string;
  /** Any free port unless given. */
  readonly port?: number;
  /** Whether it has the referrers API; it has unless told otherwise. */
  readonly referrers?: boolean;
  /** Tags and referrers of one page, 100 unless given. */
  readonly pageSize?: number;
  readonly auth?: OciRegistryAuth;
  /** Stands between the registry and its clients, before authentication. May be replaced at any time. */
  readonly faults?: { intercept?: Interceptor };
  /** Certificate and key as PEM: the registry then speaks HTTPS alone. */
  readonly https?: TlsOptions;
}

/** What a client asked for. */
export interface OciRegistryRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Whether it had an `Authorization` header. */
  readonly authorized: boolean;
}

/** A registry that listens. */
export interface OciRegistry extends AsyncDisposable {
  /** Base URL without a slash at its end. */
  readonly url: string;
  /** `127.0.0.1:PORT`: the first part of a reference to an image here. */
  readonly host: string;
  /** All requests so far. */
  readonly requests: readonly OciRegistryRequest[];
  close(): Promise<void>;
}

/**
 * Starts a registry: manifests (checked, with `ETag` and `If-Match`), blobs, uploads in one piece or in chunks, mounts, tags and
 * referrers in pages, deletion.
 * @throws FILE_FAILED where the port is taken
 */
export async function startOciRegistry(options: OciRegistryOptions = {}): Promise<OciRegistry> {
  const { host = '127.0.0.1', port = 0, referrers = true, pageSize = 100, faults, https } = options;
  const server = await listen(host, port, https);
  const access = createAccess(server.url, options.auth);
  const store: Store = new Map();
  const requests: OciRegistryRequest[] = [];
  const answer = async (request: Request): Promise<Response> => {
    const refusal = await access.check(request, readRepositoryName(new URL(request.url).pathname));
    return refusal ?? answerExchange(request, { store, options: { referrers, pageSize } });
  };
  const record: Interceptor = (request, next) => {
    const { pathname, search } = new URL(request.url);
    requests.push({
      method: request.method,
      path: `${pathname}${search}`,
      authorized: request.headers.has('authorization'),
    });
    return faults?.intercept?.(request, next) ?? next();
  };
  const app = new Hono();
  app.all('*', (context) => answer(context.req.raw));
  server.answer(app, () => record);
  const close = (): Promise<void> => server.close();
  return { url: server.url, host: new URL(server.url).host, requests, close, [Symbol.asyncDispose]: close };
}
