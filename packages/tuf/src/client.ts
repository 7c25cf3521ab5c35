// SPDX-License-Identifier: Apache-2.0
// The client: one mirror, one trusted root, one store. `refresh` follows TUF 1.0.34 §5; `fetchTarget` gives files.

import { type CryptoProvider, defaultCrypto } from '@keywax/core/crypto';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { formatRfc3339 } from '@keywax/core/time';
import { type Transport, joinServiceUrl } from '@keywax/http';
import { isExpired } from './accept.js';
import { commitSession, commitTarget, selectGeneration } from './commit.js';
import type { Context } from './context.js';
import type { DiagnosticListener } from './diagnostic.js';
import type { Generation } from './generation.js';
import { MAX_TARGET_BYTES } from './limits.js';
import type { Metadata } from './metadata.js';
import type { Mirror } from './mirror.js';
import { TOP_LEVEL_ROLES, type TopLevelRole } from './role-keys.js';
import { type Session, openMirror, openStored } from './session.js';
import { type TufStore, guardStore } from './store.js';
import { type ObtainedTarget, obtainTarget } from './target.js';

/** How far a client may go without a network (RUL-26): the newest stored state, whatever its age, or up to an age. */
export type OfflineMode = boolean | { readonly maxAgeDays: number };

/** How a client is made. */
export interface TufClientOptions {
  /** Base URL of the repository's metadata. */
  readonly mirrorUrl: string;
  /** Base URL of its targets; `targets` below `mirrorUrl` unless given. */
  readonly targetsUrl?: string;
  /** The root that everything is verified from, as a file. */
  readonly trustedRoot: Uint8Array;
  readonly store: TufStore;
  /** The clock. Each call of the client reads it once. */
  readonly now: () => Date;
  readonly transport?: Transport;
  /** True or a bound: no connection is made, and expired metadata is used. False unless given. */
  readonly offline?: OfflineMode;
  /** Bytes that a target may have; 5,000,000 unless given. */
  readonly maxTargetBytes?: number;
  readonly onDiagnostic?: DiagnosticListener;
  readonly crypto?: CryptoProvider;
}

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

/** When a refresh may do without the mirror. */
export interface RefreshOptions {
  /** Uses the stored state where it is complete, has not expired and is not older than this; 0 unless given. */
  readonly maxAgeMs?: number;
}

/** A TUF client. */
export interface TufClient {
  /**
   * Brings the state up to date and tells it. Calls at the same time share one refresh, in this process and, by the
   * store's lock, in others.
   * @throws TUF_…, NETWORK_…, INPUT_TOO_LARGE, FILE_FAILED, OPERATION_ABORTED
   */
  refresh(options?: RefreshOptions): Promise<TufState>;
  /**
   * The content of a target, verified. Refreshes first where that has not been done, or its metadata has expired since.
   * @throws as `refresh`, TUF_TARGET_MISSING for a target that no role in charge lists
   */
  fetchTarget(path: string): Promise<Uint8Array>;
}

/** A session with what is known of its age. */
interface Opened {
  readonly session: Session;
  readonly source: TufState['source'];
  readonly refreshedAt?: Date;
  /** The complete state that the session is; absent where there is none. */
  readonly complete?: CompleteState;
}

/** A complete state, and the names of the targets that it holds. */
interface CompleteState {
  readonly id: string;
  readonly held: Set<string>;
}

const DAY_MS = 86_400_000;

/**
 * Creates a client. Nothing is read or fetched before it is asked for something.
 * @throws NETWORK_POLICY for a URL that is never contacted, CONFIG_INVALID
 * @example
 * const client = createTufClient({ mirrorUrl, trustedRoot, store: createMemoryStore(), now: () => new Date() });
 * const trustedRootJson = await client.fetchTarget('trusted_root.json');
 */
export function createTufClient(options: TufClientOptions): TufClient {
  const settings = prepareSettings(options);
  let current: Opened | undefined;
  let running: Promise<Opened> | undefined;

  const open = async (context: Context, maxAgeMs: number): Promise<Opened> => {
    running ??= openNewest(context, settings, maxAgeMs).finally(() => {
      running = undefined;
    });
    current = await running;
    return current;
  };

  return {
    async refresh({ maxAgeMs = 0 } = {}) {
      const context = settings.createContext();
      return describeState(await open(context, checkAmount('maxAgeMs', maxAgeMs)), context.now);
    },
    async fetchTarget(path) {
      const context = settings.createContext();
      const isUsable = current !== undefined && (settings.offline || !hasExpired(current.session, context.now));
      const opened = current !== undefined && isUsable ? current : await open(context, 0);
      return fetchFrom(context, settings, { opened, path });
    },
  };
}

