// SPDX-License-Identifier: Apache-2.0
// The second entry, `@keywax/stack/lab`: keys, builders and encoders of an instance, for tests that need good evidence
// and every kind of broken evidence.

export { type Lab, type LabOptions, createLab } from './lab/lab.js';
export {
  type BundleParts,
  type BundleRequest,
  type BundleSteps,
  type MadeBundle,
  IN_TOTO_TYPE,
  defaultBundleSteps,
  encodeEnvelope,
  encodeStatement,
  loggedEnvelope,
  makeBundle,
  signedDigest,
} from './lab/make-bundle.js';
export { LAB_ISSUER, personaIdentity } from './lab/persona.js';
export * from './instance.js';
export * from './keys.js';
export * from './trust-documents.js';
export * from './ct/ct-log.js';
export * from './ct/sct.js';
export * from './fulcio/authority.js';
export * from './fulcio/identity.js';
export * from './log/checkpoint.js';
export * from './log/log.js';
export * from './rekor/body.js';
export * from './rekor/entry-json.js';
export * from './rekor/v1.js';
export * from './rekor/v2.js';
export * from './tsa/timestamp.js';
export * from './x509/certificate.js';
export * from './x509/extensions.js';
export * from './x509/profiles.js';
export * from './x509/tbs.js';
