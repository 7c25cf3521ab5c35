// SPDX-License-Identifier: Apache-2.0
// One version of a package, from what a registry says about it: no network, no files. The verdict is the conjunction of
// all rows of the report.

import { equalBytes } from '@keywax/core/bytes';
import { type HashName, hash } from '@keywax/core/hash';
import type { VerifiedTime } from '@keywax/verify';
import { type ArtifactStream, type Verifier, digestArtifact } from 'keywax';
import type { PackageEvidence, RegistryKey } from './evidence.js';
import { type Expectation, type MetExpectation, checkExpectation, readExpectation } from './expectation.js';
import { type Integrity, matchIntegrity, parseIntegrity, requireStrongDigest } from './integrity.js';
import { copyOptions } from './options.js';
import { type PackageLedger, type PackageReport, openPackageLedger, refusal } from './package-report.js';
import { checkPackageId } from './purl.js';
import { checkDistinctKeys } from './registry-keys.js';
import {
  type AttestationContext,
  type VerifiedProvenance,
  type VerifiedPublication,
  sortAttestations,
  verifyProvenance,
  verifyPublication,
} from './verify-attestations.js';
import { type PublicationTime, type VerifiedRegistrySignature, verifySignatures } from './verify-signatures.js';

/** What evidence is held against. */
export interface EvidenceRequirements {
  /** Base URL of the registry that the evidence comes from. */
  readonly registry: string;
  /** The registry's keys. What none of them signed is refused. */
  readonly keys: readonly RegistryKey[];
  /** Verifies bundles; made by `createVerifier` of `keywax`. */
  readonly verifier: Verifier;
  /** The integrity that a lock file has. */
  readonly integrity?: string;
  /** The tarball itself; a stream is read once, in constant memory. */
  readonly tarball?: Uint8Array | ArtifactStream;
  /** What is expected of the provenance; without it, any provenance that holds is accepted, and told. */
  readonly expect?: Expectation;
  /**
   * Accepts a version that the registry has not signed where its provenance holds, for registries that sign nothing. A
   * signature that is there has to hold. False unless given.
   */
  readonly allowUnsigned?: boolean;
  /** The present; the clock of the host unless given. */
  readonly now?: Date;
  /** Stops the reading of a stream. */
  readonly signal?: AbortSignal;
}

/** A version of a package that holds, and what is proven about it. */
export interface VerifiedPackage {
  readonly name: string;
  readonly version: string;
  /** As the registry has it, and signed it. */
  readonly integrity: string;
  /** The signature of the registry; absent only with `allowUnsigned`. */
  readonly signature?: VerifiedRegistrySignature;
  /** Where it was built; absent where the registry declares no provenance. */
  readonly provenance?: VerifiedProvenance;
  /** That the registry published it; absent where there is no such attestation. */
  readonly publish?: VerifiedPublication;
  /** What was expected of the provenance, as far as it was looked up. */
  readonly expectation?: MetExpectation;
  readonly report: PackageReport;
}

/**
 * Verifies what a registry says about one version: its signatures, and the attestations that it serves.
 * @throws PACKAGE_UNSIGNED, PACKAGE_PROVENANCE_MISSING, KEY_NOT_FOUND, KEY_OUTSIDE_VALIDITY, TIME_MISSING,
 *   SIGNATURE_INVALID, ARTIFACT_MISMATCH, STATEMENT_INVALID, IDENTITY_MISMATCH, CONFIG_INVALID, and as `verify` of `keywax` for
 *   a bundle; with the `PackageReport` as its report
 */
export async function verifyEvidence(
  evidence: PackageEvidence,
  requirements: EvidenceRequirements,
): Promise<VerifiedPackage> {
  const ledger = openPackageLedger();
  try {
    return await verifyWith(readEvidence(evidence), readRequirements(requirements), ledger);
  } catch (error) {
    throw ledger.refuse(error);
  }
}

const REQUIREMENT_NAMES = [
  'registry',
  'keys',
  'verifier',
  'integrity',
  'tarball',
  'expect',
  'allowUnsigned',
  'now',
  'signal',
] as const satisfies readonly (keyof EvidenceRequirements)[];

function readRequirements(requirements: EvidenceRequirements): EvidenceRequirements {
  const own = copyOptions(requirements, REQUIREMENT_NAMES, 'requirements');
  if (typeof own.registry !== 'string' || own.registry === '')
    throw refusal('CONFIG_INVALID', 'registry', { expected: 'the URL of the registry' });
  if (!Array.isArray(own.keys)) throw refusal('CONFIG_INVALID', 'keys', { expected: 'a list of keys, possibly empty' });
  if (!own.keys.every(({ validFrom, expires }) => isInstantOrNone(validFrom) && isInstantOrNone(expires)))
    throw refusal('CONFIG_INVALID', 'keys', { expected: 'keys whose beginning and end are instants' });
  if (typeof own.verifier?.verify !== 'function')
    throw refusal('CONFIG_INVALID', 'verifier', { expected: 'what createVerifier made' });
  if (own.allowUnsigned !== undefined && typeof own.allowUnsigned !== 'boolean')
    throw refusal('CONFIG_INVALID', 'allowUnsigned', { expected: 'true or false' });
  return own;
}

const EVIDENCE_NAMES = [
  'name',
  'version',
  'integrity',
  'signatures',
  'publishedAt',
  'attestations',
  'declaresProvenance',
  'repository',
  'tarballUrl',
] as const satisfies readonly (keyof PackageEvidence)[];

