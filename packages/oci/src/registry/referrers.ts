// SPDX-License-Identifier: Apache-2.0
// What refers to a manifest (distribution spec, "Listing Referrers"): the referrers API, or the tag in its place.

import { KeywaxError } from '@keywax/core/errors';
import type { HttpResponse } from '@keywax/http';
import type { Descriptor } from './descriptor.js';
import { parseDigest } from './digest.js';
import { registryInvalid } from './failure.js';
import { findManifest, readContentType } from './manifests.js';
import { type Index, MAX_ENTRIES, MAX_MANIFEST_BYTES, decodeManifest } from './manifest.js';
import { MEDIA_TYPES } from './media-types.js';
import { fetchPages } from './pages.js';
import { type Session, describe } from './session.js';

/** Which referrers are asked for. */
export interface ReferrersFilter {
  /** Those of exactly this type; all unless given. */
  readonly artifactType?: string;
}

/** Statuses of registries without the API; some send readers of their pages elsewhere. */
const NO_API: readonly number[] = [301, 302, 303, 307, 308, 404];
/** No manifest has this digest: a registry with the API answers with an empty list. */
const ZERO_DIGEST = `sha256:${'0'.repeat(64)}`;

/**
 * Lists what refers to a manifest, at most 1,000 descriptors. They are claims: whoever may write to the repository may
 * list anything, so a referrer counts only once its own manifest names the subject.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, REGISTRY_INVALID, REGISTRY_UNAUTHORIZED, NETWORK_…
 */
export async function listReferrers(
  session: Session,
  digest: string,
  { artifactType }: ReferrersFilter = {},
): Promise<readonly Descriptor[]> {
  const url = referrersUrl(session, parseDigest(digest), artifactType);
  const what = describe('GET', url);
  const found = new Map<string, Descriptor>();
  const asked = { url, accept: MEDIA_TYPES.ociIndex, expectStatus: [200, ...NO_API], maxBytes: MAX_MANIFEST_BYTES };
  for await (const page of fetchPages(session, asked)) {
    if (page.status !== 200 && page.url === url) return listFallback(session, digest, artifactType);
    const isFiltered = saysFiltered(page);
    for (const entry of readPage(page, what).manifests) {
      // A registry that filtered need not repeat by what.
      if (isOfType(entry, artifactType) || (isFiltered && entry.artifactType === undefined))
        addEntry(found, entry, what);
    }
  }
  return [...found.values()];
}

/** True where the registry has the referrers API: it knows that nothing refers to a digest of zeros. */
export async function probeReferrersApi(session: Session): Promise<boolean> {
  const answer = await session.send({
    url: referrersUrl(session, ZERO_DIGEST, undefined),
    access: { action: 'pull' },
    headers: { accept: MEDIA_TYPES.ociIndex },
    expectStatus: [200, 400, 405, ...NO_API],
    maxBytes: MAX_MANIFEST_BYTES,
  });
  return answer.status === 200 && readContentType(answer.headers) === MEDIA_TYPES.ociIndex;
}

/** The tag that lists the referrers of a digest where there is no API: algorithm and at most 64 digits. */
export function fallbackTag(digest: string): string {
  const [algorithm = '', hex = ''] = digest.split(':');
  return `${algorithm}-${hex.slice(0, 64)}`;
}

/** Reads the index of a fallback tag. @throws REGISTRY_INVALID where the tag holds something else */
export function readFallback(manifest: { readonly kind: string }, tag: string): asserts manifest is Index {
  if (manifest.kind !== 'index') throw registryInvalid(`tag ${tag}`, 'an index of referrers', `a ${manifest.kind}`);
}

async function listFallback(
  session: Session,
  digest: string,
  artifactType: string | undefined,
): Promise<readonly Descriptor[]> {
  const tag = fallbackTag(digest);
  const found = await findManifest(session, tag);
  if (found === undefined) return [];
  const { manifest } = found;
  readFallback(manifest, tag);
  const entries = new Map<string, Descriptor>();
  for (const entry of manifest.manifests) if (isOfType(entry, artifactType)) addEntry(entries, entry, `tag ${tag}`);
  return [...entries.values()];
}

function readPage(page: HttpResponse, what: string): Index {
  if (page.status !== 200) throw registryInvalid(what, 'the next page', `status ${page.status}`);
  const mediaType = readContentType(page.headers);
  if (mediaType !== MEDIA_TYPES.ociIndex)
    throw registryInvalid(what, `content of type ${MEDIA_TYPES.ociIndex}`, mediaType);
  const index = decodeManifest(page.body, mediaType, what);
  readFallback(index, what);
  return index;
}

function addEntry(entries: Map<string, Descriptor>, entry: Descriptor, what: string): void {
  entries.set(entry.digest, entry);
  if (entries.size <= MAX_ENTRIES) return;
  const expected = `at most ${MAX_ENTRIES} referrers`;
  throw new KeywaxError('INPUT_TOO_LARGE', `${what}: expected ${expected}`, {
    details: { expected, limit: MAX_ENTRIES },
  });
}

function isOfType(entry: Descriptor, artifactType: string | undefined): boolean {
  return artifactType === undefined || entry.artifactType === artifactType;
}

function saysFiltered({ headers }: HttpResponse): boolean {
  return (headers.get('oci-filters-applied') ?? '').split(',').some((name) => name.trim() === 'artifactType');
}

function referrersUrl(session: Session, digest: string, artifactType: string | undefined): string {
  const query = artifactType === undefined ? '' : `?${new URLSearchParams({ artifactType }).toString()}`;
  return `${session.url(`/referrers/${digest}`)}${query}`;
}
