// SPDX-License-Identifier: Apache-2.0
// Manifests of a repository (distribution spec, "Pulling manifests" and "Pushing manifests").

import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';
import type { HttpResponse } from '@keywax/http';
import type { Descriptor } from './descriptor.js';
import { computeDigest, digestAlgorithm, isDigest } from './digest.js';
import { registryInvalid } from './failure.js';
import { type Index, MAX_MANIFEST_BYTES, type Manifest, decodeManifest } from './manifest.js';
import { INDEX_TYPES, MANIFEST_TYPES } from './media-types.js';
import { isTag } from './reference.js';
import { pause } from './pause.js';
import { type RegistryRequest, type Session, describe } from './session.js';

/** A manifest or index as it was served, and what it says. */
export interface FetchedManifest {
  /** Computed from the bytes. */
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest | Index;
}

/** A manifest that was fetched, and the tag of its state in the registry, where there is one. */
export interface TaggedManifest extends FetchedManifest {
  /** A strong entity tag (RFC 9110 §8.8.3). */
  readonly etag: string | undefined;
}

const MAX_REPEATS = 2;
const UNFINISHED_CODES: ReadonlySet<string> = new Set(['DIGEST_INVALID', 'MANIFEST_BLOB_UNKNOWN']);
const ACCEPT = [...MANIFEST_TYPES, ...INDEX_TYPES].join(', ');

/**
 * Fetches a manifest or index by tag or digest; its bytes have the digest that is asked for, and that the registry names.
 * @returns nothing where the registry does not know it
 * @throws CONFIG_INVALID, REGISTRY_INVALID, REGISTRY_UNAUTHORIZED, INPUT_TOO_LARGE, NETWORK_…
 */
export async function findManifest(session: Session, tagOrDigest: string): Promise<TaggedManifest | undefined> {
  const url = manifestUrl(session, tagOrDigest);
  const answer = await session.send({
    url,
    access: { action: 'pull' },
    headers: { accept: ACCEPT },
    expectStatus: [200, 404],
    maxBytes: MAX_MANIFEST_BYTES,
  });
  if (answer.status === 404) return undefined;
  const what = describe('GET', url);
  const { body: bytes } = answer;
  const digest = checkDigest(answer, { what, bytes, asked: isDigest(tagOrDigest) ? tagOrDigest : undefined });
  const mediaType = readContentType(answer.headers);
  const manifest = decodeManifest(bytes, mediaType, what);
  const descriptor = Object.freeze({ mediaType, digest, size: bytes.length });
  return { descriptor, bytes, manifest, etag: readEtag(answer.headers) };
}

/** The same. @throws IMAGE_NOT_FOUND where the registry does not know it */
export async function fetchManifest(session: Session, tagOrDigest: string): Promise<TaggedManifest> {
  const found = await findManifest(session, tagOrDigest);
  if (found !== undefined) return found;
  const { registry, repository } = session.name;
  throw new KeywaxError('IMAGE_NOT_FOUND', `${registry} does not know ${tagOrDigest} of ${repository}`);
}

/** What is computed wins, and what contradicts it is refused (ATTACKS OC-009, OC-010). */
function checkDigest(
  { headers }: Pick<HttpResponse, 'headers'>,
  { what, bytes, asked }: { readonly what: string; readonly bytes: Uint8Array; readonly asked: string | undefined },
): string {
  const digest = computeDigest(bytes, digestAlgorithm(asked ?? ''));
  if (asked !== undefined && digest !== asked) throw registryInvalid(what, `a manifest of digest ${asked}`, digest);
  checkDigestHeader(headers, { what, bytes });
  return digest;
}

/** Demands that `Docker-Content-Digest`, where there is one, is the digest of the bytes. @throws REGISTRY_INVALID */
export function checkDigestHeader(
  headers: ReadonlyMap<string, string>,
  { what, bytes }: { readonly what: string; readonly bytes: Uint8Array },
): void {
  const named = headers.get('docker-content-digest');
  if (named === undefined) return;
  if (!isDigest(named)) throw registryInvalid(what, 'a digest in Docker-Content-Digest', named);
  const computed = computeDigest(bytes, digestAlgorithm(named));
  if (named !== computed) throw registryInvalid(what, `Docker-Content-Digest ${computed}`, named);
}

