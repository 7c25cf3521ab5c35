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
