// SPDX-License-Identifier: Apache-2.0
// The report of one package: a row for each check, in the order in which they are made. It comes with success and failure.

import { type ErrorCode, KeywaxError, isKeywaxError } from '@keywax/core/errors';
import type { Report } from '@keywax/verify';

/** Every check of a package, in their order, and what it demands. */
export const PACKAGE_CHECKS = {
  'integrity.packument': 'the packument names a SHA-2 digest of the tarball',
  'integrity.lock': 'the digest is that of the lock file',
  'integrity.tarball': 'the digest is that of the tarball',
  'attestations.present': 'what the packument declares is served',
  'publish.bundle': "a key of the registry signed the publish attestation, and it is in the instance's log",
  'publish.subject': 'the publish attestation is about this version, and its digest',
  'publish.predicate': 'the publish attestation names this package, version and registry',
  'provenance.bundle': 'a certificate that the instance issued signed the provenance',
  'provenance.subject': 'the provenance is about this version, and its digest',
  'provenance.predicate': 'the provenance says nothing other than the certificate',
  'signature.present': 'the registry signed the version',
  'signature.key': 'the key of the signature is known',
  'signature.time': 'the key had not expired when the version was published',
  'signature.verify': 'the key signed name, version and digest',
  'expectation.provenance': 'there is provenance',
  'expectation.sourceRepository': 'it was built from the expected repository',
  'expectation.workflow': 'by the expected workflow',
  'expectation.ref': 'at the expected ref',
  'expectation.builder': 'on the expected builder',
  'expectation.trigger': 'for the expected reason',
} as const;

/** The name of a check. */
export type PackageCheckId = keyof typeof PACKAGE_CHECKS;

/** A check that has a report of its own. */
export type BundleCheckId = 'publish.bundle' | 'provenance.bundle';

/** One check, and what came of it. */
export interface PackageRow {
  readonly id: PackageCheckId;
  /** Which of several: the id of a key, or the type of a predicate. Untrusted text. */
  readonly subject?: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped, or what it rests on. */
  readonly reason?: string;
  readonly expected?: string;
  readonly actual?: string;
}

/** What was checked of a package. */
export interface PackageReport {
  readonly verdict: 'verified' | 'refused';
  readonly rows: readonly PackageRow[];
  /** The reports of the bundles, by the id of their row; with a failure, that of the bundle that failed. */
  readonly bundles: Readonly<Partial<Record<BundleCheckId, Report>>>;
  /** Why it was refused. */
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

/** What a row says beside its state. */
export type RowValues = Pick<PackageRow, 'subject' | 'reason' | 'expected' | 'actual'>;

/** Records checks. The first that fails throws. */
export interface PackageLedger {
  /** Passes where `check` returns; an error of it fails the row. */
  run<T>(id: PackageCheckId, values: RowValues, check: () => T): T;
  /** The same for checks that have to be waited for. */
  settle<T>(id: PackageCheckId, values: RowValues, check: () => Promise<T>): Promise<T>;
  skip(id: PackageCheckId, reason: string, subject?: string): void;
  /** Keeps the report of a bundle, which is made when somebody reads it. */
  keep(id: BundleCheckId, holder: { readonly report: Report }): void;
  /** The report of a package that holds. */
  report(): PackageReport;
  /** The error with the report; others than ours are defects. */
  refuse(error: unknown): KeywaxError;
}

/** Opens an empty ledger. */
export function openPackageLedger(): PackageLedger {
  const rows: PackageRow[] = [];
  const bundles: Partial<Record<BundleCheckId, Report>> = {};
  const pass = (id: PackageCheckId, values: RowValues): void => {
    rows.push(Object.freeze({ id, ...values, state: 'passed' }));
  };
  const fail = (id: PackageCheckId, { subject }: RowValues, error: unknown): void => {
    rows.push(
      Object.freeze({ id, ...(subject === undefined ? {} : { subject }), ...describeError(error), state: 'failed' }),
    );
    if (isKeywaxError(error) && isReport(error.report) && isBundleRow(id)) bundles[id] = error.report;
  };
  return {
    run(id, values, check) {
      try {
        const result = check();
        pass(id, values);
        return result;
      } catch (error) {
        fail(id, values, error);
        throw error;
      }
    },
    async settle(id, values, check) {
      try {
        const result = await check();
        pass(id, values);
        return result;
      } catch (error) {
        fail(id, values, error);
        throw error;
      }
    },
    skip(id, reason, subject) {
      rows.push(Object.freeze({ id, ...(subject === undefined ? {} : { subject }), state: 'skipped', reason }));
    },
    keep(id, holder) {
      Object.defineProperty(bundles, id, { get: () => holder.report, enumerable: true });
    },
    report: () => freezeReport({ verdict: 'verified', rows, bundles }),
    refuse(error) {
      const { code, message, details, cause } = typedError(error);
      const report = freezeReport({ verdict: 'refused', rows, bundles, error: { code, message } });
      return new KeywaxError(code as 'INPUT_TOO_LARGE', message, {
        details: details as KeywaxError<'INPUT_TOO_LARGE'>['details'],
        cause,
        report,
      });
    },
  };
}

function freezeReport({ rows, bundles, ...rest }: PackageReport): PackageReport {
  return Object.freeze({ ...rest, rows: Object.freeze([...rows]), bundles: Object.freeze(bundles) });
}

function isBundleRow(id: PackageCheckId): id is BundleCheckId {
  return id === 'publish.bundle' || id === 'provenance.bundle';
}

function isReport(report: unknown): report is Report {
  return typeof report === 'object' && report !== null && 'checks' in report;
}

function typedError(error: unknown): KeywaxError {
  if (isKeywaxError(error)) return error;
  return new KeywaxError('INTERNAL_ERROR', 'the verification of a package failed', { cause: error });
}

function describeError(error: unknown): Pick<PackageRow, 'reason' | 'expected' | 'actual'> {
  const { message, details } = typedError(error);
  const { expected, actual } = details;
  return {
    reason: message,
    ...(expected === undefined ? {} : { expected }),
    ...(actual === undefined ? {} : { actual }),
  };
}

/** An error that says what was expected where. */
export function refusal(
  code: Exclude<ErrorCode, 'INPUT_TOO_LARGE' | 'NETWORK_STATUS'>,
  at: string,
  { expected, actual }: { readonly expected: string; readonly actual?: string },
): KeywaxError {
  return new KeywaxError(code, `${at}: expected ${expected}${actual === undefined ? '' : `, found ${actual}`}`, {
    details: { at, expected, ...(actual === undefined ? {} : { actual }) },
  });
}