interface Settings {
  readonly offline: boolean;
  readonly maxAgeMs: number;
  readonly mirror: Mirror;
  readonly store: TufStore;
  /** Reads the clock. */
  createContext(): Context;
}

function prepareSettings(options: TufClientOptions): Settings {
  const { mirrorUrl, transport = {}, offline = false, crypto = defaultCrypto, onDiagnostic } = options;
  const targetsUrl = options.targetsUrl ?? joinServiceUrl(mirrorUrl, '/targets', transport);
  for (const url of [mirrorUrl, targetsUrl]) joinServiceUrl(url, '/', transport); // throws early
  const maxTargetBytes = checkAmount('maxTargetBytes', options.maxTargetBytes ?? MAX_TARGET_BYTES);
  const mirror = { metadataUrl: mirrorUrl, targetsUrl, transport, maxTargetBytes };
  const store = guardStore(options.store);
  const trustedRoot = options.trustedRoot.slice();
  return {
    offline: offline !== false,
    maxAgeMs:
      typeof offline === 'object' ? checkAmount('maxAgeDays', offline.maxAgeDays) * DAY_MS : Number.POSITIVE_INFINITY,
    mirror,
    store,
    createContext: () => ({
      trustedRoot,
      store,
      now: readClock(options.now),
      crypto,
      checkExpiry: offline === false,
      report: onDiagnostic ?? (() => {}),
      ...(offline === false ? { mirror } : {}),
    }),
  };
}

function checkAmount(name: string, value: number): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw new KeywaxError('CONFIG_INVALID', `expected ${name} as a number that is not negative`);
}

function readClock(now: () => Date): Date {
  const time = now();
  if (Number.isFinite(time.getTime())) return time;
  throw new KeywaxError('CONFIG_INVALID', 'expected now() to give a valid Date');
}

async function openNewest(context: Context, settings: Settings, maxAgeMs: number): Promise<Opened> {
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

interface TargetRequest {
  readonly opened: Opened;
  readonly path: string;
}

async function fetchFrom(context: Context, settings: Settings, { opened, path }: TargetRequest): Promise<Uint8Array> {
  const { session, complete } = opened;
  const { mirror, ...storeOnly } = context;
  if (mirror === undefined) return (await obtainTarget(context, session, path)).bytes;
  const stored = await obtainStored(storeOnly, session, path);
  if (stored !== undefined && (complete === undefined || complete.held.has(stored.held.name))) return stored.bytes;
  return withLock(settings, async () => {
    const { bytes, held } = stored ?? (await obtainTarget(context, session, path));
    if (complete !== undefined) await commitTarget(context, { id: complete.id, session }, held);
    complete?.held.add(held.name);
    return bytes;
  });
}

/** A target that can be had without the mirror; whatever speaks against it is looked at again with the mirror. */
async function obtainStored(context: Context, session: Session, path: string): Promise<ObtainedTarget | undefined> {
  try {
    return await obtainTarget(context, session, path);
  } catch (error) {
    if (!isKeywaxError(error)) throw error;
    return undefined;
  }
}

function withLock<T>({ store, mirror }: Settings, task: () => Promise<T>): Promise<T> {
  return store.withLock(task, mirror.transport.signal);
}

function listTopLevel({ root, timestamp, snapshot, targets }: Session): Readonly<Record<TopLevelRole, Metadata>> {
  return { root, timestamp: timestamp.metadata, snapshot: snapshot.metadata, targets: targets.metadata };
}

function hasExpired(session: Session, now: Date): boolean {
  const roles = listTopLevel(session);
  return TOP_LEVEL_ROLES.some((role) => isExpired(roles[role], now));
}

function ageOf(time: Date, now: Date): number | undefined {
  const age = now.getTime() - time.getTime();
  return age < 0 ? undefined : age;
}

function describeState({ session, source, refreshedAt }: Opened, now: Date): TufState {
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
