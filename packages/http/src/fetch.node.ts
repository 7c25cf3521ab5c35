// SPDX-License-Identifier: Apache-2.0
// The default `fetch` of Node: make-fetch-happen, with the proxies of the environment.

import type { Fetch } from './transport.js';

let loaded: Promise<Fetch> | undefined;

/** The `fetch` that a request uses when it is given none; made on first use. @throws CONFIG_INVALID */
export function loadFetch(): Promise<Fetch> {
  loaded ??= import('./create-fetch.node.js').then(({ createFetch }) => createFetch());
  return loaded;
}
