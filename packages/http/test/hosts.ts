// SPDX-License-Identifier: Apache-2.0
// The two hosts that every behaviour is tested on, and what tests ask of an error.

import { inspect } from 'node:util';
import { type ErrorCode, isKeywaxError } from '@keywax/core/errors';
import { expect } from 'vitest';
import { type HttpResponse, type RequestOptions, request } from '../src/index.js';

/** Options that choose the default of Node, and the `fetch` of the host. */
export const HOSTS: readonly (readonly [string, Pick<RequestOptions, 'fetch'>])[] = [
  ['make-fetch-happen', {}],
  ['the fetch of the host', { fetch: globalThis.fetch }],
];

/** A request to loopback that waits for nothing between attempts. */
export function send(url: string, options: RequestOptions = {}): Promise<HttpResponse> {
  return request(url, { allowHttp: 'loopback', delay: async () => {}, ...options });
}

/** Demands that a promise fails with `code`, and gives the error. */
export async function failure(code: ErrorCode, promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    (value) => expect.fail(`expected ${code}, found ${inspect(value)}`),
    (thrown: unknown) => thrown,
  );
  expect(isKeywaxError(error) ? error.code : error).toBe(code);
  return error as Error;
}

/** Everything that a program might print of an error. */
export function printed(error: unknown): string {
  const chain: unknown[] = [];
  for (let current = error; current !== undefined && chain.length < 10; current = (current as Error).cause)
    chain.push(current);
  const texts = chain.map((link) => `${String(link)}\n${(link as Error).stack}\n${JSON.stringify(link)}`);
  return [...texts, inspect(error, { depth: 10, showHidden: true })].join('\n');
}
