// SPDX-License-Identifier: Apache-2.0
// Servers on loopback for tests of what goes over the network.

import { type IncomingMessage, type RequestListener, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, type Server as NetServer, type Socket, createServer as createTcpServer } from 'node:net';
import { afterEach } from 'vitest';

/** A request as a server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** A running server. */
export interface Loopback {
  /** Without a slash at the end. */
  readonly url: string;
  readonly seen: SeenRequest[];
  /** Connections that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  /** Resolves once no connection is open. */
  idle(): Promise<void>;
}

/** Answers the request number `count` (from 0) with the body that was sent. */
export type Answer = (response: ServerResponse, request: SeenRequest, count: number) => void;

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

/** Serves until the end of the test. */
export async function serve(answer: Answer): Promise<Loopback> {
  const seen: SeenRequest[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers, rawHeaders } = request;
      const record = { method, path: url, headers, rawHeaders, body: Buffer.concat(chunks).toString() };
      seen.push(record);
      answer(response, record, seen.length - 1);
    });
  };
  return { ...(await listen(createServer(listener))), seen };
}

/** Serves raw bytes until the end of the test: `talk` gets each connection. */
export async function serveTcp(talk: (socket: Socket) => void): Promise<Loopback> {
  const server = createTcpServer((socket) => {
    talk(socket);
    socket.resume(); // or the end of the connection would never be read
  });
  return { ...(await listen(server)), seen: [] };
}

/** Starts any server on a free port and stops it after the test. */
export async function listen(server: NetServer): Promise<Omit<Loopback, 'seen'>> {
  const sockets = new Set<Socket>();
  const waiting: (() => void)[] = [];
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0) for (const resolve of waiting.splice(0)) resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    idle: () => new Promise((resolve) => (sockets.size === 0 ? resolve() : waiting.push(resolve))),
  };
}

/** Ends a response with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}
