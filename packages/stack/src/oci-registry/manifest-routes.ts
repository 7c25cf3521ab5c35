// SPDX-License-Identifier: Apache-2.0
// Manifests: HEAD, GET, PUT with preconditions, DELETE; and the list of tags.

import type { Exchange } from './exchange.js';
import { answerBytes, answerEmpty, answerFault, answerPage } from './answer.js';
import { MAX_MANIFEST_BYTES, readManifest } from './manifest.js';
import { computeDigest, isDigest, isDigestOf } from './digest.js';
import { type StoredRepository, openStored, selectManifest } from './store.js';

const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** `HEAD` and `GET /v2/<name>/manifests/<reference>`. */
export function answerManifest({ request, store, name, reference }: Exchange): Response {
  const found = selectManifest(store.get(name), reference);
  if (found === undefined) return answerFault('MANIFEST_UNKNOWN', 'no such manifest');
  return answerBytes(request, found.bytes, {
    'Content-Type': found.mediaType,
    'Docker-Content-Digest': found.digest,
    ETag: `"${found.digest}"`,
  });
}

/** `PUT /v2/<name>/manifests/<reference>`. Everything after the body has arrived happens in one turn. */
export async function takeManifest(exchange: Exchange): Promise<Response> {
  const { request, store, name, reference, options } = exchange;
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length > MAX_MANIFEST_BYTES) return answerFault('SIZE_INVALID', 'manifest too large');
  const mediaType = request.headers.get('content-type') ?? '';
  const facts = readManifest(bytes, mediaType);
  if (typeof facts === 'string') return answerFault('MANIFEST_INVALID', facts);
  const isTag = !isDigest(reference);
  if (isTag ? !TAG.test(reference) : !isDigestOf(reference, bytes))
    return answerFault('DIGEST_INVALID', 'neither a tag nor the digest of the manifest');
  const repository = openStored(store, name);
  if (!hasAll(repository, facts)) return answerFault('MANIFEST_BLOB_UNKNOWN', 'a part is missing');
  if (!holdsPrecondition(request, selectManifest(repository, reference)?.digest))
    return answerFault('DENIED', 'the precondition does not hold', { status: 412 });
  const digest = isTag ? computeDigest(bytes) : reference;
  repository.manifests.set(digest, { digest, mediaType, bytes, facts });
  if (isTag) repository.tags.set(reference, digest);
  const { subject } = facts;
  return answerEmpty(201, {
    Location: `/v2/${name}/manifests/${digest}`,
    'Docker-Content-Digest': digest,
    ETag: `"${digest}"`,
    ...(subject !== undefined && options.referrers ? { 'OCI-Subject': subject } : {}),
  });
}

/** What a manifest consists of has to be there; its subject may come later (distribution 1.1). */
function hasAll(
  repository: StoredRepository,
  parts: { blobs: readonly string[]; manifests: readonly string[] },
): boolean {
  return (
    parts.blobs.every((digest) => repository.blobs.has(digest)) &&
    parts.manifests.every((digest) => repository.manifests.has(digest))
  );
}

/** RFC 9110 13.1: `If-Match` and `If-None-Match` against the digest that the reference names now. */
function holdsPrecondition(request: Request, current: string | undefined): boolean {
  const wanted = request.headers.get('if-match');
  const unwanted = request.headers.get('if-none-match');
  if (wanted !== null && !matchesTag(wanted, current)) return false;
  return unwanted === null || !matchesTag(unwanted, current);
}

function matchesTag(header: string, current: string | undefined): boolean {
  if (current === undefined) return false;
  return header === '*' || header.split(',').some((tag) => tag.trim() === `"${current}"`);
}

/** `DELETE /v2/<name>/manifests/<reference>`: a tag, or a manifest with all its tags. */
export function deleteManifest({ store, name, reference }: Exchange): Response {
  const repository = store.get(name);
  const found = selectManifest(repository, reference);
  if (repository === undefined || found === undefined) return answerFault('MANIFEST_UNKNOWN', 'no such manifest');
  if (repository.tags.delete(reference)) return answerEmpty(202, {});
  repository.manifests.delete(found.digest);
  for (const [tag, digest] of repository.tags) if (digest === found.digest) repository.tags.delete(tag);
  return answerEmpty(202, {});
}

/** `GET /v2/<name>/tags/list?n=&last=`: in order, with a link to the next page. */
export function answerTags({ store, name, url, options }: Exchange): Response {
  const repository = store.get(name);
  if (repository === undefined) return answerFault('NAME_UNKNOWN', 'no such repository');
  const asked = /^[1-9][0-9]{0,5}$/.exec(url.searchParams.get('n') ?? '')?.[0];
  const size = Math.min(asked === undefined ? options.pageSize : Number(asked), options.pageSize);
  const last = url.searchParams.get('last') ?? '';
  const rest = [...repository.tags.keys()].filter((tag) => tag > last).sort(compareText);
  const page = rest.slice(0, size);
  const next = rest.length > size ? `/v2/${name}/tags/list?n=${size}&last=${page.at(-1) ?? ''}` : undefined;
  return answerPage({ name, tags: page }, next, { 'Content-Type': 'application/json' });
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
