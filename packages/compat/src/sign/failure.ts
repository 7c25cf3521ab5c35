// SPDX-License-Identifier: Apache-2.0

import { isKeywaxError } from '@keywax/core/errors';
import { InternalError, type InternalErrorCode } from '../errors.js';

/** The error of a step of signing; of a service that refused it says the status and, quoted, what the service said. */
export function failedStep(code: InternalErrorCode, message: string, cause: unknown): InternalError {
  return new InternalError({ code, message: message + describeStatus(cause), cause });
}

function describeStatus(cause: unknown): string {
  if (!isKeywaxError(cause, 'NETWORK_STATUS')) return '';
  const { status, actual } = cause.details;
  return ` - (${status})${actual === undefined ? '' : ` ${actual}`}`;
}
