// SPDX-License-Identifier: Apache-2.0
// What an audit says about each package. Records are small, so that thousands of them are.

import type { ErrorCode } from '@keywax/core/errors';
import type { RegistryKey } from '../evidence.js';
import type { SignerChange } from '../identity-lock/compare.js';
import type { PackageSigner } from '../identity-lock/package-signer.js';
import type { PublicationTime } from '../verify-signatures.js';
import type { LockFileFormat, OtherPackage } from '../lock-file/locked-package.js';

/**
 * How a package stands: verified with provenance; verified by the registry's signature alone; without any signature;
 * with evidence that does not hold; signed by another one than was recorded; or without an answer.
 */
export type AuditState = 'provenance' | 'signature' | 'none' | 'invalid' | 'changed' | 'unavailable';

/** The states, the worst first. */
export const AUDIT_STATES: readonly AuditState[] = [
  'invalid',
  'changed',
  'unavailable',
  'none',
  'signature',
  'provenance',
];

/** Why a package is not verified. */
export interface AuditFailure {
  readonly code: ErrorCode;
  readonly message: string;
  /** The check that failed, by its stable id. */
  readonly check?: string;
}

/** What provenance proves of one version. */
export interface AuditedProvenance {
  readonly signer: PackageSigner;
  /** The git ref and commit that were built, and the run. */
  readonly ref?: string;
  readonly commit?: string;
  readonly run?: string;
}

/** One package of a project. */
export interface AuditedPackage {
  readonly name: string;
  readonly version: string;
  /** URL of the registry that was asked. */
  readonly registry: string;
  /** Other names under which the lock file has it installed. */
  readonly aliases?: readonly string[];
  /** Where it stands in the lock file. */
  readonly at: string;
  readonly state: AuditState;
  /**
   * `pinned` where every entry of the lock file has a digest, which then has to be the verified one; `unpinned` where one
   * has none, or SHA-1 alone: what will be installed may be something else.
   */
  readonly integrity: 'pinned' | 'unpinned';
  /** For what is unpinned: where the lock file takes it from, if that is not the tarball of the registry; then it is refused. */
  readonly elsewhere?: string;
  readonly provenance?: AuditedProvenance;
  /** The id of the key with which the registry signed. */
  readonly keyId?: string;
  /** Who vouches for that key: an instance of Sigstore, the registry itself, or the caller. */
  readonly keySource?: RegistryKey['source'];
  /** Where that key has an end: what says that the version was published before; a packument's word is the registry's. */
  readonly keyTime?: PublicationTime['provenBy'];
  /** Whether the identity lock has a record of the package; absent where there is no identity lock. */
  readonly isRecorded?: boolean;
  /** For `changed`: how the signer differs from the record. */
  readonly changes?: readonly SignerChange[];
  /** For `none`, `invalid`, `changed` and `unavailable`. */
  readonly failure?: AuditFailure;
}

/** A package that is of no registry. */
export interface UnauditedPackage extends Omit<OtherPackage, 'locked'> {
  /** There where the identity lock has a record of a package of this name, whose provenance is now gone. */
  readonly isRecorded?: true;
}

/** What an audit found. */
export interface AuditReport {
  /** The lock file, where it was read from a file. */
  readonly lockFile: { readonly format: LockFileFormat; readonly path?: string };
  /** By name and version. */
  readonly packages: readonly AuditedPackage[];
  /** What is of no registry, and has not been verified. */
  readonly others: readonly UnauditedPackage[];
  readonly counts: Readonly<Record<AuditState, number>>;
}
