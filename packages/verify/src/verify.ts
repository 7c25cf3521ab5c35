// SPDX-License-Identifier: Apache-2.0
// A bundle in one step: decode, plan, settle.

import { decodeBundle } from '@keywax/bundle';
import { planDecoded } from './plan.js';
import type { VerificationRequest } from './request.js';
import { type Verified, settleSecrets, settleSecretsSync } from './settle.js';

/**
 * Verifies a serialized bundle.
 * @throws the errors of `decodeBundle`, `planVerification` and `settle`
 */
export async function verifyBundle(
  bundle: Uint8Array | string | object,
  request: VerificationRequest,
): Promise<Verified> {
  return settleSecrets(planDecoded(decodeBundle(bundle), request));
}

/** As `verifyBundle`, without waiting; see `settleSync`. @throws as `verifyBundle` */
export function verifyBundleSync(bundle: Uint8Array | string | object, request: VerificationRequest): Verified {
  return settleSecretsSync(planDecoded(decodeBundle(bundle), request));
}
