// SPDX-License-Identifier: Apache-2.0
// Container images: sign, attest and verify them, and the registries that hold them.

export type { Attachment, AttachmentLayer } from './registry/attach.js';
export { MAX_BLOB_BYTES } from './registry/blobs.js';
export { fixedCredentials } from './registry/credentials.js';
export type { CredentialSource, RegistryCredential } from './registry/credentials.js';
export type { Annotations, Descriptor, Platform } from './registry/descriptor.js';
export { computeDigest, isDigest, parseDigest } from './registry/digest.js';
export { artifactTypeOf, decodeManifest, encodeManifest } from './registry/manifest.js';
export type { Index, Manifest } from './registry/manifest.js';
export type { FetchedManifest } from './registry/manifests.js';
export { MEDIA_TYPES } from './registry/media-types.js';
export type { OnProgress, TransferProgress } from './registry/progress.js';
export { formatReference, parseReference, parseRepositoryName } from './registry/reference.js';
export type { Reference, RepositoryName } from './registry/reference.js';
export { type KeyFiles, generateKeyFiles, importKeyFiles, readPublicKeyPem } from './key/generate.js';
export type { Password } from './key/password.js';
export type { PrivateKeyInput } from './key/private-key.js';
export { openKeySigner } from './key/signer.js';
export type { ReferrersFilter } from './registry/referrers.js';
export { openRepository } from './registry/repository.js';
export type { Repository, RepositoryOptions } from './registry/repository.js';
export type { BlobStream } from './registry/uploads.js';
export { dockerCredentials } from './registry/docker-config.node.js';
export type { DockerCredentialsOptions } from './registry/docker-config.node.js';
export { copyImage } from './registry/copy.js';
export type { CopyRequest } from './registry/copy.js';
export { type BundlePieces, createBundle } from './legacy/create-bundle.js';
export {
  type DetachedSignature,
  type DetachedVerifier,
  decodeBlobBundle,
  isBlobBundle,
  parseSignatureFile,
  parseTimestampFile,
  parseVerifier,
} from './legacy/detached.js';
export { decodeRekorBundle } from './legacy/rekor-bundle.js';
export type { EvidencePlace } from './image/evidence.js';
export { PREDICATE_TYPES, SIGN_PREDICATE_TYPE, parsePredicate, parsePredicateType } from './image/predicate.js';
export {
  type AttestImageOptions,
  type SignImageOptions,
  type SignedImage,
  attestImage,
  signImage,
} from './image/sign.js';
export { type ImageTree, type ImageTreeNode, type TreeNodeKind, fetchImageTree } from './image/tree.js';
export {
  type RejectedStatement,
  type VerifiedImage,
  type VerifiedStatement,
  type VerifyImageOptions,
  verifyImage,
} from './image/verify.js';
export {
  type AdmissionController,
  type AdmissionOptions,
  createAdmissionController,
} from './admission/controller.js';
export { type AdmissionServer, type AdmissionServerOptions, serveAdmission } from './admission/server.js';
export type { Authority, SignatureAuthority, StaticAuthority } from './policy/authority.js';
export { type ClusterImagePolicy, parseClusterImagePolicies } from './policy/cluster-image-policy.js';
export type { AuthorityDecision, ImageDecision, PolicyDecision } from './policy/decision.js';
export { type EvaluateImageOptions, type EvaluationOptions, evaluateImage } from './policy/evaluate.js';
export type { ImageGlob } from './policy/glob.js';
export type { ClusterResource, ResourceSelector } from './policy/labels.js';
