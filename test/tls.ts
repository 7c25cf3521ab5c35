// SPDX-License-Identifier: Apache-2.0
// TLS servers and proxies on loopback, with certificates by OpenSSL.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, createServer as createHttpServer, request as sendHttp } from 'node:http';
import { type ServerOptions, createServer } from 'node:https';
import { type Socket, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { type Loopback, listen } from './loopback.js';

/** Whether certificates can be made here. */
export const hasOpenssl: boolean = spawnSync('openssl', ['version']).status === 0;

/** A certificate and its key, in PEM, and the files that they are in. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** An authority, and certificates by it. */
export interface TestAuthority extends TestCertificate {
  /** Makes a certificate by this authority, for 127.0.0.1 unless extensions say otherwise. */
  issue(name: string, options?: IssueOptions): TestCertificate;
}

/** What a certificate is to be. */
export interface IssueOptions {
  readonly extensions?: string;
  readonly days?: number;
}

/** Makes an authority in a folder. */
export function makeAuthority(folder: string, name = 'ca'): TestAuthority {
  const own = makeCertificate(folder, name, { extensions: 'basicConstraints=critical,CA:TRUE' });
  return {
    ...own,
    issue: (leaf, options = {}) =>
      makeCertificate(folder, leaf, { extensions: 'subjectAltName=DNS:localhost,IP:127.0.0.1', ...options, by: own }),
  };
}

/** Makes a certificate that nobody vouches for. */
export function makeCertificate(
  folder: string,
  name: string,
  { extensions = 'subjectAltName=IP:127.0.0.1', days = 2, by }: IssueOptions & { readonly by?: TestCertificate } = {},
): TestCertificate {
  const file = (suffix: string): string => join(folder, `${name}.${suffix}`);
  const [certFile, keyFile, request] = [file('pem'), file('key'), file('csr')];
  writeFileSync(file('ext'), extensions);
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', ...curve, '-subj', `/CN=${name}`, '-keyout', keyFile, '-out', request);
  const signer =
    by === undefined ? ['-signkey', keyFile] : ['-CA', by.certFile, '-CAkey', by.keyFile, '-CAcreateserial'];
  const terms = ['-extfile', file('ext'), '-days', String(days)];
  openssl('x509', '-req', '-in', request, '-out', certFile, ...terms, ...signer);
  return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), certFile, keyFile };
}

/** Makes a folder for certificates, and its removal. */
export function makeFolder(): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'keywax-tls-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function openssl(...parameters: string[]): void {
  execFileSync('openssl', parameters, { stdio: 'pipe' });
}

/** A server over TLS, and what it was asked. */
export interface TlsServer extends Omit<Loopback, 'seen'> {
  readonly requests: string[];
  /** The common name in the certificate that came with each request; `undefined` without one. */
  readonly clients: (string | undefined)[];
}

/** What a server does; `{}` is its answer unless told otherwise. */
export interface TlsServerOptions extends ServerOptions {
  /** URL of the server on loopback that answers in its place. */
  readonly upstream?: string;
  /** The answer begins and does not end. */
  readonly stalls?: boolean;
}

/** Serves over TLS until the end of the test. */
export async function serveTls(
  { cert, key }: TestCertificate,
  { upstream, stalls = false, ...options }: TlsServerOptions = {},
): Promise<TlsServer> {
  const [requests, clients]: [string[], (string | undefined)[]] = [[], []];
  const server = createServer({ cert, key, ...options }, (request, response) => {
    requests.push(request.url ?? '');
    const { subject } = (request.socket as TLSSocket).getPeerCertificate() as { subject?: { CN?: string } };
    clients.push(subject?.CN);
    if (upstream === undefined) {
      if (stalls) response.write('{');
      else response.end('{}');
      return;
    }
    const { method, headers } = request;
    const forwarded = sendHttp(new URL(request.url ?? '', upstream), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(forwarded);
  });
  const running = await listen(server);
  return { ...running, url: running.url.replace('http:', 'https:'), requests, clients };
}

/** A proxy, and what it was asked: authority or URL, and credentials. */
export interface Proxy extends Omit<Loopback, 'seen'> {
  readonly asked: [target: string | undefined, authorization: string | undefined][];
  /** The headers of everything that it could read. */
  readonly headers: IncomingHttpHeaders[];
}

/** What a proxy does when it is asked for a connection; it makes one unless told otherwise. */
export interface ProxyOptions {
  /** What it answers, and nothing else; nothing at all where it is empty. */
  readonly refusal?: string;
  /** Speaks TLS itself. */
  readonly tls?: ServerOptions;
}

/** A proxy on loopback until the end of the test. */
export async function serveProxy({ refusal, tls }: ProxyOptions = {}): Promise<Proxy> {
  const asked: Proxy['asked'] = [];
  const headers: IncomingHttpHeaders[] = [];
  const server = tls === undefined ? createHttpServer() : createServer(tls);
  server.on('request', (request, response) => {
    asked.push([request.url, request.headers['proxy-authorization']]);
    headers.push(request.headers);
    response.end('{}');
  });
  server.on('connect', (request, client: Socket) => {
    asked.push([request.url, request.headers['proxy-authorization']]);
    headers.push(request.headers);
    if (refusal !== undefined) {
      client.resume().on('end', () => client.end());
      if (refusal !== '') client.end(refusal);
      return;
    }
    const [host = '', port] = (request.url ?? '').split(':');
    const target = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(target).pipe(client);
    });
    target.on('error', () => client.destroy());
    client.on('error', () => target.destroy());
    client.on('close', () => target.destroy());
  });
  const running = await listen(server);
  return { ...running, url: tls === undefined ? running.url : running.url.replace('http:', 'https:'), asked, headers };
}
