// SPDX-License-Identifier: Apache-2.0
// Docker's credential helpers: a program `docker-credential-NAME` that is asked on its standard input.
// Refused: names with anything but letters, digits, dots, hyphens and underscores, more than 64 KiB of output, answers
// that are not one JSON object with `Username` and `Secret`.

import { execFile } from 'node:child_process';
import { decodeOpenObject, decodeString } from '@keywax/core/decode';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { parseJson } from '@keywax/core/json';
import { type RegistryCredential, checkCredential } from './credentials.js';

/** How helpers are run. */
export interface HelperSettings {
  /** Environment of the program, with the `PATH` where it is looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
}

const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;
const MAX_OUTPUT_BYTES = 65_536;
const NOT_FOUND = 'credentials not found in native keychain'; // the word of all helpers of Docker's library
const IDENTITY_TOKEN_USER = '<token>';

/**
 * Asks a helper for the credentials of a server.
 * @returns nothing where it has none
 * @throws REGISTRY_INVALID, without a word of its output
 */
export async function runCredentialHelper(
  name: string,
  server: string,
  settings: HelperSettings,
): Promise<RegistryCredential | undefined> {
  if (!NAME.test(name)) throw failed(name, 'a name of letters, digits, dots, hyphens and underscores');
  const output = await askHelper(name, server, settings);
  if (output === undefined) return undefined;
  const { Username: username, Secret: secret } = readOutput(name, output);
  if (username === '' && secret === '') return undefined;
  return checkCredential(
    username === IDENTITY_TOKEN_USER
      ? { kind: 'identityToken', token: secret }
      : { kind: 'basic', username, password: secret },
  );
}

/** No shell is involved, and the name is that of a program in `PATH` (ATTACKS OC-025). */
function askHelper(
  name: string,
  server: string,
  { environment, timeoutMs }: HelperSettings,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const options = {
      env: { ...environment },
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_OUTPUT_BYTES,
      windowsHide: true,
    } as const;
    const child = execFile(`docker-credential-${name}`, ['get'], options, (error, stdout) => {
      if (error === null) resolve(stdout);
      else if (stdout.trim() === NOT_FOUND) resolve(undefined);
      else reject(failed(name, error.killed === true ? `an answer within ${timeoutMs} ms` : 'a program that succeeds'));
    });
    // A program that ends without reading breaks the pipe.
    child.stdin?.on('error', () => {});
    child.stdin?.end(server);
  });
}

const decodeOutput = /* @__PURE__ */ decodeOpenObject<{ readonly Username: string; readonly Secret: string }>({
  Username: decodeString,
  Secret: decodeString,
});

/** Errors of the readers may quote what they read, which is secret: they are left behind. */
function readOutput(name: string, output: string): { readonly Username: string; readonly Secret: string } {
  try {
    return decodeOutput(parseJson(output, { maxBytes: MAX_OUTPUT_BYTES }), '$');
  } catch {
    throw failed(name, 'JSON with Username and Secret');
  }
}

function failed(name: string, expected: string): KeywaxError<'REGISTRY_INVALID'> {
  return new KeywaxError('REGISTRY_INVALID', `credential helper ${quoteText(name)}: expected ${expected}`, {
    details: { expected },
  });
}
