// SPDX-License-Identifier: Apache-2.0

export type {
  PackageEvidence,
  RegistryKey,
  RegistryKeyUsage,
  RegistrySignature,
  ServedAttestation,
} from './evidence.js';
