// SPDX-License-Identifier: Apache-2.0
// What an error of the host means: one table over the codes of Node, undici, make-fetch-happen and tunnels.

import { type ErrorCode, KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { timedOut } from './deadline.js';
import { errorCode, redactError } from './redact.js';

interface FailureRow {
  readonly matches: RegExp;
  readonly code: ErrorCode;
  readonly text: string;
  readonly retryable: boolean;
}

const MAX_HEADER_BYTES = 16_384; // the limit of Node's HTTP parser

/** The first row that matches counts. */
const FAILURES: readonly FailureRow[] = [
  {
    matches:
      /^(?:ERR_TLS_|ERR_SSL_|EPROTO$|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH$|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$)/,
    code: 'NETWORK_TLS',
    text: 'the TLS connection could not be authenticated',
    retryable: false,
  },
  {
    matches: /^(?:HPE_HEADER_OVERFLOW|UND_ERR_HEADERS_OVERFLOW)$/,
    code: 'INPUT_TOO_LARGE',
    text: 'the headers of the answer are too large',
    retryable: false,
  },
  {
    matches:
      /^(?:ETIMEDOUT|ECONNECTIONTIMEOUT|EIDLETIMEOUT|ERESPONSETIMEOUT|UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT)$/,
    code: 'NETWORK_TIMEOUT',
    text: 'the connection timed out',
    retryable: true,
  },
  { matches: /^EPROXYREFUSED$/, code: 'NETWORK_FAILED', text: 'the proxy refused the connection', retryable: false },
  { matches: /^HPE_/, code: 'NETWORK_FAILED', text: 'the answer is not HTTP', retryable: false },
];
const OTHER_FAILURE = { code: 'NETWORK_FAILED', text: 'the connection failed', retryable: true } as const;

/** A failure of one attempt, and whether another may succeed. */
export interface Failure {
  readonly error: KeywaxError;
  readonly retryable: boolean;
}

/** Classifies what a host's `fetch` threw; errors of our own pass, and a timeout among them may be tried again. */
export function classifyFailure(thrown: unknown, what: string, secrets: readonly string[]): Failure {
  if (isKeywaxError(thrown)) return { error: thrown, retryable: thrown.code === 'NETWORK_TIMEOUT' };
  const actual = errorCode(thrown);
  const row = FAILURES.find(({ matches }) => actual !== undefined && matches.test(actual)) ?? OTHER_FAILURE;
  return {
    error: makeError(row.code, `${what}: ${row.text}`, { actual, cause: redactError(thrown, secrets) }),
    retryable: row.retryable,
  };
}

function makeError(
  code: ErrorCode,
  text: string,
  { actual, cause }: { readonly actual: string | undefined; readonly cause: Error },
): KeywaxError {
  const message = actual === undefined ? text : `${text} (${actual})`;
  const details = actual === undefined ? {} : { actual };
  switch (code) {
    case 'INPUT_TOO_LARGE':
      return new KeywaxError(code, message, { cause, details: { ...details, limit: MAX_HEADER_BYTES } });
    case 'NETWORK_TIMEOUT':
      return timedOut(text, actual ?? 'timeout', cause);
    case 'NETWORK_TLS':
      return new KeywaxError(code, message, { cause, details });
    default:
      return new KeywaxError('NETWORK_FAILED', message, { cause, details });
  }
}
