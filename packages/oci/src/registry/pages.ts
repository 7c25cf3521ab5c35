// SPDX-License-Identifier: Apache-2.0
// Lists that come in pages (RFC 8288 `Link`, relation `next`).
// Refused: links to another host, loops, more than 32 pages.

import { KeywaxError } from '@keywax/core/errors';
import type { HttpResponse } from '@keywax/http';
import { registryInvalid } from './failure.js';
import { resolveSameOrigin } from './location.js';
import { type Session, describe } from './session.js';

const MAX_PAGES = 32; // ATTACKS 4.3
const MAX_LINK_CHARS = 4_096;
const LINK = /^<([^<>"\s]*)>[ \t]*((?:;[ \t]*[\w*-]+[ \t]*=[ \t]*(?:"[^"]*"|[^\s";,]+)[ \t]*)*)$/;

/** How a list is asked for. */
export interface PageRequest {
  readonly url: string;
  readonly accept: string;
  readonly expectStatus: readonly number[];
  readonly maxBytes: number;
}

/** Fetches page after page. @throws NETWORK_POLICY for a link to another host, REGISTRY_INVALID, INPUT_TOO_LARGE */
export async function* fetchPages(
  session: Session,
  { url: first, accept, expectStatus, maxBytes }: PageRequest,
): AsyncGenerator<HttpResponse, void, undefined> {
  const seen = new Set<string>();
  for (let url: string | undefined = first; url !== undefined; ) {
    const what = describe('GET', url);
    if (seen.has(url)) throw registryInvalid(what, 'a page that was not read yet', 'a loop of links');
    if (seen.size === MAX_PAGES) throw tooManyPages(what);
    seen.add(url);
    const page: HttpResponse = await session.send({
      url,
      access: { action: 'pull' },
      headers: { accept },
      expectStatus,
      maxBytes,
    });
    yield page;
    url = readNextLink(page, what);
  }
}

function readNextLink({ headers, url }: HttpResponse, what: string): string | undefined {
  const header = headers.get('link');
  if (header === undefined) return undefined;
  const [, target, parameters = ''] = (header.length <= MAX_LINK_CHARS && LINK.exec(header)) || [];
  if (target === undefined) throw registryInvalid(what, 'one link', header);
  if (!/;[ \t]*rel[ \t]*=[ \t]*"?next"?[ \t]*(?:;|$)/i.test(parameters)) return undefined;
  return resolveSameOrigin(target, { base: url, what, code: 'NETWORK_POLICY' });
}

function tooManyPages(what: string): KeywaxError<'INPUT_TOO_LARGE'> {
  const expected = `at most ${MAX_PAGES} pages`;
  return new KeywaxError('INPUT_TOO_LARGE', `${what}: expected ${expected}`, {
    details: { expected, limit: MAX_PAGES },
  });
}
