// SPDX-License-Identifier: Apache-2.0
// An audit as JUnit XML, which build servers read: a test case for each package.

import type { AuditReport, AuditedPackage, UnauditedPackage } from '../audit/audited-package.js';
import { type AuditDemands, type Finding, isRefused, listFindings } from './findings.js';

/**
 * The packages of an audit as test cases: refused ones have failed, unanswered ones are errors, unsigned ones skipped. Of
 * those that are of no registry there are the refused ones.
 */
export function encodeJunit(report: AuditReport, demands: AuditDemands = {}): string {
  const messages = selectMessages(listFindings(report, demands));
  const cases = [
    ...report.packages.map((audited) => describePackage(audited, demands, messages)),
    ...report.others.flatMap((other) => (isRefused(other, demands) ? describeOther(other, messages) : [])),
  ];
  const count = (wanted: Outcome): number => cases.filter(({ outcome }) => outcome === wanted).length;
  const totals = attributes({
    tests: `${cases.length}`,
    failures: `${count('failure')}`,
    errors: `${count('error')}`,
    skipped: `${count('skipped')}`,
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="keywax npm audit"${totals}>`,
    `  <testsuite name="packages"${totals}>`,
    ...cases.map(encodeCase),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

type Outcome = 'failure' | 'error' | 'skipped' | undefined;

type Messages = ReadonlyMap<AuditedPackage | UnauditedPackage | undefined, string>;

/** What is worst about each package: of several findings the first. */
function selectMessages(findings: readonly Finding[]): Messages {
  return new Map([...findings].reverse().map(({ audited, other, message }) => [audited ?? other, message]));
}

interface Case {
  readonly classname: string;
  readonly name: string;
  readonly outcome: Outcome;
  readonly message: string;
  readonly type: string;
}

function describePackage(audited: AuditedPackage, demands: AuditDemands, messages: Messages): Case {
  const { name, version, state, failure } = audited;
  const message = messages.get(audited) ?? '';
  const type = failure?.code ?? state;
  return { classname: name, name: `${name}@${version}`, outcome: selectOutcome(audited, demands), message, type };
}

function describeOther(other: UnauditedPackage, messages: Messages): Case {
  const { name, source } = other;
  const message = messages.get(other) ?? '';
  return { classname: name, name, outcome: 'failure', message, type: source };
}

function selectOutcome(audited: AuditedPackage, demands: AuditDemands): Outcome {
  if (isRefused(audited, demands)) return 'failure';
  if (audited.state === 'unavailable') return 'error';
  return audited.state === 'none' ? 'skipped' : undefined;
}

function encodeCase({ classname, name, outcome, message, type }: Case): string {
  const head = `    <testcase${attributes({ classname, name })}`;
  if (outcome === undefined) return `${head}/>`;
  return `${head}><${outcome}${attributes({ message, ...(outcome === 'skipped' ? {} : { type }) })}/></testcase>`;
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
