// SPDX-License-Identifier: Apache-2.0
// Passwords of private keys: the variable that cosign reads, which may be empty, or the terminal.

import { usageError } from './flags.js';
import type { Host } from './host.js';

const VARIABLE = 'COSIGN_PASSWORD';

/** Obtains the password of a key that exists, once it is needed. @throws CONFIG_INVALID, OPERATION_ABORTED */
export function passwordOf({ env, askSecret }: Host, name = 'the private key'): () => Promise<string> {
  let answer: Promise<string> | undefined; // a person is asked once
  return async () => selectFromEnvironment(env) ?? (answer ??= ask(askSecret, `Password of ${name}: `));
}

/** Obtains the password of a new key; it is typed twice. @throws CONFIG_INVALID, OPERATION_ABORTED */
export async function chooseNewPassword({ env, askSecret }: Host): Promise<string> {
  const given = selectFromEnvironment(env);
  if (given !== undefined) return given;
  const password = await ask(askSecret, 'Password for the new private key: ');
  if ((await ask(askSecret, 'The same again: ')) !== password) throw usageError('the two passwords differ');
  return password;
}

function selectFromEnvironment(env: Host['env']): string | undefined {
  return Object.hasOwn(env, VARIABLE) ? env[VARIABLE] : undefined;
}

async function ask(askSecret: Host['askSecret'], question: string): Promise<string> {
  if (askSecret === undefined)
    throw usageError(`no password: ${VARIABLE} holds it, which may be empty, or a terminal asks for it`);
  return askSecret(question);
}
