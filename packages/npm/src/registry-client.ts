// SPDX-License-Identifier: Apache-2.0
// What registries say about packages: over the network, and from a cache on disk. Everything that it gives is untrusted
// until `verifyEvidence` has seen it, the cache included.

import { decodeBase64 } from '@keywax/core/bytes';
import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';
import { parseJson } from '@keywax/core/json';
import type { Transport } from '@keywax/http';
import type { PackageEvidence, RegistryKey } from './evidence.js';
import { expectPackageName, expectVersion } from './package-name.js';
import { PUBLISH_V01 } from './predicate.js';
import { decodeRegistryKeys } from './registry-keys.js';
import { type DiskCache, openDiskCache } from './registry/disk-cache.node.js';
import { createDownloader } from './registry/download.js';
import { createGate } from './registry/gate.js';
import { applyNetworkSettings } from './registry/network.node.js';
import { type Questioner, fetchPublishedAt, fetchRecord } from './registry/questions.js';
import { type EvidenceRecord, type RecordSubject, decodeRecord, encodeRecord, toEvidence } from './registry/record.js';
import { type NpmConfig, loadRegistrySettings, normalizeRegistry } from './registry/settings.js';

/** How registries are reached. */
export interface RegistryClientOptions {
  /**
   * npm's options in their flat form, as `@npmcli/config` gives them: registries, scopes, credentials, and the network
   * settings where `transport` says nothing; `cafile` too.
   */
  readonly npmConfig?: NpmConfig;
  /** Where answers are kept; nowhere unless given. */
  readonly cacheDirectory?: string;
  /** No connection is made: what the cache has is used, whatever its age. False unless given. */
  readonly offline?: boolean;
  readonly transport?: Transport;
  /** Requests at a time; 16 unless given. */
  readonly concurrency?: number;
  /** The clock by which ages are judged; the host's unless given. */
  readonly now?: () => Date;
}

/** Which evidence is wanted. */
export interface EvidenceRequest {
  readonly name: string;
  readonly version: string;
  /** URL of the registry; the configured one of the package unless given. */
  readonly registry?: string;
  /** The keys that signatures will be checked with: where one of them expires, the time of publication is fetched too. */
  readonly keys?: readonly RegistryKey[];
  /** Asks the registry as if the cache had nothing: for evidence from it that does not hold. False unless given. */
  readonly refresh?: boolean;
  readonly signal?: AbortSignal;
}

/** Evidence, and where it comes from. */
export interface FetchedEvidence extends PackageEvidence {
  readonly source: 'registry' | 'cache';
}

/** Asks registries about packages. */
export interface RegistryClient {
  /** URL of the registry of a package, with a slash at its end. @throws CONFIG_INVALID, NETWORK_POLICY */
  registryOf(name: string): string;
  /** URLs of the registries that the configuration names; npm's default one where it names none for most packages. */
  readonly registries: ReadonlySet<string>;
  /**
   * What a registry says about one version.
   * @throws PACKAGE_NOT_FOUND, REGISTRY_UNAUTHORIZED, SERVICE_INVALID, INPUT_MALFORMED, INPUT_TOO_LARGE, NETWORK_…,
   *   CONFIG_INVALID, OPERATION_ABORTED
   */
  fetchEvidence(request: EvidenceRequest): Promise<FetchedEvidence>;
  /**
   * The keys that a registry publishes itself; none where it publishes none.
   * @throws as `fetchEvidence`
   */
  fetchKeys(registry: string, signal?: AbortSignal): Promise<readonly RegistryKey[]>;
  /** Counts so far. */
  readonly stats: Readonly<RegistryStats>;
}

/** What a client has done so far. */
export interface RegistryStats {
  requests: number;
  /** Packages that needed no request. */
  cacheHits: number;
  /** Answers that could not be stored. */
  failedWrites: number;
}

const CONCURRENCY = 16; // npm's own client uses 12 to 20
const PACKUMENTS_AT_A_TIME = 2; // each may take 64 MiB
const MAX_ABSENCE_MS = 86_400_000; // for a day it is believed that a registry has no signature or attestation
const MAX_KEYS_BYTES = 262_144; // a key takes 300 bytes

/** What the parts of a client share. */
interface Context extends Questioner {
  readonly options: RegistryClientOptions;
  readonly cache: DiskCache | undefined;
  readonly stats: RegistryStats;
}

/**
 * Opens a client; npm-registry-fetch, which reads the configuration, is loaded now.
 * @throws NETWORK_POLICY for a configured registry that is never contacted, CONFIG_INVALID also for proxies, authorities
 *   and client certificates of the configuration that cannot be used
 */
