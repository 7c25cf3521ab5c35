// SPDX-License-Identifier: Apache-2.0
// The audit of one package: evidence, verification, and what was recorded of its signer.

import { ERROR_CODES, type ErrorCategory, type KeywaxError, isKeywaxError } from '@keywax/core/errors';
import type { Verifier } from 'keywax';
import type { RegistryKey } from '../evidence.js';
import type { Expectation } from '../expectation.js';
import { type SignerChange, compareIdentity } from '../identity-lock/compare.js';
import type { IdentityLock, LockedIdentity } from '../identity-lock/identity-lock.js';
import { describeSigner } from '../identity-lock/package-signer.js';
import { parseIntegrity } from '../integrity.js';
import type { LockedPackage } from '../lock-file/locked-package.js';
import { withoutCredentials } from '../lock-file/source.js';
import type { PackageReport } from '../package-report.js';
import type { FetchedEvidence, RegistryClient } from '../registry-client.js';
import type { VerifiedProvenance } from '../verify-attestations.js';
import { type VerifiedPackage, verifyEvidence } from '../verify-evidence.js';
import type { AuditFailure, AuditedPackage, AuditedProvenance } from './audited-package.js';

/** What packages are audited with. */
export interface AuditContext {
  readonly client: RegistryClient;
  readonly verifier: Verifier;
  /** The keys of a registry, asked for once. */
  keysOf(registry: string): Promise<readonly RegistryKey[]>;
  readonly identities: IdentityLock | undefined;
  readonly expect: Expectation | undefined;
  readonly now: Date | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What one package is audited against. */
interface Task {
  readonly locked: LockedPackage;
  readonly registry: string;
  readonly context: AuditContext;
  /** What the registry said, as soon as it has. */
  readonly evidence?: FetchedEvidence;
}

/** Everything but the verdict. */
type Described = Pick<
  AuditedPackage,
  'name' | 'version' | 'registry' | 'aliases' | 'at' | 'integrity' | 'elsewhere' | 'isRecorded'
>;

/** Where the registry gave no answer, or none to us; everything else that fails is a fault of the evidence. */
const UNAVAILABLE: ReadonlySet<ErrorCategory> = new Set<ErrorCategory>([
  'AUTH',
  'NET_BODY',
  'NET_TIMEOUT',
  'NET_STATUS',
  'NET_REDIRECT',
  'NET_TLS',
  'NET_POLICY',
]);
/** What is wrong with the audit as a whole, and not with a package. */
const FATAL: ReadonlySet<ErrorCategory> = new Set<ErrorCategory>([
  'CONFIG',
  'ABORTED',
  'FS',
  'TRUSTROOT',
  'TUF_FORMAT',
  'TUF_SIG',
  'TUF_EXPIRED',
  'TUF_ROLLBACK',
  'TUF_INTEGRITY',
  'TUF_NOTFOUND',
]);

/** Audits one package. @throws what is wrong with the audit as a whole */
export async function auditPackage(locked: LockedPackage, context: AuditContext): Promise<AuditedPackage> {
  // The one that npm would ask, whatever the lock file says: another registry may have another package of that name.
  const task: Task = { locked, registry: context.client.registryOf(locked.name), context };
  const first = await auditOnce(task, false);
  // The cache is asked for nothing but what is well: whatever is amiss is the registry's to say.
  const isSettled = !first.isCached || first.audited.state === 'provenance' || first.audited.state === 'signature';
  return isSettled ? first.audited : (await auditOnce(task, true)).audited;
}

interface Attempt {
  readonly audited: AuditedPackage;
  readonly isCached: boolean;
}

async function auditOnce(task: Task, refresh: boolean): Promise<Attempt> {
  const { locked, registry, context } = task;
  const { client, signal } = context;
  let evidence: FetchedEvidence | undefined;
  let keys: readonly RegistryKey[] = [];
  try {
    keys = await context.keysOf(registry);
    const { name, version } = locked;
    evidence = await client.fetchEvidence({
      name,
      version,
      registry,
      keys,
      refresh,
      ...(signal === undefined ? {} : { signal }),
    });
    const verified = await verifyLocked(task, evidence, keys);
    return { audited: judgeVerified({ ...task, evidence }, verified, keys), isCached: evidence.source === 'cache' };
  } catch (error) {
    if (!isKeywaxError(error) || FATAL.has(ERROR_CODES[error.code].category)) throw error;
    const told = evidence === undefined ? task : { ...task, evidence };
    return { audited: judgeFailed(told, error, keys.length > 0), isCached: evidence?.source === 'cache' };
  }
}

/** Every integrity that the lock file has for the version is that of the registry. */
async function verifyLocked(
  { locked, registry, context }: Task,
  evidence: FetchedEvidence,
  keys: readonly RegistryKey[],
): Promise<VerifiedPackage> {
  const { verifier, expect, now } = context;
  const [integrity, ...others] = locked.integrities.filter(isStrong);
  const verify = (pinned: string | undefined): Promise<VerifiedPackage> =>
    verifyEvidence(evidence, {
      registry,
      keys,
      verifier,
      // A registry that has keys signs everything.
      allowUnsigned: keys.length === 0,
      ...(pinned === undefined ? {} : { integrity: pinned }),
      ...(expect === undefined ? {} : { expect }),
      ...(now === undefined ? {} : { now }),
    });
  const verified = await verify(integrity);
  for (const other of others) await verify(other);
  return verified;
}

/** SHA-1 pins nothing. @throws INPUT_MALFORMED, INPUT_UNSUPPORTED, INPUT_TOO_LARGE */
function isStrong(integrity: string): boolean {
  const [[strongest] = ['sha1']] = parseIntegrity(integrity, 'lock file integrity');
  return strongest !== 'sha1' && strongest !== 'md5';
}

function describe(task: Task): Described {
  const { locked, registry, context } = task;
  const { name, version, aliases, at, unpinned } = locked;
  const { identities } = context;
  const elsewhere = unpinned.find((place) => place !== '' && !isTarballOf(task, place));
  return {
    name,
    version,
    registry,
    ...(aliases === undefined ? {} : { aliases }),
    at,
    integrity: unpinned.length === 0 ? 'pinned' : 'unpinned',
    ...(elsewhere === undefined ? {} : { elsewhere: withoutCredentials(elsewhere) }),
    ...(identities === undefined ? {} : { isRecorded: identities.has(name) }),
  };
}

/** True for the tarball of this version alone: where the registry says that it lies, or where registries have it. */
function isTarballOf({ locked: { name, version }, registry, evidence }: Task, place: string): boolean {
  const file = `${name.slice(name.indexOf('/') + 1)}-${version}.tgz`;
  return [evidence?.tarballUrl, `${registry}${name}/-/${file}`].includes(place.replace(/%2f/gi, '/'));
}

function judgeVerified(
  task: Task,
  { provenance, signature }: VerifiedPackage,
  keys: readonly RegistryKey[],
): AuditedPackage {
  const proven = provenance === undefined ? undefined : describeProvenance(provenance);
  // The text of the key, as that of the signature may be a slice that keeps all of the evidence in memory.
  const key = keys.find(({ keyId }) => keyId === signature?.keyId);
  const audited: AuditedPackage = {
    ...describe(task),
    state: proven === undefined ? 'signature' : 'provenance',
    ...(proven === undefined ? {} : { provenance: proven }),
    ...(key === undefined ? {} : { keyId: key.keyId, keySource: key.source }),
    ...(key?.expires === undefined || signature?.time === undefined ? {} : { keyTime: signature.time.provenBy }),
  };
  return compareRecorded(task, audited);
}

function describeProvenance({ signer, ref, sourceDigest, runUri }: VerifiedProvenance): AuditedProvenance {
  return {
    signer: describeSigner(signer),
    ...(ref === undefined ? {} : { ref }),
    ...(sourceDigest === undefined ? {} : { commit: sourceDigest }),
    ...(runUri === undefined ? {} : { run: runUri }),
  };
}

/** The audited package, changed where it is not what was recorded. */
function compareRecorded({ context, locked }: Task, audited: AuditedPackage): AuditedPackage {
  const { name, version, aliases = [] } = locked;
  const recorded: LockedIdentity | undefined = context.identities?.get(name);
  const changes: readonly SignerChange[] = [
    ...(recorded === undefined ? [] : compareIdentity(recorded, { version, signer: audited.provenance?.signer })),
    ...aliases.flatMap((alias) =>
      context.identities?.has(alias) === true ? [{ member: 'name' as const, recorded: alias, found: name }] : [],
    ),
  ];
  if (changes.length === 0) return audited;
  const isGone = changes.some(({ member }) => member === 'provenance');
  const failure: AuditFailure = isGone
    ? { code: 'PACKAGE_PROVENANCE_MISSING', message: 'the recorded provenance is no longer there' }
    : { code: 'PACKAGE_SIGNER_CHANGED', message: `not the recorded ${changes.map(({ member }) => member).join(', ')}` };
  return { ...audited, state: 'changed', changes, failure };
}

function judgeFailed(task: Task, error: KeywaxError, hasKeys: boolean): AuditedPackage {
  const { code, message } = error;
  const check = selectFailedCheck(error.report);
  const failure: AuditFailure = { code, message, ...(check === undefined ? {} : { check }) };
  const { category } = ERROR_CODES[code];
  if (code === 'PACKAGE_NOT_FOUND' || UNAVAILABLE.has(category))
    return { ...describe(task), state: 'unavailable', failure };
  // What a registry without keys passes on cannot be verified by anyone.
  const isUnsigned = code === 'PACKAGE_UNSIGNED' || (code === 'KEY_NOT_FOUND' && check === 'signature.key' && !hasKeys);
  // Where something is expected, less evidence is not better than evidence that does not meet it.
  if (isUnsigned && task.context.expect === undefined)
    return compareRecorded(task, { ...describe(task), state: 'none', failure });
  return { ...describe(task), state: 'invalid', failure };
}

function selectFailedCheck(report: unknown): string | undefined {
  if (typeof report !== 'object' || report === null || !('rows' in report)) return undefined;
  return (report as PackageReport).rows.findLast(({ state }) => state === 'failed')?.id;
}
