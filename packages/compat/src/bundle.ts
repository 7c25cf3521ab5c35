// SPDX-License-Identifier: Apache-2.0
// The subpath `@keywax/compat/bundle`, in place of `@sigstore/bundle` 5.

export {
  assertBundle,
  assertBundleLatest,
  assertBundleV01,
  assertBundleV02,
  isBundleV01,
  isBundleWithCertificateChain,
  isBundleWithDsseEnvelope,
  isBundleWithMessageSignature,
  isBundleWithPublicKey,
} from './bundle/assert.js';
export { toDSSEBundle, toMessageSignatureBundle } from './bundle/build.js';
export { bundleFromJSON, bundleToJSON, envelopeFromJSON, envelopeToJSON } from './bundle/json.js';
export {
  BUNDLE_V01_MEDIA_TYPE,
  BUNDLE_V02_MEDIA_TYPE,
  BUNDLE_V03_LEGACY_MEDIA_TYPE,
  BUNDLE_V03_MEDIA_TYPE,
} from './bundle/media-type.js';
export type {
  Bundle,
  BundleLatest,
  BundleV01,
  BundleWithCertificateChain,
  BundleWithDsseEnvelope,
  BundleWithMessageSignature,
  BundleWithPublicKey,
  BundleWithSingleCertificate,
  Envelope,
  InclusionProof,
  MessageSignature,
  PublicKeyIdentifier,
  RFC3161SignedTimestamp,
  SerializedBundle,
  SerializedEnvelope,
  Signature,
  TLogEntryWithInclusionPromise,
  TLogEntryWithInclusionProof,
  TimestampVerificationData,
  TransparencyLogEntry,
  VerificationMaterial,
  X509Certificate,
  X509CertificateChain,
} from './bundle/records.js';
export { ValidationError } from './errors.js';
