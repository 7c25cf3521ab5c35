// SPDX-License-Identifier: Apache-2.0
// What makes a file of metadata acceptable, given what was accepted before (TUF 1.0.34 §5.3–§5.6). Pure: bytes and
// trusted records in, a trusted record or an error out; expiry alone is asked for separately, because metadata that has
// expired still says what must not be rolled back.

import { equalBytes } from '@keywax/core/bytes';
import type { CryptoProvider } from '@keywax/core/crypto';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { formatRfc3339 } from '@keywax/core/time';
import { type FileMeta, mismatch, verifyContent } from './file-meta.js';
import {
  type Metadata,
  type RootMetadata,
  type SignedFile,
  type SnapshotMetadata,
  type TargetsMetadata,
  type TimestampMetadata,
  decodeRoot,
  decodeSnapshot,
  decodeTargets,
  decodeTimestamp,
} from './metadata.js';
import type { RoleKeys, TopLevelRole } from './role-keys.js';
import type { TufKeys } from './tuf-key.js';
import { verifyRole } from './verify-role.js';

/** A file of metadata that was verified. */
export interface TrustedFile<T> {
  readonly metadata: T;
  readonly bytes: Uint8Array;
  /** `signed` in canonical form. */
  readonly payload: Uint8Array;
}

/**
 * Accepts the first root: the one that the caller trusts.
 * @throws TUF_METADATA_INVALID, TUF_SIGNATURE_INVALID where it is not signed by its own keys, INPUT_TOO_LARGE
 */
export async function acceptFirstRoot(bytes: Uint8Array, crypto: CryptoProvider): Promise<TrustedFile<RootMetadata>> {
  const file = decodeRoot(bytes);
  await verifyTopLevel(file, 'root', { root: file.metadata, crypto });
  return trust(file);
}

/**
 * Accepts the root that follows a trusted one (§5.3.4, §5.3.5).
 * @throws TUF_METADATA_INVALID, TUF_SIGNATURE_INVALID, TUF_VERSION_ROLLBACK, INPUT_TOO_LARGE
 */
export async function acceptNextRoot(
  bytes: Uint8Array,
  trusted: RootMetadata,
  crypto: CryptoProvider,
): Promise<TrustedFile<RootMetadata>> {
  const file = decodeRoot(bytes);
  // 5.3.4: a threshold of the trusted root's keys, and of its own.
  await verifyTopLevel(file, 'root', { root: trusted, crypto });
  await verifyTopLevel(file, 'root', { root: file.metadata, crypto });
  // 5.3.5: exactly the next version.
  if (file.metadata.version !== trusted.version + 1) {
    throw rollback('root', `version ${trusted.version + 1}`, file.metadata.version);
  }
  return trust(file);
}

/** What a file is verified with. */
export interface RootContext {
  readonly root: RootMetadata;
  readonly crypto: CryptoProvider;
}

/** A timestamp that was accepted, and whether it is another than before. */
export interface AcceptedTimestamp {
  readonly file: TrustedFile<TimestampMetadata>;
  /** `altered`: the version of the previous one with another content, which is not used. */
  readonly kind: 'new' | 'same' | 'altered';
}

/**
 * Accepts a timestamp (§5.4.2, §5.4.3). One with the version of the previous changes nothing: the previous is returned.
 * @throws TUF_METADATA_INVALID, TUF_SIGNATURE_INVALID, TUF_VERSION_ROLLBACK, INPUT_TOO_LARGE
 */
export async function acceptTimestamp(
  bytes: Uint8Array,
  context: RootContext,
  previous: TrustedFile<TimestampMetadata> | undefined,
): Promise<AcceptedTimestamp> {
  const file = decodeTimestamp(bytes);
  await verifyTopLevel(file, 'timestamp', context);
  if (previous === undefined) return { file: trust(file), kind: 'new' };
  const { metadata } = file;
  // 5.4.3.1: a higher version than before.
  if (metadata.version < previous.metadata.version) {
    throw rollback('timestamp', `version ${previous.metadata.version} or higher`, metadata.version);
  }
  if (metadata.version === previous.metadata.version) {
    return { file: previous, kind: equalBytes(file.payload, previous.payload) ? 'same' : 'altered' };
  }
  // 5.4.3.2: no lower version of the snapshot than before.
  expectNoOlderSnapshot(metadata, previous.metadata.snapshot);
  return { file: trust(file), kind: 'new' };
}

/**
 * Refuses a timestamp that names an older snapshot than one that was seen, with whatever timestamp that came.
 * @throws TUF_VERSION_ROLLBACK
 */
export function expectNoOlderSnapshot(
  { snapshot }: TimestampMetadata,
  { version }: Pick<SnapshotMetadata, 'version'>,
): void {
  if (snapshot.version < version) {
    throw rollback('timestamp', `a snapshot of version ${version} or higher`, snapshot.version);
  }
}

