// SPDX-License-Identifier: Apache-2.0
// How npm's configuration has registries reached: proxies, authorities, client certificates, time and attempts. What npm
// does of itself is not repeated here: where nothing is configured, the defaults of @keywax/http hold.
// Certificates of servers are checked whatever `strict-ssl` says. Refused: a `cafile` that is not there, which npm passes
// over, and files that are no regular ones or beyond the bound.

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { decodeUtf8 } from '@keywax/core/bytes';
import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';
import type { Transport } from '@keywax/http';
import type { ClientCertificate, FetchOptions } from '@keywax/http/create-fetch';
import type { NpmConfig } from './settings.js';

const MAX_PEM_BYTES = 1_048_576; // what all public authorities take together is a quarter of it
const MAX_RETRIES = 10; // of @keywax/http
const MAX_TIMEOUT_MS = 3_600_000;

/** What is reached, and how the caller wants it. */
export interface NetworkRequest {
  readonly transport: Transport;
  /** URLs of the registries that the configuration names. */
  readonly registries: Iterable<string>;
}

/**
 * The transport of the caller, with what npm's configuration says where the caller says nothing.
 * @throws CONFIG_INVALID, NETWORK_POLICY for a client certificate of what is never contacted
 */
export async function applyNetworkSettings(
  config: NpmConfig,
  { transport, registries }: NetworkRequest,
): Promise<Transport> {
  const merged: Transport = { ...readLimits(config), ...transport };
  if (transport.fetch !== undefined) return merged;
  const options = await readFetchOptions(config, registries);
  if (Object.keys(options).length === 0) return merged;
  const { createFetch } = await import('@keywax/http/create-fetch');
  return { ...merged, fetch: createFetch(options) };
}

/** npm's time is that of one answer, and 0 is none. */
function readLimits({ timeout, retry }: NpmConfig): Pick<Transport, 'timeoutMs' | 'responseTimeoutMs' | 'retries'> {
  const retries =
    typeof retry === 'object' && retry !== null ? (retry as { readonly retries?: unknown }).retries : retry;
  const timeoutMs = isPositive(timeout) ? Math.min(timeout, MAX_TIMEOUT_MS) : undefined;
  return {
    ...(timeoutMs === undefined ? {} : { timeoutMs, responseTimeoutMs: timeoutMs }),
    ...(retries === 0 || isPositive(retries) ? { retries: Math.min(retries, MAX_RETRIES) } : {}),
  };
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}

async function readFetchOptions(config: NpmConfig, registries: Iterable<string>): Promise<FetchOptions> {
  const proxy = readText(config['httpsProxy']) ?? readText(config['proxy']);
  const noProxy = readList(config['noProxy'])?.join(',');
  const cafile = readText(config['cafile']);
  const authorities =
    cafile === undefined
      ? readList(config['ca'])?.join('\n')
      : await readPem(cafile, { name: 'cafile', isNeeded: true });
  const clientCertificates = await readClientCertificates(config, registries);
  return {
    ...(proxy === undefined ? {} : { proxy }),
    ...(noProxy === undefined ? {} : { noProxy }),
    ...(authorities === undefined ? {} : { authorities }),
    ...(clientCertificates.length === 0 ? {} : { clientCertificates }),
  };
}

async function readClientCertificates(
  config: NpmConfig,
  registries: Iterable<string>,
): Promise<readonly ClientCertificate[]> {
  const found: ClientCertificate[] = [];
  for (const [name, certfile] of Object.entries(config)) {
    const [, place] = /^(\/\/.+?):certfile$/.exec(name) ?? [];
    const [path, keyPath] = [readText(certfile), readText(config[`${place}:keyfile`])];
    if (place === undefined || path === undefined || keyPath === undefined) continue;
    const [certificate, key] = [await readPem(path, { name }), await readPem(keyPath, { name: `${place}:keyfile` })];
    if (certificate !== undefined && key !== undefined) found.push({ url: `https:${place}`, certificate, key });
  }
  return [...found, ...listOldCertificates(config, registries, found)];
}

/** npm shows the old kind to whomever it asks; here it is for the registries that are configured, and have no other. */
function listOldCertificates(
  { cert, key: keyText }: NpmConfig,
  registries: Iterable<string>,
  others: readonly ClientCertificate[],
): readonly ClientCertificate[] {
  const [certificate, key] = [readText(cert), readText(keyText)];
  if (certificate === undefined || key === undefined) return [];
  return [...registries]
    .filter((url) => url.startsWith('https:') && !others.some((other) => url.startsWith(other.url)))
    .map((url) => ({ url, certificate, key }));
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

function readList(value: unknown): readonly string[] | undefined {
  const texts = (Array.isArray(value) ? value : [value]).filter((item) => readText(item) !== undefined);
  return texts.length === 0 ? undefined : (texts as string[]);
}

/** The text of a file; `undefined` for one that is not there, unless it is needed. @throws CONFIG_INVALID */
async function readPem(
  path: string,
  { name, isNeeded = false }: { readonly name: string; readonly isNeeded?: boolean },
): Promise<string | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)); // or a pipe would be waited for
    const status = await file.stat();
    if (!status.isFile()) throw unreadable(name, 'not a regular file');
    const { bytesRead, buffer } = await file.read(new Uint8Array(MAX_PEM_BYTES + 1), 0, MAX_PEM_BYTES + 1, 0);
    if (bytesRead > MAX_PEM_BYTES) throw unreadable(name, `more than ${MAX_PEM_BYTES} bytes`);
    return decodeUtf8(buffer.subarray(0, bytesRead), name);
  } catch (error) {
    if (isKeywaxError(error, 'CONFIG_INVALID')) throw error;
    const code = (error as { readonly code?: unknown }).code;
    if (code === 'ENOENT' && !isNeeded) return undefined;
    throw unreadable(name, String(code));
  } finally {
    await file?.close();
  }
}

function unreadable(name: string, reason: string): KeywaxError {
  return new KeywaxError(
    'CONFIG_INVALID',
    `npm's configuration: ${quoteText(name)} names a file that cannot be read: ${reason}`,
  );
}
