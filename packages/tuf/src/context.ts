// SPDX-License-Identifier: Apache-2.0
// What the steps of a client have in common.

import type { CryptoProvider } from '@keywax/core/crypto';
import { type KeywaxError, isKeywaxError } from '@keywax/core/errors';
import type { DiagnosticListener } from './diagnostic.js';
import type { Mirror } from './mirror.js';
import type { TufStore } from './store.js';

/** The settings of a client, and the one reading of the clock that an operation makes. */
export interface Context {
  /** The root that the caller trusts. */
  readonly trustedRoot: Uint8Array;
  readonly store: TufStore;
  /** Absent where nothing may be fetched. */
  readonly mirror?: Mirror;
  /** False where metadata may have expired. */
  readonly checkExpiry: boolean;
  readonly now: Date;
  readonly crypto: CryptoProvider;
  readonly report: DiagnosticListener;
}

/**
 * Takes note of something in the store that did not verify, where it can be fetched instead.
 * @throws the error where it cannot, or where it is not about the content
 */
export function setAside(context: Context, what: string, error: unknown): void {
  if (!isKeywaxError(error) || context.mirror === undefined || isOutside(error)) throw error;
  context.report({ kind: 'cacheRefused', message: `the stored ${what} was set aside: ${error.message}`, error });
}

/** True for failures that say nothing of the content. */
function isOutside({ code }: KeywaxError): boolean {
  return code === 'OPERATION_ABORTED' || code === 'FILE_FAILED' || code === 'INTERNAL_ERROR';
}
