// SPDX-License-Identifier: Apache-2.0
// How a call ends, as text for tables of expectations.

import { isKeywaxError } from '../src/errors.js';

/** The code of the `KeywaxError` that the call throws, or `'accepted'`. */
export function codeOf(run: () => unknown): string {
  return faultOf(run).split(' ', 1)[0] ?? '';
}

/** The code and the path of the `KeywaxError` that the call throws, or `'accepted'`. */
export function faultOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return isKeywaxError(error) ? `${error.code} ${error.details.at}` : `foreign: ${String(error)}`;
  }
  return 'accepted';
}
