// SPDX-License-Identifier: Apache-2.0
// Changes what a tag names, so that nobody's change is lost: on the state that was read where the registry takes
// preconditions, one after the other within a process, and read back afterwards.

import { KeywaxError } from '@keywax/core/errors';
import { type TaggedManifest, findManifest, putManifest } from './manifests.js';
import { pause } from './pause.js';
import type { Session } from './session.js';

const MAX_ATTEMPTS = 16;

/** A change of what a tag names. */
export interface TagUpdate {
  readonly tag: string;
  /** True where what the tag names has the change already. */
  isMade(found: TaggedManifest): boolean;
  /** The manifest with the change; made anew for each state that is found. */
  change(found: TaggedManifest | undefined): Promise<{ readonly bytes: Uint8Array; readonly mediaType: string }>;
}

/** Updates that are under way in this process, by registry, repository and tag. */
const updates = new Map<string, Promise<void>>();

/** Makes a change, and keeps what others change meanwhile. @throws REGISTRY_INVALID where others keep undoing it, NETWORK_… */
export async function updateTag(session: Session, update: TagUpdate): Promise<void> {
  const { registry, repository } = session.name;
  const key = `${registry}/${repository}:${update.tag}`;
  const make = (): Promise<void> => makeUpdate(session, update);
  const turn = (updates.get(key) ?? Promise.resolve()).then(make, make);
  updates.set(key, turn);
  try {
    await turn;
  } finally {
    if (updates.get(key) === turn) updates.delete(key);
  }
}

async function makeUpdate(session: Session, update: TagUpdate): Promise<void> {
  const { tag } = update;
  let wrote = false;
  let tookMs = 0;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const startedAt = performance.now();
    const found = await findManifest(session, tag);
    if (found !== undefined && update.isMade(found)) {
      if (!wrote || attempt === MAX_ATTEMPTS - 1) return;
      // Ours was read back; whoever read before we wrote has undone it by the end of this while, or not at all.
      // Others take about as long as we did.
      await pause(session, { leastMs: 2 * tookMs });
      const later = await findManifest(session, tag);
      if (later !== undefined && update.isMade(later)) return;
      continue;
    }
    const { written } = await putManifest(session, {
      ...(await update.change(found)),
      tag,
      ...(found === undefined ? { onlyIf: 'absent' as const } : {}),
      ...(found?.etag === undefined ? {} : { onlyIf: { etag: found.etag } }),
    });
    tookMs = performance.now() - startedAt;
    wrote ||= written;
    if (!written) await pause(session, { attempt });
  }
  throw new KeywaxError('REGISTRY_INVALID', `tag ${tag}: other writers undid the update ${MAX_ATTEMPTS} times`);
}
