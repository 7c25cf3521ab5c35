// SPDX-License-Identifier: Apache-2.0
// Why something is not verified, in a few lines.

import { isKeywaxError } from '@keywax/core/errors';
import { CHECKS } from '@keywax/verify';
import type { CheckRow, Report } from 'keywax';
import { nameError } from '../exit.js';
import { escapeText } from './text.js';

/** The report that an error carries, if any. */
export function reportOf(error: unknown): Report | undefined {
  return isKeywaxError(error) ? (error.report as Report | undefined) : undefined;
}

/** The code with what was demanded, then what was found. */
export function explainError(error: unknown): readonly string[] {
  const row = reportOf(error)?.checks.find(({ state }) => state === 'failed');
  const code = nameError(error);
  if (row === undefined) return [`${code}: ${escapeText(error instanceof Error ? error.message : String(error))}`];
  const evidence = row.subject === '' ? row.id : `${row.id} of ${escapeText(row.subject)}`;
  return [
    `${code}: expected that ${CHECKS[row.id].demand} (${evidence})`,
    ...explainRow(row).map((line) => `  ${line}`),
  ];
}

/** Why a check failed: what it compared, or its reason. */
export function explainRow({ reason, expected, actual }: CheckRow): readonly string[] {
  const lines = { because: reason, wanted: expected, found: actual };
  return Object.entries(lines).flatMap(([label, value]) =>
    value === undefined || value === '' ? [] : [`${label.padEnd(7)} ${escapeText(value)}`],
  );
}
