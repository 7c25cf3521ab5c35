// SPDX-License-Identifier: Apache-2.0
// Settling a plan: every listed signature is checked, and the verdict is the conjunction of all rows. One plan, two
// executors (waiting and not), one verdict.

import { type CryptoProvider, defaultCrypto } from '@keywax/core/crypto';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import type { PublicKey } from '@keywax/core/key';
import type { Certificate } from '@keywax/core/x509';
import type { Statement, StatementSubject } from '@keywax/bundle';
import type { CertificateAuthority } from '@keywax/trust';
import { type CheckRow, type SignatureCheck, describeFailure } from './checks.js';
import type { SignerIdentity } from './identity.js';
import { logNames } from './log.js';
import { configError } from './options.js';
import { type Claims, type Plan, type PlanSecrets, readPlan } from './plan.js';
import { selectPredicates } from './policy.js';
import { type Report, reportFacts } from './report.js';
import type { PreparedTrust } from './prepare.js';
import { countDistinct, demanded } from './threshold.js';

/** Who signed. */
export type VerifiedSigner =
  | {
      readonly kind: 'certificate';
      readonly identity: SignerIdentity;
      readonly key: PublicKey;
      readonly certificate: Certificate;
      readonly authority: CertificateAuthority;
    }
  | { readonly kind: 'key'; readonly key: PublicKey; readonly hint: string };

/** A proven moment, and who vouches for it. */
export interface VerifiedTime {
  readonly at: Date;
  readonly source: 'timestamp' | 'log';
  readonly authority: string;
}

/** What a verification proved. Holds nothing that a verified signature does not justify. */
export interface Verified {
  readonly signer: VerifiedSigner;
  readonly times: readonly VerifiedTime[];
  readonly entries: readonly { readonly index: bigint; readonly log: string }[];
  /** The statement of a DSSE bundle. */
  readonly statement?: Statement;
  /** The subject of the statement that is the artifact. */
  readonly subject?: StatementSubject;
  /** The bytes of a DSSE payload that is not a statement, or of the statement. */
  readonly payload?: Uint8Array;
  readonly report: Report;
}

/** What became of a signature. */
type Outcome = 'holds' | 'fails' | KeywaxError;

/**
 * Checks every signature of a plan, those that are slow in parallel.
 * @throws the error of the first failed check, with its report; CONFIG_INVALID for a plan that `planVerification` did not make
 */
export async function settle(plan: Plan, crypto: CryptoProvider = defaultCrypto): Promise<Verified> {
  const secrets = readPlan(plan);
  if (plan.failure !== undefined) throw refuse(secrets, planRows(plan, secrets), plan.failure);
  const { trust } = secrets.request;
  const outcomes = new Map<SignatureCheck, Outcome>();
  await Promise.all(
    listSignatures(plan).map(async (check) => {
      outcomes.set(check, recall(trust, check) ?? (await attempt(async () => crypto.verify(check.input))));
    }),
  );
  return judge(plan, secrets, outcomes);
}

/**
 * As `settle`, without waiting. `loadSyncCrypto` has to be awaited once before, for digests and Ed25519ph.
 * @throws as `settle`; CONFIG_INVALID for a provider that cannot
 */
export function settleSync(plan: Plan, crypto: CryptoProvider = defaultCrypto): Verified {
  const secrets = readPlan(plan);
  if (plan.failure !== undefined) throw refuse(secrets, planRows(plan, secrets), plan.failure);
  const { verifySync } = crypto;
  if (verifySync === undefined) throw configError('crypto', 'a provider that can verify without waiting');
  const outcomes = new Map<SignatureCheck, Outcome>();
  for (const check of listSignatures(plan)) {
    outcomes.set(check, recall(secrets.request.trust, check) ?? attemptSync(() => verifySync(check.input)));
  }
  return judge(plan, secrets, outcomes);
}

function listSignatures(plan: Plan): readonly SignatureCheck[] {
  return [...plan.signatures, ...plan.paths.flatMap(({ signatures }) => signatures)];
}

function recall(trust: PreparedTrust, { constant, recurring }: SignatureCheck): Outcome | undefined {
  return trust.settled.has(constant, recurring) ? 'holds' : undefined;
}

