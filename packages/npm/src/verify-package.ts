// SPDX-License-Identifier: Apache-2.0
// One version of a package over the network: what its registry says, the registry's keys, and the verdict.

import { join } from 'node:path';
import { type Instance, type TrustOptions, type Verifier, createVerifier } from 'keywax';
import type { RegistryKey } from './evidence.js';
import { fetchRegistryKeys } from './fetch-keys.js';
import { copyOptions } from './options.js';
import { refusal } from './package-report.js';
import { type RegistryClient, openRegistryClient } from './registry-client.js';
import type { NpmConfig } from './registry/settings.js';
import { type EvidenceRequirements, type VerifiedPackage, verifyEvidence } from './verify-evidence.js';

/** Which package is verified, against what, and how everything for that is obtained. */
export interface VerifyPackageOptions
  extends Omit<EvidenceRequirements, 'registry' | 'keys' | 'verifier' | 'signal'>,
    TrustOptions {
  readonly name: string;
  readonly version: string;
  /** URL of the registry; the one that npm's configuration has for the package unless given. */
  readonly registry?: string;
  /** npm's options in their flat form: registries, scopes, credentials. Used where no `client` is given. */
  readonly npmConfig?: NpmConfig;
  /** A client that is kept for many packages; one without a cache of evidence unless given. */
  readonly client?: RegistryClient;
  /** The instance that vouches for bundles and keys; `'production'` unless given. */
  readonly instance?: Instance;
  /** Made by `createVerifier`, to be kept for many packages; one for `instance` unless given. */
  readonly verifier?: Verifier;
  /** The registry's keys, in place of those that its TUF target or itself has. */
  readonly keys?: readonly RegistryKey[];
}

const OPTION_NAMES = [
  'name',
  'version',
  'integrity',
  'tarball',
  'expect',
  'allowUnsigned',
  'registry',
  'npmConfig',
  'client',
  'instance',
  'verifier',
  'keys',
  'now',
  'offline',
  'cacheDirectory',
  'fetch',
  'signal',
  'timeoutMs',
  'retries',
] as const satisfies readonly (keyof VerifyPackageOptions)[];

/**
 * Verifies one version of a package as its registry serves it: the registry's signature, and the attestations. Its keys
 * come from the instance's TUF repository first, from the registry second.
 * @throws PACKAGE_NOT_FOUND, REGISTRY_UNAUTHORIZED, SERVICE_INVALID, TUF_…, NETWORK_…, OPERATION_ABORTED, and as `verifyEvidence`
 * @example
 * const { provenance } = await verifyPackage({
 *   name: 'sigstore',
 *   version: '1.3.0',
 *   integrity: lock.packages['node_modules/sigstore'].integrity,
 *   expect: { sourceRepository: 'sigstore/sigstore-js', workflow: 'release.yml' },
 * });
 */
export async function verifyPackage(options: VerifyPackageOptions): Promise<VerifiedPackage> {
  const own = copyOptions(options, OPTION_NAMES);
  const { name, version, now, signal } = own;
  const client = own.client ?? (await openRegistryClient(describeClient(own)));
  const registry = own.registry ?? client.registryOf(name);
  const keys = own.keys ?? (await fetchRegistryKeys(registry, { ...selectTrust(own), client }));
  const wanted = { name, version, registry, keys, ...(signal === undefined ? {} : { signal }) };
  const evidence = await client.fetchEvidence(wanted);
  if (evidence.name !== name || evidence.version !== version)
    throw refusal('SERVICE_INVALID', 'packument', { expected: 'the version that was asked for' });
  const verifier = own.verifier ?? (await createVerifier(selectTrust(own)));
  const { integrity, tarball, expect, allowUnsigned } = own;
  return verifyEvidence(evidence, {
    registry,
    keys,
    verifier,
    ...(integrity === undefined ? {} : { integrity }),
    ...(tarball === undefined ? {} : { tarball }),
    ...(expect === undefined ? {} : { expect }),
    ...(allowUnsigned === undefined ? {} : { allowUnsigned }),
    ...(now === undefined ? {} : { now }),
    ...(signal === undefined ? {} : { signal }),
  });
}

type ClientOptions = NonNullable<Parameters<typeof openRegistryClient>[0]>;

/** Evidence is kept below the folder of caches, where one is given. */
function describeClient(options: VerifyPackageOptions): ClientOptions {
  const { npmConfig, offline, cacheDirectory, fetch, timeoutMs, retries } = options;
  return {
    ...(cacheDirectory === undefined ? {} : { cacheDirectory: join(cacheDirectory, 'npm') }),
    ...(npmConfig === undefined ? {} : { npmConfig }),
    ...(offline === undefined ? {} : { offline: offline !== false }),
    transport: {
      allowHttp: 'loopback',
      ...(fetch === undefined ? {} : { fetch }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(retries === undefined ? {} : { retries }),
    },
  };
}

type TrustChoice = TrustOptions & { readonly instance?: Instance; readonly now?: () => Date };

function selectTrust(options: VerifyPackageOptions): TrustChoice {
  const { instance, offline, cacheDirectory, fetch, signal, timeoutMs, retries, now } = options;
  return {
    ...(instance === undefined ? {} : { instance }),
    ...(offline === undefined ? {} : { offline }),
    ...(cacheDirectory === undefined ? {} : { cacheDirectory }),
    ...(fetch === undefined ? {} : { fetch }),
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(retries === undefined ? {} : { retries }),
    ...(now === undefined ? {} : { now: () => now }),
  };
}
