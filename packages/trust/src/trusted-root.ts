// SPDX-License-Identifier: Apache-2.0

import type { CertificateAuthority } from './certificate-authority.js';
import type { TransparencyLog } from './transparency-log.js';

/** Everyone whose word counts: logs, certificate logs, certificate and timestamp authorities (`TrustedRoot`). */
export interface TrustedRoot {
  readonly mediaType: string;
  readonly logs: readonly TransparencyLog[];
  readonly ctLogs: readonly TransparencyLog[];
  readonly certificateAuthorities: readonly CertificateAuthority[];
  readonly timestampAuthorities: readonly CertificateAuthority[];
}
