// SPDX-License-Identifier: Apache-2.0

export { type Bundle, MAX_BUNDLE_BYTES, decodeBundle, encodeBundle } from './bundle.js';
export { decodeBundleLines } from './bundle-lines.js';
export { type BundleContent, type EnvelopeContent, type MessageContent, encodeEnvelope } from './content.js';
export type { EntryBody, EntryDigest, EntrySignature, EntryVerifier } from './entry-body.js';
export { type InclusionProof, type LogEntry, decodeLogEntry, encodeLogEntry, isRekorV2Entry } from './log-entry.js';
export type { SigningMaterial, VerificationMaterial } from './material.js';
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
export { BUNDLE_MEDIA_TYPE, type BundleVersion } from './version.js';