async function attempt(check: () => Promise<boolean>): Promise<Outcome> {
  try {
    return describeAnswer(await check());
  } catch (error) {
    return describeThrown(error);
  }
}

function attemptSync(check: () => boolean): Outcome {
  try {
    return describeAnswer(check());
  } catch (error) {
    return describeThrown(error);
  }
}

/** Only `true` itself holds: a promise that nobody awaited does not. */
function describeAnswer(answer: boolean): Outcome {
  return answer === true ? 'holds' : 'fails';
}

function describeThrown(error: unknown): Outcome {
  if (!isKeywaxError(error)) return new KeywaxError('INTERNAL_ERROR', 'the crypto provider failed', { cause: error });
  return error;
}

/** The verdict: every row holds, and one path whole. */
function judge(plan: Plan, secrets: PlanSecrets, outcomes: ReadonlyMap<SignatureCheck, Outcome>): Verified {
  const { request, claims } = secrets;
  const { trust } = request;
  for (const [check, outcome] of outcomes) if (outcome === 'holds') trust.settled.add(check.constant, check.recurring);
  const holds = (check: SignatureCheck): boolean => outcomes.get(check) === 'holds';
  const sound = plan.paths.findIndex(
    ({ checks, signatures }) => checks.every(({ state }) => state !== 'failed') && signatures.every(holds),
  );
  const chosen =
    sound >= 0 ? sound : plan.paths.findIndex(({ checks }) => checks.every(({ state }) => state !== 'failed'));
  const signatures = listRelevant(plan, chosen);
  const rows = settleRows(planRows(plan, secrets, chosen), signatures, outcomes);
  const failed = rows.find(({ state }) => state === 'failed' || state === 'pending');
  if (failed !== undefined || claims === undefined) {
    throw refuse(secrets, rows, describeOutcome(failed, signatures, outcomes));
  }
  checkWhole(plan, signatures, claims, chosen, sound);
  recount(secrets, claims);
  return conclude(secrets, claims, { rows, chosen });
}

function listRelevant(plan: Plan, chosen: number): readonly SignatureCheck[] {
  return [...plan.signatures, ...(plan.paths[chosen]?.signatures ?? [])];
}

/** The rows of a plan in their order, those of one path in their place. */
function planRows(plan: Plan, { pathAt }: PlanSecrets, chosen = 0): readonly CheckRow[] {
  return [...plan.checks.slice(0, pathAt), ...(plan.paths[chosen]?.checks ?? []), ...plan.checks.slice(pathAt)];
}

/** Pending rows take the outcome of their signature: row and signature were recorded together, in the same order. */
function settleRows(
  rows: readonly CheckRow[],
  signatures: readonly SignatureCheck[],
  outcomes: ReadonlyMap<SignatureCheck, Outcome>,
): readonly CheckRow[] {
  const left = [...signatures];
  return rows.map((row) => {
    if (row.state !== 'pending') return row;
    const at = left.findIndex(({ id, subject }) => id === row.id && subject === row.subject);
    const [check] = at < 0 ? [] : left.splice(at, 1);
    const outcome = check === undefined ? undefined : outcomes.get(check);
    if (outcome === 'holds') return { ...row, state: 'passed' };
    return {
      ...row,
      state: 'failed',
      reason: isKeywaxError(outcome) ? outcome.message : 'the signature does not verify',
    };
  });
}

function describeOutcome(
  failed: CheckRow | undefined,
  signatures: readonly SignatureCheck[],
  outcomes: ReadonlyMap<SignatureCheck, Outcome>,
): KeywaxError {
  if (failed === undefined) return new KeywaxError('INTERNAL_ERROR', 'a plan without claims');
  const { id, subject } = failed;
  const thrown = signatures
    .filter((check) => check.id === id && check.subject === subject)
    .map((check) => outcomes.get(check))
    .find((outcome): outcome is KeywaxError => isKeywaxError(outcome));
  return describeFailure(
    id,
    subject,
    {
      reason: failed.reason ?? 'the signature does not verify',
      ...(thrown === undefined ? {} : { code: thrown.code }),
    },
    thrown,
  );
}

