// SPDX-License-Identifier: Apache-2.0
// The CI systems that give identity tokens to what runs on them: one row each, the first that is present counts.

import { type AmbientRequest, type Environment, readVariable } from './environment.js';
import { requestGithubToken } from './github.js';

/** A source of tokens that an environment may have. */
export interface AmbientProvider {
  /** For people. */
  readonly name: string;
  readonly isPresent: (environment: Environment) => boolean;
  /** The token as it was given. */
  readonly requestToken: (request: AmbientRequest) => Promise<string>;
}

/** All rows. A token that someone has set comes before one that would have to be fetched. */
export const AMBIENT_PROVIDERS: readonly AmbientProvider[] = [
  {
    name: 'SIGSTORE_ID_TOKEN',
    isPresent: (environment) => readVariable(environment, 'SIGSTORE_ID_TOKEN') !== undefined,
    requestToken: async ({ environment }) => readVariable(environment, 'SIGSTORE_ID_TOKEN') ?? '',
  },
  {
    name: 'GitHub Actions',
    isPresent: (environment) =>
      readVariable(environment, 'ACTIONS_ID_TOKEN_REQUEST_URL') !== undefined &&
      readVariable(environment, 'ACTIONS_ID_TOKEN_REQUEST_TOKEN') !== undefined,
    requestToken: requestGithubToken,
  },
];
