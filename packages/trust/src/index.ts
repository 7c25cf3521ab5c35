// SPDX-License-Identifier: Apache-2.0

export type { CertificateAuthority } from './certificate-authority.js';
export { type ClientTrustConfig, decodeClientTrustConfig, encodeClientTrustConfig } from './client-trust-config.js';
export {
  type AuthorityPart,
  type CtLogPart,
  type LogPart,
  type TrustedRootParts,
  createTrustedRoot,
} from './create.js';
export { mergeTrustedRoots } from './merge.js';
export { type SelectedServices, selectServices } from './select-services.js';
export type {
  SerializedAuthority,
  SerializedClientTrustConfig,
  SerializedLog,
  SerializedSelector,
  SerializedService,
  SerializedSigningConfig,
  SerializedTrustedRoot,
  SerializedValidity,
} from './serialized.js';
export {
  MAX_SIGNING_CONFIG_BYTES,
  type Service,
  type ServiceSelector,
  type SigningConfig,
  decodeSigningConfig,
} from './signing-config.js';
export { encodeSigningConfig } from './signing-config-encode.js';
export type { TransparencyLog } from './transparency-log.js';
export { encodeTrustedRoot } from './trusted-root-encode.js';
export { MAX_TRUSTED_ROOTS_BYTES, decodeTrustedRoots } from './trusted-root-lines.js';
export { MAX_TRUSTED_ROOT_BYTES, type TrustedRoot, decodeTrustedRoot } from './trusted-root.js';
