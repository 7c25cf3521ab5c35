// SPDX-License-Identifier: Apache-2.0
// What of an audit somebody should know: one table of rules, read by the exit code, the text, SARIF and JUnit.

import { quoteText } from '@keywax/core/errors';
import type { AuditReport, AuditState, AuditedPackage, UnauditedPackage } from '../audit/audited-package.js';

/** How bad a finding is, in the words of SARIF. */
export type FindingLevel = 'error' | 'warning' | 'note';

/** What an audit is asked to refuse, beside what is invalid or changed. */
export interface AuditDemands {
  /** Refuses packages without any signature, such as those of git repositories and URLs. */
  readonly failOnMissing?: boolean;
  /** Refuses packages without provenance; those without any signature too. */
  readonly requireProvenance?: boolean;
}

/** Each rule, and what it says. */
export const AUDIT_RULES = {
  'package-invalid': 'What the registry says about a package does not hold.',
  'package-signer-changed': 'A package was signed by another one than was recorded, or no longer at all.',
  'package-unavailable': 'The registry gave no answer about a package, so nothing of it is verified.',
  'package-unsigned': 'A package has no signature that could be verified.',
  'package-without-provenance': 'A package has no provenance, which is demanded.',
  'package-aliased': 'A package is installed under the name of another one.',
  'package-not-recorded': 'A package has provenance, and nobody has recorded its signer.',
  'package-unpinned': 'The lock file pins no digest of a package, so something else may be installed.',
  'package-not-from-registry': 'A package comes from no registry, so nobody vouches for it.',
} as const;

/** The id of a rule. */
export type AuditRule = keyof typeof AUDIT_RULES;

/** One thing to know about one package. */
export interface Finding {
  readonly rule: AuditRule;
  readonly level: FindingLevel;
  /** `name@version`, or the name where there is no version. */
  readonly subject: string;
  readonly message: string;
  /** Where it stands in the lock file. */
  readonly at: string;
  readonly audited?: AuditedPackage;
  /** The package, where it is of no registry. */
  readonly other?: UnauditedPackage;
}

const RULES: Readonly<Record<AuditState, AuditRule | undefined>> = {
  invalid: 'package-invalid',
  changed: 'package-signer-changed',
  unavailable: 'package-unavailable',
  none: 'package-unsigned',
  signature: undefined,
  provenance: undefined,
};

/** Sources of which nobody in the project sees what they hold. */
const DISTANT: ReadonlySet<UnauditedPackage['source']> = new Set<UnauditedPackage['source']>([
  'git',
  'remote',
  'unknown',
]);

/** True where a package is refused. */
export function isRefused(
  subject: AuditedPackage | UnauditedPackage,
  { failOnMissing, requireProvenance }: AuditDemands,
): boolean {
  if (!('state' in subject))
    return (
      subject.isRecorded === true ||
      (DISTANT.has(subject.source) && (failOnMissing === true || requireProvenance === true))
    );
  const { state, elsewhere } = subject;
  // What was verified is not what will be installed.
  if (elsewhere !== undefined) return true;
  switch (state) {
    case 'invalid':
    case 'changed':
      return true;
    case 'none':
      return failOnMissing === true || requireProvenance === true;
    case 'signature':
      return requireProvenance === true;
    case 'unavailable':
    case 'provenance':
      return false;
  }
}

/** Whatever is refused, of packages and of those that are of no registry. */
export function selectRefused(
  { packages, others }: AuditReport,
  demands: AuditDemands = {},
): readonly (AuditedPackage | UnauditedPackage)[] {
  return [...packages, ...others].filter((subject) => isRefused(subject, demands));
}

/** Everything to know, the worst first, then by name. */
export function listFindings(report: AuditReport, demands: AuditDemands = {}): readonly Finding[] {
  const order: readonly FindingLevel[] = ['error', 'warning', 'note'];
  const all = [
    ...report.packages.flatMap((audited) => [
      ...findState(audited, demands),
      ...findPinning(audited),
      ...findRecord(audited),
      ...findAliases(audited),
    ]),
    ...report.others.flatMap((other) => findOther(other, demands)),
  ];
  return order.flatMap((level) => all.filter((finding) => finding.level === level));
}

function findState(audited: AuditedPackage, demands: AuditDemands): readonly Finding[] {
  const { state, failure } = audited;
  const refused = isRefused(audited, demands);
  const isDemanded = state === 'signature' && demands.requireProvenance === true;
  const rule = RULES[state] ?? (isDemanded ? 'package-without-provenance' : undefined);
  if (rule === undefined) return [];
  // What is not known may be anything: an audit that could not ask has not passed.
  const level = refused || state === 'unavailable' ? 'error' : 'warning';
  return [
    makeFinding(audited, { rule, level, message: describeFailure(audited) ?? failure?.message ?? AUDIT_RULES[rule] }),
  ];
}

function findPinning(audited: AuditedPackage): readonly Finding[] {
  const { state, integrity, elsewhere } = audited;
  const rule = 'package-unpinned';
  if (elsewhere !== undefined) {
    const message = `${AUDIT_RULES[rule]} It is taken from ${quoteText(elsewhere)}, which is not its tarball in the registry.`;
    return [makeFinding(audited, { rule, level: 'error', message })];
  }
  if (integrity === 'pinned' || (state !== 'provenance' && state !== 'signature')) return [];
  return [makeFinding(audited, { rule, level: 'note', message: AUDIT_RULES[rule] })];
}

function findRecord(audited: AuditedPackage): readonly Finding[] {
  if (audited.isRecorded !== false || audited.state !== 'provenance') return [];
  const rule = 'package-not-recorded';
  return [makeFinding(audited, { rule, level: 'note', message: AUDIT_RULES[rule] })];
}

function findAliases(audited: AuditedPackage): readonly Finding[] {
  if (audited.aliases === undefined) return [];
  const rule = 'package-aliased';
  const names = audited.aliases.map((name) => quoteText(name)).join(', ');
  return [makeFinding(audited, { rule, level: 'note', message: `${AUDIT_RULES[rule]} Here it is ${names}.` })];
}

function makeFinding(audited: AuditedPackage, told: Pick<Finding, 'rule' | 'level' | 'message'>): Finding {
  return { ...told, subject: `${audited.name}@${audited.version}`, at: audited.at, audited };
}

/** The project's own packages are its own affair, and what is bundled is within the digest of what bundles it. */
function findOther(other: UnauditedPackage, demands: AuditDemands): readonly Finding[] {
  const { name, source, at, isRecorded } = other;
  const from = FOREIGN[source];
  if (from === undefined) return [];
  const rule = isRecorded === true ? 'package-signer-changed' : 'package-not-from-registry';
  const level = isRefused(other, demands) ? 'error' : 'note';
  return [{ rule, level, subject: name, message: `${from}: ${AUDIT_RULES[rule]}`, at, other }];
}

const FOREIGN: Readonly<Partial<Record<UnauditedPackage['source'], string>>> = {
  git: 'a git repository',
  file: 'a local file',
  remote: 'a URL',
  patch: 'patched locally',
  unknown: 'of unknown origin',
};

function describeFailure({ failure, changes }: AuditedPackage): string | undefined {
  if (failure === undefined) return undefined;
  const lines = changes?.map(({ member, recorded, found }) => `${member}: ${recorded ?? 'none'} → ${found ?? 'none'}`);
  return `${failure.code}: ${[failure.message, ...(lines ?? [])].join('; ')}`;
}
