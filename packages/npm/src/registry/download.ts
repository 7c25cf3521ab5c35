// SPDX-License-Identifier: Apache-2.0
// One GET of a registry, with the credential of its URL and the condition of an earlier answer.

import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { type Transport, request } from '@keywax/http';
import type { Gate } from './gate.js';
import type { RegistrySettings } from './settings.js';

/** How an answer came. */
export type Download =
  | { readonly kind: 'found'; readonly body: Uint8Array; readonly etag?: string | undefined }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'absent' };

/** What is asked for. */
export interface DownloadRequest {
  readonly url: string;
  readonly maxBytes: number;
  /** The entity tag of the answer that is known already. */
  readonly etag?: string | undefined;
  /** Statuses that mean that there is nothing. */
  readonly absent: readonly number[];
  readonly signal: AbortSignal | undefined;
}

/** Asks registries, a few requests at a time. @throws REGISTRY_UNAUTHORIZED, NETWORK_…, INPUT_TOO_LARGE, OPERATION_ABORTED */
export type Downloader = (wanted: DownloadRequest) => Promise<Download>;

/** What a downloader works with. */
export interface DownloaderParts {
  readonly settings: RegistrySettings;
  readonly transport: Transport;
  readonly gate: Gate;
  readonly stats: { requests: number };
}

/** Makes a downloader. */
export function createDownloader({ settings, transport, gate, stats }: DownloaderParts): Downloader {
  return ({ url, maxBytes, etag: given, absent, signal }) =>
    gate(async () => {
      stats.requests++;
      const etag = readEtag(given); // from a cache that anyone may have written
      const authorization = settings.authorizationOf(url);
      const { status, headers, body } = await translateRefusal(
        request(url, {
          ...transport,
          ...(signal === undefined ? {} : { signal }),
          accept: ['application/json'],
          headers: {
            'accept-encoding': 'gzip',
            ...(authorization === undefined ? {} : { authorization }),
            ...(etag === undefined ? {} : { 'if-none-match': etag }),
          },
          expectStatus: [200, ...(etag === undefined ? [] : [304]), ...absent],
          maxBytes,
        }),
      );
      if (status === 304) return { kind: 'unchanged' };
      return status === 200 ? { kind: 'found', body, etag: readEtag(headers.get('etag')) } : { kind: 'absent' };
    });
}

/** An entity tag is sent back as it came, so it has to be one (RFC 9110 §8.8.3). */
function readEtag(value: string | undefined): string | undefined {
  return value !== undefined && /^(?:W\/)?"[\x21\x23-\x7e]{1,256}"$/.test(value) ? value : undefined;
}

async function translateRefusal<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!isKeywaxError(error, 'NETWORK_STATUS')) throw error;
    const { status, origin } = error.details;
    if (status !== 401 && status !== 403) throw error;
    const message = `${origin} answered ${status}: the registry wants other credentials, or some`;
    throw new KeywaxError('REGISTRY_UNAUTHORIZED', message, { cause: error });
  }
}
