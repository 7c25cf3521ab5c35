// SPDX-License-Identifier: Apache-2.0
// The search index of Rekor v1. It proves nothing: entries may be missing from it, and what it names is to be fetched
// and verified.

import { encodeUtf8 } from '@keywax/core/bytes';
import { type Decoder, arrayOf, decodeString, transform } from '@keywax/core/decode';
import { quoteText } from '@keywax/core/errors';
import type { Transport } from '@keywax/http';
import { invalid, misused } from './answer.js';
import { isEntryId } from './v1-answer.js';
import { callV1, decodeV1 } from './v1-call.js';

const MAX_RESULTS = 10_000; // what fits into an answer of 1 MiB
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** What to look for; at least one member, and all that are given have to match. */
export interface SearchQuery {
  /** Digest of an artifact, payload or envelope: `sha256:` or `sha512:` with lower-case hex. */
  readonly hash?: string;
  /** E-mail address of the signer. */
  readonly email?: string;
}

const decodeIds: Decoder<readonly string[]> = arrayOf(
  transform(decodeString, (text) => {
    if (!isEntryId(text)) throw invalid('ids of entries', quoteText(text));
    return text;
  }),
  MAX_RESULTS,
);

/** Ids of the entries that the index has for a query. @throws CONFIG_INVALID, SERVICE_INVALID, INPUT_TOO_LARGE, NETWORK_… */
export async function searchIndex(
  base: string,
  { hash, email }: SearchQuery,
  transport: Transport = {},
): Promise<readonly string[]> {
  if (hash === undefined && email === undefined) throw misused('query', 'a hash or an email');
  if (hash !== undefined && !DIGEST.test(hash)) throw misused('hash', 'sha256: or sha512: with lower-case hex');
  const post = encodeUtf8(JSON.stringify({ hash, email, operator: 'and' }));
  return decodeV1(await callV1(base, '/index/retrieve', { transport, post }), decodeIds);
}
