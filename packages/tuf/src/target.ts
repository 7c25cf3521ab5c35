// SPDX-License-Identifier: Apache-2.0
// The content of a target, from the store or the mirror (TUF 1.0.34 §5.7), checked each time by what metadata says.

import { KeywaxError, quoteText } from '@keywax/core/errors';
import { type Context, setAside } from './context.js';
import { selectHashPrefix, verifyContent } from './file-meta.js';
import type { HeldTarget } from './generation.js';
import { fetchTargetFile } from './mirror.js';
import { type FoundTarget, findTarget } from './search.js';
import type { Session } from './session.js';

/** A target's content and its place in the store. */
export interface ObtainedTarget {
  /** The very bytes that were checked. */
  readonly bytes: Uint8Array;
  readonly held: HeldTarget;
}

/**
 * Finds a target and gives its content.
 * @throws TUF_TARGET_MISSING, TUF_CONTENT_MISMATCH, and as `findTarget` and `fetchTargetFile`
 */
export async function obtainTarget(context: Context, session: Session, path: string): Promise<ObtainedTarget> {
  const found = await findTarget(context, session, path);
  const what = `TUF target ${quoteText(path, 100)}`;
  // By digest too, so that the old version stays until the whole state is replaced.
  const held = { path, name: `${selectHashPrefix(found.file.hashes, what)}.${path}` };
  const stored = await readStored(context, found, held);
  if (stored !== undefined) return { bytes: stored, held };
  if (context.mirror === undefined) {
    throw new KeywaxError('TUF_TARGET_MISSING', `${what}: not in the store, and nothing may be fetched`);
  }
  const { consistentSnapshot } = session.root;
  const bytes = await fetchTargetFile(context.mirror, { ...found, consistentSnapshot });
  verifyContent(bytes, { what, meta: found.file, crypto: context.crypto });
  await context.store.write('targets', held.name, bytes);
  return { bytes, held };
}

async function readStored(
  context: Context,
  { path, file }: FoundTarget,
  held: HeldTarget,
): Promise<Uint8Array | undefined> {
  const bytes = await context.store.read('targets', held.name);
  if (bytes === undefined) return undefined;
  try {
    verifyContent(bytes, { what: `TUF target ${quoteText(path, 100)}`, meta: file, crypto: context.crypto });
    return bytes;
  } catch (error) {
    setAside(context, `target ${quoteText(path, 100)}`, error);
    return undefined;
  }
}
