// SPDX-License-Identifier: Apache-2.0

import type { SigningConfig } from './signing-config.js';
import type { TrustedRoot } from './trusted-root.js';

/** All that a client needs to know about an instance (`ClientTrustConfig`). */
export interface ClientTrustConfig {
  readonly trustedRoot: TrustedRoot;
  readonly signingConfig: SigningConfig;
}
