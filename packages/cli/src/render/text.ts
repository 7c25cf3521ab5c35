// SPDX-License-Identifier: Apache-2.0
// Text for terminals and logs. What comes from outside is escaped: no terminal and no build server acts on it.

import type { Output } from '../host.js';

/** Marks text; without colours it leaves it alone. */
export type Paint = (text: string) => string;

/** The few styles in use. */
export interface Style {
  readonly strong: Paint;
  readonly faint: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly careful: Paint;
  /** Columns that a line may have; absent where nothing bounds it. */
  readonly columns?: number | undefined;
}

/** The styles that an output can show. */
export function createStyle({ color, columns }: Pick<Output, 'color' | 'columns'>): Style {
  const paint =
    (open: number, close: number): Paint =>
    (text) =>
      color ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    strong: paint(1, 22),
    faint: paint(2, 22),
    good: paint(32, 39),
    bad: paint(31, 39),
    careful: paint(33, 39),
    columns,
  };
}

// C0, DEL and C1; zero-width, line and paragraph separators, and what reorders text.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
// GitHub Actions acts on `::name` at the start of a line, and on `##[name]` anywhere.
const COMMAND = /^(\s*):(?=:)|#(?=#\[)/g;

/** One line of text from outside, harmless and visible. */
export function escapeText(text: string): string {
  return text
    .replace(UNSAFE, escapeUnit)
    .replace(COMMAND, (match, space: string | undefined) => (space ?? '') + escapeUnit(match.trimStart()));
}

/** A JSON document, indented, in which the same is escaped by means of JSON. */
export function encodeJsonText(value: unknown): string {
  const text = JSON.stringify(value, undefined, 2);
  return `${text.replace(/[^\n\u0020-\u007e\u00a0-\uffff]|#(?=#\[)/g, escapeUnit).replace(UNSAFE, (unit) => (unit === '\n' ? unit : escapeUnit(unit)))}\n`;
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** An instant for people: UTC, to the second. */
export function formatInstant(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Pads to a width in characters. */
export function padText(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - [...text].length));
}

/** `1 file`, `2 files`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
