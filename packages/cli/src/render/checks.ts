// SPDX-License-Identifier: Apache-2.0
// The checks of a report, by the question that they answer.

import { CHECKS, type CheckId, type CheckRow, type CheckState } from '@keywax/verify';
import type { Report } from 'keywax';
import { explainRow } from './failure.js';
import { type Style, countOf, escapeText, padText } from './text.js';

/** The questions, and the first part of the ids of the checks that answer them. */
const QUESTIONS: readonly { readonly question: string; readonly parts: readonly string[] }[] = [
  { question: 'When was it signed?', parts: ['timestamp', 'promise', 'time'] },
  { question: 'Whose key signed it?', parts: ['certificate', 'sct', 'key'] },
  { question: 'Is it on public record?', parts: ['entry', 'checkpoint', 'log'] },
  { question: 'Is this what was signed?', parts: ['artifact'] },
  { question: 'Is it the signer you named?', parts: ['policy'] },
];
const DEMAND_WIDTH = 72;
const ROOMY_COLUMNS = 130; // both columns and most subjects
const INDENT = '        ';
const WORST_FIRST: readonly CheckState[] = ['failed', 'pending', 'skipped', 'passed'];

/** Lists every check, and counts them. */
export function explainChecks(report: Report, style: Style): readonly string[] {
  const groups = QUESTIONS.flatMap(({ question, parts }) => {
    const rows = report.checks.filter(({ id }) => parts.includes(id.split('.')[0] ?? ''));
    return rows.length === 0
      ? []
      : ['', `    ${style.strong(question)}`, ...mergeRows(rows).flatMap((row) => explainCheck(row, style))];
  });
  return [...groups, '', `  ${countChecks(report, style)}`];
}

/** A check that was made several times, such as once for each proven time, is one line; the worst outcome counts. */
function mergeRows(rows: readonly CheckRow[]): readonly CheckRow[] {
  const merged = new Map<string, CheckRow>();
  for (const row of rows) {
    const key = `${row.id} ${row.subject}`;
    const known = merged.get(key);
    if (known === undefined || WORST_FIRST.indexOf(row.state) < WORST_FIRST.indexOf(known.state)) merged.set(key, row);
  }
  return [...merged.values()];
}

function explainCheck(row: CheckRow, style: Style): readonly string[] {
  const { id, subject, state, reason } = row;
  const { demand, name } = layOut(demandOf(id), subject === '' ? id : `${id} of ${escapeText(subject)}`, {
    state,
    style,
  });
  switch (state) {
    case 'passed':
      return [`      ${style.good('✔')} ${demand}${name}`];
    case 'skipped':
      return [
        `      ${style.careful('–')} ${demand}${name}`,
        ...(reason === undefined ? [] : [`        set aside: ${escapeText(reason)}`]),
      ];
    case 'failed':
      return [
        `      ${style.bad('✘')} ${style.bad(demand)}${name}`,
        ...explainRow(row).map((line) => `        ${line}`),
      ];
    case 'pending':
      return [`      · ${demand}${name}`];
  }
}

/** In two columns, or on a terminal without room for them one after the other, below each other where a line would not do. */
function layOut(
  demand: string,
  id: string,
  { state, style }: { readonly state: CheckState; readonly style: Style },
): { readonly demand: string; readonly name: string } {
  const label = state === 'pending' ? `not reached ${id}` : id;
  const name = style.faint(label);
  const { columns = Infinity } = style;
  if (columns >= ROOMY_COLUMNS) return { demand: padText(demand, DEMAND_WIDTH), name: ` ${name}` };
  const fits = `${INDENT}${demand}  ${label}`.length <= columns;
  return { demand, name: fits ? `  ${name}` : `\n${INDENT}${name}` };
}

function demandOf(id: CheckId): string {
  return CHECKS[id].demand;
}

function countChecks({ checks }: Report, style: Style): string {
  const count = (state: CheckRow['state']): number => checks.filter((row) => row.state === state).length;
  const [passed, failed, skipped, pending] = [count('passed'), count('failed'), count('skipped'), count('pending')];
  return [
    style.good(`${countOf(passed, 'check')} passed`),
    ...(failed === 0 ? [] : [style.bad(`${failed} failed`)]),
    ...(skipped === 0 ? [] : [style.careful(`${skipped} set aside`)]),
    ...(pending === 0 ? [] : [`${pending} not reached`]),
  ].join(', ');
}
