// SPDX-License-Identifier: Apache-2.0
// Replaces the last complete state in the store. The caller holds the store's lock.

import { isKeywaxError, quoteText } from '@keywax/core/errors';
import { type Context, setAside } from './context.js';
import {
  type Generation,
  type HeldTarget,
  MAX_HELD,
  createGenerationId,
  readGeneration,
  writeGeneration,
} from './generation.js';
import type { Session } from './session.js';
import { type ObtainedTarget, obtainTarget } from './target.js';

/** The last complete state, if there is one that can be read. */
export async function selectGeneration(context: Context): Promise<Generation | undefined> {
  try {
    return await readGeneration(context.store);
  } catch (error) {
    setAside(context, 'state', error);
    return undefined;
  }
}

/**
 * Makes a new session the complete state, once the targets that were in use are there in their new versions.
 * @returns the state, or `undefined` where one of them cannot be had: then the old state stays
 */
export async function commitSession(
  context: Context,
  session: Session,
  previous: Generation | undefined,
): Promise<Generation | undefined> {
  const held: HeldTarget[] = [];
  for (const { path } of previous?.held ?? []) {
    try {
      const obtained = await obtainAgain(context, session, path);
      if (obtained !== undefined) held.push(obtained.held);
    } catch (error) {
      if (!isKeywaxError(error) || error.code === 'OPERATION_ABORTED') throw error;
      const message = `the target ${quoteText(path, 100)} could not be fetched again: ${error.message}`;
      context.report({ kind: 'cacheIncomplete', message, error });
      return undefined;
    }
  }
  const generation = { refreshedAt: context.now, id: createGenerationId(), held, roles: listRoles(session) };
  await writeGeneration(context.store, generation);
  const kept = new Set(held.map(({ name }) => name));
  for (const { name } of previous?.held ?? []) {
    if (!kept.has(name)) await context.store.remove('targets', name);
  }
  return generation;
}

/** `undefined` for a target that is listed no more. */
async function obtainAgain(context: Context, session: Session, path: string): Promise<ObtainedTarget | undefined> {
  try {
    return await obtainTarget(context, session, path);
  } catch (error) {
    if (isKeywaxError(error, 'TUF_TARGET_MISSING')) return undefined;
    throw error;
  }
}

/** Adds a target to the complete state, unless another process has replaced that meanwhile. */
export async function commitTarget(
  context: Context,
  { id, session }: { readonly id: string; readonly session: Session },
  target: HeldTarget,
): Promise<void> {
  const generation = await selectGeneration(context);
  if (generation?.id !== id) return;
  const held = [...generation.held.filter(({ path }) => path !== target.path), target].slice(-MAX_HELD);
  const roles = new Map([...generation.roles, ...listRoles(session)]); // of the same snapshot
  await writeGeneration(context.store, { ...generation, held, roles });
}

function listRoles({ timestamp, snapshot, targets, delegated }: Session): ReadonlyMap<string, Uint8Array> {
  return new Map([
    ['timestamp', timestamp.bytes],
    ['snapshot', snapshot.bytes],
    ['targets', targets.bytes],
    ...delegated,
  ]);
}
