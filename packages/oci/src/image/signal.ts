// SPDX-License-Identifier: Apache-2.0

import type { RepositoryOptions } from '../registry/repository.js';

/** The same options with the signal of a call, unless they have one. */
export function withSignal(options: RepositoryOptions = {}, signal: AbortSignal | undefined): RepositoryOptions {
  return signal === undefined ? options : { ...options, transport: { signal, ...options.transport } };
}
