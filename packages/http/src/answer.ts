// SPDX-License-Identifier: Apache-2.0
// An answer that was read to its end, and how clients read what is in it.

import { decodeUtf8 } from '@keywax/core/bytes';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { type JsonValue, parseJson } from '@keywax/core/json';

/** A complete answer with an expected status. */
export interface HttpResponse {
  /** After redirects. */
  readonly url: string;
  readonly status: number;
  /** Names in lower case; cookies are left out. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** The body as strict JSON. @throws SERVICE_INVALID, INPUT_TOO_LARGE */
  json(): JsonValue;
  /** The body as strict UTF-8. @throws SERVICE_INVALID */
  text(): string;
}

/** What an answer is made of; `what` describes the request, for errors. */
export interface ResponseParts {
  readonly what: string;
  readonly url: string;
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** True where the answer may hold what no error may: then nothing of it is repeated. */
  readonly silent: boolean;
}

/** Makes the record that `request` returns. */
export function makeResponse({ what, url, status, headers, body, silent }: ResponseParts): HttpResponse {
  const read = silent ? readSilently : readAnswer;
  return Object.freeze({
    url,
    status,
    headers,
    body,
    json: () => read(what, () => parseJson(body, { maxBytes: Math.max(body.length, 1) })),
    text: () => read(what, () => decodeUtf8(body)),
  });
}

function readSilently<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new KeywaxError('SERVICE_INVALID', `${what} gave an answer that cannot be read`);
  }
}

/**
 * Runs a reader of an answer; whatever it finds broken is the fault of the service that `what` names.
 * @throws SERVICE_INVALID with the reader's error as cause, INPUT_TOO_LARGE
 */
export function readAnswer<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isKeywaxError(error) || error.code === 'INPUT_TOO_LARGE' || error.code === 'SERVICE_INVALID') throw error;
    throw new KeywaxError('SERVICE_INVALID', `${what} gave an unusable answer: ${error.message}`, {
      cause: error,
      details: error.details,
    });
  }
}
