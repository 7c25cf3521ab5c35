// SPDX-License-Identifier: Apache-2.0
// The audit of a project: every package that its lock file pins, a few at a time.

import { KeywaxError } from '@keywax/core/errors';
import type { Verifier } from 'keywax';
import type { RegistryKey } from '../evidence.js';
import type { Expectation } from '../expectation.js';
import type { IdentityLock } from '../identity-lock/identity-lock.js';
import type { LockFile, LockedPackage, OtherPackage, OtherSource } from '../lock-file/locked-package.js';
import { findLockFile, readLockFile } from '../lock-file/read-lock-file.node.js';
import type { RegistryClient } from '../registry-client.js';
import { type AuditContext, auditPackage } from './audit-package.js';
import {
  AUDIT_STATES,
  type AuditReport,
  type AuditState,
  type AuditedPackage,
  type UnauditedPackage,
} from './audited-package.js';

/** How far an audit is. */
export interface AuditProgress {
  readonly done: number;
  readonly total: number;
  /** The package that was audited last. */
  readonly audited: AuditedPackage;
}

/** What is audited, and against what. */
export interface AuditOptions {
  /** The folder of the project, which has one lock file; or else `lockFile`. */
  readonly directory?: string;
  /** Path of a lock file, or what was read of one. */
  readonly lockFile?: string | LockFile;
  readonly client: RegistryClient;
  readonly verifier: Verifier;
  /**
   * The keys of a registry: `fetchRegistryKeys`, which asks the TUF repository of an instance first. Those that a registry
   * publishes itself (`fetchKeys` of the client) are its own word.
   */
  readonly keysOf: (registry: string, signal?: AbortSignal) => Promise<readonly RegistryKey[]>;
  /** Who signed each package when somebody last looked; see `decodeIdentityLock`. */
  readonly identities?: IdentityLock;
  /** What is expected of the provenance of every package. */
  readonly expect?: Expectation;
  readonly onProgress?: (progress: AuditProgress) => void;
  /** Packages at a time; 24 unless given. */
  readonly concurrency?: number;
  /** The present; the clock of the host unless given. */
  readonly now?: Date;
  readonly signal?: AbortSignal;
}

const CONCURRENCY = 24; // more than requests at a time, so that verification and network overlap

/**
 * Audits every package of a project. A package that is not what it should be is a result, not an error.
 * @throws FILE_FAILED, INPUT_…, CONFIG_INVALID for the lock file; TUF_… for keys; OPERATION_ABORTED
 * @example
 * const keysOf = (registry) => fetchRegistryKeys(registry, { client });
 * const report = await auditProject({ directory: '.', client, verifier, keysOf });
 * const isWell = report.counts.unavailable === 0 && selectRefused(report).length === 0;
 */
export async function auditProject(options: AuditOptions): Promise<AuditReport> {
  const { client, signal, concurrency = CONCURRENCY } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new KeywaxError('CONFIG_INVALID', 'concurrency: expected a positive integer');
  if (typeof options.keysOf !== 'function')
    throw new KeywaxError('CONFIG_INVALID', 'keysOf: expected a function that gives the keys of a registry');
  const lock = admitConfigured(await openLockFile(options), client);
  const context: AuditContext = {
    client,
    verifier: options.verifier,
    keysOf: rememberKeys(options.keysOf, signal),
    identities: options.identities,
    expect: options.expect,
    now: options.now,
    signal,
  };
  const packages = await auditAll(lock, context, { ...options, concurrency });
  const others = lock.others.map((other) => describeOther(other, options.identities));
  const { format } = lock;
  const path = 'path' in lock && typeof lock.path === 'string' ? { path: lock.path } : {};
  return { lockFile: { format, ...path }, packages, others, counts: countStates(packages) };
}

async function openLockFile({ directory, lockFile }: AuditOptions): Promise<LockFile> {
  if ((directory === undefined) === (lockFile === undefined))
    throw new KeywaxError('CONFIG_INVALID', 'expected a directory or a lock file, and not both');
  if (directory !== undefined) return findLockFile(directory);
  if (typeof lockFile === 'string') return readLockFile(lockFile);
  return lockFile as LockFile; // one of the two is there
}

/** Not every registry has the usual URLs: a tarball below the URL of a configured one is of that registry. */
function admitConfigured(lock: LockFile, { registries }: RegistryClient): LockFile {
  const isConfigured = (resolved = ''): boolean => [...registries].some((registry) => resolved.startsWith(registry));
  const admitted = lock.others.flatMap(({ locked }) => (isConfigured(locked?.resolved) ? (locked ?? []) : []));
  if (admitted.length === 0) return lock;
  return {
    ...lock,
    packages: [...lock.packages, ...admitted],
    others: lock.others.filter(({ locked }) => locked === undefined || !admitted.includes(locked)),
  };
}

/** Where a package came from a registry when its signer was recorded, and no longer does, its source has moved. */
const MOVED: ReadonlySet<OtherSource> = new Set<OtherSource>(['git', 'remote', 'file', 'unknown']);

/** Without what else the lock file says of it, as URLs may hold a secret. */
function describeOther({ name, source, at }: OtherPackage, identities: IdentityLock | undefined): UnauditedPackage {
  const isRecorded = MOVED.has(source) && identities?.has(name) === true;
  return { name, source, at, ...(isRecorded ? { isRecorded } : {}) };
}

function rememberKeys(fetch: AuditOptions['keysOf'], signal: AbortSignal | undefined): AuditContext['keysOf'] {
  const known = new Map<string, Promise<readonly RegistryKey[]>>();
  return (registry) => {
    const keys = known.get(registry) ?? fetch(registry, signal);
    known.set(registry, keys);
    return keys;
  };
}

type Settings = Pick<AuditOptions, 'onProgress'> & { readonly concurrency: number };

/** Results stand in the order of the lock file, whenever they came. */
async function auditAll(
  { packages }: LockFile,
  context: AuditContext,
  { concurrency, onProgress }: Settings,
): Promise<readonly AuditedPackage[]> {
  const results: AuditedPackage[] = [];
  const queue = { next: 0, done: 0, hasFailed: false };
  const workers = Array.from({ length: Math.min(concurrency, packages.length) }, async (): Promise<void> => {
    while (!queue.hasFailed) {
      const i = queue.next++;
      const locked = packages[i];
      if (locked === undefined) return;
      const audited = await auditUnless(queue, locked, context);
      results[i] = audited;
      onProgress?.({ done: ++queue.done, total: packages.length, audited });
    }
  });
  // All of them end before the first failure is thrown, so that nothing goes on behind the caller's back.
  const ends = await Promise.allSettled(workers);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results;
}

async function auditUnless(
  queue: { hasFailed: boolean },
  locked: LockedPackage,
  context: AuditContext,
): Promise<AuditedPackage> {
  try {
    if (context.signal?.aborted === true) throw aborted(context.signal);
    return await auditPackage(locked, context);
  } catch (error) {
    queue.hasFailed = true;
    throw error;
  }
}

function aborted({ reason }: AbortSignal): KeywaxError {
  return new KeywaxError('OPERATION_ABORTED', 'the audit was aborted by the caller', { cause: reason });
}

function countStates(packages: readonly AuditedPackage[]): Readonly<Record<AuditState, number>> {
  const counts = Object.fromEntries(AUDIT_STATES.map((state) => [state, 0])) as Record<AuditState, number>;
  for (const { state } of packages) counts[state]++;
  return counts;
}
