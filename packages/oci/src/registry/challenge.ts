// SPDX-License-Identifier: Apache-2.0
// The challenge of a registry, `WWW-Authenticate` (RFC 9110 §11.6.1, distribution spec/auth/token.md).
// Refused: several challenges, schemes other than Basic and Bearer, parameters that are repeated, cut off or hold
// anything but printable ASCII, escapes in quoted strings, more than 4 KiB.

import { KeywaxError } from '@keywax/core/errors';
import { registryInvalid } from './failure.js';

/** How a registry wants to be asked. */
export type Challenge =
  | { readonly kind: 'basic' }
  | { readonly kind: 'bearer'; readonly realm: string; readonly service: string | undefined };

const MAX_CHALLENGE_CHARS = 4_096; // a realm is a URL
const SCHEME = /^(Basic|Bearer)(?: +|$)/i;
const PARAMETER =
  /([A-Za-z_-]{1,64})[ \t]*=[ \t]*(?:"([\x20\x21\x23-\x5b\x5d-\x7e]*)"|([\w!#$%&'*+.^`|~:/?-]+))[ \t]*(?:,[ \t]*|$)/y;

/** Parses the header of a 401; the scope that it names is not read, as ours alone is asked for. @throws REGISTRY_INVALID, INPUT_TOO_LARGE */
export function parseChallenge(header: string | undefined, what: string): Challenge {
  if (header === undefined) throw registryInvalid(what, 'a challenge beside status 401', 'none');
  if (header.length > MAX_CHALLENGE_CHARS) {
    throw new KeywaxError(
      'INPUT_TOO_LARGE',
      `${what}: expected a challenge of at most ${MAX_CHALLENGE_CHARS} characters`,
      {
        details: { limit: MAX_CHALLENGE_CHARS },
      },
    );
  }
  const scheme = SCHEME.exec(header);
  if (scheme === null) throw registryInvalid(what, 'a challenge of Basic or Bearer', header);
  const parameters = parseParameters(header, { from: scheme[0].length, what });
  if (scheme[1]?.toLowerCase() === 'basic') return { kind: 'basic' };
  const realm = parameters.get('realm');
  if (realm === undefined) throw registryInvalid(what, 'a challenge with a realm', header);
  return { kind: 'bearer', realm, service: parameters.get('service') };
}

function parseParameters(
  header: string,
  { from, what }: { readonly from: number; readonly what: string },
): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  const pattern = new RegExp(PARAMETER);
  pattern.lastIndex = from;
  while (pattern.lastIndex < header.length) {
    const [, name = '', quoted, token = ''] = pattern.exec(header) ?? [];
    const key = name.toLowerCase();
    // A second challenge begins with a word and a space, which is no parameter.
    if (key === '' || parameters.has(key))
      throw registryInvalid(what, 'one challenge with distinct parameters', header);
    parameters.set(key, quoted ?? token);
  }
  return parameters;
}
