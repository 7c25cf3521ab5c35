// SPDX-License-Identifier: Apache-2.0
// The keys of a registry, from who is trusted first: the instance's TUF repository, and only where that says nothing about
// the registry, the registry itself.

import type { Instance, TrustOptions } from 'keywax';
import type { RegistryKey } from './evidence.js';
import { refusal } from './package-report.js';
import type { RegistryClient } from './registry-client.js';
import { decodeKeysTarget } from './registry-keys.js';

/** How the keys of a registry are obtained. */
export interface RegistryKeysOptions extends TrustOptions {
  /** Asks the registry where the TUF repository has no keys of it. */
  readonly client: Pick<RegistryClient, 'fetchKeys'>;
  /** The instance whose repository is asked; `'production'` unless given. Documents have none: then only the registry is. */
  readonly instance?: Instance;
  /** The clock of TUF; the host's unless given. */
  readonly now?: () => Date;
}

/**
 * Obtains the keys of a registry. A TUF repository that cannot be reached, or does not verify, is an error and no reason
 * to believe the registry, and neither is one that lists no key which could be used; each key says where it comes from.
 * @throws KEY_NOT_FOUND, TUF_…, NETWORK_…, FILE_FAILED, CONFIG_INVALID, and as the client's `fetchKeys`
 */
export async function fetchRegistryKeys(
  registry: string,
  options: RegistryKeysOptions,
): Promise<readonly RegistryKey[]> {
  const target = await fetchKeysTarget(registry, options);
  if (target === undefined) return options.client.fetchKeys(registry, options.signal);
  const keys = decodeKeysTarget(target);
  // Without keys nothing could be wrong with what a registry signs, and it has some.
  if (keys.length === 0) throw refusal('KEY_NOT_FOUND', 'keys', { expected: 'a key of a kind that is known' });
  return keys;
}

/** The TUF target of a registry's keys: its host, port and path, and `keys.json`. @throws CONFIG_INVALID */
export function describeKeysPath(registry: string): string {
  let url: URL;
  try {
    url = new URL(registry);
  } catch {
    throw refusal('CONFIG_INVALID', 'registry', { expected: 'a URL' });
  }
  return `${url.host}${url.pathname.replace(/\/+$/, '')}/keys.json`;
}

async function fetchKeysTarget(
  registry: string,
  { instance = 'production', now = () => new Date(), ...options }: RegistryKeysOptions,
): Promise<Uint8Array | undefined> {
  if (typeof instance !== 'string' && !('mirrorUrl' in instance)) return undefined;
  const { defaultCacheDirectory, fetchInstanceTarget } = await import('@keywax/tuf');
  const { offline, fetch, signal, timeoutMs, retries } = options;
  const cacheDirectory =
    options.cacheDirectory ?? defaultCacheDirectory({ platform: process.platform, env: process.env });
  return fetchInstanceTarget(describeKeysPath(registry), {
    instance,
    now,
    ...(offline === undefined ? {} : { offline }),
    ...(cacheDirectory === undefined ? {} : { cacheDirectory }),
    transport: {
      allowHttp: 'loopback',
      ...(fetch === undefined ? {} : { fetch }),
      ...(signal === undefined ? {} : { signal }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(retries === undefined ? {} : { retries }),
    },
  });
}
