// SPDX-License-Identifier: Apache-2.0
// The subpath `@keywax/compat/sign`, in place of `@sigstore/sign` 5.

export type { Bundle } from './bundle/records.js';
export { InternalError } from './errors.js';
export {
  type Artifact,
  type BundleBuilder,
  type BundleBuilderOptions,
  DSSEBundleBuilder,
  MessageSignatureBundleBuilder,
} from './sign/bundle-builder.js';
export { DEFAULT_FULCIO_URL, DEFAULT_REKOR_URL } from './sign/default-urls.js';
export { FulcioSigner, type FulcioSignerOptions } from './sign/fulcio-signer.js';
export { CIContextProvider, type IdentityProvider } from './sign/identity.js';
export { RekorWitness, type RekorWitnessOptions } from './sign/rekor-witness.js';
export type { Signature, Signer } from './sign/signer.js';
export { bundleBuilderFromSigningConfig } from './sign/signing-config.js';
export { TSAWitness, type TSAWitnessOptions } from './sign/tsa-witness.js';
export type { SignatureBundle, VerificationMaterial, Witness } from './sign/witness.js';
