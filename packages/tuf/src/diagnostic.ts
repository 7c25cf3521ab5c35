// SPDX-License-Identifier: Apache-2.0
// What a caller may want to know although nothing failed.

import type { KeywaxError } from '@keywax/core/errors';

/** Something that a client noticed and went on without. */
export interface TufDiagnostic {
  /**
   * `rootForbidden`: the mirror answered 403 for the next root, which is taken for "there is none" (RUL-14).
   * `timestampAltered`: the mirror gave the known version of the timestamp with another content, which was not used.
   * `cacheRefused`: something in the store did not verify, and was fetched again.
   * `cacheIncomplete`: a target that was in use could not be fetched in its new version; offline use keeps the old state.
   * `storeFailed`: the store cannot be written, so that this process alone has what it fetched.
   * `storeShared`: others may write to the folder of the store.
   * `refreshFailed`: a refresh in the background failed; what was answered from the cache holds until it expires.
   */
  readonly kind:
    | 'rootForbidden'
    | 'timestampAltered'
    | 'cacheRefused'
    | 'cacheIncomplete'
    | 'storeFailed'
    | 'storeShared'
    | 'refreshFailed';
  readonly message: string;
  /** What would have been thrown, where there is such an error. */
  readonly error?: KeywaxError;
}

/** Takes diagnostics as they come. */
export type DiagnosticListener = (diagnostic: TufDiagnostic) => void;
