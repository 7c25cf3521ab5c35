// SPDX-License-Identifier: Apache-2.0

import type { Transport } from '@keywax/http';

/** Environment variables, passed in from the edge: `process.env` or a record like it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a source of tokens in an environment gets. */
export interface AmbientRequest {
  readonly environment: Environment;
  readonly audience: string;
  readonly transport: Transport;
}

/** The value of a variable that is set and not empty; what a record inherits does not count. */
export function readVariable(environment: Environment, name: string): string | undefined {
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  return value === '' ? undefined : value;
}
