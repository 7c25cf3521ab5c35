// SPDX-License-Identifier: Apache-2.0
// The plan of a verification: every fact that the bundle claims, every comparison made, and every signature that has to
// hold. Pure and synchronous. It reads like the table of contents of the client specification, section 4.

import type { Bundle } from '@keywax/bundle';
import type { AlgorithmSuite } from '@keywax/core/algorithms';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import type { PublicKey } from '@keywax/core/key';
import { formatRfc3339, isWithin } from '@keywax/core/time';
import { planArtifact, selectArtifactSuite } from './artifact.js';
import { planCertificate, planPaths } from './certificate.js';
import {
  type CheckRow,
  type Ledger,
  type RecordedRow,
  type SignatureCheck,
  createLedger,
  describeRows,
  withLazy,
} from './checks.js';
import type { CertificateClaim, Claims, PathCandidate, PlanContext, TimeClaim } from './claims.js';
import { copyRecord } from './copy.js';
import { describeWindow } from './known-log.js';
import { planEntries } from './log.js';
import { configError } from './options.js';
import { type PolicyKey, planPolicy } from './policy.js';
import { IN_TOTO_PAYLOAD_TYPE, type ReadRequest, type VerificationRequest, readRequest } from './request.js';
import { planTimes } from './times.js';

/** One path to a trusted authority, of which at least one has to settle whole. */
export interface PlannedPath {
  readonly authority: string;
  readonly checks: readonly CheckRow[];
  readonly signatures: readonly SignatureCheck[];
}

/** A plan. Only `planVerification` makes one; only `settle` makes something of it. */
export interface Plan {
  /** Every check in order; signatures are pending. */
  readonly checks: readonly CheckRow[];
  /** Every signature that has to hold, beside those of one path. */
  readonly signatures: readonly SignatureCheck[];
  /** The candidates for the issuing authority; none for a managed key. */
  readonly paths: readonly PlannedPath[];
  /** Why the plan cannot settle: its first failed comparison. */
  readonly failure?: KeywaxError;
}

/** What `settle` knows of a plan and nobody else. */
export interface PlanSecrets {
  readonly request: ReadRequest;
  readonly bundle: Bundle;
  readonly rows: readonly RecordedRow[];
  readonly signatures: readonly SignatureCheck[];
  readonly candidates: readonly PathCandidate[];
  /** The ledger of each candidate. */
  readonly paths: readonly Ledger[];
  /** Where among the rows those of the path belong. */
  readonly pathAt: number;
  readonly failure: KeywaxError | undefined;
  /** Absent where there is a failure. */
  readonly claims: Claims | undefined;
}

const made = new WeakMap<object, PlanSecrets>();

/** What `settle` needs of a plan. @throws CONFIG_INVALID for anything that `planVerification` did not make */
export function readPlan(plan: Plan): PlanSecrets {
  const secrets = made.get(plan);
  if (secrets === undefined) throw configError('plan', 'a value that planVerification made');
  return secrets;
}

/**
 * Plans the verification of a bundle. A comparison that does not hold is in the plan as its `failure`.
 * @throws CONFIG_INVALID for a request that is incomplete or contradicts the bundle's kind
 */
export function planVerification(bundle: Bundle, request: VerificationRequest): Plan {
  return showPlan(planDecoded(copyRecord(bundle), request));
}

/** As `planVerification`, with checks left out: for the tests that prove each of them necessary. */
export function planWithout(omit: ReadonlySet<string>, bundle: Bundle, request: VerificationRequest): Plan {
  return showPlan(planDecoded(bundle, request, omit));
}

const NO_CHECKS: ReadonlySet<string> = new Set();

/** What `settle` works on, for a bundle that nobody else holds. @throws as `planVerification` */
export function planDecoded(
  bundle: Bundle,
  request: VerificationRequest,
  omit: ReadonlySet<string> = NO_CHECKS,
): PlanSecrets {
  const read = readRequest(request);
  checkRequestFits(bundle, read);
  const ledger = createLedger(omit);
  const state: PlanState = { paths: [], pathAt: 0 };
  let claims: Claims | undefined;
  let failure: KeywaxError | undefined;
  try {
    claims = planSteps({ bundle, request: read, trust: read.trust }, ledger, state);
  } catch (error) {
    if (!isKeywaxError(error)) throw new KeywaxError('INTERNAL_ERROR', 'the planning broke off', { cause: error });
    if (error.code === 'CONFIG_INVALID') throw error;
    failure = error;
  }
  const { rows, signatures } = ledger;
  const { paths: candidates, pathAt } = state;
  const paths = candidates.map(({ ledger: path }) => path);
  return { request: read, bundle, rows, signatures, candidates, paths, pathAt, failure, claims };
}

/** The plan that a caller sees. */
function showPlan(secrets: PlanSecrets): Plan {
  const { candidates, failure } = secrets;
  const shown = { paths: Object.freeze(candidates.map(showPath)), ...(failure === undefined ? {} : { failure }) };
  const plan: Plan = Object.freeze(showLedger(shown, secrets));
  made.set(plan, secrets);
  return plan;
}

