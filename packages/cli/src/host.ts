// SPDX-License-Identifier: Apache-2.0
// What a command sees of the world: environment, output, and the signal that stops it.

import { KeywaxError } from '@keywax/core/errors';
import { askSecret } from './secret-prompt.js';

/** One of the two outputs. */
export interface Output {
  /** Whether text may carry colours. */
  readonly color: boolean;
  /** Columns of the terminal; absent where it is none. */
  readonly columns?: number | undefined;
  /** Writes and waits until it has been handed on. @throws FILE_FAILED where nobody reads any more */
  write(text: string): Promise<void>;
}

/** The world of a command. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Data, and nothing else. */
  readonly out: Output;
  /** Prose for people. */
  readonly err: Output;
  /** Fires when the user interrupts. */
  readonly signal: AbortSignal;
  /** Asks on the terminal and shows nothing of the answer; absent where there is none. */
  readonly askSecret?: (question: string) => Promise<string>;
}

/** The world of this process. */
export function createProcessHost(signal: AbortSignal): Host {
  const { env, stdin, stdout, stderr } = process;
  const host = { env, out: createOutput(stdout, env), err: createOutput(stderr, env), signal };
  if (!stdin.isTTY || !stderr.isTTY) return host;
  return { ...host, askSecret: (question) => askSecret(question, { input: stdin, output: stderr, signal }) };
}

function createOutput(stream: NodeJS.WriteStream, env: Host['env']): Output {
  stream.on('error', () => {}); // each write reports its own
  return {
    color: wantsColor(stream, env),
    get columns() {
      return stream.isTTY ? stream.columns : undefined; // it may be resized
    },
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (cause) => {
          if (cause === undefined || cause === null) resolve();
          else reject(new KeywaxError('FILE_FAILED', 'the output could not be written', { cause }));
        });
      }),
  };
}

/** https://no-color.org, and FORCE_COLOR as Node reads it. */
function wantsColor(stream: NodeJS.WriteStream, env: Host['env']): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false;
  if (env['FORCE_COLOR'] !== undefined) return env['FORCE_COLOR'] !== '0' && env['FORCE_COLOR'] !== 'false';
  return stream.isTTY && env['TERM'] !== 'dumb';
}

/** Resolves once the command is to stop. */
export function untilStopped({ signal }: Pick<Host, 'signal'>): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
