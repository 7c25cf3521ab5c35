// SPDX-License-Identifier: Apache-2.0

import { BUNDLE_ATTACKS } from './attacks-bundle.js';
import { CERTIFICATE_ATTACKS } from './attacks-certificate.js';
import { IDENTITY_ATTACKS } from './attacks-identity.js';
import { REKOR_V1_ATTACKS } from './attacks-rekor-v1.js';
import { REKOR_V2_ATTACKS } from './attacks-rekor-v2.js';
import { SCT_ATTACKS } from './attacks-sct.js';
import { SIGNATURE_ATTACKS } from './attacks-signature.js';
import { STATEMENT_ATTACKS } from './attacks-statement.js';
import { THRESHOLD_ATTACKS } from './attacks-threshold.js';
import { TIMESTAMP_ATTACKS } from './attacks-timestamp.js';
import { TRUST_ATTACKS } from './attacks-trust.js';
import type { AttackCase } from './case.js';

/** Every attack, by tables of the attack corpus. */
export const ATTACKS: readonly AttackCase[] = [
  ...BUNDLE_ATTACKS,
  ...TRUST_ATTACKS,
  ...SIGNATURE_ATTACKS,
  ...CERTIFICATE_ATTACKS,
  ...IDENTITY_ATTACKS,
  ...SCT_ATTACKS,
  ...STATEMENT_ATTACKS,
  ...REKOR_V1_ATTACKS,
  ...REKOR_V2_ATTACKS,
  ...THRESHOLD_ATTACKS,
  ...TIMESTAMP_ATTACKS,
];
