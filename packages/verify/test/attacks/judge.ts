// SPDX-License-Identifier: Apache-2.0
// The verdict on an attempt: by both providers, with and without waiting, each under a trusted root that was prepared anew,
// so that none remembers what another proved.

import { decodeBundle } from '@keywax/bundle';
import { type KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { decodeTrustedRoot } from '@keywax/trust';
import { nodeCrypto } from '../../../core/src/crypto.node.js';
import { webCrypto } from '../../../core/src/crypto.web.js';
import { type CheckId, type Report, type Verified, prepareTrust, settle, settleSync } from '../../src/index.js';
import { planWithout } from '../../src/plan.js';
import type { Attempt, Bench } from './case.js';
import { ALICE, ARTIFACT, NOW } from './forge.js';

/** What a verification came to. */
export type Verdict =
  | { readonly kind: 'accepted'; readonly verified: Verified }
  | { readonly kind: 'refused'; readonly error: unknown };

const EXECUTORS = [
  { crypto: nodeCrypto, settle },
  { crypto: nodeCrypto, settle: settleSync },
  { crypto: webCrypto, settle },
  { crypto: webCrypto, settle: settleSync },
] as const;

/** Every verdict on an attempt. */
export async function judgeAll(bench: Bench, attempt: Attempt): Promise<readonly Verdict[]> {
  return Promise.all(EXECUTORS.map(async (executor) => judge(bench, attempt, { executor })));
}

/** The verdict on an attempt, with a check left out where one is named. */
export async function judge(
  { lab }: Pick<Bench, 'lab'>,
  { bundle, trustedRoot, request }: Attempt,
  {
    executor: { crypto, settle } = EXECUTORS[0],
    without,
  }: { readonly executor?: (typeof EXECUTORS)[number]; readonly without?: CheckId } = {},
): Promise<Verdict> {
  try {
    const trust = prepareTrust(decodeTrustedRoot(trustedRoot ?? lab.trustedRoot()));
    const plan = planWithout(new Set(without === undefined ? [] : [without]), decodeBundle(bundle), {
      artifact: ARTIFACT,
      identity: ALICE,
      now: NOW,
      crypto,
      trust,
      ...request,
    });
    return { kind: 'accepted', verified: await settle(plan, crypto) };
  } catch (error) {
    return { kind: 'refused', error };
  }
}

/** The error of a verdict, which is a refusal by a `KeywaxError`. */
export function refusal(verdict: Verdict): KeywaxError {
  if (verdict.kind === 'accepted') throw new Error('accepted');
  if (!isKeywaxError(verdict.error)) throw verdict.error;
  return verdict.error;
}

/** What was proven. */
export function proof(verdict: Verdict): Verified {
  if (verdict.kind === 'refused') throw verdict.error;
  return verdict.verified;
}

/** The check that refused: that of the first failed row of the report. */
export function failedCheck(error: KeywaxError): CheckId | undefined {
  const report = error.report as Report | undefined;
  return report?.checks.find(({ state }) => state === 'failed')?.id;
}
