// SPDX-License-Identifier: Apache-2.0
// The JSON of a verification. What was verified holds only what is proven; a failure holds no values of the bundle
// beside those that its error quotes (ATTACKS AP-014).

import { encodeHex } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { toPlainJson } from '@keywax/core/json';
import type { CheckRow, Report, Verified } from 'keywax';
import type { Outcome } from '../outcome.js';
import { nameError } from '../exit.js';
import { reportOf } from './failure.js';

/** The result of one operand as plain JSON. */
export function describeOutcome({ name, bundle, result }: Outcome): Readonly<Record<string, unknown>> {
  const where = { file: name, ...(bundle === undefined ? {} : { bundle }) };
  if (result.kind === 'verified') return { ...where, verified: true, ...describeVerified(result.verified) };
  const { error } = result;
  return {
    ...where,
    verified: false,
    error: { code: nameError(error), message: error instanceof Error ? error.message : String(error) },
    ...describeChecks(reportOf(error)),
  };
}

function describeVerified({ signer, times, entries, statement, report }: Verified): Readonly<Record<string, unknown>> {
  return {
    signer:
      signer.kind === 'certificate'
        ? { kind: 'certificate', ...signer.identity }
        : { kind: 'key', sha256: encodeHex(hash('sha256', signer.key.spki)) },
    times: times.map(({ at, source, authority }) => ({ at: at.toISOString(), source, authority })),
    entries: entries.map(({ index, log }) => ({ index: index.toString(), log })),
    ...(statement === undefined ? {} : { statement: toPlainJson(statement.json) }),
    ...describeChecks(report),
  };
}

function describeChecks(report: Report | undefined): {
  readonly checks?: readonly Readonly<Record<string, unknown>>[];
} {
  return report === undefined ? {} : { checks: report.checks.map(describeCheck) };
}

function describeCheck({ id, subject, state }: CheckRow): Readonly<Record<string, unknown>> {
  return { id, ...(subject === '' ? {} : { of: subject }), state };
}
