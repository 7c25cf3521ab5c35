// SPDX-License-Identifier: Apache-2.0
// The webhook's HTTPS server. `/mutate` and `/validate` take reviews, `/healthz` says that it runs.

import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Server, createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { copyOptions } from '../options.js';
import type { AdmissionController } from './controller.js';
import { MAX_REVIEW_BYTES } from './review.js';

/** Where the webhook listens, and how it shows who it is. */
export interface AdmissionServerOptions {
  readonly controller: AdmissionController;
  /** The server's certificate chain in PEM. */
  readonly certificate: string;
  /** Its private key in PEM. */
  readonly key: string;
  /** Certificates in PEM; given, only clients that one of them vouches for are answered. */
  readonly clientAuthority?: string;
  /** All addresses unless given. */
  readonly host?: string;
  /** 8443 unless given; 0 for a free one. */
  readonly port?: number;
  /** What requests under way have left when it is closed; 5,000 unless given. */
  readonly closeTimeoutMs?: number;
}

/** A webhook that listens. */
export interface AdmissionServer extends AsyncDisposable {
  /** Such as `https://127.0.0.1:8443`. */
  readonly url: string;
  close(): Promise<void>;
}

const PORT = 8_443;
const HANDSHAKE_TIMEOUT_MS = 5_000; // the API server speaks at once
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000; // as long as it waits for the answer
const TIMEOUT_CHECK_MS = 1_000; // how late the host may notice one
const CLOSE_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 256;

/**
 * Starts the webhook.
 * @throws CONFIG_INVALID for a certificate or key that TLS refuses, FILE_FAILED where the port cannot be had
 */
export async function serveAdmission(given: AdmissionServerOptions): Promise<AdmissionServer> {
  const options = copyOptions(given);
  const { controller, host = '0.0.0.0', port = PORT, closeTimeoutMs = CLOSE_TIMEOUT_MS } = options;
  const server = createTlsServer(options, (request, response) => {
    void answer(request, controller).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(body);
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  const close = async (): Promise<void> => {
    // The host's own timeouts end with the server, and would leave whoever does not finish.
    const timer = setTimeout(() => sockets.forEach((socket) => socket.destroy()), closeTimeoutMs);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
    clearTimeout(timer);
  };
  return Object.freeze({ url: `https://${name}:${address.port}`, close, [Symbol.asyncDispose]: close });
}

function createTlsServer(
  { certificate, key, clientAuthority }: AdmissionServerOptions,
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  try {
    return createServer(
      {
        cert: certificate,
        key,
        minVersion: 'TLSv1.2',
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: TIMEOUT_CHECK_MS,
        ...(clientAuthority === undefined ? {} : { ca: clientAuthority, requestCert: true, rejectUnauthorized: true }),
      },
      listener,
    );
  } catch (cause) {
    throw new KeywaxError('CONFIG_INVALID', 'admission: expected a certificate and its key in PEM', { cause });
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new KeywaxError('FILE_FAILED', `admission: ${host}:${port} cannot be listened on`, { cause }));
    });
    server.listen(port, host, () => resolve());
  });
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

const ROUTES: Readonly<Record<string, keyof AdmissionController>> = { '/mutate': 'mutate', '/validate': 'validate' };

async function answer(request: IncomingMessage, controller: AdmissionController): Promise<Answer> {
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (request.method === 'GET' && (path === '/healthz' || path === '/readyz'))
    return { status: 200, body: '{"ok":true}' };
  const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  if (route === undefined) return refuse(404, 'no such path');
  if (request.method !== 'POST') return refuse(405, 'expected POST');
  if (!/^application\/json(?:;|$)/.test(request.headers['content-type'] ?? '')) return refuse(415, 'expected JSON');
  try {
    const body = await readBody(request);
    return body === undefined
      ? refuse(413, 'the review is too large')
      : { status: 200, body: await controller[route](body) };
  } catch (error) {
    // No review, so no uid to answer: the API server takes any such status as a failure, which denies.
    return isKeywaxError(error) ? refuse(400, `${error.code}: ${error.message}`) : refuse(500, 'INTERNAL_ERROR');
  }
}

/** The body; `undefined` for one above the bound. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_REVIEW_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuse(status: number, message: string): Answer {
  return { status, body: JSON.stringify({ message }) };
}
