// SPDX-License-Identifier: Apache-2.0
// Which URLs are contacted.
// Refused: every scheme but https (http on loopback or elsewhere where allowed), user information, fragments, backslashes, control
// characters and anything outside ASCII, host names with a trailing dot or in a form that a host would rewrite (octal
// and short IP addresses), dot segments, and paths or queries that are not yet percent-encoded.

import { KeywaxError, quoteText } from '@keywax/core/errors';
import { describeUrlText } from './redact.js';
import type { Transport } from './transport.js';

const MAX_URL_CHARS = 4_096; // many servers refuse more
const URL_PARTS = /^(https?):\/\/([^/?#@]+?)(?::(\d{1,5}))?(\/[^?#]*)?(\?[^#]*)?$/;
const HOST_NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;
const IPV6 = /^\[[0-9a-f:.]+\]$/;

/**
 * Parses the URL of a service.
 * @throws NETWORK_POLICY for a URL that is never contacted
 */
export function parseServiceUrl(text: string, options: Pick<Transport, 'allowHttp'> = {}): URL {
  if (text.length > MAX_URL_CHARS) throw refused(text, `at most ${MAX_URL_CHARS} characters`);
  if (!/^[\x21-\x7e]*$/.test(text) || text.includes('\\')) throw refused(text, 'printable ASCII without backslashes');
  const [, scheme, host = '', , path = '/', query = ''] = URL_PARTS.exec(text) ?? [];
  if (scheme === undefined) throw refused(text, 'https://host/path without user information or fragment');
  const name = host.toLowerCase();
  if (!HOST_NAME.test(name) && !IPV6.test(name)) throw refused(text, 'a host name or address');
  const url = parseUrl(text);
  // The host's parser must see what is written, or the check and the connection are about different places.
  if (url.hostname !== name) throw refused(text, 'a host in its canonical form');
  if (url.pathname !== path || url.search !== query) throw refused(text, 'a canonical path and query');
  const allowed = Object.hasOwn(options, 'allowHttp') ? options.allowHttp : undefined; // never inherited (ATTACKS AP-011)
  if (scheme === 'http' && !mayUseHttp(name, allowed)) throw refused(text, 'https');
  return url;
}

/**
 * The URL `path` below a service's base URL, which may end in a slash or not.
 * @throws NETWORK_POLICY for a base URL that is never contacted, or that has a query
 */
export function joinServiceUrl(base: string, path: `/${string}`, options: Pick<Transport, 'allowHttp'> = {}): string {
  const url = parseServiceUrl(base, options);
  if (url.search !== '') throw refused(base, 'no query in a base URL');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}${path}`;
}

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw refused(text, 'a URL'); // the host's error repeats its input
  }
}

function mayUseHttp(name: string, allowed: Transport['allowHttp']): boolean {
  return allowed === 'any' || (allowed === 'loopback' && isLoopbackHost(name));
}

/** True for names and addresses of the loopback interface, in canonical form. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}

function refused(text: string, expected: string): KeywaxError {
  const actual = quoteText(describeUrlText(text));
  return new KeywaxError('NETWORK_POLICY', `URL ${actual}: expected ${expected}`, { details: { expected, actual } });
}
