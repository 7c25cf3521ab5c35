// SPDX-License-Identifier: Apache-2.0
// What the HTTP services have in common: bounded bodies, strict JSON, and the two forms of error that clients know.

import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { isKeywaxError } from '@keywax/core/errors';
import type { Decoder } from '@keywax/core/decode';
import { parseJson } from '@keywax/core/json';

/** A refusal by a service: an HTTP status, and what the body says. */
export interface Refusal {
  readonly status: 400 | 401 | 404 | 405 | 409 | 413 | 415 | 422 | 500 | 503;
  readonly message: string;
  /** Where the body's `code` is not the one that goes with the status. */
  readonly code?: number;
}

/** An outcome of a step of a service: a value, or why there is none. */
export type Outcome<T> = { readonly kind: 'done'; readonly value: T } | ({ readonly kind: 'refused' } & Refusal);

/** The value of a step that succeeded. */
export function done<T>(value: T): Outcome<T> {
  return { kind: 'done', value };
}

/** A refused request. */
export function refused(status: Refusal['status'], message: string): Outcome<never> {
  return { kind: 'refused', status, message };
}

/** Codes of gRPC by the HTTP status that its gateways use. */
const GRPC_CODES: Readonly<Record<Refusal['status'], number>> = {
  400: 3,
  401: 16,
  404: 5,
  405: 12,
  409: 6,
  413: 8,
  415: 3,
  422: 3,
  500: 13,
  503: 14,
};

/** An error as gRPC gateways write it: Fulcio, Rekor v2. */
export function answerGrpcError(context: Context, { status, message, code = GRPC_CODES[status] }: Refusal): Response {
  return context.json({ code, message, details: [] }, status);
}

/** An error as OpenAPI services write it: Rekor v1, the timestamp authority. */
export function answerError(context: Context, { status, message, code = status }: Refusal): Response {
  return context.json({ code, message }, status);
}

/** Refuses bodies above `maxBytes` with status 413. */
export function limitBody(maxBytes: number, answer: typeof answerError): MiddlewareHandler {
  return bodyLimit({
    maxSize: maxBytes,
    onError: (context) => answer(context, { status: 413, message: 'request body too large' }),
  });
}

/** Decodes a JSON body; `undefined` where it is not what the decoder wants. */
export async function readJsonBody<T>(context: Context, decoder: Decoder<T>, maxBytes: number): Promise<T | undefined> {
  const bytes = new Uint8Array(await context.req.arrayBuffer());
  return attempt(() => decoder(parseJson(bytes, { maxBytes }), '$'));
}

/** The value of `read`; `undefined` where it throws an error of ours: the input was not what it should be. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isKeywaxError(error)) return undefined;
    throw error;
  }
}

/** A count or an index from a query; `undefined` where it is absent or no safe integer in canonical decimal. */
export function readIndex(text: string | undefined): number | undefined {
  return text !== undefined && /^(?:0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : undefined;
}
