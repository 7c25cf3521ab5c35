// SPDX-License-Identifier: Apache-2.0
// The report: one row for each check, and what the checks prove. It comes with success and with failure.

import type { ErrorCode } from '@keywax/core/errors';
import { formatRfc3339 } from '@keywax/core/time';
import { type CheckRow, checkName } from './checks.js';
import type { Claims } from './plan.js';

/** A value that the bundle claims, and the checks that justify it. */
export interface ReportFact {
  /** What it is: `signer.subject`, `signer.issuer`, `signer.EXTENSION`, `signer.key`, `time`, `entry`, `statement.predicateType`, `artifact`. */
  readonly name: string;
  readonly value: string;
  /** `proven` when every check that justifies it passed. */
  readonly state: 'proven' | 'claimed';
  readonly provenBy: readonly string[];
}

/** What was checked, and what that proves. */
export interface Report {
  readonly verdict: 'verified' | 'refused';
  readonly checks: readonly CheckRow[];
  readonly facts: readonly ReportFact[];
  /** Why it was refused. */
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

/** Makes the facts of a report from the claims of a plan and the rows that settled. */
export function reportFacts(claims: Claims, checks: readonly CheckRow[]): readonly ReportFact[] {
  const passed = new Set(
    checks.filter(({ state }) => state === 'passed').map(({ id, subject }) => checkName(id, subject)),
  );
  const passedIds = new Set(checks.filter(({ state }) => state === 'passed').map(({ id }) => id as string));
  const failedIds = new Set(
    checks.filter(({ state }) => state !== 'passed' && state !== 'skipped').map(({ id }) => id as string),
  );
  const holds = (name: string): boolean => passed.has(name) || (passedIds.has(name) && !failedIds.has(name));
  return describeClaims(claims).map(({ name, value, provenBy }) => ({
    name,
    value,
    provenBy,
    state: provenBy.every(holds) ? 'proven' : 'claimed',
  }));
}

type Claim = Omit<ReportFact, 'state'>;

function describeClaims({ signer, times, entries, artifact }: Claims): readonly Claim[] {
  const claims: Claim[] = [];
  if (signer.kind === 'certificate') {
    const { subject, issuer, extensions } = signer.identity;
    const provenBy = ['certificate.signature', 'certificate.path', 'certificate.validity', 'artifact.signature'];
    for (const [name, value] of Object.entries({ subject, issuer, ...extensions }))
      claims.push({ name: `signer.${name}`, value, provenBy });
  } else {
    claims.push({ name: 'signer.key', value: signer.hint, provenBy: ['key.policy', 'artifact.signature'] });
  }
  for (const { at, authority, provenBy } of times)
    claims.push({ name: 'time', value: `${formatRfc3339(at)} by ${authority}`, provenBy });
  for (const { index, log, provenBy } of entries)
    claims.push({ name: 'entry', value: `${index} of ${log.baseUrl}`, provenBy });
  const { statement, subject } = artifact;
  if (statement !== undefined)
    claims.push({ name: 'statement.predicateType', value: statement.predicateType, provenBy: ['artifact.signature'] });
  if (subject?.name !== undefined)
    claims.push({ name: 'artifact', value: subject.name, provenBy: ['artifact.subject', 'artifact.signature'] });
  return claims;
}