export async function openRegistryClient(options: RegistryClientOptions = {}): Promise<RegistryClient> {
  const { npmConfig = {}, cacheDirectory, transport = {}, concurrency = CONCURRENCY, offline } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new KeywaxError('CONFIG_INVALID', 'concurrency: expected a positive integer');
  const settings = await loadRegistrySettings(npmConfig, transport);
  const { registries } = settings;
  const network = offline === true ? transport : await applyNetworkSettings(npmConfig, { transport, registries });
  const stats: RegistryStats = { requests: 0, cacheHits: 0, failedWrites: 0 };
  const context: Context = {
    options,
    stats,
    cache: cacheDirectory === undefined ? undefined : openDiskCache(cacheDirectory),
    download: createDownloader({ settings, transport: network, gate: createGate(concurrency), stats }),
    withPackument: createGate(PACKUMENTS_AT_A_TIME),
    now: options.now ?? (() => new Date()),
  };
  const place = (url: string): string => normalizeRegistry(url, transport);
  return {
    registryOf(name) {
      expectPackageName(name);
      return settings.registryOf(name);
    },
    registries,
    stats,
    async fetchEvidence(request) {
      expectPackageName(request.name);
      expectVersion(request.version);
      const registry = place(request.registry ?? settings.registryOf(request.name));
      return fetchEvidence(context, { registry, name: request.name, version: request.version }, request);
    },
    fetchKeys: (registry, signal) => fetchKeys(context, place(registry), signal),
  };
}

type Wanted = Pick<EvidenceRequest, 'keys' | 'refresh' | 'signal'>;

async function fetchEvidence(context: Context, subject: RecordSubject, wanted: Wanted): Promise<FetchedEvidence> {
  const { offline = false } = context.options;
  const stored = offline || wanted.refresh !== true ? await readStored(context, subject) : undefined;
  if (offline && stored === undefined) throw notCached(`${subject.name}@${subject.version}`);
  const isKept = stored !== undefined && (offline || isFresh(context, stored));
  const fetched = isKept
    ? { record: stored, isUnchanged: true }
    : await fetchRecord(context, { subject, stored }, wanted.signal);
  const record = offline ? fetched.record : await addTime(context, fetched.record, wanted);
  if (record === stored) context.stats.cacheHits++;
  else await store(context, subject, record);
  return { ...toEvidence(record, decodeBase64), source: fetched.isUnchanged ? 'cache' : 'registry' };
}

/** The packument is fetched for its time alone, and only where that matters. */
async function addTime(
  context: Context,
  record: EvidenceRecord,
  { keys = [], signal }: Wanted,
): Promise<EvidenceRecord> {
  if (record.publishedAt !== undefined || !isTimeNeeded(record, keys)) return record;
  return { ...record, publishedAt: await fetchPublishedAt(context, record, signal) };
}

/** What is there stays as it is; what is not may come. */
function isFresh({ now }: Context, record: EvidenceRecord): boolean {
  if (record.signatures.length > 0 && record.attestations.length > 0) return true;
  const ageMs = now().getTime() - record.checkedAt.getTime();
  return ageMs >= 0 && ageMs < MAX_ABSENCE_MS;
}

/** The publish attestation proves a time of its own, so that the packument's is not needed. */
function isTimeNeeded({ signatures, attestations }: EvidenceRecord, keys: readonly RegistryKey[]): boolean {
  if (attestations.some(({ predicateType }) => predicateType === PUBLISH_V01)) return false;
  return signatures.some(({ keyid }) => keys.some(({ keyId, expires }) => keyId === keyid && expires !== undefined));
}

async function fetchKeys(
  context: Context,
  registry: string,
  signal: AbortSignal | undefined,
): Promise<readonly RegistryKey[]> {
  const { cache, download, options } = context;
  const name = `keys\n${registry}`;
  const read = (body: Uint8Array): readonly RegistryKey[] =>
    decodeRegistryKeys(parseJson(body, { maxBytes: MAX_KEYS_BYTES }));
  if (options.offline === true) {
    const stored = await cache?.read(name);
    if (stored === undefined) throw notCached(`the keys of ${registry}`);
    return read(stored);
  }
  // A registry without keys answers 404, and some answer 400 to whatever they do not know.
  const answer = await download({
    url: `${registry}-/npm/v1/keys`,
    maxBytes: MAX_KEYS_BYTES,
    absent: [400, 404],
    signal,
  });
  if (answer.kind !== 'found') return [];
  const keys = read(answer.body);
  if ((await cache?.write(name, answer.body)) === false) context.stats.failedWrites++;
  return keys;
}

async function readStored({ cache }: Context, subject: RecordSubject): Promise<EvidenceRecord | undefined> {
  const bytes = await cache?.read(keyOf(subject));
  if (bytes === undefined) return undefined;
  try {
    return decodeRecord(bytes, subject);
  } catch (error) {
    if (isKeywaxError(error)) return undefined; // cut or altered: as if it were not there
    throw error;
  }
}

async function store({ cache, stats }: Context, subject: RecordSubject, record: EvidenceRecord): Promise<void> {
  if ((await cache?.write(keyOf(subject), encodeRecord(record))) === false) stats.failedWrites++;
}

function keyOf({ registry, name, version }: RecordSubject): string {
  return `evidence\n${registry}\n${name}\n${version}`;
}

function notCached(what: string): KeywaxError {
  return new KeywaxError('PACKAGE_NOT_FOUND', `offline, and the cache has nothing of ${quoteText(what)}`);
}
