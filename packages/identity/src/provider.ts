// SPDX-License-Identifier: Apache-2.0
// Where identity tokens come from.

import { KeywaxError } from '@keywax/core/errors';
import type { Transport } from '@keywax/http';
import { AMBIENT_PROVIDERS, type AmbientProvider } from './ambient.js';
import { type Environment, readVariable } from './environment.js';
import { type IdentityToken, SIGSTORE_AUDIENCE, parseIdentityToken } from './token.js';

/** What a provider may use. */
export interface IdentityOptions extends Transport {
  /** For whom the token is; `sigstore` unless given. */
  readonly audience?: string;
}

/** Obtains a token; called again for each signature that needs one. */
export type IdentityProvider = (options: IdentityOptions) => Promise<IdentityToken>;

/** A provider of one token, which the caller has. @throws TOKEN_INVALID */
export function provideToken(jwt: string): IdentityProvider {
  const token = parseIdentityToken(jwt);
  return async () => token;
}

/** A provider that looks in `environment` for the CI system that it runs on. */
export function provideAmbientToken(environment: Environment): IdentityProvider {
  return (options) => detectIdentityToken(environment, options);
}

/**
 * Obtains a token from the first source in the environment: the variable `SIGSTORE_ID_TOKEN`, then GitHub
 * Actions, Buildkite, CircleCI, and the file that Kubernetes projects.
 * @throws TOKEN_UNAVAILABLE where there is no source or it gives none, TOKEN_INVALID, and what the transport throws
 */
export async function detectIdentityToken(
  environment: Environment,
  options: IdentityOptions = {},
): Promise<IdentityToken> {
  const provider = await findProvider(environment);
  if (provider === undefined) throw unavailable(environment);
  const { audience = SIGSTORE_AUDIENCE, ...transport } = options;
  return parseIdentityToken(await provider.requestToken({ environment, audience, transport }));
}

async function findProvider(environment: Environment): Promise<AmbientProvider | undefined> {
  for (const provider of AMBIENT_PROVIDERS) if (await provider.isPresent(environment)) return provider;
  return undefined;
}

function unavailable(environment: Environment): KeywaxError<'TOKEN_UNAVAILABLE'> {
  const hints = AMBIENT_PROVIDERS.map(({ name }) => name).join(', ');
  const advice =
    readVariable(environment, 'GITHUB_ACTIONS') === undefined
      ? ''
      : '. On GitHub Actions the job needs the permission `id-token: write`';
  return new KeywaxError('TOKEN_UNAVAILABLE', `no identity token in the environment; looked for ${hints}${advice}`);
}
