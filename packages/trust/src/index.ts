// SPDX-License-Identifier: Apache-2.0

export type { CertificateAuthority } from './certificate-authority.js';
export { type ClientTrustConfig, decodeClientTrustConfig } from './client-trust-config.js';
export { type SelectedServices, selectServices } from './select-services.js';
export {
  MAX_SIGNING_CONFIG_BYTES,
  type Service,
  type ServiceSelector,
  type SigningConfig,
  decodeSigningConfig,
} from './signing-config.js';
export type { TransparencyLog } from './transparency-log.js';
export { MAX_TRUSTED_ROOT_BYTES, type TrustedRoot, decodeTrustedRoot } from './trusted-root.js';
