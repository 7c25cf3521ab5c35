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
export { type Expectation, type MetExpectation } from './expectation.js';
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
