// SPDX-License-Identifier: Apache-2.0
// The verification of one version of an npm package, for people and as JSON.

import type { PackageReport, PackageRow, VerifiedPackage } from '@keywax/npm';
import { isKeywaxError } from 'keywax';
import { nameError } from '../exit.js';
import { type Style, escapeText, padText } from './text.js';

/** What came of one package. */
export interface PackageResult {
  readonly name: string;
  readonly verified?: VerifiedPackage;
  readonly error?: unknown;
}

function reportOf({ verified, error }: PackageResult): PackageReport | undefined {
  if (verified !== undefined) return verified.report;
  const report: unknown = isKeywaxError(error) ? error.report : undefined;
  return typeof report === 'object' && report !== null && 'rows' in report ? (report as PackageReport) : undefined;
}

/** The results as plain JSON. */
export function describePackages(results: readonly PackageResult[]): Readonly<Record<string, unknown>> {
  return {
    verified: results.every(({ verified }) => verified !== undefined),
    results: results.map((result) => ({ package: result.name, ...describeResult(result) })),
  };
}

function describeResult(result: PackageResult): Readonly<Record<string, unknown>> {
  const { verified, error } = result;
  const rows = reportOf(result)?.rows ?? [];
  if (verified === undefined) {
    const message = error instanceof Error ? error.message : String(error);
    return { verified: false, error: { code: nameError(error), message }, checks: rows };
  }
  const { integrity, signature, provenance, publish } = verified;
  const {
    statement: _statement,
    report: _report,
    ...source
  } = provenance ?? { statement: undefined, report: undefined };
  return {
    verified: true,
    integrity,
    ...(signature === undefined ? {} : { signature }),
    ...(provenance === undefined ? {} : { provenance: source }),
    ...(publish === undefined
      ? {}
      : { publish: { keyId: publish.keyId, keySource: publish.keySource, times: publish.times } }),
    checks: rows,
  };
}

/** A result for people, with each check where it is to be explained. */
export function renderPackage(result: PackageResult, explain: boolean, style: Style): string {
  const { name, verified, error } = result;
  const rows = explain ? (reportOf(result)?.rows ?? []).map((row) => renderRow(row, style)).join('') : '';
  if (verified === undefined) {
    const message = error instanceof Error ? error.message : String(error);
    return `${style.bad(`✘ ${escapeText(name)} is not verified`)}\n  ${nameError(error)}: ${escapeText(message)}\n${rows}`;
  }
  const { signature, provenance } = verified;
  const facts = [
    ['signed', signature === undefined ? undefined : `by the registry, with ${signature.keyId}`],
    ['source', provenance?.sourceRepository],
    ['ref', provenance?.ref],
    ['commit', provenance?.sourceDigest],
    ['workflow', provenance?.workflow],
    ['builder', provenance?.builder],
    ['provenance', provenance === undefined ? 'none' : undefined],
  ] as const;
  const lines = facts.map(([label, value]) =>
    value === undefined ? '' : `  ${style.faint(padText(label, 11))}${escapeText(value)}\n`,
  );
  return `${style.good(`✔ ${escapeText(name)} is verified`)}\n${lines.join('')}${rows}`;
}

function renderRow({ id, subject, state, reason }: PackageRow, style: Style): string {
  const mark = { passed: style.good('✔'), failed: style.bad('✘'), skipped: style.faint('-') }[state];
  const of = subject === undefined ? '' : ` of ${escapeText(subject)}`;
  return `  ${mark} ${id}${of}${reason === undefined ? '' : style.faint(` ${escapeText(reason)}`)}\n`;
}
