// SPDX-License-Identifier: Apache-2.0
// The report of a verification for people: who, when, proven by what, and each check.

import type { ReportFact, Verified } from 'keywax';
import type { Outcome } from '../outcome.js';
import { explainChecks } from './checks.js';
import { explainError, reportOf } from './failure.js';
import { type Style, escapeText, formatInstant, padText } from './text.js';

const LABEL_WIDTH = 14;
const INDENT = '    ';

/** Explains one outcome. */
export function explainOutcome(outcome: Outcome, style: Style): string {
  const { name, result } = outcome;
  return result.kind === 'verified'
    ? explainVerified(name, result.verified, style)
    : explainFailure(name, result.error, style);
}

function explainVerified(name: string, verified: Verified, style: Style): string {
  return lines(
    style.good(style.strong(`✔ ${escapeText(name)} is verified`)),
    '',
    '  What was proven',
    '',
    ...explainSigner(verified, style),
    ...explainTimes(verified, style),
    ...explainEntries(verified, style),
    ...explainArtifact(verified, style),
    ...explainExtensions(verified, style),
    '',
    '  How it was proven',
    ...explainChecks(verified.report, style),
  );
}

function explainSigner({ signer }: Verified, style: Style): readonly string[] {
  if (signer.kind === 'key') return [row('Signed by', style.strong('the key you gave'))];
  const { identity, certificate, authority } = signer;
  return [
    row('Signed by', style.strong(escapeText(identity.subject))),
    more(style.faint(`${SUBJECTS[identity.subjectKind]}, vouched for by ${escapeText(identity.issuer)}`)),
    more(style.faint(`with a certificate of ${escapeText(authority.uri || authority.subject.commonName)}`)),
    more(style.faint(`good from ${formatInstant(certificate.notBefore)} to ${formatInstant(certificate.notAfter)}`)),
  ];
}

/** What else the issuer said about the signer. Early extensions that later ones repeat are left out. */
function explainExtensions({ signer }: Verified, style: Style): readonly string[] {
  if (signer.kind === 'key') return [];
  const { extensions } = signer.identity;
  const shown = Object.entries(extensions).filter(
    ([name]) => extensions.buildConfigUri === undefined || !name.startsWith('githubWorkflow'),
  );
  if (shown.length === 0) return [];
  const width = Math.max(...shown.map(([name]) => spellName(name).length));
  const rows = shown.map(
    ([name, value]) => `${INDENT}  ${padText(spellName(name), width)}  ${style.faint(escapeText(value ?? ''))}`,
  );
  return ['', `${INDENT}The certificate also says`, ...rows];
}

const SUBJECTS = { email: 'an e-mail address', uri: 'a URI', username: 'a user name' } as const;

function explainTimes({ times }: Verified, style: Style): readonly string[] {
  if (times.length === 0) return [row('Signed at', 'a time that nobody proves, as a key needs none')];
  return times.map(({ at, source, authority }, i) => {
    const who = style.faint(`says the ${source === 'log' ? 'log' : 'timestamp authority'} ${escapeText(authority)}`);
    const text = `${style.strong(formatInstant(at))}  ${who}`;
    return i === 0 ? row('Signed at', text) : more(text);
  });
}

function explainEntries({ entries }: Verified, style: Style): readonly string[] {
  return entries.map(({ index, log }, i) => {
    const text = `${style.strong(`entry ${index}`)} of the log ${escapeText(log)}`;
    return i === 0 ? row('Recorded as', text) : more(text);
  });
}

function explainArtifact({ statement, subject, report }: Verified, style: Style): readonly string[] {
  const digest = report.checks.find(({ id }) => id === 'artifact.digest')?.actual;
  if (statement === undefined) return digest === undefined ? [] : [row('Artifact', style.strong(digest))];
  const digests = [...(subject?.digests ?? [])].map(([algorithm, value]) =>
    more(style.faint(`${escapeText(algorithm)} ${escapeText(value)}`)),
  );
  return [
    row('Statement', style.strong(escapeText(statement.predicateType))),
    ...(subject === undefined ? [] : [more(`about ${escapeText(subject.name ?? 'the artifact')}`), ...digests]),
  ];
}

function explainFailure(name: string, error: unknown, style: Style): string {
  const report = reportOf(error);
  return lines(
    style.bad(style.strong(`✘ ${escapeText(name)} is not verified`)),
    '',
    ...explainError(error).map((line) => `  ${line}`),
    ...(report === undefined
      ? ['', '  Nothing was checked beyond that.']
      : ['', ...explainClaims(report.facts, style), '  What was checked', ...explainChecks(report, style)]),
  );
}

/** A failure proves nothing as a whole: what the bundle says is shown as its claim. */
function explainClaims(facts: readonly ReportFact[], style: Style): readonly string[] {
  if (facts.length === 0) return [];
  const rows = facts.map(
    ({ name, value }) =>
      `${INDENT}${style.careful(padText(spellName(name.replace(/^signer\./, '')), LABEL_WIDTH + 8))} ${escapeText(value)}`,
  );
  return [`  What the bundle claims, ${style.careful('which is not proven')}`, '', ...rows, ''];
}

/** `sourceRepositoryUri` becomes `source repository URI`. */
function spellName(name: string): string {
  return name
    .replace(/[.]/g, ' ')
    .replace(/[A-Z][a-z]+/g, (word) => ` ${word.toLowerCase()}`)
    .replace(/\buri\b/g, 'URI');
}

function row(label: string, text: string): string {
  return `${INDENT}${padText(label, LABEL_WIDTH)}${text}`;
}

function more(text: string): string {
  return row('', text);
}

function lines(...rows: readonly string[]): string {
  return `${rows.join('\n')}\n`;
}
