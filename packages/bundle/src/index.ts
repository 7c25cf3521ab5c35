// SPDX-License-Identifier: Apache-2.0

export { type Bundle, MAX_BUNDLE_BYTES, decodeBundle, encodeBundle } from './bundle.js';
export { decodeBundleLines } from './bundle-lines.js';
export { type BundleContent, type EnvelopeContent, type MessageContent, encodeEnvelope } from './content.js';
export { type EntryBody, decodeEntryBody } from './entry-body.js';
export {
  type DsseRecord,
  type HashedRekord,
  encodeDsseV1Body,
  encodeDsseV1Proposal,
  encodeHashedRekordV1Body,
  encodeHashedRekordV2Body,
} from './entry-encode.js';
export type { EntryDigest, EntrySignature } from './entry-spec.js';
export type { EntryVerifier } from './entry-verifier.js';
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
export {
  STATEMENT_PAYLOAD_TYPE,
  STATEMENT_TYPE,
  STATEMENT_TYPE_V01,
  type Statement,
  type StatementContent,
  type StatementSubject,
  decodeStatement,
  encodeStatement,
} from './statement.js';
export { BUNDLE_MEDIA_TYPE, type BundleVersion, isBundleMediaType } from './version.js';
