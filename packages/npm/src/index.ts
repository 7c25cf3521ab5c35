// SPDX-License-Identifier: Apache-2.0

export type {
  PackageEvidence,
  RegistryKey,
  RegistryKeyUsage,
  RegistrySignature,
  ServedAttestation,
} from './evidence.js';
export {
  type EvidenceRequest,
  type FetchedEvidence,
  type RegistryClient,
  type RegistryClientOptions,
  type RegistryStats,
  openRegistryClient,
} from './registry-client.js';
export type { NpmConfig } from './registry/settings.js';
export {
  type AttestPackageOptions,
  type PackageAttestation,
  type PublishAttachment,
  attestPackage,
} from './attest.js';
export { type Expectation, type MetExpectation } from './expectation.js';
export { type RegistryKeysOptions, describeKeysPath, fetchRegistryKeys } from './fetch-keys.js';
export { type Integrity, type IntegrityAlgorithm, encodeIntegrity, parseIntegrity } from './integrity.js';
export {
  PACKAGE_CHECKS,
  type PackageCheckId,
  type PackageReport,
  type PackageRow,
} from './package-report.js';
export { PUBLISH_V01, SLSA_V02, SLSA_V1 } from './predicate.js';
export { type ProvenSource, describeSource } from './proven-source.js';
export { type PackageId, encodePurl, parsePurl } from './purl.js';
export { type KeysDocument, decodeKeysTarget, decodeRegistryKeys } from './registry-keys.js';
export { matchRepositoryUrls, normalizeRepositoryUrl } from './repository-url.js';
export type { VerifiedProvenance, VerifiedPublication } from './verify-attestations.js';
export { type EvidenceRequirements, type VerifiedPackage, verifyEvidence } from './verify-evidence.js';
export type { PublicationTime, VerifiedRegistrySignature } from './verify-signatures.js';
export { type AuditOptions, type AuditProgress, auditProject } from './audit/audit-project.js';
export {
  type AuditFailure,
  type AuditReport,
  type AuditState,
  type AuditedPackage,
  type AuditedProvenance,
  type UnauditedPackage,
} from './audit/audited-package.js';
export { type FoundIdentity, type SignerChange, compareIdentity } from './identity-lock/compare.js';
export {
  IDENTITY_LOCK_NAME,
  type IdentityLock,
  type LockedIdentity,
  MAX_IDENTITY_LOCK_BYTES,
  decodeIdentityLock,
  encodeIdentityLock,
} from './identity-lock/identity-lock.js';
export { observeIdentities } from './identity-lock/observe.js';
export { type PackageSigner, describeSigner } from './identity-lock/package-signer.js';
export {
  type LockUpdate,
  type ObservedIdentity,
  type UpdatedLock,
  updateIdentityLock,
} from './identity-lock/update.js';
export type { LockFile, LockFileFormat, LockedPackage, OtherPackage, OtherSource } from './lock-file/locked-package.js';
export { type ReadLockFile, findLockFile, readLockFile } from './lock-file/read-lock-file.node.js';
export {
  AUDIT_RULES,
  type AuditDemands,
  type AuditRule,
  type Finding,
  type FindingLevel,
  isRefused,
  selectRefused,
  listFindings,
} from './report/findings.js';
export { encodeJunit } from './report/junit.js';
export { type SarifLog, type SarifOptions, type SarifResult, type SarifRun, encodeSarif } from './report/sarif.js';
export { type VerifyPackageOptions, verifyPackage } from './verify-package.js';
export { type NpmConfigOptions, readNpmConfig } from './npm-config.node.js';
export { type CiEnvironment, type CiProvider, detectCiProvider } from './statement/environment.js';
export { type ProvenanceInput, createProvenance } from './statement/provenance.js';
export type {
  NpmSubject,
  ProvenanceV02,
  ProvenanceV1,
  PublishAttestation,
  PublishPredicate,
  SlsaResource,
  SlsaV02Predicate,
  SlsaV1Predicate,
  StatementV01,
  StatementV1,
} from './statement/slsa.js';
export { readTarballId } from './statement/tarball.js';
