// SPDX-License-Identifier: Apache-2.0
// Where a password comes from. It is asked for only once it is needed.

import { isWellFormed } from '@keywax/core/bytes';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';

/** A password, which may be empty, or what obtains it. */
export type Password = string | (() => string | Promise<string>);

const MAX_PASSWORD_CHARS = 4_096; // far above any that is typed, so that a file given by mistake is refused

/** Obtains a password. @throws CONFIG_INVALID where there is none, and the `KeywaxError` of a function */
export async function obtainPassword(password: Password | undefined): Promise<string> {
  if (password === undefined) throw noPassword('a password, because the private key is encrypted');
  const text: unknown = typeof password === 'function' ? await callPassword(password) : password;
  if (typeof text !== 'string' || text.length > MAX_PASSWORD_CHARS || !isWellFormed(text))
    throw noPassword(`a password of at most ${MAX_PASSWORD_CHARS} characters`);
  return text;
}

async function callPassword(password: () => string | Promise<string>): Promise<string> {
  try {
    return await password();
  } catch (cause) {
    if (isKeywaxError(cause)) throw cause;
    throw new KeywaxError('CONFIG_INVALID', 'password: the function that obtains it has failed', { cause });
  }
}

function noPassword(expected: string): KeywaxError {
  return new KeywaxError('CONFIG_INVALID', `password: expected ${expected}`, { details: { at: 'password', expected } });
}
