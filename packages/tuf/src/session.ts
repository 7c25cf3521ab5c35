// SPDX-License-Identifier: Apache-2.0
// A consistent view of a repository: top-level metadata that was verified together, and the delegated roles as they are
// needed. It is made from the store alone, or from the mirror with the store as what must not be rolled back.

import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';
import {
  type RootContext,
  type TargetsContext,
  type TrustedFile,
  acceptOldSnapshot,
  acceptSnapshot,
  acceptTargets,
  acceptTimestamp,
  expectCurrent,
  expectNoOlderSnapshot,
} from './accept.js';
import { type Context, setAside } from './context.js';
import { verifyContent } from './file-meta.js';
import type { RootMetadata, SnapshotMetadata, TargetsMetadata, TimestampMetadata } from './metadata.js';
import { type Mirror, fetchMetadata, fetchTimestamp } from './mirror.js';
import { type TrustedRoot, loadRoots, updateRoots } from './root-chain.js';
import type { RoleKeys } from './role-keys.js';
import type { TufKeys } from './tuf-key.js';

/** Reads stored metadata of a role. */
export type RoleReader = (role: string) => Promise<Uint8Array | undefined>;

/** A verified view of a repository. */
export interface Session {
  readonly root: RootMetadata;
  readonly timestamp: TrustedFile<TimestampMetadata>;
  readonly snapshot: TrustedFile<SnapshotMetadata>;
  readonly targets: TrustedFile<TargetsMetadata>;
  readonly readRole: RoleReader;
  /** The delegated roles that were accepted so far, as files. */
  readonly delegated: Map<string, Uint8Array>;
}

/** A role, and who says that it is in charge. */
export type RoleRequest = Pick<TargetsContext, 'role' | 'delegator'> & {
  readonly roleKeys: RoleKeys;
  readonly keys: TufKeys;
};

/** The parts of a session that its targets roles are verified with. */
type SessionBase = Pick<Session, 'root' | 'snapshot' | 'readRole'>;

/**
 * Makes a session from stored metadata alone.
 * @throws TUF_TARGET_MISSING where the store lacks a role, and as the readers of each role
 */
export async function openStored(context: Context, readRole: RoleReader): Promise<Session> {
  const { metadata: root } = await loadRoots(context);
  const rootContext = { root, crypto: context.crypto };
  const { file: timestamp } = await acceptTimestamp(await demand(readRole, 'timestamp'), rootContext, undefined);
  const meta = timestamp.metadata.snapshot;
  const snapshot = await acceptSnapshot(await demand(readRole, 'snapshot'), { ...rootContext, meta }, undefined);
  const base = { root, snapshot, readRole };
  const targets = await loadRole({ ...context, checkExpiry: false }, base, topLevelTargets(root));
  return { ...base, timestamp, targets, delegated: new Map() };
}

async function demand(readRole: RoleReader, role: string): Promise<Uint8Array> {
  return (await readRole(role)) ?? missing(role);
}

function missing(role: string): never {
  throw new KeywaxError(
    'TUF_TARGET_MISSING',
    `TUF role ${quoteText(role, 60)}: not in the store, and nothing may be fetched`,
  );
}

/**
 * Makes a session from the mirror (TUF 1.0.34 §5.3–§5.6), and stores each file once it is accepted.
 * @throws as the readers of each role, TUF_METADATA_EXPIRED, NETWORK_…
 */
export async function openMirror(context: Context, mirror: Mirror): Promise<Session> {
  const { store } = context;
  const readRole: RoleReader = (role) => store.read('metadata', role);
  const { metadata: root }: TrustedRoot = await updateRoots(context, mirror, await loadRoots(context));
  const rootContext = { root, crypto: context.crypto };
  const oldSnapshot = await readStored(context, 'snapshot', (bytes) => acceptOldSnapshot(bytes, rootContext));
  const timestamp = await updateTimestamp(context, mirror, { ...rootContext, oldSnapshot });
  const snapshot = await updateSnapshot(context, mirror, { ...rootContext, oldSnapshot, timestamp });
  const base = { root, snapshot, readRole };
  const targets = await loadRole(context, base, topLevelTargets(root));
  return { ...base, timestamp, targets, delegated: new Map() };
}

interface TimestampContext extends RootContext {
  readonly oldSnapshot: TrustedFile<SnapshotMetadata> | undefined;
}

