// SPDX-License-Identifier: Apache-2.0
// The CI systems that give identity tokens to what runs on them: one row each, the first that is present counts.

import { KeywaxError } from '@keywax/core/errors';
import { requestBuildkiteToken, requestCircleToken } from './command.js';
import { type AmbientRequest, type Environment, readVariable } from './environment.js';
import { requestGithubToken } from './github.js';
import { TOKEN_FILE, hasTokenFile, readTokenFile } from './token-file.js';

/** A source of tokens that an environment may have. */
export interface AmbientProvider {
  /** For people. */
  readonly name: string;
  readonly isPresent: (environment: Environment) => boolean | Promise<boolean>;
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
  {
    name: 'Buildkite',
    isPresent: (environment) => readVariable(environment, 'BUILDKITE') === 'true',
    requestToken: requestBuildkiteToken,
  },
  {
    name: 'CircleCI',
    isPresent: (environment) => readVariable(environment, 'CIRCLECI') === 'true',
    requestToken: requestCircleToken,
  },
  {
    name: TOKEN_FILE,
    isPresent: () => hasTokenFile(TOKEN_FILE),
    requestToken: () => readTokenFile(TOKEN_FILE),
  },
];

/**
 * Requests a token as it is given from one row, for callers that have an order of their own.
 * @throws TOKEN_UNAVAILABLE where the row is not present, and what its request throws
 */
export async function requestAmbientToken(provider: AmbientProvider, request: AmbientRequest): Promise<string> {
  if (await provider.isPresent(request.environment)) return provider.requestToken(request);
  throw new KeywaxError('TOKEN_UNAVAILABLE', `no identity token of ${provider.name} in the environment`);
}
