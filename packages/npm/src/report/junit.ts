// SPDX-License-Identifier: Apache-2.0
// An audit as JUnit XML, which build servers read: a test case for each package.

import type { AuditReport, AuditedPackage } from '../audit/audited-package.js';
import { type AuditDemands, isRefused, listFindings } from './findings.js';

/** The packages of an audit as test cases: refused ones have failed, unanswered ones are errors, unsigned ones skipped. */
export function encodeJunit(report: AuditReport, demands: AuditDemands = {}): string {
  const messages = new Map(listFindings(report, demands).map(({ audited, message }) => [audited, message]));
  const cases = report.packages.map((audited) => ({ audited, outcome: selectOutcome(audited, demands) }));
  const count = (wanted: Outcome): number => cases.filter(({ outcome }) => outcome === wanted).length;
  const totals = attributes({
    tests: `${cases.length}`,
    failures: `${count('failure')}`,
    errors: `${count('error')}`,
    skipped: `${count('skipped')}`,
  });
  const lines = cases.map(({ audited, outcome }) => encodeCase(audited, outcome, messages.get(audited)));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="keywax npm audit"${totals}>`,
    `  <testsuite name="packages"${totals}>`,
    ...lines,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

type Outcome = 'failure' | 'error' | 'skipped' | undefined;

function selectOutcome(audited: AuditedPackage, demands: AuditDemands): Outcome {
  if (isRefused(audited, demands)) return 'failure';
  if (audited.state === 'unavailable') return 'error';
  return audited.state === 'none' ? 'skipped' : undefined;
}

function encodeCase({ name, version, state, failure }: AuditedPackage, outcome: Outcome, message = ''): string {
  const head = `    <testcase${attributes({ classname: name, name: `${name}@${version}` })}`;
  if (outcome === undefined) return `${head}/>`;
  const told = attributes({ message, ...(outcome === 'skipped' ? {} : { type: failure?.code ?? state }) });
  return `${head}><${outcome}${told}/></testcase>`;
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(value)}"`)
    .join('');
}

/** What XML 1.0 §2.2 has no character for is written as JSON would. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\u0020-\ud7ff\ue000-\ufffd]/g, (unit, offset: number) =>
      isPaired(text, offset) ? unit : escapeUnit(unit),
    )
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function isPaired(text: string, offset: number): boolean {
  const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
  const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
  const unit = text.charCodeAt(offset);
  if (isHigh(unit)) return isLow(text.charCodeAt(offset + 1));
  return isLow(unit) && isHigh(text.charCodeAt(offset - 1));
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
