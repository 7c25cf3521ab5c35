// SPDX-License-Identifier: Apache-2.0
// Adds a referrer to the tag that lists them where a registry has no referrers API (distribution spec, "Unavailable
// Referrers API"). Two writers who read the same list would each undo the other: see docs/decisions/0011.

import { KeywaxError } from '@keywax/core/errors';
import { waitWithTimer } from '@keywax/http';
import type { Descriptor } from './descriptor.js';
import { makeAnnotations } from './descriptor.js';
import { type TaggedManifest, findManifest, putManifest } from './manifests.js';
import { type Index, MAX_ENTRIES, encodeManifest } from './manifest.js';
import { MEDIA_TYPES } from './media-types.js';
import { fallbackTag, readFallback } from './referrers.js';
import type { Session } from './session.js';

const MAX_ATTEMPTS = 16;
/** Longer than another writer takes from its reading to its writing, most of the time. */
const SETTLE_MS = 150;

/** Updates that are under way in this process, by registry, repository and tag. */
const updates = new Map<string, Promise<void>>();

/**
 * Adds a descriptor to the list of a subject's referrers, once, and keeps what others add meanwhile.
 * @throws REGISTRY_INVALID where others keep undoing it, INPUT_TOO_LARGE above 1,000 referrers, NETWORK_…
 */
export async function addToFallbackTag(session: Session, subject: string, entry: Descriptor): Promise<void> {
  const tag = fallbackTag(subject);
  const { registry, repository } = session.name;
  await inTurn(`${registry}/${repository}:${tag}`, () => addEntry(session, tag, entry));
}

/** Writers of one process wait for each other. */
async function inTurn(key: string, update: () => Promise<void>): Promise<void> {
  const before = updates.get(key) ?? Promise.resolve();
  const turn = before.then(update, update);
  updates.set(key, turn);
  try {
    await turn;
  } finally {
    if (updates.get(key) === turn) updates.delete(key);
  }
}

async function addEntry(session: Session, tag: string, entry: Descriptor): Promise<void> {
  let wrote = false;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const found = await findManifest(session, tag);
    if (listsEntry(found, tag, entry)) {
      if (!wrote || attempt === MAX_ATTEMPTS - 1) return;
      // Ours was read back; nobody who read before we wrote has undone it yet, or will after this while.
      await settle(session, 0);
      if (listsEntry(await findManifest(session, tag), tag, entry)) return;
      continue;
    }
    const { written } = await putManifest(session, {
      bytes: encodeManifest(withEntry(found, tag, entry)),
      mediaType: MEDIA_TYPES.ociIndex,
      tag,
      ...(found === undefined ? { onlyIf: 'absent' as const } : {}),
      ...(found?.etag === undefined ? {} : { onlyIf: { etag: found.etag } }),
    });
    wrote ||= written;
    if (!written) await settle(session, attempt);
  }
  throw new KeywaxError('REGISTRY_INVALID', `tag ${tag}: other writers undid the update ${MAX_ATTEMPTS} times`);
}

function listsEntry(found: TaggedManifest | undefined, tag: string, { digest }: Descriptor): boolean {
  if (found === undefined) return false;
  const { manifest } = found;
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

/** Waits a while of random length, or writers who met would meet again. */
async function settle({ transport }: Session, attempt: number): Promise<void> {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  const ms = Math.round(SETTLE_MS * (1 + random / 2 ** 32) * Math.min(attempt + 1, 4));
  const signal = transport.signal ?? new AbortController().signal;
  await (transport.delay ?? waitWithTimer)(ms, signal);
}