/** The members that are looked at, and nothing inherited; others, such as where evidence comes from, are the caller's. */
function readEvidence(evidence: PackageEvidence): PackageEvidence {
  if (typeof evidence !== 'object' || evidence === null)
    throw refusal('CONFIG_INVALID', 'evidence', { expected: 'a record' });
  const members = EVIDENCE_NAMES.filter((name) => Object.hasOwn(evidence, name)).map(
    (name) => [name, evidence[name]] as const,
  );
  const own = Object.assign(Object.create(null) as PackageEvidence, Object.fromEntries(members));
  if (!Array.isArray(own.signatures) || !Array.isArray(own.attestations) || typeof own.declaresProvenance !== 'boolean')
    throw refusal('CONFIG_INVALID', 'evidence', { expected: 'signatures, attestations and declaresProvenance' });
  if (!isInstantOrNone(own.publishedAt))
    throw refusal('CONFIG_INVALID', 'evidence', { expected: 'a publishedAt that is an instant' });
  return own;
}

/** A date that is none is neither before nor after any other. */
function isInstantOrNone(value: unknown): boolean {
  return value === undefined || (value instanceof Date && Number.isFinite(value.getTime()));
}

async function verifyWith(
  evidence: PackageEvidence,
  requirements: EvidenceRequirements,
  ledger: PackageLedger,
): Promise<VerifiedPackage> {
  const { registry, keys, verifier, expect, now, allowUnsigned = false } = requirements;
  const expectation = expect === undefined ? undefined : readExpectation(expect);
  const { name, version } = evidence;
  checkPackageId({ name, version });
  checkDistinctKeys(keys);
  const integrity = await checkIntegrity(evidence, requirements, ledger);
  const context: AttestationContext = {
    evidence,
    sha512: integrity.get('sha512'),
    registry,
    keys,
    verifier,
    now,
    ledger,
  };
  const served = sortAttestations(context);
  // Attestations come first: what does not hold is worse than what is not signed.
  const publish = served.publish === undefined ? undefined : await verifyPublication(served.publish, context);
  const provenance = served.provenance === undefined ? undefined : await verifyProvenance(served.provenance, context);
  const time = selectTime(evidence, { publish, provenance });
  const isUnsigned = allowUnsigned && evidence.signatures.length === 0 && served.provenance !== undefined;
  if (isUnsigned) ledger.skip('signature.present', 'the caller accepts provenance in its place');
  const signature = isUnsigned ? undefined : await verifySignatures({ evidence, keys, time, ledger });
  const met =
    expectation === undefined ? undefined : checkExpectation(expectation, { source: provenance, evidence, ledger });
  return Object.freeze({
    name,
    version,
    integrity: evidence.integrity,
    ...(signature === undefined ? {} : { signature }),
    ...(provenance === undefined ? {} : { provenance }),
    ...(publish === undefined ? {} : { publish }),
    ...(met === undefined ? {} : { expectation: met }),
    report: ledger.report(),
  });
}

/**
 * The latest proven moment of the publish attestation, or else what the packument says; but nothing was published before
 * its provenance was made, whatever a packument says.
 */
function selectTime(
  { publishedAt }: PackageEvidence,
  attested: { readonly publish: VerifiedPublication | undefined; readonly provenance: VerifiedProvenance | undefined },
): PublicationTime | undefined {
  const published = latestOf(attested.publish);
  if (published !== undefined) return Object.freeze({ instant: published, provenBy: 'attestation' });
  if (publishedAt === undefined) return undefined;
  const built = latestOf(attested.provenance);
  return built !== undefined && built.getTime() > publishedAt.getTime()
    ? Object.freeze({ instant: built, provenBy: 'provenance' })
    : Object.freeze({ instant: new Date(publishedAt.getTime()), provenBy: 'packument' });
}

function latestOf(attested: { readonly times: readonly VerifiedTime[] } | undefined): Date | undefined {
  const times = attested?.times.map(({ at }) => at.getTime()) ?? [];
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}

/** The packument's digests, which are those of the lock file and of the tarball where these are given. */
async function checkIntegrity(
  { integrity: text }: PackageEvidence,
  { integrity: locked, tarball, signal }: EvidenceRequirements,
  ledger: PackageLedger,
): Promise<Integrity> {
  const { integrity, strongest } = ledger.run('integrity.packument', {}, () => {
    const read = parseIntegrity(text);
    return { integrity: read, strongest: requireStrongDigest(read) };
  });
  if (locked === undefined) ledger.skip('integrity.lock', 'none was given');
  else ledger.run('integrity.lock', {}, () => checkLocked(locked, integrity));
  if (tarball === undefined) ledger.skip('integrity.tarball', 'none was given');
  else
    await ledger.settle('integrity.tarball', {}, async () => {
      const digest = await digestTarball(tarball, strongest.algorithm, signal);
      if (!equalBytes(digest, strongest.digest))
        throw refusal('ARTIFACT_MISMATCH', 'tarball', { expected: `the ${strongest.algorithm} of the packument` });
    });
  return integrity;
}

function checkLocked(locked: string, integrity: Integrity): void {
  const expected = parseIntegrity(locked, 'lock file integrity');
  requireStrongDigest(expected, 'lock file integrity');
  if (!matchIntegrity(expected, integrity))
    throw refusal('ARTIFACT_MISMATCH', 'integrity', { expected: 'the digest of the lock file' });
}

async function digestTarball(
  tarball: Uint8Array | ArtifactStream,
  algorithm: HashName,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  if (tarball instanceof Uint8Array) return hash(algorithm, tarball);
  const digests = await digestArtifact(tarball, { algorithms: [algorithm], signal });
  const digest = digests[algorithm];
  if (digest === undefined) throw refusal('INTERNAL_ERROR', 'tarball', { expected: `a digest by ${algorithm}` });
  return digest;
}
