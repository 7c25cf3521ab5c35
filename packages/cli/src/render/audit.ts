// SPDX-License-Identifier: Apache-2.0
// An audit for people, and as JSON.

import {
  type AuditDemands,
  type AuditReport,
  type AuditState,
  type AuditedPackage,
  type Finding,
  type PackageSigner,
  type SignerChange,
  listFindings,
  selectRefused,
} from '@keywax/npm';
import { type Style, countOf, escapeText, padText } from './text.js';

const HEADLINES: Readonly<Record<AuditState, string>> = {
  invalid: 'does not hold',
  changed: 'is not what was recorded',
  unavailable: 'could not be asked for',
  none: 'has no signature',
  signature: 'has no provenance',
  provenance: 'is verified',
};
const COUNTED: readonly (readonly [AuditState, string])[] = [
  ['provenance', 'verified with provenance'],
  ['signature', 'verified, signature only'],
  ['none', 'unsigned'],
  ['invalid', 'invalid'],
  ['changed', 'changed'],
  ['unavailable', 'not available'],
];

const MAX_LISTED = 100; // more than anyone reads at once

/** What somebody should know, then the counts; with `all` every package. */
export function renderAudit(
  report: AuditReport,
  { demands, all }: { readonly demands: AuditDemands; readonly all: boolean },
  style: Style,
): string {
  const found = listFindings(report, demands);
  const findings = found.filter(({ level }) => level !== 'note');
  const foreign = found.filter(({ rule }) => rule === 'package-not-from-registry').length;
  const verified = all ? report.packages.filter(({ state }) => state === 'provenance' || state === 'signature') : [];
  const groups = groupFindings(findings);
  const listed = all ? groups : groups.slice(0, MAX_LISTED);
  const more = groups.length - listed.length;
  return [
    ...verified.map((audited) => renderVerified(audited, style)),
    ...listed.map((group) => renderGroup(group, style)),
    ...(more === 0 ? [] : [style.faint(`and ${more} more; --all lists them\n`)]),
    renderCounts(report, { demands, foreign }, style),
  ].join('');
}

function renderVerified({ name, version, state, provenance }: AuditedPackage, style: Style): string {
  const head = style.good(`✔ ${escapeText(`${name}@${version}`)}`);
  if (state === 'signature' || provenance === undefined) return `${head} ${style.faint('signed by its registry')}\n`;
  return `${head} ${style.faint(`built by ${nameBuild(provenance.signer)}`)}\n`;
}

/** A signer in a few words. */
function nameBuild({ repository, workflow, signer, issuer }: PackageSigner): string {
  return escapeText(repository === undefined ? (signer ?? issuer) : `${repository} ${workflow ?? ''}`.trimEnd());
}

/** Of a registry that is away, every package says the same, and once is enough. */
function groupFindings(findings: readonly Finding[]): readonly (readonly Finding[])[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const { rule, subject, message } = finding;
    const key = rule === 'package-unavailable' ? message : `${subject} ${message}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return [...groups.values()];
}

function renderGroup(group: readonly Finding[], style: Style): string {
  const [first] = group;
  if (first === undefined) return '';
  if (group.length === 1) return renderFinding(first, style);
  const head = style.bad(`✘ ${countOf(group.length, 'package')} could not be asked for`);
  return `${head}\n  ${escapeText(first.message)}\n`;
}

function renderFinding({ rule, audited, subject, level, message }: Finding, style: Style): string {
  const [mark, paint] = level === 'error' ? (['✘', style.bad] as const) : (['!', style.careful] as const);
  const isUnpinned = rule === 'package-unpinned';
  const headline = audited === undefined ? 'is of no registry' : HEADLINES[audited.state];
  const head = paint(`${mark} ${escapeText(subject)} ${isUnpinned ? 'is not pinned' : headline}`);
  if (isUnpinned || audited === undefined) return `${head}\n  ${escapeText(message)}\n`;
  if (audited?.changes !== undefined) return `${head}\n${renderChanges(audited.changes, style)}`;
  return audited?.failure === undefined ? `${head}\n` : `${head}\n  ${escapeText(message)}\n`;
}

/** Changes of a signer like a diff. */
export function renderChanges(changes: readonly SignerChange[], style: Style): string {
  const line = (paint: Style['good'], mark: string, member: string, value: string | undefined): string =>
    value === undefined ? '' : `  ${paint(`${mark} ${padText(member, 13)} ${escapeText(value)}`)}\n`;
  return changes
    .map(
      ({ member, recorded, found }) =>
        line(style.bad, '-', member, recorded) +
        line(style.good, '+', member, found ?? (recorded === undefined ? undefined : 'none')),
    )
    .join('');
}

function renderCounts(
  report: AuditReport,
  { demands, foreign }: { readonly demands: AuditDemands; readonly foreign: number },
  style: Style,
): string {
  const { packages, counts } = report;
  const parts = COUNTED.flatMap(([state, words]) => (counts[state] === 0 ? [] : [`${counts[state]} ${words}`]));
  const isWell = selectRefused(report, demands).length === 0 && report.counts.unavailable === 0;
  const paint = isWell ? style.good : style.bad;
  const unpinned = packages.filter(({ integrity }) => integrity === 'unpinned').length;
  const unrecorded = packages.filter(({ state, isRecorded }) => state === 'provenance' && isRecorded === false).length;
  const selfVouched = packages.filter(({ keySource }) => keySource === 'registry').length;
  const notes = [
    ...(selfVouched === 0
      ? []
      : [`${countOf(selfVouched, 'package')} signed with a key for which nobody but the registry vouches\n`]),
    ...(unrecorded === 0
      ? []
      : [`${countOf(unrecorded, 'package')} with provenance not recorded; \`keywax npm trust\` does that\n`]),
    ...(unpinned === 0
      ? []
      : [
          `${countOf(unpinned, 'package')} without a digest in the lock file: what is installed may be something else\n`,
        ]),
    ...(foreign === 0 ? [] : [`${countOf(foreign, 'package')} of no registry, not verified\n`]),
  ];
  const total = `${countOf(packages.length, 'package')}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
  return `${notes.map((note) => style.faint(note)).join('')}${paint(total)}\n`;
}
