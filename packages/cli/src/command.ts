// SPDX-License-Identifier: Apache-2.0
// What a command is.

import type { ExitCode } from './exit.js';
import type { Flags, Invocation } from './flags.js';
import type { Host } from './host.js';

/** A command: how it is called, and what it does. */
export interface Command<F extends Flags = Flags> {
  /** Operands after the flags, for the help. */
  readonly operands: string;
  /** Paragraphs for the help. */
  readonly about: string;
  readonly flags: F;
  run(invocation: Invocation<F>, host: Host): Promise<ExitCode>;
}

/** A command whose flags are known to the compiler where it is written. */
export function defineCommand<const F extends Flags>(command: Command<F>): Command {
  return command;
}
