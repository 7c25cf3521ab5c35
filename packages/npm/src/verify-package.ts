// SPDX-License-Identifier: Apache-2.0
// One version of a package over the network: what its registry says, the registry's keys, and the verdict.

import { join } from 'node:path';
import { type Instance, type TrustOptions, type Verifier, createVerifier } from 'keywax';
import type { RegistryKey } from './evidence.js';
import { fetchRegistryKeys } from './fetch-keys.js';
import { copyOptions } from './options.js';
import { expectPackageName, expectVersion } from './package-name.js';
import { refusal } from './package-report.js';
import { type FetchedEvidence, type RegistryClient, openRegistryClient } from './registry-client.js';
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
  const own = readOptions(options);
  const { name } = own;
  const client = own.client ?? (await openRegistryClient(describeClient(own)));
  const registry = own.registry ?? client.registryOf(name);
  const keys = own.keys ?? (await fetchRegistryKeys(registry, { ...selectTrust(own), client }));
  const verifier = own.verifier ?? (await createVerifier(selectTrust(own)));
  const parts: Parts = { own, client, registry, keys, verifier };
  const evidence = await fetchWanted(parts, false);
  try {
    return await verifyWanted(parts, evidence);
  } catch (error) {
    // What the cache has may be old, or altered: whatever is amiss is the registry's to say. A stream is read already.
    const isFinal = evidence.source !== 'cache' || !(own.tarball === undefined || own.tarball instanceof Uint8Array);
    if (isFinal) throw error;
    return verifyWanted(parts, await fetchWanted(parts, true));
  }
}

/** @throws CONFIG_INVALID */
function readOptions(options: VerifyPackageOptions): VerifyPackageOptions {
  const own = copyOptions(options, OPTION_NAMES);
  expectPackageName(own.name);
  expectVersion(own.version);
  if (own.now !== undefined && !(own.now instanceof Date && Number.isFinite(own.now.getTime())))
    throw refusal('CONFIG_INVALID', 'now', { expected: 'an instant' });
  if (own.registry !== undefined && typeof own.registry !== 'string')
    throw refusal('CONFIG_INVALID', 'registry', { expected: 'the URL of the registry' });
  if (own.client !== undefined && typeof own.client?.fetchEvidence !== 'function')
    throw refusal('CONFIG_INVALID', 'client', { expected: 'what openRegistryClient made' });
  return own;
}

/** What evidence is fetched with, and held against. */
interface Parts {
  readonly own: VerifyPackageOptions;
  readonly client: RegistryClient;
  readonly registry: string;
  readonly keys: readonly RegistryKey[];
  readonly verifier: Verifier;
}

async function fetchWanted({ own, client, registry, keys }: Parts, refresh: boolean): Promise<FetchedEvidence> {
  const { name, version, signal } = own;
  const wanted = { name, version, registry, keys, refresh, ...(signal === undefined ? {} : { signal }) };
  const evidence = await client.fetchEvidence(wanted);
  if (evidence.name === name && evidence.version === version) return evidence;
  throw refusal('SERVICE_INVALID', 'packument', { expected: 'the version that was asked for' });
}

function verifyWanted({ own, registry, keys, verifier }: Parts, evidence: FetchedEvidence): Promise<VerifiedPackage> {
  const { integrity, tarball, expect, allowUnsigned, now, signal } = own;
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
