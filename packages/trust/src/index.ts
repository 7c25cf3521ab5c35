// SPDX-License-Identifier: Apache-2.0

export type { CertificateAuthority } from './certificate-authority.js';
export type { ClientTrustConfig } from './client-trust-config.js';
export type { SelectedServices, Service, ServiceSelector, SigningConfig } from './signing-config.js';
export type { TransparencyLog } from './transparency-log.js';
export type { TrustedRoot } from './trusted-root.js';
