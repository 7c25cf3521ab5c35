// SPDX-License-Identifier: Apache-2.0

export { CHECKS, type CheckId, type CheckRow, type CheckState, type SignatureCheck } from './checks.js';
export {
  EXTENSION_NAMES,
  type ExtensionName,
  type SignerIdentity,
  type SubjectKind,
  decodeIdentity,
} from './identity.js';
export { type Pattern, compilePattern } from './pattern.js';
export { type Plan, type PlannedPath, planVerification } from './plan.js';
export {
  type IdentityPolicy,
  type IdentityRecord,
  type KeyInput,
  type KeyPolicy,
  type Matcher,
  unsafeAnyIdentity,
} from './policy.js';
export { type PreparedTrust, prepareTrust } from './prepare.js';
export type { Report, ReportFact } from './report.js';
export {
  type ArtifactDigests,
  type ArtifactInput,
  type VerificationRequest,
  unsafeNoArtifact,
  unsafeNoLog,
} from './request.js';
export { type Verified, type VerifiedSigner, type VerifiedTime, settle, settleSync } from './settle.js';
export { type Threshold, countDistinct } from './threshold.js';
export { verifyBundle, verifyBundleSync } from './verify.js';
