// SPDX-License-Identifier: Apache-2.0
// One call of `keywax`: finds the command, runs it, and turns its failure into a line and an exit code.

import { quoteText } from '@keywax/core/errors';
import { COMMANDS, type CommandEntry } from './commands.js';
import { EXIT, type ExitCode, exitCodeOf, isBrokenPipe, nameError } from './exit.js';
import { parseFlags, usageError } from './flags.js';
import { describeCommand, describeGroup, describeProgram } from './help.js';
import type { Host } from './host.js';
import { createStyle, escapeText } from './render/text.js';

declare const __KEYWAX_VERSION__: string;

const SELF = ['help', 'version']; // have no help of their own

/** Runs one command. Never throws. */
export async function runCommand(args: readonly string[], host: Host): Promise<ExitCode> {
  try {
    return await dispatch(args, host);
  } catch (error) {
    if (!isBrokenPipe(error)) await printFailure(error, host);
    return exitCodeOf(error);
  }
}

async function dispatch(args: readonly string[], host: Host): Promise<ExitCode> {
  const [name, ...others] = args;
  if (name === undefined) throw usageError('no command; `keywax help` lists them');
  if (name === 'help' || name === '--help' || name === '-h') return help(others, host);
  if (name === 'version' || name === '--version' || name === '-v') return version(others, host);
  const words = isGroup(name) && others[0] !== undefined && !others[0].startsWith('-') ? 2 : 1;
  const names = args.slice(0, words);
  const rest = args.slice(words);
  if (asksForHelp(rest)) {
    // Before anything else is read, so that help is never refused.
    await help(names, host);
    // Among other arguments it may be the name of a file, and nothing was done with that.
    return rest.length === 1 ? EXIT.ok : EXIT.usage;
  }
  const command = await selectCommand(names).load();
  return command.run(parseFlags(rest, command.flags), host);
}

/** What follows `--` are operands, whatever they look like. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const flags = end < 0 ? args : args.slice(0, end);
  return flags.includes('--help') || flags.includes('-h');
}

async function help(names: readonly string[], { out }: Host): Promise<ExitCode> {
  const [word, ...others] = names;
  if (word === undefined || (others.length === 0 && SELF.includes(word))) await out.write(describeProgram());
  else if (others.length === 0 && isGroup(word)) await out.write(describeGroup(word));
  else if (others.length > (isGroup(word) ? 1 : 0)) throw usageError('help takes one command');
  else await out.write(describeCommand(names.join(' '), await selectCommand(names).load()));
  return EXIT.ok;
}

async function version(rest: readonly string[], { out }: Host): Promise<ExitCode> {
  if (rest.length > 0) throw usageError('version takes nothing');
  await out.write(`${__KEYWAX_VERSION__}\n`);
  return EXIT.ok;
}

/** True for the first word of commands that have two. */
function isGroup(word: string): boolean {
  return Object.keys(COMMANDS).some((name) => name.startsWith(`${word} `));
}

function selectCommand(names: readonly string[]): CommandEntry {
  const name = names.join(' ');
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  const [word = ''] = names;
  if (entry === undefined)
    throw usageError(`no command ${quoteText(name)}; \`keywax help${isGroup(word) ? ` ${word}` : ''}\` lists them`);
  return entry;
}

/** One line: the name of the failure, and what is wrong. */
async function printFailure(error: unknown, { err }: Host): Promise<void> {
  const style = createStyle(err);
  const message = error instanceof Error ? error.message : String(error);
  await err.write(`${style.bad('keywax:')} ${nameError(error)}: ${escapeText(message)}\n`).catch(() => {});
}
