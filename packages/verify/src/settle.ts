// SPDX-License-Identifier: Apache-2.0
// Settling a plan: every listed signature is checked, and the verdict is the conjunction of all rows. One plan, two
// executors (waiting and not), one verdict.

import type { CryptoProvider } from '@keywax/core/crypto';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import type { PublicKey } from '@keywax/core/key';
import type { Certificate } from '@keywax/core/x509';
import type { Statement, StatementSubject } from '@keywax/bundle';
import type { CertificateAuthority } from '@keywax/trust';
import { type Ledger, type RecordedRow, type SignatureCheck, describeFailure, withLazy } from './checks.js';
import type { SignerIdentity } from './identity.js';
import { logNames } from './known-log.js';
import { copyRecord } from './copy.js';
import { configError } from './options.js';
import type { Claims } from './claims.js';
import { type Plan, type PlanSecrets, readPlan } from './plan.js';
import { selectPredicates } from './policy.js';
import { type Report, makeReport } from './report.js';
import type { SettledSignatures } from './prepare.js';
import { readCrypto } from './request.js';
import { countDistinct, demanded } from './threshold.js';

/** Who signed. */
export type VerifiedSigner =
  | {
      readonly kind: 'certificate';
      readonly identity: SignerIdentity;
      readonly key: PublicKey;
      readonly certificate: Certificate;
      /** Who issued the certificate. What the trusted root holds of it is not given away: it could be changed. */
      readonly authority: Pick<CertificateAuthority, 'uri' | 'subject' | 'operator'>;
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
  /** Indices as proven: on Rekor v1 over all shards by a promise, or else in one shard by a proof. */
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
type Outcomes = ReadonlyMap<SignatureCheck, Outcome>;

/**
 * Checks every signature of a plan, those that are slow in parallel, with the provider of the request unless given another.
 * @throws the error of the first failed check, with its report; CONFIG_INVALID for a plan that `planVerification` did not make
 */
export async function settle(plan: Plan, provider?: CryptoProvider): Promise<Verified> {
  return settleSecrets(readPlan(plan), provider);
}

/** As `settle`, of what `planDecoded` made. @throws as `settle` */
export async function settleSecrets(secrets: PlanSecrets, provider?: CryptoProvider): Promise<Verified> {
  const crypto = readCrypto(provider ?? secrets.request.crypto);
  if (secrets.failure !== undefined) throw refuse(secrets, orderRows(secrets), secrets.failure);
  const settled = secrets.request.trust.settledBy(crypto);
  const outcomes = new Map<SignatureCheck, Outcome>();
  await Promise.all(
    listSignatures(secrets).map(async (check) => {
      outcomes.set(check, recall(settled, check) ?? (await attempt(async () => crypto.verify(check.input))));
    }),
  );
  remember(settled, outcomes);
  return judge(secrets, outcomes);
}

/**
 * As `settle`, without waiting. `loadSyncCrypto` has to be awaited once before, for digests and Ed25519ph.
 * @throws as `settle`; CONFIG_INVALID for a provider that cannot
 */
export function settleSync(plan: Plan, provider?: CryptoProvider): Verified {
  return settleSecretsSync(readPlan(plan), provider);
}

/** As `settleSync`, of what `planDecoded` made. @throws as `settleSync` */
export function settleSecretsSync(secrets: PlanSecrets, provider?: CryptoProvider): Verified {
  const crypto = readCrypto(provider ?? secrets.request.crypto);
  if (secrets.failure !== undefined) throw refuse(secrets, orderRows(secrets), secrets.failure);
  if (crypto.verifySync === undefined) throw configError('crypto', 'a provider that can verify without waiting');
  const settled = secrets.request.trust.settledBy(crypto);
  const outcomes = new Map<SignatureCheck, Outcome>();
  for (const check of listSignatures(secrets)) {
    outcomes.set(check, recall(settled, check) ?? attemptSync(() => crypto.verifySync?.(check.input)));
  }
  remember(settled, outcomes);
  return judge(secrets, outcomes);
}

/** Those of paths first: they are slow, and where a provider has threads, they run while the others are checked. */
function listSignatures({ signatures, paths }: PlanSecrets): readonly SignatureCheck[] {
  return [...paths.flatMap((path) => path.signatures), ...signatures];
}

function recall(settled: SettledSignatures, { constant, recurring }: SignatureCheck): Outcome | undefined {
  return settled.has(constant, recurring) ? 'holds' : undefined;
}

function remember(settled: SettledSignatures, outcomes: Outcomes): void {
  for (const [{ constant, recurring }, outcome] of outcomes) if (outcome === 'holds') settled.add(constant, recurring);
}

async function attempt(check: () => Promise<unknown>): Promise<Outcome> {
  try {
    return describeAnswer(await check());
  } catch (error) {
    return describeThrown(error);
  }
}

function attemptSync(check: () => unknown): Outcome {
  try {
    return describeAnswer(check());
  } catch (error) {
    return describeThrown(error);
  }
}

/** Only `true` itself holds: a promise that nobody awaited does not. */
function describeAnswer(answer: unknown): Outcome {
  return answer === true ? 'holds' : 'fails';
}

function describeThrown(error: unknown): Outcome {
  if (isKeywaxError(error)) return error;
  return new KeywaxError('INTERNAL_ERROR', 'the crypto provider failed', { cause: error });
}

/** The verdict: every row holds, and one path whole. */
function judge(secrets: PlanSecrets, outcomes: Outcomes): Verified {
  const { claims, paths } = secrets;
  const holds = (check: SignatureCheck): boolean => outcomes.get(check) === 'holds';
  const candidates = paths.filter((path) => path.failure() === undefined);
  const whole = candidates.find((path) => path.signatures.every(holds));
  const path = whole ?? candidates[0];
  const rows = settleRows(orderRows(secrets, path), outcomes, [...secrets.signatures, ...(path?.signatures ?? [])]);
  const failed = rows.find(({ row }) => row.state !== 'passed' && row.state !== 'skipped');
  const settled = rows.map(({ row }) => row);
  if (failed !== undefined) throw refuse(secrets, settled, describeUnsettled(failed));
  if (claims === undefined) throw new KeywaxError('INTERNAL_ERROR', 'a plan without claims');
  checkWhole(secrets, claims, whole);
  return conclude(secrets, claims, { rows: settled, candidate: whole === undefined ? -1 : paths.indexOf(whole) });
}

/** The rows of a plan in their order, those of one path in their place: of the first that may hold unless given. */
function orderRows(
  { rows, paths, pathAt }: PlanSecrets,
  path: Ledger | undefined = paths.find((candidate) => candidate.failure() === undefined) ?? paths[0],
): readonly RecordedRow[] {
  return [...rows.slice(0, pathAt), ...(path?.rows ?? []), ...rows.slice(pathAt)];
}

interface SettledRow {
  readonly row: RecordedRow;
  readonly outcome?: Outcome;
}

/** Pending rows take the outcome of their signature; row and signature were recorded together. */
function settleRows(
  rows: readonly RecordedRow[],
  outcomes: Outcomes,
  signatures: readonly SignatureCheck[],
): readonly SettledRow[] {
  const left = [...signatures];
  return rows.map((row) => {
    if (row.state !== 'pending') return { row };
    const at = left.findIndex(({ id, subject }) => id === row.id && subject === row.subject);
    const [check] = at < 0 ? [] : left.splice(at, 1);
    const outcome = check === undefined ? 'fails' : (outcomes.get(check) ?? 'fails');
    if (outcome === 'holds') return { row: { ...row, state: 'passed' } };
    const reason = outcome === 'fails' ? 'the signature does not verify' : outcome.message;
    return { row: { ...row, state: 'failed', describe: () => ({ reason }) }, outcome };
  });
}

function describeUnsettled({ row: { id, subject, describe }, outcome }: SettledRow): KeywaxError {
  const thrown = isKeywaxError(outcome) ? outcome : undefined;
  return describeFailure(
    id,
    subject,
    { ...describe?.(), ...(thrown === undefined ? {} : { code: thrown.code }) },
    thrown,
  );
}

/**
 * A plan that lost a step proves nothing: there is exactly one artifact signature, a certificate comes with a whole
 * path that begins with its own signature, and every threshold is reached by what settled.
 */
function checkWhole(
  { request, signatures, paths }: PlanSecrets,
  { times, entries, signer }: Claims,
  path: Ledger | undefined,
): void {
  const isCertified = path?.signatures.some(({ id }) => id === 'certificate.signature') === true && times.length > 0;
  const isSigned = signatures.filter(({ id }) => id === 'artifact.signature').length === 1;
  const stamps = times.filter(({ source }) => source === 'timestamp');
  const isEnough =
    countDistinct(entries.map(({ log }) => logNames(log, request.distinctOperators))) >=
      demanded(request.logThreshold) &&
    countDistinct(stamps.map(({ names }) => names)) >= demanded(request.timestampThreshold);
  const isSignerSound = signer.kind === 'certificate' ? isCertified : paths.length === 0;
  if (!isSigned || !isSignerSound || !isEnough) throw new KeywaxError('INTERNAL_ERROR', 'the plan is not whole');
}

interface Conclusion {
  readonly rows: readonly RecordedRow[];
  /** Position of the path that settled, -1 for a managed key. */
  readonly candidate: number;
}

function conclude(secrets: PlanSecrets, claims: Claims, { rows, candidate }: Conclusion): Verified {
  const { bundle } = secrets;
  const { signer, times, entries, artifact } = claims;
  const checks = [...rows, ...judgePredicates(secrets, claims, rows)];
  const { statement, subject } = artifact;
  const verified = {
    signer: describeSigner(signer, candidate),
    times: Object.freeze(
      times.map(({ at, source, authority }) => Object.freeze({ at: new Date(at.getTime()), source, authority })),
    ),
    entries: Object.freeze(entries.map(({ index, log }) => Object.freeze({ index, log: log.baseUrl }))),
    ...(statement === undefined ? {} : { statement }),
    ...(subject === undefined ? {} : { subject }),
    ...(bundle.content.kind === 'dsse' ? { payload: new Uint8Array(bundle.content.payload) } : {}),
  };
  return Object.freeze(withLazy(verified, 'report', () => makeReport(claims, checks)));
}

/** The caller's own predicates, on what is proven by now. */
function judgePredicates(
  secrets: PlanSecrets,
  { signer }: Claims,
  rows: readonly RecordedRow[],
): readonly RecordedRow[] {
  if (signer.kind === 'key') return [];
  const predicates = selectPredicates(secrets.request.policy, signer.identity);
  if (predicates.every((predicate) => predicate === undefined)) return [];
  const allowed = predicates.some((predicate) => predicate === undefined || askPredicate(predicate, signer.identity));
  const row: RecordedRow = { id: 'policy.predicate', subject: '', state: allowed ? 'passed' : 'failed' };
  if (!allowed) throw refuse(secrets, [...rows, row], describeFailure(row.id, row.subject, {}));
  return [row];
}

function askPredicate(predicate: (identity: SignerIdentity) => boolean, identity: SignerIdentity): boolean {
  try {
    return predicate(identity) === true;
  } catch (cause) {
    throw configError('identity.predicate', 'a function that does not throw', { cause });
  }
}

function describeSigner(signer: Claims['signer'], candidate: number): VerifiedSigner {
  if (signer.kind === 'key') return Object.freeze({ kind: 'key', key: copyRecord(signer.key), hint: signer.hint });
  const path = signer.candidates[candidate];
  if (path === undefined) throw new KeywaxError('INTERNAL_ERROR', 'a certificate without a path');
  return Object.freeze({
    kind: 'certificate',
    identity: signer.identity,
    key: signer.key,
    certificate: signer.leaf,
    authority: describeAuthority(path.authority),
  });
}

function describeAuthority({
  uri,
  subject,
  operator,
}: CertificateAuthority): Pick<CertificateAuthority, 'uri' | 'subject' | 'operator'> {
  return copyRecord({ uri, subject, ...(operator === undefined ? {} : { operator }) });
}

/** The error, carrying its report. */
function refuse({ claims }: PlanSecrets, rows: readonly RecordedRow[], error: KeywaxError): KeywaxError {
  const { code, message, cause } = error;
  const details = error.details as KeywaxError<'INPUT_TOO_LARGE'>['details'];
  const report = makeReport(claims, rows, { code, message });
  return new KeywaxError(code as 'INPUT_TOO_LARGE', message, { details, cause, report });
}
