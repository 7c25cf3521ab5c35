// SPDX-License-Identifier: Apache-2.0
// Blobs that are read, from the registry or where it redirects to (distribution spec, "Pulling blobs").

import { concatBytes } from '@keywax/core/bytes';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { type HttpStream, type Transport, requestStream } from '@keywax/http';
import type { Descriptor } from './descriptor.js';
import { checkChunks, isDigest } from './digest.js';
import { registryInvalid } from './failure.js';
import { classifyHost } from './host-class.js';
import { type OnProgress, reportChunks } from './progress.js';
import { type Session, describe } from './session.js';

/** The largest blob that is held in memory unless told otherwise: an attachment (ATTACKS 4.3). */
export const MAX_BLOB_BYTES = 134_217_728;
const MAX_REDIRECTS = 3; // ATTACKS 4.3
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const TIMEOUT_MS = 120_000;
const MAX_TIMEOUT_MS = 2 ** 31 - 1; // what timers can hold
const MIN_BYTES_PER_MS = 64; // slower than any line that is worth waiting for

/** The digest and size of a blob. */
export type BlobName = Pick<Descriptor, 'digest' | 'size'>;

/**
 * Fetches a blob into memory; digest and size are those of the descriptor.
 * @throws INPUT_TOO_LARGE above `maxBytes`, 128 MiB unless given; IMAGE_NOT_FOUND, REGISTRY_INVALID, REGISTRY_UNAUTHORIZED,
 *   NETWORK_REDIRECT, NETWORK_…
 */
export async function fetchBlob(
  session: Session,
  descriptor: BlobName,
  { maxBytes = MAX_BLOB_BYTES, onProgress }: { readonly maxBytes?: number; readonly onProgress?: OnProgress } = {},
): Promise<Uint8Array> {
  if (descriptor.size > maxBytes) {
    const expected = `a blob of at most ${maxBytes} bytes`;
    throw new KeywaxError('INPUT_TOO_LARGE', `${descriptor.digest}: expected ${expected}, found ${descriptor.size}`, {
      details: { expected, limit: maxBytes, actual: `${descriptor.size}` },
    });
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of streamBlob(session, descriptor, onProgress)) chunks.push(chunk);
  return concatBytes(...chunks);
}

/**
 * Streams a blob; digest and size are checked as it arrives, and only a loop that ends without an error has read the blob.
 * @throws as fetchBlob
 */
export async function* streamBlob(
  session: Session,
  descriptor: BlobName,
  onProgress?: OnProgress,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { digest, size } = descriptor;
  if (!isDigest(digest)) {
    const actual = quoteText(digest);
    throw new KeywaxError('CONFIG_INVALID', `expected a digest, found ${actual}`, { details: { actual } });
  }
  const url = session.url(`/blobs/${digest}`);
  const what = describe('GET', url);
  const stream = await openBlob(session, url, size);
  const fail = (expected: string, actual: string): KeywaxError => registryInvalid(what, expected, actual);
  const chunks = checkChunks(stream.body, { digest, size }, fail);
  yield* onProgress === undefined
    ? chunks
    : reportChunks(chunks, { kind: 'download', digest, total: size, onProgress });
}

/** Time for a transfer: that of a request, and more for what is large. */
export function transferTimeoutMs(transport: Transport, bytes: number): number {
  return Math.min((transport.timeoutMs ?? TIMEOUT_MS) + Math.ceil(bytes / MIN_BYTES_PER_MS), MAX_TIMEOUT_MS);
}

/** Registries send their readers to where the bytes lie; no credential goes along (ATTACKS OC-006). */
async function openBlob(session: Session, url: string, size: number): Promise<HttpStream> {
  const { transport } = session;
  const options = {
    expectStatus: [200, ...REDIRECTS],
    // Bytes are counted against the descriptor as they arrive.
    maxBytes: Number.MAX_SAFE_INTEGER,
    timeoutMs: transferTimeoutMs(transport, size),
  };
  let stream = await session.open({ ...options, url, access: { action: 'pull' } });
  for (let redirects = 0; stream.status !== 200; redirects++) {
    stream.close();
    const what = describe('GET', url);
    if (redirects === MAX_REDIRECTS) throw refusedRedirect(what, `at most ${MAX_REDIRECTS} redirects`, 'another');
    const target = resolveRedirect(stream, { session, what });
    // The query of the new place may be a signature.
    stream = await requestStream(target, { ...transport, ...options, sensitive: true });
  }
  return stream;
}

/** Where a redirect leads: by https unless the registry itself is without, and not into a network that is nearer than it. */
function resolveRedirect(
  { headers, url }: Pick<HttpStream, 'headers' | 'url'>,
  { session, what }: { readonly session: Session; readonly what: string },
): string {
  const location = headers.get('location') ?? '';
  const target = location !== '' && URL.canParse(location, url) ? new URL(location, url) : undefined;
  if (target === undefined) throw refusedRedirect(what, 'a redirect to a URL', location);
  const own = new URL(session.origin);
  if (target.username !== '' || target.password !== '')
    throw refusedRedirect(what, 'a redirect without user information', target.host);
  if (target.protocol !== 'https:' && target.protocol !== own.protocol)
    throw refusedRedirect(what, 'a redirect to https', target.origin);
  const kind = classifyHost(target.hostname);
  if (target.origin !== own.origin && kind !== 'public' && (kind === 'never' || kind !== classifyHost(own.hostname)))
    throw refusedRedirect(what, 'a redirect to a public host', target.host);
  target.hash = '';
  return target.href;
}

function refusedRedirect(what: string, expected: string, found: string): KeywaxError<'NETWORK_REDIRECT'> {
  const actual = quoteText(found.replace(/[?#].*$/s, ''));
  return new KeywaxError('NETWORK_REDIRECT', `${what}: expected ${expected}, found ${actual}`, {
    details: { expected, actual },
  });
}
