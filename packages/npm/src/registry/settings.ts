// SPDX-License-Identifier: Apache-2.0
// Which registry a package comes from, and what that registry is told of who asks: by npm's own library, so that there is
// no second opinion. Refused: URLs that are never contacted.

// oxlint-disable-next-line typescript/triple-slash-reference -- packages above do not see ambient files otherwise
/// <reference path="./npm-registry-fetch.d.ts" />

import { type Transport, parseServiceUrl } from '@keywax/http';

/** Options in the flat form of npm: `registry`, `@scope:registry`, `//host/path/:_authToken`, `httpsProxy` and so on. */
export type NpmConfig = Readonly<Record<string, unknown>>;

/** What the configuration says about registries. */
export interface RegistrySettings {
  /** URL of the registry of a package, with a slash at its end. @throws NETWORK_POLICY */
  registryOf(name: string): string;
  /** URLs of the registries that the configuration names; npm's default one where it names none for most packages. */
  readonly registries: ReadonlySet<string>;
  /** The `Authorization` header for a URL; of a credential's own host, port and path alone. */
  authorizationOf(url: string): string | undefined;
}

/**
 * Reads the configuration by means of npm-registry-fetch, which is loaded now.
 * @throws NETWORK_POLICY for a registry that is never contacted
 */
export async function loadRegistrySettings(
  config: NpmConfig,
  allow: Pick<Transport, 'allowHttp'>,
): Promise<RegistrySettings> {
  const { default: registryFetch } = await import('npm-registry-fetch');
  // Without files of client certificates: the library would read them each time, whatever they are.
  const isUsed = ([name, value]: readonly [string, unknown]): boolean =>
    typeof value === 'string' && !/:(?:certfile|keyfile)$/.test(name);
  const options = Object.fromEntries(Object.entries(config).filter(isUsed));
  // Without the registry, or its credential would be taken for all that its host has.
  const { registry: _, ...credentials } = options;
  const normalize = (url: string): string => normalizeRegistry(url, allow);
  const scoped = Object.keys(options).filter((key) => /^@[^:]+:registry$/.test(key));
  const urls = [registryFetch.pickRegistry('any', options), ...scoped.map((key) => options[key] as string)];
  return {
    registryOf: (name) => normalize(registryFetch.pickRegistry(name, options)),
    registries: new Set(urls.map(normalize)),
    authorizationOf(url) {
      const { token, auth } = registryFetch.getAuth(url, credentials);
      if (token !== null) return `Bearer ${token}`;
      return auth === null ? undefined : `Basic ${auth}`;
    },
  };
}

/**
 * The URL of a registry as it is compared and extended: canonical, with a slash at its end.
 * @throws NETWORK_POLICY
 */
export function normalizeRegistry(text: string, allow: Pick<Transport, 'allowHttp'>): string {
  const url = parseServiceUrl(text.trim(), allow);
  return `${url.origin}${url.pathname.replace(/\/*$/, '/')}`;
}
