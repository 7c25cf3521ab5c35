// SPDX-License-Identifier: Apache-2.0
// Where an answer says that something goes on.

import { KeywaxError } from '@keywax/core/errors';
import { registryInvalid } from './failure.js';

/** Where a `Location` or `Link` leads, if it stays within the origin of `base`. @throws REGISTRY_INVALID where there is none, or `code` */
export function resolveSameOrigin(
  text: string | undefined,
  {
    base,
    what,
    code,
  }: { readonly base: string; readonly what: string; readonly code: 'NETWORK_REDIRECT' | 'NETWORK_POLICY' },
): string {
  if (text === undefined || text === '') throw registryInvalid(what, 'a location', 'none');
  const url = resolveUrl(text, base);
  if (url !== undefined && url.origin === new URL(base).origin && url.username === '' && url.password === '')
    return `${url.origin}${url.pathname}${url.search}`;
  const expected = 'a location on the same host';
  throw new KeywaxError(code, `${what}: expected ${expected}`, { details: { expected } });
}

function resolveUrl(text: string, base: string): URL | undefined {
  return URL.canParse(text, base) ? new URL(text, base) : undefined;
}
