// SPDX-License-Identifier: Apache-2.0

import { type ErrorCode, isKeywaxError } from '../src/index.js';

/** The code with which something is refused; `undefined` where it is not. Other errors are passed on. */
export async function refusalOf(attempt: () => unknown): Promise<ErrorCode | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    if (isKeywaxError(error)) return error.code;
    throw error;
  }
}
