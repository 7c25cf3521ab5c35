// SPDX-License-Identifier: Apache-2.0
// Which state a client works with: the stored one where that is enough, else the mirror's.

import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { formatRfc3339 } from '@keywax/core/time';
import { isExpired } from './accept.js';
import { commitSession, selectGeneration } from './commit.js';
import type { Context } from './context.js';
import type { Generation } from './generation.js';
import type { Metadata } from './metadata.js';
import type { Mirror } from './mirror.js';
import { TOP_LEVEL_ROLES, type TopLevelRole } from './role-keys.js';
import { type Session, openMirror, openStored } from './session.js';
import { type Settings, withLock } from './settings.js';

/** What a client found. */
export interface TufState {
  readonly source: 'mirror' | 'store';
  readonly versions: Readonly<Record<TopLevelRole, number>>;
  /** The first instant at which one of the four roles expires, or did. */
  readonly expiresAt: Date;
  /** The roles that have expired; only offline can there be any. */
  readonly expired: readonly TopLevelRole[];
  /** When the mirror was last asked; absent where the store does not say. */
  readonly refreshedAt?: Date;
  /** From then until now, in milliseconds; absent where it is not known or lies in the future. */
  readonly ageMs?: number;
}

/** A session with what is known of its age. */
export interface Opened {
  readonly session: Session;
  readonly source: TufState['source'];
  readonly refreshedAt?: Date;
  /** The complete state that the session is; absent where there is none. */
  readonly complete?: CompleteState;
}

/** A complete state, and the names of the targets that it holds. */
export interface CompleteState {
  readonly id: string;
  readonly held: Set<string>;
}

const DAY_MS = 86_400_000;

/**
 * The state to work with, not older than `maxAgeMs` where it is not the mirror's.
 * @throws as `openMirror` and `openStored`, TUF_METADATA_EXPIRED for one that is too old offline
 */
export async function openNewest(context: Context, settings: Settings, maxAgeMs: number): Promise<Opened> {
  if (settings.offline) return openOffline(context, settings.maxAgeMs);
  const before = await selectGeneration(context);
  const fresh = await openFresh(context, before, maxAgeMs);
  if (fresh !== undefined) return fresh;
  return withLock(settings, async () => {
    const generation = await selectGeneration(context);
    // Another process has refreshed while this one waited: its state is as new as ours would be.
    const isReplaced = generation !== undefined && generation.id !== before?.id;
    const adopted = await openFresh(context, generation, isReplaced ? Number.POSITIVE_INFINITY : maxAgeMs);
    return adopted ?? openOnline(context, settings.mirror, generation);
  });
}

async function openOnline(context: Context, mirror: Mirror, previous: Generation | undefined): Promise<Opened> {
  const session = await openMirror(context, mirror);
  const generation = await commitSession(context, session, previous);
  const opened = { session, source: 'mirror' as const, refreshedAt: context.now };
  return generation === undefined ? opened : { ...opened, complete: describeComplete(generation) };
}

/** The complete state, verified, where it is not older than `maxAgeMs` and has not expired. */
async function openFresh(
  context: Context,
  generation: Generation | undefined,
  maxAgeMs: number,
): Promise<Opened | undefined> {
  if (generation === undefined || maxAgeMs === 0) return undefined;
  const age = ageOf(generation.refreshedAt, context.now);
  if (age === undefined || age > maxAgeMs) return undefined;
  try {
    const session = await openStored(context, readRoleFrom(context, generation));
    if (hasExpired(session, context.now)) return undefined;
    return { session, source: 'store', refreshedAt: generation.refreshedAt, complete: describeComplete(generation) };
  } catch (error) {
    if (!isKeywaxError(error) || error.code === 'OPERATION_ABORTED') throw error;
    return undefined; // the mirror decides
  }
}

/** RUL-26: the newest complete state, expired or not; what an older client or another program left where there is none. */
async function openOffline(context: Context, maxAgeMs: number): Promise<Opened> {
  const generation = await selectGeneration(context);
  const session = await openStored(context, readRoleFrom(context, generation));
  const refreshedAt = generation?.refreshedAt;
  const age = refreshedAt === undefined ? undefined : ageOf(refreshedAt, context.now);
  if (maxAgeMs !== Number.POSITIVE_INFINITY && (age === undefined || age > maxAgeMs)) {
    const expected = `a stored state of at most ${maxAgeMs / DAY_MS} days`;
    const actual = refreshedAt === undefined ? 'one of unknown age' : `one of ${formatRfc3339(refreshedAt)}`;
    throw new KeywaxError('TUF_METADATA_EXPIRED', `TUF: expected ${expected}, found ${actual}`, {
      details: { expected, actual },
    });
  }
  const source = 'store';
  if (generation === undefined) return { session, source };
  return { session, source, refreshedAt: generation.refreshedAt, complete: describeComplete(generation) };
}

function readRoleFrom({ store }: Context, generation: Generation | undefined): Session['readRole'] {
  return async (role) => generation?.roles.get(role) ?? store.read('metadata', role);
}

function describeComplete({ id, held }: Generation): CompleteState {
  return { id, held: new Set(held.map(({ name }) => name)) };
}

function listTopLevel({ root, timestamp, snapshot, targets }: Session): Readonly<Record<TopLevelRole, Metadata>> {
  return { root, timestamp: timestamp.metadata, snapshot: snapshot.metadata, targets: targets.metadata };
}

/** True where a top-level role has expired. */
export function hasExpired(session: Session, now: Date): boolean {
  const roles = listTopLevel(session);
  return TOP_LEVEL_ROLES.some((role) => isExpired(roles[role], now));
}

function ageOf(time: Date, now: Date): number | undefined {
  const age = now.getTime() - time.getTime();
  return age < 0 ? undefined : age;
}

/** What a caller is told of a state. */
export function describeState({ session, source, refreshedAt }: Opened, now: Date): TufState {
  const roles = listTopLevel(session);
  const ageMs = refreshedAt === undefined ? undefined : ageOf(refreshedAt, now);
  const { root, timestamp, snapshot, targets } = roles;
  return Object.freeze({
    source,
    versions: Object.freeze({
      root: root.version,
      timestamp: timestamp.version,
      snapshot: snapshot.version,
      targets: targets.version,
    }),
    expiresAt: new Date(Math.min(...TOP_LEVEL_ROLES.map((role) => roles[role].expiresAt.getTime()))),
    expired: Object.freeze(TOP_LEVEL_ROLES.filter((role) => isExpired(roles[role], now))),
    ...(refreshedAt === undefined ? {} : { refreshedAt }),
    ...(ageMs === undefined ? {} : { ageMs }),
  });
}
