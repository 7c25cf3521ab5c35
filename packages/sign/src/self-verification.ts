// SPDX-License-Identifier: Apache-2.0
// The last step of signing: the finished bundle is verified as its users will, and nothing in it may have been set aside.

import type { Bundle } from '@keywax/bundle';
import type { AlgorithmSuite } from '@keywax/core/algorithms';
import { type ErrorCode, KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { parseCertificate } from '@keywax/core/x509';
import {
  type IdentityPolicy,
  type VerificationRequest,
  planVerification,
  settle,
  unsafeAnyIdentity,
  unsafeNoArtifact,
  unsafeNoLog,
} from '@keywax/verify';
import type { SignableContent } from './content.js';
import { type SignRequest, provesTime } from './request.js';
import type { Signer } from './signer.js';

const KEY_WINDOW_MS = 10 * 60_000; // how far the times of services may lie from the clock here, where no certificate says

/** Failures that are not the fault of a service. */
const OWN_FAILURES: readonly ErrorCode[] = ['INTERNAL_ERROR', 'CONFIG_INVALID', 'SERVICE_INVALID'];

/** A signature with what everybody needs to know of it. */
export interface Signed {
  readonly content: SignableContent;
  readonly suite: AlgorithmSuite;
  readonly signature: Uint8Array;
  readonly material: Bundle['material'];
  readonly publicKey: Signer['publicKey'];
}

/** Verifies a bundle that was just made, and answers with it. @throws SERVICE_INVALID with the report of the verification */
export async function verifyMade(bundle: Bundle, signed: Signed, request: SignRequest): Promise<Bundle> {
  try {
    const { report } = await settle(planVerification(bundle, describeVerification(signed, request)));
    const setAside = report.checks.find(
      ({ id, state }) => state === 'skipped' && (id === 'timestamp.signer' || id === 'entry.log'),
    );
    if (setAside !== undefined) throw new KeywaxError('SERVICE_INVALID', `${setAside.subject}: ${setAside.reason}`);
    return bundle;
  } catch (cause) {
    if (!isKeywaxError(cause) || OWN_FAILURES.includes(cause.code)) throw cause;
    throw new KeywaxError('SERVICE_INVALID', `the bundle does not verify: ${cause.message}`, {
      cause,
      report: cause.report,
    });
  }
}

function describeVerification(
  { content, material, publicKey, suite }: Signed,
  request: SignRequest,
): VerificationRequest {
  const { trust, services, now = () => new Date() } = request;
  const present = now();
  const [leaf] = material.kind === 'certificate' ? material.certificates : [];
  // The clock here may be behind that of the services: the end of the certificate bounds what counts as the future.
  const end = leaf === undefined ? present : parseCertificate(leaf, 'certificate').notAfter;
  return {
    trust,
    now: end > present ? end : present,
    artifact: content.kind === 'message' ? content.artifact : unsafeNoArtifact,
    identity:
      leaf === undefined
        ? describeKey({ publicKey, suite, present, isDated: provesTime(services) })
        : unsafeAnyIdentity,
    ...describeThresholds(services),
    sctThreshold: trust.root.ctLogs.length === 0 ? 'none' : 1,
    ...(content.kind === 'dsse' && content.payloadType !== undefined ? { payloadType: content.payloadType } : {}),
  };
}

/** Every log that was asked, and one timestamp authority; without either the key alone is left. */
function describeThresholds({
  logs,
  timestampAuthorities,
}: SignRequest['services']): Pick<VerificationRequest, 'logThreshold' | 'timestampThreshold'> {
  const isStamped = timestampAuthorities.length > 0;
  if (logs.length === 0 && !isStamped) return { logThreshold: unsafeNoLog };
  return { logThreshold: logs.length === 0 ? 'none' : logs.length, timestampThreshold: isStamped ? 1 : 'none' };
}

/** The key pair, valid just now: without a certificate nothing else bounds the times that services state. */
function describeKey({
  publicKey,
  suite,
  present,
  isDated,
}: Pick<Signed, 'publicKey' | 'suite'> & { readonly present: Date; readonly isDated: boolean }): IdentityPolicy {
  const window = {
    start: new Date(present.getTime() - KEY_WINDOW_MS),
    end: new Date(present.getTime() + KEY_WINDOW_MS),
  };
  return { key: { publicKey: publicKey.spki, keyDetails: suite.keyDetails, ...(isDated ? { validFor: window } : {}) } };
}
