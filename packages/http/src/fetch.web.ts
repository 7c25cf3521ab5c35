// SPDX-License-Identifier: Apache-2.0
// The default `fetch` of browsers, workers, Deno and Bun: the host's own.

import type { Fetch } from './transport.js';

/** The `fetch` that a request uses when it is given none. */
export async function loadFetch(): Promise<Fetch> {
  return (url, init) => globalThis.fetch(url, init);
}
