// SPDX-License-Identifier: Apache-2.0
// The report: one row for each check, and what the checks prove. It comes with success and with failure.

import type { ErrorCode } from '@keywax/core/errors';
import { formatRfc3339 } from '@keywax/core/time';
import { type CheckRow, type RecordedRow, checkName, describeRows } from './checks.js';
import type { Claims } from './claims.js';

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

/** Makes a report from the claims of a plan, as far as it came, and its rows. */
export function makeReport(claims: Claims | undefined, rows: readonly RecordedRow[], error?: Report['error']): Report {
  return Object.freeze({
    verdict: error === undefined ? 'verified' : 'refused',
    checks: describeRows(rows),
    facts: claims === undefined ? [] : listFacts(claims, rows),
    ...(error === undefined ? {} : { error }),
  });
}

function listFacts(claims: Claims, rows: readonly RecordedRow[]): readonly ReportFact[] {
  const passed = new Set<string>();
  const failed = new Set<string>();
  for (const { id, subject, state } of rows) {
    if (state === 'skipped') continue;
    const names = state === 'passed' ? passed : failed;
    names.add(id).add(checkName(id, subject));
  }
  const holds = (name: string): boolean => passed.has(name) && !failed.has(name);
  return describeClaims(claims).map((claim) =>
    Object.freeze({ ...claim, state: claim.provenBy.every(holds) ? 'proven' : 'claimed' }),
  );
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
