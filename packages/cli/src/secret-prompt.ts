// SPDX-License-Identifier: Apache-2.0
// Asking for a secret on a terminal, which shows nothing of what is typed.

import { KeywaxError } from '@keywax/core/errors';

/** A terminal that can be read key by key. */
export interface SecretInput extends NodeJS.ReadableStream {
  setRawMode(mode: boolean): unknown;
}

/** Where the question goes, and what is typed comes from. */
export interface SecretTerminal {
  readonly input: SecretInput;
  readonly output: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

const ENTER = ['\r', '\n'];
const ERASE = ['\u007f', '\b'];
const ERASE_LINE = '\u0015';
/** What a terminal sends for the other keys, such as arrows, and around what is pasted (ECMA-48 5.4). */
const SEQUENCES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|O[@-~])/g;
const LEAVE = ['\u0003', '\u0004']; // Ctrl-C and Ctrl-D, which a terminal in raw mode hands on as they are

/** Asks, and answers with one line. @throws OPERATION_ABORTED by Ctrl-C, Ctrl-D, the signal, or the end of the input */
export async function askSecret(question: string, { input, output, signal }: SecretTerminal): Promise<string> {
  if (signal.aborted) throw interrupted();
  input.setRawMode(true); // first, so that nothing is shown of what comes early
  output.write(question);
  input.setEncoding('utf8');
  try {
    return await readLine(input, signal);
  } finally {
    input.setRawMode(false);
    input.pause();
    output.write('\n');
  }
}

function readLine(input: SecretInput, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let line: readonly string[] = [];
    const finish = (settle: () => void): void => {
      input.off('data', read).off('end', leave).off('error', leave);
      signal.removeEventListener('abort', leave);
      settle();
    };
    const leave = (): void => finish(() => reject(interrupted()));
    const read = (chunk: string | Buffer): void => {
      for (const key of chunk.toString().replace(SEQUENCES, '')) {
        if (ENTER.includes(key)) return finish(() => resolve(line.join('')));
        if (LEAVE.includes(key)) return leave();
        line = typeKey(line, key);
      }
    };
    signal.addEventListener('abort', leave, { once: true });
    input.on('data', read).on('end', leave).on('error', leave);
    input.resume();
  });
}

function typeKey(line: readonly string[], key: string): readonly string[] {
  if (ERASE.includes(key)) return line.slice(0, -1);
  if (key === ERASE_LINE) return [];
  return key < ' ' ? line : [...line, key]; // other control keys are nothing that anybody means to type
}

function interrupted(): KeywaxError {
  return new KeywaxError('OPERATION_ABORTED', 'no password was given');
}
