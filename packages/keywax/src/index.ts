// SPDX-License-Identifier: Apache-2.0
// Keyless signing and verification for JavaScript.

export type { Bundle, SerializedBundle, Statement, StatementSubject } from '@keywax/bundle';
export { type CryptoProvider, loadSyncCrypto } from '@keywax/core/crypto';
export { ERROR_CODES, type ErrorCode, KeywaxError, isKeywaxError } from '@keywax/core/errors';
export type { HashName } from '@keywax/core/hash';
export {
  type ArtifactDigests,
  type CheckId,
  type CheckRow,
  type CheckState,
  type ExtensionName,
  type IdentityPolicy,
  type IdentityRecord,
  type KeyInput,
  type KeyPolicy,
  type Matcher,
  type Report,
  type ReportFact,
  type SignerIdentity,
  type SubjectKind,
  type Threshold,
  type Verified,
  type VerifiedSigner,
  type VerifiedTime,
  unsafeAnyIdentity,
  unsafeNoArtifact,
  unsafeNoLog,
} from '@keywax/verify';
export { type Artifact, type ArtifactStream, digestArtifact } from './artifact.js';
export type { Instance, InstanceDocuments, JsonDocument, TrustOptions } from './instance.js';
export {
  type EmailIdentity,
  type GithubActionsIdentity,
  type GitlabCiIdentity,
  buildkite,
  email,
  githubActions,
  gitlabCi,
  google,
} from './presets.js';
export { type SignOptions, attest, sign } from './sign.js';
export type { StatementInput, SubjectInput } from './statement.js';
export {
  type BundleInput,
  type Verifier,
  type VerifierOptions,
  type VerifyOptions,
  type VerifySyncOptions,
  createVerifier,
  verify,
} from './verify.js';
