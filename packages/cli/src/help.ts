// SPDX-License-Identifier: Apache-2.0
// The help, from the tables of commands and flags.

import type { Command } from './command.js';
import { COMMANDS } from './commands.js';
import { padText } from './render/text.js';

const NAME_WIDTH = 15;

/** The help of `keywax` itself. */
export function describeProgram(): string {
  const names = [
    ...Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary] as const),
    ['help', 'show this, or the help of a command'],
    ['version', 'show the version'],
  ] as const;
  return [
    'keywax signs and verifies with short-lived keys, identities and public logs (Sigstore).',
    '',
    'Usage: keywax COMMAND …',
    '',
    ...names.map(([name, summary]) => `  ${padText(name, NAME_WIDTH)} ${summary}`),
    '',
    'Data goes to stdout, prose to stderr. Exit codes: 0 done, or verified · 1 not verified ·',
    '2 wrong usage, or a file that cannot be read or written · 3 network or trust · 10 no signature.',
    '',
  ].join('\n');
}

/** The help of the commands that begin with one word. */
export function describeGroup(word: string): string {
  const rows = Object.entries(COMMANDS).filter(([name]) => name.startsWith(`${word} `));
  return [
    `Usage: keywax ${word} COMMAND …`,
    '',
    ...rows.map(([name, { summary }]) => `  ${padText(name, NAME_WIDTH)} ${summary}`),
    '',
  ].join('\n');
}

/** The help of one command. */
export function describeCommand(name: string, { operands, about, flags }: Command): string {
  const rows = Object.entries(flags).map(
    ([flag, { value, help, list, ...more }]) =>
      [
        `--${flag}${value === undefined ? '' : ` ${value}`}`,
        `${help}${list === true ? '; may be given several times' : ''}${'short' in more ? `; short: -${more.short}` : ''}`,
      ] as const,
  );
  const width = Math.max(...rows.map(([flag]) => flag.length));
  return [
    `Usage: keywax ${name} ${operands}`,
    '',
    about,
    '',
    ...rows.map(([flag, help]) => `  ${padText(flag, width)}  ${help}`),
    '',
  ].join('\n');
}
