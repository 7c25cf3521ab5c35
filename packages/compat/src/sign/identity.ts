// SPDX-License-Identifier: Apache-2.0
// Where identity tokens come from: anything with `getToken`, or the CI system.

import { AMBIENT_PROVIDERS, requestAmbientToken } from '@keywax/identity';

/** Obtains identity tokens. */
export interface IdentityProvider {
  getToken: () => Promise<string>;
}

/** The sources that are asked at once; the first that answers counts. */
const SOURCES: readonly string[] = ['GitHub Actions', 'Buildkite', 'SIGSTORE_ID_TOKEN'];
const RETRIES = 2;

/** Obtains tokens from the CI system that the process runs on. */
export class CIContextProvider implements IdentityProvider {
  readonly #audience: string;

  constructor(audience = 'sigstore') {
    this.#audience = audience;
  }

  /** The first token that a source gives. Rejects with the text `CI: no tokens available`, which is no error. */
  async getToken(): Promise<string> {
    const request = {
      environment: process.env,
      audience: this.#audience,
      transport: { allowHttp: 'loopback', retries: RETRIES },
    } as const;
    const sources = AMBIENT_PROVIDERS.filter(({ name }) => SOURCES.includes(name));
    try {
      return await Promise.any(sources.map((source) => requestAmbientToken(source, request)));
    } catch {
      // oxlint-disable-next-line typescript/only-throw-error -- callers compare it with this text
      throw 'CI: no tokens available';
    }
  }
}
