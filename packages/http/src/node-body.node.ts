// SPDX-License-Identifier: Apache-2.0
// Bodies on their way to make-fetch-happen and back.

import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import type { FetchInit, FetchResponse } from './transport.js';

/** A stream of the web as one of Node's, which is all that make-fetch-happen takes. */
export function toNodeBody(body: FetchInit['body']): { readonly body?: unknown } {
  if (body === undefined || body instanceof Uint8Array) return {};
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
export function decodeResponse(response: FetchResponse): FetchResponse {
  let coding = 'identity';
  response.headers.forEach((value, name) => {
    if (name.toLowerCase() === 'content-encoding') coding = value.trim().toLowerCase();
  });
  if (coding === 'identity' || response.body === null) return response;
  if (coding !== 'gzip' && coding !== 'x-gzip') {
    throw new KeywaxError('NETWORK_FAILED', `expected an answer without content coding, found ${quoteText(coding)}`);
  }
  const body = createGunzip();
  // An error of either stream destroys the other; the reader of `body` sees it.
  pipeline(Readable.from(response.body), body, () => {});
  return { status: response.status, headers: response.headers, body };
}
