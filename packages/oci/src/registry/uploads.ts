// SPDX-License-Identifier: Apache-2.0
// Blobs that are written (distribution spec, "Pushing blobs"): in one piece, in chunks, or mounted from another repository.

import { concatBytes } from '@keywax/core/bytes';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import type { BodyStream, HttpResponse } from '@keywax/http';
import type { Access } from './authorizer.js';
import { type BlobName, transferTimeoutMs } from './blobs.js';
import { checkChunks, computeDigest } from './digest.js';
import { registryInvalid } from './failure.js';
import { resolveSameOrigin } from './location.js';
import { type OnProgress, reportChunks } from './progress.js';
import { type Session, describe } from './session.js';

/** A blob that is uploaded as it is read. */
export interface BlobStream extends BlobName {
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** How blobs are uploaded. */
export interface UploadSettings {
  /**
   * Streams go in chunks of so many bytes, each held in memory, for registries behind proxies that bound a request; in
   * one request unless given, as some registries take no chunks.
   */
  readonly chunkBytes?: number;
  readonly onProgress?: OnProgress;
}

const MAX_SINGLE_POST_BYTES = 65_536; // one request, though a registry may make it two
const OCTETS = { 'content-type': 'application/octet-stream' } as const;
const PUSH: Access = { action: 'push' };

/** True where the repository has the blob. A registry that redirects knows it. */
export async function hasBlob(session: Session, digest: string, access: Access = { action: 'pull' }): Promise<boolean> {
  const answer = await session.send({
    method: 'HEAD',
    url: session.url(`/blobs/${digest}`),
    access,
    expectStatus: [200, 301, 302, 303, 307, 308, 404],
    maxBytes: Number.MAX_SAFE_INTEGER,
  });
  return answer.status !== 404;
}

/** Uploads that are under way in this process, by place and digest: many artifacts have the same small blobs. */
const uploads = new Map<string, Promise<void>>();

/** Uploads bytes, unless the repository has them. @throws REGISTRY_UNAUTHORIZED, REGISTRY_INVALID, NETWORK_… */
export async function uploadBytes(session: Session, bytes: Uint8Array, onProgress?: OnProgress): Promise<BlobName> {
  const blob = { digest: computeDigest(bytes), size: bytes.length };
  const key = `${session.url('/')} ${blob.digest}`;
  // A failure of another upload is its own: it may have been aborted, or have had other credentials.
  await uploads.get(key)?.catch(() => {});
  const upload = uploadOnce(session, { blob, bytes, onProgress });
  uploads.set(key, upload);
  try {
    await upload;
  } finally {
    if (uploads.get(key) === upload) uploads.delete(key);
  }
  return blob;
}

async function uploadOnce(
  session: Session,
  {
    blob,
    bytes,
    onProgress,
  }: { readonly blob: BlobName; readonly bytes: Uint8Array; readonly onProgress: OnProgress | undefined },
): Promise<void> {
  // Of a repository that is still to be made, nobody may read.
  const isPresent = await hasBlob(session, blob.digest, PUSH);
  if (!isPresent) await sendBytes(session, blob, bytes);
  tell(onProgress, isPresent ? 'present' : 'upload', blob);
}

async function sendBytes(session: Session, blob: BlobName, bytes: Uint8Array): Promise<void> {
  if (bytes.length > MAX_SINGLE_POST_BYTES) {
    await finishUpload(session, await startUpload(session, {}), { blob, body: bytes });
    return;
  }
  const answer = await openUpload(session, { query: { digest: blob.digest }, access: PUSH, bytes });
  // 202: the registry has begun an upload, and taken no note of the bytes.
  if (answer.status === 202) await finishUpload(session, uploadLocation(answer), { blob, body: bytes });
}

/**
 * Uploads a blob as it is read, unless the repository has it; digest and size are checked before the end.
 * @throws REGISTRY_INVALID, REGISTRY_UNAUTHORIZED, INPUT_MALFORMED where the stream is another blob, NETWORK_…
 */
export async function uploadStream(session: Session, blob: BlobStream, settings: UploadSettings): Promise<BlobName> {
  const { digest, size } = blob;
  if (await hasBlob(session, digest, PUSH)) {
    tell(settings.onProgress, 'present', blob);
    return { digest, size };
  }
  await sendStream(session, await startUpload(session, {}), { blob, settings });
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
  { blob, from, settings }: { readonly blob: BlobStream; readonly from: string; readonly settings: UploadSettings },
): Promise<void> {
  const location = await requestMountOrUpload(session, blob.digest, from);
  if (location === undefined) tell(settings.onProgress, 'mount', blob);
  else await sendStream(session, location, { blob, settings });
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
  { blob, body }: { readonly blob: BlobName; readonly body: Uint8Array | BodyStream },
): Promise<void> {
  const url = `${location}${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(blob.digest)}`;
  const timeoutMs = transferTimeoutMs(session.transport, blob.size);
  const answer = await session.send({
    method: 'PUT',
    url,
    access: PUSH,
    headers: OCTETS,
    body,
    expectStatus: [201],
    timeoutMs,
    responseTimeoutMs: timeoutMs,
  });
  const named = answer.headers.get('docker-content-digest');
  if (named !== undefined && named !== blob.digest)
    throw registryInvalid(describe('PUT', url), `Docker-Content-Digest ${blob.digest}`, named);
}

interface StreamUpload {
  readonly blob: BlobStream;
  readonly settings: UploadSettings;
}

async function sendStream(session: Session, location: string, { blob, settings }: StreamUpload): Promise<void> {
  const { digest, size } = blob;
  const { chunkBytes = size, onProgress } = settings;
  const checked = checkChunks(blob.chunks, { digest, size }, wrongBlob);
  const chunks =
    onProgress === undefined ? checked : reportChunks(checked, { kind: 'upload', digest, total: size, onProgress });
  if (size <= chunkBytes) return finishUpload(session, location, { blob, body: { size, chunks } });
  let place = location;
  let start = 0;
  for await (const bytes of gatherChunks(chunks, chunkBytes)) {
    place = await patchUpload(session, place, { start, bytes });
    start += bytes.length;
  }
  return finishUpload(session, place, { blob, body: new Uint8Array() });
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
  if (range !== undefined && range.replace(/^bytes=/, '') !== `0-${end}`)
    throw registryInvalid(what, `the range 0-${end}`, range);
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
