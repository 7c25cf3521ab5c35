// SPDX-License-Identifier: Apache-2.0
// What a caller asks of `request`, checked and completed once.
// Refused: URLs outside the policy, header names and values that could split a request, limits that are not positive
// integers, bodies on GET and HEAD.

import { encodeUtf8 } from '@keywax/core/bytes';
import { KeywaxError } from '@keywax/core/errors';
import { type BodySource, type BodyStream, openBodySource } from './body-source.js';
import { waitWithTimer } from './deadline.js';
import { describeRequest } from './redact.js';
import type { Delay, Fetch, Transport } from './transport.js';
import { parseServiceUrl } from './url.js';

/** The methods in use. */
export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One request; everything has a default. */
export interface RequestOptions extends Transport {
  /** `GET` unless given. */
  readonly method?: HttpMethod;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | BodyStream;
  /** Media types that the answer may have, sent as `Accept` too; any unless given. */
  readonly accept?: readonly string[];
  /** Statuses that are an answer; 200 unless given. Redirects among them are answers too, and not followed. */
  readonly expectStatus?: readonly number[];
  /** Bytes of the answer after decoding; 1 MiB unless given. */
  readonly maxBytes?: number;
  /** True where a POST, PUT or PATCH may be sent twice; other methods always may. */
  readonly idempotent?: boolean;
  /** True where the URL or a header holds a secret: no redirect is followed, and nothing that the service says is quoted. */
  readonly sensitive?: boolean;
  /** Texts that no error may hold, whatever the service echoes, such as a token in the body. */
  readonly secrets?: readonly string[];
  /** Between two pieces of the answer; 15,000 unless given. */
  readonly idleTimeoutMs?: number;
}

/** A checked request. */
export interface Call {
  readonly what: string;
  readonly url: URL;
  readonly method: HttpMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | BodySource | undefined;
  readonly accept: readonly string[];
  readonly expectStatus: readonly number[];
  readonly maxBytes: number;
  readonly retries: number;
  readonly maxRedirects: number;
  readonly sensitive: boolean;
  readonly secrets: readonly string[];
  readonly timeoutMs: number;
  readonly responseTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly fetch: Fetch | undefined;
  readonly delay: Delay;
  readonly allowHttp: Transport['allowHttp'] | undefined;
}

const MAX_REDIRECTS = 3; // ATTACKS 4.3, and the limits below
const MAX_BYTES = 1_048_576;
const RETRIES = 3;
const MAX_RETRIES = 10;
const TIMEOUT_MS = 120_000;
const RESPONSE_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 15_000;
const MAX_TIMEOUT_MS = 2 ** 31 - 1; // what timers can hold
const SECRET_HEADERS: readonly string[] = ['authorization', 'proxy-authorization', 'cookie'];

/** @throws NETWORK_POLICY, CONFIG_INVALID */
export function prepareCall(urlText: string, given: RequestOptions): Call {
  const options = Object.assign(Object.create(null) as RequestOptions, given); // nothing is inherited (ATTACKS AP-011)
  const url = parseServiceUrl(urlText, options);
  const method = options.method ?? 'GET';
  const body = takeBody(options.body);
  const isStream = body !== undefined && 'size' in body;
  const headers = checkHeaders({
    accept: acceptHeader(options.accept),
    ...options.headers,
    ...(isStream ? { 'content-length': `${body.size}` } : {}),
  });
  const bodiless = method === 'GET' || method === 'HEAD';
  if (body !== undefined && bodiless) throw invalid(`no body with ${method}`);
  const sensitive = options.sensitive === true || SECRET_HEADERS.some((name) => headers[name] !== undefined);
  const repeatable = bodiless || method === 'DELETE' || options.idempotent === true;
  return {
    what: describeRequest(method, url),
    url,
    method,
    headers,
    body,
    accept: options.accept ?? ['*'],
    expectStatus: options.expectStatus ?? [200],
    maxBytes: checkLimit('maxBytes', options.maxBytes ?? MAX_BYTES),
    retries: repeatable && !isStream ? checkRetries(options.retries ?? RETRIES) : 0,
    maxRedirects: bodiless && !sensitive ? MAX_REDIRECTS : 0,
    sensitive,
    secrets: [
      ...(options.secrets ?? []),
      ...SECRET_HEADERS.flatMap((name) => headers[name]?.replace(/^\w+ /, '') ?? []),
    ],
    timeoutMs: checkTimeout('timeoutMs', options.timeoutMs ?? TIMEOUT_MS),
    responseTimeoutMs: checkTimeout('responseTimeoutMs', options.responseTimeoutMs ?? RESPONSE_TIMEOUT_MS),
    idleTimeoutMs: checkTimeout('idleTimeoutMs', options.idleTimeoutMs ?? IDLE_TIMEOUT_MS),
    signal: options.signal,
    fetch: options.fetch,
    delay: options.delay ?? waitWithTimer,
    allowHttp: options.allowHttp,
  };
}

/** Names in lower case. A value may not hold anything that ends a header line (RFC 9110 §5.5). */
function checkHeaders(given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(given).map(([name, value]): readonly [string, string] => {
    if (!/^[A-Za-z0-9-]+$/.test(name)) throw invalid('header names of letters, digits and hyphens');
    // The value may be a token, so it is not quoted.
    if (!/^[\x20-\x7e\t]*$/.test(value)) throw invalid(`printable ASCII in the header ${name}`);
    return [name.toLowerCase(), value];
  });
  return Object.fromEntries(entries);
}

function acceptHeader(accept: readonly string[] | undefined): string {
  return accept === undefined || accept.includes('*') ? '*/*' : accept.join(', ');
}

function takeBody(body: RequestOptions['body']): Call['body'] {
  if (body === undefined) return undefined;
  if (typeof body === 'string') return new Uint8Array(encodeUtf8(body));
  if (body instanceof Uint8Array) return new Uint8Array(body);
  if (!Number.isSafeInteger(body.size) || body.size < 0) throw invalid('the size of a streamed body in bytes');
  return openBodySource(body);
}

function checkRetries(retries: number): number {
  if (Number.isInteger(retries) && retries >= 0 && retries <= MAX_RETRIES) return retries;
  throw invalid(`retries from 0 to ${MAX_RETRIES}`);
}

function checkTimeout(name: string, ms: number): number {
  if (Number.isInteger(ms) && ms > 0 && ms <= MAX_TIMEOUT_MS) return ms;
  throw invalid(`${name} as a positive number of milliseconds`);
}

function checkLimit(name: string, bytes: number): number {
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw invalid(`${name} as a positive number`);
}

function invalid(expected: string): KeywaxError<'CONFIG_INVALID'> {
  return new KeywaxError('CONFIG_INVALID', `request: expected ${expected}`, { details: { expected } });
}