/** A snapshot as it was left in a cache, verified by its signatures alone: what must not be rolled back. @throws as `acceptSnapshot` */
export async function acceptOldSnapshot(
  bytes: Uint8Array,
  context: RootContext,
): Promise<TrustedFile<SnapshotMetadata>> {
  const file = decodeSnapshot(bytes);
  await verifyTopLevel(file, 'snapshot', context);
  return trust(file);
}

/**
 * Accepts the snapshot that a timestamp names (§5.5.2–§5.5.5).
 * @throws TUF_METADATA_INVALID, TUF_SIGNATURE_INVALID, TUF_VERSION_ROLLBACK, TUF_CONTENT_MISMATCH, INPUT_TOO_LARGE
 */
export async function acceptSnapshot(
  bytes: Uint8Array,
  context: RootContext & { readonly meta: FileMeta },
  previous: TrustedFile<SnapshotMetadata> | undefined,
): Promise<TrustedFile<SnapshotMetadata>> {
  // 5.5.2: before anything is read.
  verifyContent(bytes, { what: 'TUF role "snapshot"', meta: context.meta, crypto: context.crypto });
  const file = decodeSnapshot(bytes);
  await verifyTopLevel(file, 'snapshot', context);
  expectVersion('snapshot', file.metadata, context.meta);
  // 5.5.5: every role of before, in no lower version.
  for (const [name, { version }] of previous?.metadata.files ?? []) {
    const found = file.metadata.files.get(name);
    if (found === undefined) throw rollback('snapshot', `${quoteText(name, 60)} as before`, 'none');
    if (found.version < version) {
      throw rollback('snapshot', `${quoteText(name, 60)} in version ${version} or higher`, found.version);
    }
  }
  return trust(file);
}

/** What a targets role is verified with. */
export interface TargetsContext {
  readonly role: string;
  /** Who is in charge of the role, for errors. */
  readonly delegator: string;
  readonly roleKeys: RoleKeys;
  readonly keys: TufKeys;
  /** What the snapshot says of the role. */
  readonly meta: FileMeta;
  readonly crypto: CryptoProvider;
}

/**
 * Accepts the metadata of `targets` or of a delegated role (§5.6.2–§5.6.4).
 * @throws TUF_METADATA_INVALID, TUF_SIGNATURE_INVALID, TUF_CONTENT_MISMATCH, INPUT_TOO_LARGE
 */
export async function acceptTargets(bytes: Uint8Array, context: TargetsContext): Promise<TrustedFile<TargetsMetadata>> {
  verifyContent(bytes, { what: `TUF role ${quoteText(context.role, 60)}`, ...context });
  const file = decodeTargets(bytes, context.role);
  await verifyRole(file, context);
  expectVersion(context.role, file.metadata, context.meta);
  return trust(file);
}

/**
 * Refuses metadata that has expired at `now` (§5.3.10, §5.4.4, §5.5.6, §5.6.5).
 * @throws TUF_METADATA_EXPIRED
 */
export function expectCurrent(role: string, { version, expiresAt }: Metadata, now: Date): void {
  if (!isExpired({ expiresAt }, now)) return;
  const expected = `metadata that has not expired at ${formatRfc3339(now)}`;
  const actual = `version ${version}, which expired at ${formatRfc3339(expiresAt)}`;
  throw new KeywaxError(
    'TUF_METADATA_EXPIRED',
    `TUF role ${quoteText(role, 60)}: expected ${expected}, found ${actual}`,
    {
      details: { expected, actual },
    },
  );
}

/** True from the very instant of expiry on. */
export function isExpired({ expiresAt }: Pick<Metadata, 'expiresAt'>, now: Date): boolean {
  return expiresAt <= now;
}

async function verifyTopLevel(
  file: SignedFile<unknown>,
  role: TopLevelRole,
  { root, crypto }: RootContext,
): Promise<void> {
  const delegator = `root ${root.version}`;
  await verifyRole(file, { role, delegator, roleKeys: root.roles[role], keys: root.keys, crypto });
}

function expectVersion(role: string, { version }: Metadata, meta: FileMeta): void {
  if (version !== meta.version) {
    throw mismatch(`TUF role ${quoteText(role, 60)}`, `version ${meta.version}`, `version ${version}`);
  }
}

function trust<T>({ metadata, bytes, payload }: SignedFile<T>): TrustedFile<T> {
  return Object.freeze({ metadata, bytes, payload });
}

function rollback(role: string, expected: string, found: number | string): KeywaxError {
  const actual = String(found);
  return new KeywaxError(
    'TUF_VERSION_ROLLBACK',
    `TUF role ${quoteText(role, 60)}: expected ${expected}, found ${actual}`,
    {
      details: { expected, actual },
    },
  );
}
