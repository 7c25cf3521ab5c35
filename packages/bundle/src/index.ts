// SPDX-License-Identifier: Apache-2.0

export type { Bundle, BundleContent, BundleVersion, SigningMaterial } from './bundle.js';
export type { EntryBody, EntryDigest, EntrySignature, EntryVerifier } from './entry-body.js';
export type { InclusionProof, LogEntry } from './log-entry.js';
export type {
  Base64,
  Int64,
  SerializedBundle,
  SerializedCertificate,
  SerializedEnvelope,
  SerializedInclusionProof,
  SerializedLogEntry,
  SerializedMessageSignature,
  SerializedVerificationMaterial,
} from './serialized-bundle.js';
export type { Statement, StatementSubject } from './statement.js';
