// SPDX-License-Identifier: Apache-2.0
// Adds a referrer to the tag that lists them where a registry has no referrers API (distribution spec, "Unavailable
// Referrers API"). Two writers who read the same list would each undo the other: see docs/decisions/0011.

import { KeywaxError } from '@keywax/core/errors';
import type { Descriptor } from './descriptor.js';
import { makeAnnotations } from './descriptor.js';
import type { TaggedManifest } from './manifests.js';
import { type Index, MAX_ENTRIES, encodeManifest } from './manifest.js';
import { MEDIA_TYPES } from './media-types.js';
import { fallbackTag, readFallback } from './referrers.js';
import type { Session } from './session.js';
import { updateTag } from './tag-update.js';

/**
 * Adds a descriptor to the list of a subject's referrers, once, and keeps what others add meanwhile.
 * @throws REGISTRY_INVALID where others keep undoing it, INPUT_TOO_LARGE above 1,000 referrers, NETWORK_…
 */
export async function addToFallbackTag(session: Session, subject: string, entry: Descriptor): Promise<void> {
  const tag = fallbackTag(subject);
  await updateTag(session, {
    tag,
    isMade: (found) => listsEntry(found, tag, entry),
    change: async (found) => ({
      bytes: encodeManifest(withEntry(found, tag, entry)),
      mediaType: MEDIA_TYPES.ociIndex,
    }),
  });
}

function listsEntry({ manifest }: TaggedManifest, tag: string, { digest }: Descriptor): boolean {
  readFallback(manifest, tag);
  return manifest.manifests.some((known) => known.digest === digest);
}

function withEntry(found: TaggedManifest | undefined, tag: string, entry: Descriptor): Index {
  if (found === undefined) return makeIndex([entry]);
  const { manifest } = found;
  readFallback(manifest, tag);
  const distinct = new Map([...manifest.manifests, entry].map((known) => [known.digest, known]));
  if (distinct.size > MAX_ENTRIES) {
    const expected = `at most ${MAX_ENTRIES} referrers`;
    throw new KeywaxError('INPUT_TOO_LARGE', `tag ${tag}: expected ${expected}`, {
      details: { expected, limit: MAX_ENTRIES },
    });
  }
  return { ...manifest, mediaType: MEDIA_TYPES.ociIndex, manifests: [...distinct.values()] };
}

function makeIndex(manifests: readonly Descriptor[]): Index {
  return { kind: 'index', mediaType: MEDIA_TYPES.ociIndex, manifests, annotations: makeAnnotations([]) };
}
