// SPDX-License-Identifier: Apache-2.0
// What sources of tokens need of the machine where there is one: the output of a program, and a small file.

import type { Environment } from './environment.js';

/** A program to run, found by the `PATH` of the environment. Never through a shell. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment: Environment;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const MAX_TOKEN_BYTES = 65_536; // a token is at most 16 KiB

/** What a program wrote to its output; `undefined` where it is missing, fails or takes too long. Nothing of it is repeated. */
export async function runCommand(command: Command): Promise<string | undefined> {
  const { execFile } = await import('node:child_process');
  const { file, args, environment, timeoutMs, signal } = command;
  return new Promise<string | undefined>((resolve) => {
    execFile(
      file,
      [...args],
      {
        env: environment,
        timeout: Math.max(Math.ceil(timeoutMs), 1), // 0 would be no end
        killSignal: 'SIGKILL',
        maxBuffer: MAX_TOKEN_BYTES,
        windowsHide: true,
        ...(signal === undefined ? {} : { signal }),
      },
      // What a failure says may repeat what the program wrote.
      (error, stdout) => resolve(error === null ? stdout : undefined),
    );
  }).catch(() => undefined); // what cannot be started; the error may repeat a variable
}

/** The text of a file; `undefined` where there is none, or where it is no small file. */
export async function readSmallFile(path: string): Promise<string | undefined> {
  const { open } = await import('node:fs/promises');
  try {
    const file = await open(path);
    try {
      const { bytesRead, buffer } = await file.read(new Uint8Array(MAX_TOKEN_BYTES), 0, MAX_TOKEN_BYTES);
      return bytesRead === MAX_TOKEN_BYTES ? undefined : new TextDecoder().decode(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}
