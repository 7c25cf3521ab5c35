// SPDX-License-Identifier: Apache-2.0
// One call of Rekor v1's API, and reading its answer.

import type { Decoder } from '@keywax/core/decode';
import { type HttpResponse, type Transport, joinServiceUrl, readAnswer, request } from '@keywax/http';

const JSON_TYPE = 'application/json';

/** What is asked of a path. */
export interface V1Call {
  readonly transport: Transport;
  /** Names of the query and their values. */
  readonly query?: Readonly<Record<string, bigint>>;
  /** JSON text, which makes the call a POST. */
  readonly post?: Uint8Array;
  /** 200 unless given. */
  readonly expectStatus?: readonly number[];
  /** 1 MiB unless given. */
  readonly maxBytes?: number;
}

/** Calls a path below `/api/v1`. @throws NETWORK_…, INPUT_TOO_LARGE, OPERATION_ABORTED */
export async function callV1(base: string, path: `/${string}`, call: V1Call): Promise<HttpResponse> {
  const { transport, query = {}, post, ...limits } = call;
  const parameters = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  const url = joinServiceUrl(base, `/api/v1${path}`, transport);
  return request(parameters.length === 0 ? url : `${url}?${parameters.join('&')}`, {
    ...transport,
    ...limits,
    accept: [JSON_TYPE],
    // Every POST may be repeated: a second submission of the same entry is a conflict that leads to it.
    ...(post === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': JSON_TYPE }, body: post, idempotent: true }),
  });
}

/** Decodes a JSON answer. @throws SERVICE_INVALID, INPUT_TOO_LARGE */
export function decodeV1<T>(response: HttpResponse, decoder: Decoder<T>): T {
  const value = response.json();
  return readAnswer('Rekor', () => decoder(value, '$'));
}
