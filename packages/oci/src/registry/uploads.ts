// SPDX-License-Identifier: Apache-2.0
// Blobs that are written (distribution spec, "Pushing blobs"): in one piece, in chunks, or mounted from another repository.

import { concatBytes } from '@keywax/core/bytes';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import type { HttpResponse } from '@keywax/http';
import { type BlobName, transferTimeoutMs } from './blobs.js';
import { checkChunks, computeDigest } from './digest.js';
import { registryInvalid } from './failure.js';
import { type OnProgress, reportChunks } from './progress.js';
import { type Access, type Session, describe, resolveSameOrigin } from './session.js';

/** A blob that is uploaded as it is read. */
export interface BlobStream extends BlobName {
  readonly chunks: AsyncIterable<Uint8Array>;
}

const MAX_SINGLE_POST_BYTES = 65_536; // one request, though a registry may make it two
const CHUNK_BYTES = 8_388_608; // held in memory, so that a refused chunk can be sent again
const OCTETS = { 'content-type': 'application/octet-stream' } as const;
const PUSH: Access = { action: 'push' };

/** True where the repository has the blob. A registry that redirects knows it. */
export async function hasBlob(session: Session, digest: string): Promise<boolean> {
  const answer = await session.send({
    method: 'HEAD',
    url: session.url(`/blobs/${digest}`),
    access: { action: 'pull' },
    expectStatus: [200, 301, 302, 303, 307, 308, 404],
    maxBytes: Number.MAX_SAFE_INTEGER,
  });
  return answer.status !== 404;
}

/** Uploads bytes, unless the repository has them. @throws REGISTRY_UNAUTHORIZED, REGISTRY_INVALID, NETWORK_… */
export async function uploadBytes(session: Session, bytes: Uint8Array, onProgress?: OnProgress): Promise<BlobName> {
  const blob = { digest: computeDigest(bytes), size: bytes.length };
  if (await hasBlob(session, blob.digest)) tell(onProgress, 'present', blob);
  else {
    await sendBytes(session, blob, bytes);
    tell(onProgress, 'upload', blob);
  }
  return blob;
}

async function sendBytes(session: Session, blob: BlobName, bytes: Uint8Array): Promise<void> {
  if (bytes.length > MAX_SINGLE_POST_BYTES) {
    await finishUpload(session, await startUpload(session, {}), { blob, bytes });
    return;
  }
  const answer = await openUpload(session, { query: { digest: blob.digest }, access: PUSH, bytes });
  // 202: the registry has begun an upload, and taken no note of the bytes.
  if (answer.status === 202) await finishUpload(session, uploadLocation(answer), { blob, bytes });
}

/**
 * Uploads a blob in chunks as it is read, unless the repository has it; digest and size are checked before the end.
 * @throws REGISTRY_INVALID, REGISTRY_UNAUTHORIZED, INPUT_MALFORMED where the stream is another blob, NETWORK_…
 */
export async function uploadStream(session: Session, blob: BlobStream, onProgress?: OnProgress): Promise<BlobName> {
  const { digest, size } = blob;
  if (await hasBlob(session, digest)) {
    tell(onProgress, 'present', blob);
    return { digest, size };
  }
  await sendChunks(session, await startUpload(session, {}), { blob, onProgress });
  return { digest, size };
}

/**
 * Asks the registry to take a blob from another of its repositories.
 * @returns where the upload goes on if it does not
 */
async function requestMount(session: Session, digest: string, from: string): Promise<string | undefined> {
  const answer = await openUpload(session, { query: { mount: digest, from }, access: { ...PUSH, from } });
  return answer.status === 201 ? undefined : uploadLocation(answer);
}

/** Takes a blob from another repository of the registry. @returns false where the registry does not do that */
export async function mountBlob(session: Session, digest: string, from: string): Promise<boolean> {
  return (await requestMount(session, digest, from)) === undefined;
}

/** Mounts a blob where the registry does that, else uploads it. */
export async function mountOrUpload(
  session: Session,
  { blob, from, onProgress }: { readonly blob: BlobStream; readonly from: string; readonly onProgress?: OnProgress },
): Promise<void> {
  const location = await requestMountOrUpload(session, blob.digest, from);
  if (location === undefined) tell(onProgress, 'mount', blob);
  else await sendChunks(session, location, { blob, onProgress });
}

/** A token service may give no right to the other repository. */
async function requestMountOrUpload(session: Session, digest: string, from: string): Promise<string | undefined> {
  try {
    return await requestMount(session, digest, from);
  } catch (error) {
    if (isKeywaxError(error, 'REGISTRY_UNAUTHORIZED')) return startUpload(session, {});
    throw error;
  }
}

interface UploadStart {
  readonly query: Readonly<Record<string, string>>;
  readonly access: Access;
  readonly bytes?: Uint8Array;
}

