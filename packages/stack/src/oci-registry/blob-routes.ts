// SPDX-License-Identifier: Apache-2.0
// Blobs: HEAD, GET with a range, DELETE; uploads in one request, in two, in chunks, and mounts from another repository.

import { randomUUID } from 'node:crypto';
import type { Exchange } from './exchange.js';
import { answerBytes, answerEmpty, answerFault } from './answer.js';
import { isDigestOf } from './digest.js';
import { type StoredRepository, joinPieces, openStored } from './store.js';

const MAX_BLOB_BYTES = 1_073_741_824;

/** `HEAD` and `GET /v2/<name>/blobs/<digest>`. */
export function answerBlob({ request, store, name, reference }: Exchange): Response {
  const bytes = store.get(name)?.blobs.get(reference);
  if (bytes === undefined) return answerFault('BLOB_UNKNOWN', 'no such blob');
  const headers = { 'Content-Type': 'application/octet-stream', 'Docker-Content-Digest': reference };
  const range = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(request.headers.get('range') ?? '');
  if (range === null || request.method === 'HEAD') return answerBytes(request, bytes, headers);
  const start = Number(range[1]);
  const end = Math.min(range[2] === '' ? bytes.length - 1 : Number(range[2]), bytes.length - 1);
  if (start > end) return answerFault('SIZE_INVALID', 'no such range', { status: 416 });
  const part = Uint8Array.from(bytes.subarray(start, end + 1));
  const description = { 'Content-Range': `bytes ${start}-${end}/${bytes.length}`, 'Content-Length': `${part.length}` };
  return new Response(part, { status: 206, headers: { ...headers, ...description } });
}

/** `DELETE /v2/<name>/blobs/<digest>`. */
export function deleteBlob({ store, name, reference }: Exchange): Response {
  const wasThere = store.get(name)?.blobs.delete(reference) === true;
  return wasThere ? answerEmpty(202, {}) : answerFault('BLOB_UNKNOWN', 'no such blob');
}

/** `POST /v2/<name>/blobs/uploads/`: begins an upload, or is one with `?digest=`, or mounts with `?mount=&from=`. */
export async function startUpload(exchange: Exchange): Promise<Response> {
  const { request, store, name, url } = exchange;
  const bytes = new Uint8Array(await request.arrayBuffer());
  const repository = openStored(store, name);
  const mount = url.searchParams.get('mount');
  const mounted = mount === null ? undefined : store.get(url.searchParams.get('from') ?? '')?.blobs.get(mount);
  if (mount !== null && mounted !== undefined) return keepBlob(exchange, { repository, digest: mount, bytes: mounted });
  const digest = url.searchParams.get('digest');
  if (digest !== null) return keepBlob(exchange, { repository, digest, bytes });
  const upload = randomUUID();
  repository.uploads.set(upload, []);
  return answerUpload(exchange, upload, 0);
}

/** `GET /v2/<name>/blobs/uploads/<upload>`: how much has arrived. */
export function answerUploadState(exchange: Exchange): Response {
  const pieces = exchange.store.get(exchange.name)?.uploads.get(exchange.reference);
  if (pieces === undefined) return unknownUpload();
  return answerUpload(exchange, exchange.reference, countBytes(pieces), 204);
}

/** `PATCH /v2/<name>/blobs/uploads/<upload>`: a chunk, which has to begin where the last one ended. */
export async function takeChunk(exchange: Exchange): Promise<Response> {
  const chunk = new Uint8Array(await exchange.request.arrayBuffer());
  const pieces = exchange.store.get(exchange.name)?.uploads.get(exchange.reference);
  if (pieces === undefined) return unknownUpload();
  if (!follows(exchange.request, pieces, chunk))
    return answerFault('BLOB_UPLOAD_INVALID', 'the chunk does not follow', { status: 416 });
  if (countBytes(pieces) + chunk.length > MAX_BLOB_BYTES) return answerFault('SIZE_INVALID', 'blob too large');
  pieces.push(chunk);
  return answerUpload(exchange, exchange.reference, countBytes(pieces));
}

/** `PUT /v2/<name>/blobs/uploads/<upload>?digest=`: the last chunk, or the whole, and the end. */
export async function finishUpload(exchange: Exchange): Promise<Response> {
  const chunk = new Uint8Array(await exchange.request.arrayBuffer());
  const repository = openStored(exchange.store, exchange.name);
  const pieces = repository.uploads.get(exchange.reference);
  if (pieces === undefined) return unknownUpload();
  if (!follows(exchange.request, pieces, chunk))
    return answerFault('BLOB_UPLOAD_INVALID', 'the chunk does not follow', { status: 416 });
  repository.uploads.delete(exchange.reference);
  const digest = exchange.url.searchParams.get('digest') ?? '';
  return keepBlob(exchange, { repository, digest, bytes: joinPieces([...pieces, chunk]) });
}

/** `DELETE /v2/<name>/blobs/uploads/<upload>`. */
export function cancelUpload({ store, name, reference }: Exchange): Response {
  return store.get(name)?.uploads.delete(reference) === true ? answerEmpty(204, {}) : unknownUpload();
}

function unknownUpload(): Response {
  return answerFault('BLOB_UPLOAD_UNKNOWN', 'no such upload');
}

function keepBlob(
  { name }: Exchange,
  { repository, digest, bytes }: { repository: StoredRepository; digest: string; bytes: Uint8Array },
): Response {
  if (!isDigestOf(digest, bytes)) return answerFault('DIGEST_INVALID', 'not the digest of the blob');
  repository.blobs.set(digest, bytes);
  return answerEmpty(201, { Location: `/v2/${name}/blobs/${digest}`, 'Docker-Content-Digest': digest });
}

/** The location carries a query, as that of many registries does: clients have to keep it. */
function answerUpload({ name }: Exchange, upload: string, size: number, status = 202): Response {
  return answerEmpty(status, {
    Location: `/v2/${name}/blobs/uploads/${upload}?state=${size}`,
    Range: `0-${Math.max(size - 1, 0)}`,
    'Docker-Upload-UUID': upload,
  });
}

function follows(request: Request, pieces: readonly Uint8Array[], chunk: Uint8Array): boolean {
  const header = request.headers.get('content-range');
  if (header === null) return true;
  const range = /^(?:bytes )?(\d{1,15})-(\d{1,15})(?:\/\S+)?$/.exec(header);
  const start = countBytes(pieces);
  return range !== null && Number(range[1]) === start && Number(range[2]) === start + chunk.length - 1;
}

function countBytes(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}