/** The media type of an answer without its parameters; empty where there is none. */
export function readContentType(headers: ReadonlyMap<string, string>): string {
  const [type = ''] = (headers.get('content-type') ?? '').split(';');
  return type.trim().toLowerCase();
}

function readEtag(headers: ReadonlyMap<string, string>): string | undefined {
  const etag = headers.get('etag') ?? '';
  return /^"[\x21\x23-\x7e]{1,256}"$/.test(etag) ? etag : undefined;
}

/** A manifest that is written. */
export interface ManifestPut {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** Its digest unless given. */
  readonly tag?: string;
  /** On which state of the tag: the one of this entity tag, or none at all. Registries may ignore it. */
  readonly onlyIf?: { readonly etag: string } | 'absent';
}

/** What became of a manifest that was written. */
export interface PutManifest {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest | Index;
  /** False where `onlyIf` did not hold any more. */
  readonly written: boolean;
  /** True where the registry says that it takes note of the subject (`OCI-Subject`). */
  readonly subjectAccepted: boolean;
}

/**
 * Writes a manifest or index under its digest or a tag.
 * @throws CONFIG_INVALID, REGISTRY_INVALID for one that decodeManifest refuses, REGISTRY_UNAUTHORIZED, NETWORK_…
 */
export async function putManifest(session: Session, put: ManifestPut): Promise<PutManifest> {
  const { bytes, mediaType, tag, onlyIf } = put;
  const manifest = decodeManifest(bytes, mediaType);
  const digest = computeDigest(bytes);
  const url = manifestUrl(session, tag ?? digest);
  const answer = await sendManifest(session, {
    method: 'PUT',
    url,
    access: { action: 'push' },
    headers: { 'content-type': mediaType, ...preconditions(onlyIf) },
    body: bytes,
    expectStatus: onlyIf === undefined ? [201] : [201, 412],
    // Without a precondition it is the same as often as it is sent.
    idempotent: onlyIf === undefined,
  });
  const written = answer.status === 201;
  if (written) checkDigestHeader(answer.headers, { what: describe('PUT', url), bytes });
  const subject = manifest.subject?.digest;
  return {
    descriptor: Object.freeze({ mediaType, digest, size: bytes.length }),
    manifest,
    written,
    subjectAccepted: subject !== undefined && answer.headers.get('oci-subject') === subject,
  };
}

/**
 * Sends a manifest, and again where the registry does not find what it was given just before: docker-registry reads the
 * links to its blobs while another writer of the same blob writes them.
 */
async function sendManifest(session: Session, request: RegistryRequest): Promise<HttpResponse> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await session.send(request);
    } catch (error) {
      if (attempt === MAX_REPEATS || !isUnfinished(error)) throw error;
      await pause(session, { attempt });
    }
  }
}

function isUnfinished(error: unknown): boolean {
  return isKeywaxError(error, 'NETWORK_STATUS') && UNFINISHED_CODES.has(error.details.actual ?? '');
}

function preconditions(onlyIf: ManifestPut['onlyIf']): Readonly<Record<string, string>> {
  if (onlyIf === undefined) return {};
  return onlyIf === 'absent' ? { 'if-none-match': '*' } : { 'if-match': onlyIf.etag };
}

/** True where the registry has the manifest. */
export async function hasManifest(session: Session, digest: string): Promise<boolean> {
  const url = manifestUrl(session, digest);
  const answer = await session.send({
    method: 'HEAD',
    url,
    access: { action: 'pull' },
    headers: { accept: ACCEPT },
    expectStatus: [200, 404],
    maxBytes: MAX_MANIFEST_BYTES,
  });
  return answer.status === 200;
}

function manifestUrl(session: Session, tagOrDigest: string): string {
  if (isDigest(tagOrDigest) || isTag(tagOrDigest)) return session.url(`/manifests/${tagOrDigest}`);
  const expected = 'a tag or a digest';
  const actual = quoteText(tagOrDigest);
  throw new KeywaxError('CONFIG_INVALID', `expected ${expected}, found ${actual}`, { details: { expected, actual } });
}