async function startUpload(session: Session, query: Readonly<Record<string, string>>): Promise<string> {
  return uploadLocation(await openUpload(session, { query, access: PUSH }));
}

function openUpload(session: Session, { query, access, bytes }: UploadStart): Promise<HttpResponse> {
  const search = new URLSearchParams(query).toString();
  return session.send({
    method: 'POST',
    url: `${session.url('/blobs/uploads/')}${search === '' ? '' : `?${search}`}`,
    access,
    ...(bytes === undefined ? {} : { body: bytes, headers: OCTETS }),
    expectStatus: Object.keys(query).length === 0 ? [202] : [201, 202],
    // An upload that was begun and forgotten is dropped by the registry.
    idempotent: true,
  });
}

/** Where an upload goes on: on the same host, with its query (ATTACKS OC-008). */
function uploadLocation({ headers, url }: Pick<HttpResponse, 'headers' | 'url'>): string {
  const what = describe('POST', url);
  return resolveSameOrigin(headers.get('location'), { base: url, what, code: 'NETWORK_REDIRECT' });
}

async function finishUpload(
  session: Session,
  location: string,
  { blob, bytes }: { readonly blob: BlobName; readonly bytes: Uint8Array },
): Promise<void> {
  const url = `${location}${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(blob.digest)}`;
  const answer = await session.send({
    method: 'PUT',
    url,
    access: PUSH,
    headers: OCTETS,
    body: bytes,
    expectStatus: [201],
    timeoutMs: transferTimeoutMs(session.transport, bytes.length),
    responseTimeoutMs: transferTimeoutMs(session.transport, bytes.length),
  });
  const named = answer.headers.get('docker-content-digest');
  if (named !== undefined && named !== blob.digest)
    throw registryInvalid(describe('PUT', url), `Docker-Content-Digest ${blob.digest}`, named);
}

async function sendChunks(
  session: Session,
  location: string,
  { blob, onProgress }: { readonly blob: BlobStream; readonly onProgress: OnProgress | undefined },
): Promise<void> {
  const { digest, size } = blob;
  const checked = checkChunks(blob.chunks, { digest, size }, wrongBlob);
  const chunks =
    onProgress === undefined ? checked : reportChunks(checked, { kind: 'upload', digest, total: size, onProgress });
  let place = location;
  let sent = 0;
  let last = new Uint8Array() as Uint8Array;
  for await (const piece of gatherChunks(chunks, CHUNK_BYTES)) {
    if (last.length > 0) {
      place = await patchUpload(session, place, { start: sent, bytes: last });
      sent += last.length;
    }
    last = piece;
  }
  // The last chunk goes with the end, so that a blob of one chunk is one request.
  if (sent === 0) return finishUpload(session, place, { blob, bytes: last });
  place = await patchUpload(session, place, { start: sent, bytes: last });
  return finishUpload(session, place, { blob, bytes: new Uint8Array() });
}

async function patchUpload(
  session: Session,
  url: string,
  { start, bytes }: { readonly start: number; readonly bytes: Uint8Array },
): Promise<string> {
  const end = start + bytes.length - 1;
  const answer = await session.send({
    method: 'PATCH',
    url,
    access: PUSH,
    headers: { ...OCTETS, 'content-range': `${start}-${end}` },
    body: bytes,
    expectStatus: [202],
    timeoutMs: transferTimeoutMs(session.transport, bytes.length),
    responseTimeoutMs: transferTimeoutMs(session.transport, bytes.length),
  });
  const what = describe('PATCH', url);
  const range = answer.headers.get('range');
  if (range !== undefined && range !== `0-${end}`) throw registryInvalid(what, `the range 0-${end}`, range);
  return resolveSameOrigin(answer.headers.get('location'), { base: url, what, code: 'NETWORK_REDIRECT' });
}

/** Pieces of `bytes` each but the last, which may be shorter. */
async function* gatherChunks(
  chunks: AsyncIterable<Uint8Array>,
  bytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    for (let offset = 0; offset < chunk.length; ) {
      const part = chunk.subarray(offset, offset + bytes - length);
      held.push(part);
      length += part.length;
      offset += part.length;
      if (length === bytes) {
        yield concatBytes(...held);
        held = [];
        length = 0;
      }
    }
  }
  if (length > 0) yield concatBytes(...held);
}

function wrongBlob(expected: string, actual: string): KeywaxError {
  return new KeywaxError('INPUT_MALFORMED', `upload: expected a stream of ${expected}, found ${actual}`, {
    details: { expected, actual },
  });
}

function tell(onProgress: OnProgress | undefined, kind: 'upload' | 'mount' | 'present', blob: BlobName): void {
  onProgress?.({ kind, digest: blob.digest, transferred: blob.size, total: blob.size });
}