/** A plan that was emptied is no plan: exactly one artifact signature, and for a certificate a whole path with its signature. */
function checkWhole(
  plan: Plan,
  signatures: readonly SignatureCheck[],
  claims: Claims,
  chosen: number,
  sound: number,
): void {
  const artifactSignatures = signatures.filter(({ id }) => id === 'artifact.signature').length;
  const whole =
    artifactSignatures === 1 &&
    (claims.signer.kind === 'key' ? plan.paths.length === 0 : sound >= 0 && sound === chosen);
  if (!whole)
    throw new KeywaxError('INTERNAL_ERROR', 'a plan has exactly one artifact signature, and one path to an authority');
}

/** Every threshold once more, over what settled. */
function recount({ request }: PlanSecrets, { times, entries, signer }: Claims): void {
  const counts = [
    [request.logThreshold, countDistinct(entries.map(({ log }) => logNames(log, request.distinctOperators)))],
    [
      request.timestampThreshold,
      countDistinct(times.filter(({ source }) => source === 'timestamp').map(({ names }) => names)),
    ],
    [signer.kind === 'certificate' ? 1 : 'none', times.length],
  ] as const;
  if (counts.some(([threshold, count]) => count < demanded(threshold)))
    throw new KeywaxError('INTERNAL_ERROR', 'fewer authorities settled than were planned');
}

function conclude(
  secrets: PlanSecrets,
  claims: Claims,
  { rows, chosen }: { readonly rows: readonly CheckRow[]; readonly chosen: number },
): Verified {
  const { request, bundle } = secrets;
  const { signer } = claims;
  const checks = [...rows];
  if (signer.kind === 'certificate') {
    const predicates = selectPredicates(request.policy, signer.identity);
    const allowed = predicates.some((predicate) => predicate === undefined || predicate(signer.identity) === true);
    if (predicates.some((predicate) => predicate !== undefined))
      checks.push({ id: 'policy.predicate', subject: '', state: allowed ? 'passed' : 'failed' });
    if (!allowed) throw refuse(secrets, checks, describeFailure('policy.predicate', '', {}));
  }
  const report: Report = Object.freeze({
    verdict: 'verified',
    checks: Object.freeze(checks),
    facts: reportFacts(claims, checks),
  });
  const { statement, subject } = claims.artifact;
  return Object.freeze({
    signer: describeSigner(signer, chosen),
    times: Object.freeze(claims.times.map(({ at, source, authority }) => Object.freeze({ at, source, authority }))),
    entries: Object.freeze(claims.entries.map(({ index, log }) => Object.freeze({ index, log: log.baseUrl }))),
    ...(statement === undefined ? {} : { statement }),
    ...(subject === undefined ? {} : { subject }),
    ...(bundle.content.kind === 'dsse' ? { payload: new Uint8Array(bundle.content.payload) } : {}),
    report,
  });
}

function describeSigner(signer: Claims['signer'], chosen: number): VerifiedSigner {
  if (signer.kind === 'key') return Object.freeze({ kind: 'key', key: signer.key, hint: signer.hint });
  const path = signer.candidates[chosen];
  if (path === undefined) throw new KeywaxError('INTERNAL_ERROR', 'a certificate without a path');
  return Object.freeze({
    kind: 'certificate',
    identity: signer.identity,
    key: signer.key,
    certificate: signer.leaf,
    authority: path.authority,
  });
}

function refuse({ claims }: PlanSecrets, rows: readonly CheckRow[], error: KeywaxError): KeywaxError {
  const report: Report = Object.freeze({
    verdict: 'refused',
    checks: Object.freeze([...rows]),
    facts: claims === undefined ? [] : reportFacts(claims, rows),
    error: { code: error.code, message: error.message },
  });
  return withReport(error, report);
}

/** The same error, carrying its report. */
function withReport(error: KeywaxError, report: Report): KeywaxError {
  return new KeywaxError(error.code as 'INPUT_TOO_LARGE', error.message, {
    details: error.details as KeywaxError<'INPUT_TOO_LARGE'>['details'],
    cause: error.cause,
    report,
  });
}