function showPath({ authority, ledger }: PathCandidate): PlannedPath {
  return Object.freeze(showLedger({ authority: authority.uri }, ledger));
}

/** Rows and signatures to look at, which `settle` never does. */
function showLedger<T extends object>(
  record: T,
  { rows, signatures }: Pick<Ledger, 'rows' | 'signatures'>,
): T & Pick<Plan, 'checks' | 'signatures'> {
  const withChecks = withLazy(record, 'checks', () => describeRows(rows));
  return withLazy(withChecks, 'signatures', () =>
    Object.freeze(signatures.map(({ id, subject, input }) => copyRecord({ id, subject, input }))),
  );
}

interface PlanState {
  paths: CertificateClaim['candidates'];
  pathAt: number;
}

/** The table of contents. */
function planSteps(base: Omit<PlanContext, 'needsTime'>, ledger: Ledger, state: PlanState): Claims {
  const { material } = base.bundle;
  const policyKey = material.kind === 'publicKey' ? selectPolicyKey(base.request, ledger, material.hint) : undefined;
  const context: PlanContext = { ...base, needsTime: policyKey === undefined || policyKey.validFor !== undefined };
  // 4.2 Which moments are proven
  const times = planTimes(context, ledger);
  // 4.3 Whether the certificate was good then, or the key
  const certificate =
    material.kind === 'certificate' ? planCertificate(context, ledger, material.certificates) : undefined;
  if (certificate !== undefined) {
    const { candidates, failure } = planPaths(context, ledger, { leaf: certificate.leaf, times });
    state.paths = candidates;
    state.pathAt = ledger.rows.length;
    if (failure !== undefined) throw failure;
  }
  if (policyKey !== undefined) planKeyValidity(ledger, policyKey, times);
  // 4.4 Whether the logs have it
  const signer = describeSigner(context, certificate, policyKey);
  const verifier =
    certificate === undefined
      ? ({ kind: 'publicKey', spki: signer.key.spki } as const)
      : ({ kind: 'certificate', der: certificate.leaf.der } as const);
  const entries = planEntries(context, ledger, { signed: { verifier, suite: signer.suite }, times });
  // 4.5 Whether it was the artifact that was signed
  const artifact = planArtifact(context, ledger, signer);
  // 4.1 Whether the policy allows the signer
  planPolicy(ledger, context.request.policy, certificate?.identity);
  return {
    times,
    entries,
    artifact,
    suite: signer.suite,
    signer:
      certificate === undefined
        ? { kind: 'key', key: signer.key, hint: material.kind === 'publicKey' ? material.hint : '' }
        : { kind: 'certificate', ...certificate, candidates: state.paths },
  };
}

function describeSigner(
  context: PlanContext,
  certificate: Omit<CertificateClaim, 'candidates'> | undefined,
  policyKey: PolicyKey | undefined,
): { readonly key: PublicKey; readonly suite: AlgorithmSuite } {
  const key = certificate?.key ?? policyKey?.key;
  if (key === undefined) throw new KeywaxError('INTERNAL_ERROR', 'a bundle has a certificate or a key');
  return { key, suite: policyKey?.suite ?? selectArtifactSuite(context, key) };
}

/** What a request must not combine with a bundle (A1, A4). */
function checkRequestFits({ material, content }: Bundle, { policy, artifact, payloadType }: ReadRequest): void {
  if (policy.kind === 'key' && material.kind === 'certificate')
    throw configError('identity', 'a signer, not a key, because the bundle carries a certificate');
  if (content.kind === 'message' && artifact.kind === 'none')
    throw configError('artifact', 'bytes or digests, because the bundle signs an artifact itself');
  if (content.kind === 'dsse' && artifact.kind !== 'none' && payloadType !== IN_TOTO_PAYLOAD_TYPE) {
    throw configError('artifact', 'unsafeNoArtifact, because only statements name their subjects');
  }
}

/** One look-up by the hint of the bundle; no key is ever tried. */
function selectPolicyKey({ policy }: ReadRequest, ledger: Ledger, hint: string): PolicyKey {
  return ledger.decode('key.policy', '', () => {
    const selected = policy.kind === 'key' ? policy.select(hint) : undefined;
    if (selected === undefined)
      throw new KeywaxError('KEY_NOT_FOUND', 'the bundle was signed with a key, and the caller gave none for it');
    return selected;
  });
}

/** RUL-23: a key with a window was valid at every proven time. */
function planKeyValidity(ledger: Ledger, { validFor }: PolicyKey, times: readonly TimeClaim[]): void {
  if (validFor === undefined) return ledger.skip('key.validity', '', 'the key has no validity window');
  for (const { at } of times)
    ledger.require('key.validity', formatRfc3339(at), isWithin(validFor, at), () => describeWindow(validFor, at));
}