async function updateTimestamp(
  context: Context,
  mirror: Mirror,
  { oldSnapshot, ...rootContext }: TimestampContext,
): Promise<TrustedFile<TimestampMetadata>> {
  // An expired one still says what was seen.
  const previous = await readStored(context, 'timestamp', async (bytes) => {
    const { file } = await acceptTimestamp(bytes, rootContext, undefined);
    return file;
  });
  const { file, kind } = await acceptTimestamp(await fetchTimestamp(mirror), rootContext, previous);
  if (kind === 'altered') {
    const message = `version ${file.metadata.version} of the timestamp came with another content, which was not used`;
    context.report({ kind: 'timestampAltered', message, error: new KeywaxError('TUF_VERSION_ROLLBACK', message) });
  }
  if (oldSnapshot !== undefined) expectNoOlderSnapshot(file.metadata, oldSnapshot.metadata);
  expectCurrent('timestamp', file.metadata, context.now);
  if (kind === 'new') await context.store.write('metadata', 'timestamp', file.bytes);
  return file;
}

interface SnapshotContext extends TimestampContext {
  readonly timestamp: TrustedFile<TimestampMetadata>;
}

async function updateSnapshot(
  context: Context,
  mirror: Mirror,
  { timestamp, oldSnapshot: previous, ...rootContext }: SnapshotContext,
): Promise<TrustedFile<SnapshotMetadata>> {
  const { snapshot: meta } = timestamp.metadata;
  const isNamed = previous?.metadata.version === meta.version && isDescribed(previous.bytes, { ...context, meta });
  if (previous !== undefined && isNamed) {
    expectCurrent('snapshot', previous.metadata, context.now);
    return previous;
  }
  const { consistentSnapshot } = rootContext.root;
  const bytes = await fetchMetadata(mirror, { role: 'snapshot', meta, consistentSnapshot });
  const snapshot = await acceptSnapshot(bytes, { ...rootContext, meta }, previous);
  expectCurrent('snapshot', snapshot.metadata, context.now);
  await context.store.write('metadata', 'snapshot', bytes);
  return snapshot;
}

function isDescribed(bytes: Uint8Array, { meta, crypto }: Pick<TargetsContext, 'meta' | 'crypto'>): boolean {
  try {
    verifyContent(bytes, { what: 'TUF role "snapshot"', meta, crypto });
    return true;
  } catch (error) {
    if (isKeywaxError(error, 'TUF_CONTENT_MISMATCH')) return false;
    throw error;
  }
}

/** A stored file if there is one that verifies. */
async function readStored<T>(
  context: Context,
  role: string,
  accept: (bytes: Uint8Array) => Promise<T>,
): Promise<T | undefined> {
  const bytes = await context.store.read('metadata', role);
  if (bytes === undefined) return undefined;
  try {
    return await accept(bytes);
  } catch (error) {
    setAside(context, role, error);
    return undefined;
  }
}

function topLevelTargets(root: RootMetadata): RoleRequest {
  return { role: 'targets', delegator: `root ${root.version}`, roleKeys: root.roles.targets, keys: root.keys };
}

/**
 * The metadata of a targets role, verified by whoever is in charge of it now: from the store where that is what the
 * snapshot names, else from the mirror.
 * @throws TUF_METADATA_INVALID where the snapshot does not name it, TUF_TARGET_MISSING where it is not stored and there
 * is no mirror, and as `acceptTargets`, `expectCurrent` and `fetchMetadata`
 */
export async function loadRole(
  context: Context,
  base: SessionBase,
  request: RoleRequest,
): Promise<TrustedFile<TargetsMetadata>> {
  const { role } = request;
  const meta = base.snapshot.metadata.files.get(`${role}.json`);
  if (meta === undefined) {
    throw new KeywaxError('TUF_METADATA_INVALID', `TUF role ${quoteText(role, 60)}: expected to be in the snapshot`);
  }
  const targetsContext = { ...request, meta, crypto: context.crypto };
  const stored = await readStoredRole(context, base.readRole, targetsContext);
  if (stored !== undefined) {
    if (context.checkExpiry) expectCurrent(role, stored.metadata, context.now);
    return stored;
  }
  if (context.mirror === undefined) return missing(role);
  const { consistentSnapshot } = base.root;
  const bytes = await fetchMetadata(context.mirror, { role, meta, consistentSnapshot });
  const fetched = await acceptTargets(bytes, targetsContext);
  expectCurrent(role, fetched.metadata, context.now);
  await context.store.write('metadata', role, bytes);
  return fetched;
}

async function readStoredRole(
  context: Context,
  readRole: RoleReader,
  targetsContext: TargetsContext,
): Promise<TrustedFile<TargetsMetadata> | undefined> {
  const bytes = await readRole(targetsContext.role);
  if (bytes === undefined) return undefined;
  try {
    return await acceptTargets(bytes, targetsContext);
  } catch (error) {
    // Another version than the one wanted is no fault of the store.
    if (context.mirror !== undefined && isKeywaxError(error, 'TUF_CONTENT_MISMATCH')) return undefined;
    setAside(context, targetsContext.role, error);
    return undefined;
  }
}
