// SPDX-License-Identifier: Apache-2.0
// Exit codes: 0 only from the success of a command, and one code for each thing that a script would do about a failure.

import { ERROR_CODES, type ErrorCategory, type KeywaxError, isKeywaxError } from '@keywax/core/errors';

/** What the process answers. */
export const EXIT = { ok: 0, refused: 1, usage: 2, unavailable: 3, unsigned: 10, interrupted: 130 } as const;

/** An exit code. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_CATEGORY: Readonly<Partial<Record<ErrorCategory, ExitCode>>> = {
  CONFIG: EXIT.usage,
  FS: EXIT.usage,
  TRUSTROOT: EXIT.unavailable,
  TUF_FORMAT: EXIT.unavailable,
  TUF_SIG: EXIT.unavailable,
  TUF_EXPIRED: EXIT.unavailable,
  TUF_ROLLBACK: EXIT.unavailable,
  TUF_INTEGRITY: EXIT.unavailable,
  TUF_NOTFOUND: EXIT.unavailable,
  SERVICE: EXIT.unavailable,
  AUTH: EXIT.unavailable,
  REGISTRY: EXIT.unavailable,
  NET_BODY: EXIT.unavailable,
  NET_TIMEOUT: EXIT.unavailable,
  NET_STATUS: EXIT.unavailable,
  NET_REDIRECT: EXIT.unavailable,
  NET_TLS: EXIT.unavailable,
  NET_POLICY: EXIT.unavailable,
  ABORTED: EXIT.interrupted,
};

/** The exit code of an error; whatever is not listed is a refusal. */
export function exitCodeOf(error: unknown): ExitCode {
  if (isKeywaxError(error, 'IMAGE_UNSIGNED')) return EXIT.unsigned;
  return (isKeywaxError(error) ? BY_CATEGORY[ERROR_CODES[error.code].category] : undefined) ?? EXIT.refused;
}

/** The worst of several: a refusal says most, then a missing signature, what could not be reached, what was asked wrongly. */
export function worstExit(codes: readonly ExitCode[]): ExitCode {
  const order = [EXIT.interrupted, EXIT.refused, EXIT.unsigned, EXIT.unavailable, EXIT.usage];
  return order.find((code) => codes.includes(code)) ?? EXIT.ok;
}

/** True for output whose reader has gone. */
export function isBrokenPipe(error: unknown): boolean {
  return (
    isKeywaxError(error, 'FILE_FAILED') && (error.cause as { readonly code?: unknown } | undefined)?.code === 'EPIPE'
  );
}

/** Name of the failure, as scripts and people look it up. */
export function nameError(error: unknown): KeywaxError['code'] {
  return isKeywaxError(error) ? error.code : 'INTERNAL_ERROR';
}
