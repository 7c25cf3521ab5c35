// SPDX-License-Identifier: Apache-2.0
// Flags of a command. Refused: unknown ones, the same one twice but for lists, values that are missing or empty.

import { parseArgs } from 'node:util';
import { KeywaxError } from '@keywax/core/errors';
import { escapeText } from './render/text.js';

/** A flag that takes a value, which the help shows as `value`. */
export interface ValueFlag {
  readonly value: string;
  readonly help: string;
  readonly list?: undefined;
}

/** A flag that takes a value and may be given several times. */
export interface ListFlag {
  readonly value: string;
  readonly help: string;
  readonly list: true;
  /** One letter that stands for the name. */
  readonly short?: string;
}

/** A flag that is there or not. */
export interface SwitchFlag {
  readonly value?: undefined;
  readonly help: string;
  readonly list?: undefined;
  /** One letter that stands for the name. */
  readonly short?: string;
}

/** The flags of a command by name, without dashes. */
export type Flags = Readonly<Record<string, ValueFlag | ListFlag | SwitchFlag>>;

/** What was given: text for flags with a value, all of it for lists, `true` for switches. */
export type FlagValues<F extends Flags> = {
  readonly [K in keyof F]?: F[K] extends ListFlag ? readonly string[] : F[K] extends ValueFlag ? string : true;
};

/** What a command was called with. */
export interface Invocation<F extends Flags> {
  readonly flags: FlagValues<F>;
  readonly operands: readonly string[];
}

/** A call that makes no sense. */
export function usageError(message: string): KeywaxError {
  return new KeywaxError('CONFIG_INVALID', message);
}

/** Reads the arguments of a command. @throws CONFIG_INVALID */
export function parseFlags<F extends Flags>(args: readonly string[], flags: F): Invocation<F> {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [
      name,
      {
        type: flag.value === undefined ? ('boolean' as const) : ('string' as const),
        ...('short' in flag && flag.short !== undefined ? { short: flag.short } : {}),
      },
    ]),
  );
  const { positionals, tokens } = readTokens(args, options);
  const values: Record<string, string | readonly string[] | true> = {};
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, value } = token;
    const earlier = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === '') throw usageError(`--${name} is empty`);
    if (flags[name]?.list === true && value !== undefined)
      values[name] = [...(Array.isArray(earlier) ? earlier : []), value];
    else if (earlier !== undefined) throw usageError(`--${name} is given twice`);
    else values[name] = value ?? true;
  }
  return { flags: values as FlagValues<F>, operands: positionals };
}

function readTokens(
  args: readonly string[],
  options: Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string }>>,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true, tokens: true });
  } catch (error) {
    const code = (error as { readonly code?: unknown }).code;
    if (!(error instanceof TypeError) || typeof code !== 'string' || !code.startsWith('ERR_PARSE_ARGS_')) throw error;
    throw usageError(escapeText(error.message.split('. ')[0] ?? ''));
  }
}

/** @throws CONFIG_INVALID where flags that exclude each other are given together */
export function refuseTogether<T extends object>(given: T, names: readonly (keyof T & string)[]): void {
  const present = names.filter((name) => given[name] !== undefined);
  if (present.length > 1) throw usageError(`--${present[0]} and --${present[1]} exclude each other`);
}
