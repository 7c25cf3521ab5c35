// SPDX-License-Identifier: Apache-2.0
// Trust material as a table for people.

import type { AuthorityRow, RowState, ServiceRow } from './trust-rows.js';
import { type Style, escapeText, padText } from './text.js';

const STATE_WIDTH = 10;
const INDENT = '    ';

const STATES: Readonly<Record<RowState, { readonly text: string; readonly paint: Exclude<keyof Style, 'columns'> }>> = {
  now: { text: 'valid', paint: 'good' },
  past: { text: 'ended', paint: 'faint' },
  future: { text: 'to come', paint: 'faint' },
  unusable: { text: 'unusable', paint: 'bad' },
};

const TITLES: Readonly<Record<AuthorityRow['kind'] | ServiceRow['kind'], string>> = {
  'certificate authority': 'Certificate authorities',
  'identity provider': 'Identity providers',
  log: 'Logs',
  'certificate log': 'Certificate logs',
  'timestamp authority': 'Timestamp authorities',
};

/** The entries of a trusted root, by kind. */
export function describeAuthorities(rows: readonly AuthorityRow[], style: Style): string {
  if (rows.length === 0) return `  ${style.careful('Nobody is trusted.')}\n`;
  return describeKinds(rows, style, (row) => [
    ...head(row, style, ''),
    ...(row.reason === undefined ? [] : [style.bad(escapeText(row.reason))]),
    ...(row.keyId === undefined ? [] : [`${escapeText(row.algorithm ?? '')}, key id ${row.keyId}`]),
    ...(row.certificates ?? []).map(
      ({ subject, end }) => `${escapeText(subject)} ${style.faint(`until ${formatDay(end)}`)}`,
    ),
  ]);
}

/** The services of a signing config, by kind. */
export function describeServices(rows: readonly ServiceRow[], style: Style): string {
  return describeKinds(rows, style, (row) =>
    head(row, style, `version ${row.majorApiVersion}${row.isSelected ? `, ${style.strong('used now')}` : ''}, `),
  );
}

/** The first line of an entry, and when it counts. */
function head(row: AuthorityRow | ServiceRow, style: Style, more: string): readonly string[] {
  const operator = row.operator === undefined ? '' : `, run by ${escapeText(row.operator)}`;
  const end = row.end === undefined ? 'on' : `to ${formatDay(row.end)}`;
  return [style.strong(escapeText(row.name)), `${more}from ${formatDay(row.start)} ${end}${operator}`];
}

function describeKinds<T extends AuthorityRow | ServiceRow>(
  rows: readonly T[],
  style: Style,
  describe: (row: T) => readonly string[],
): string {
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  return kinds
    .map((kind) => {
      const group = rows.filter((row) => row.kind === kind);
      const lines = group.flatMap((row) => layOut(row.state, describe(row), style));
      return [`  ${TITLES[kind]}`, ...lines, ''].join('\n');
    })
    .join('\n');
}

function layOut(state: RowState, [first = '', ...more]: readonly string[], style: Style): readonly string[] {
  const { text, paint } = STATES[state];
  return [
    `${INDENT}${style[paint](padText(text, STATE_WIDTH))}${first}`,
    ...more.map((line) => `${INDENT}${' '.repeat(STATE_WIDTH)}${line}`),
  ];
}

/** To the second, and without the time of day at midnight. */
function formatDay(instant: string): string {
  return instant
    .replace('T00:00:00Z', '')
    .replace('T', ' ')
    .replace(/(?:\.\d+)?Z$/, ' UTC');
}
