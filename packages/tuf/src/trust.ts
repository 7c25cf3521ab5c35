// SPDX-License-Identifier: Apache-2.0
// Trust and services of an instance, from its TUF repository, its cache, or what is compiled in (RUL-26).
//
// A valid cache answers at once. Once it is older than a day it still does, and a refresh begins in the background. Only
// where there is no valid cache the repository is waited for; where that cannot be reached either, and nothing was ever
// cached, production has what is compiled in. Offline nothing is asked for.

import { encodeHex, encodeUtf8, equalBytes } from '@keywax/core/bytes';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import type { Transport } from '@keywax/http';
import { type SigningConfig, type TrustedRoot, decodeSigningConfig, decodeTrustedRoot } from '@keywax/trust';
import { openCache } from '#cache';
import { type OfflineMode, type TufClient, type TufState, createTufClient } from './client.js';
import type { DiagnosticListener } from './diagnostic.js';
import { readGeneration } from './generation.js';
import { readInitialRoot, readRoot } from './initial-root.js';
import { type InstanceChoice, type InstanceDescription, describeInstance } from './instances.js';
import { isUnlisted } from './search.js';
import { type Entry, type Kept, raceSignal, selectEntry } from './sharing.js';
import { type TufStore, createMemoryStore } from './store.js';

/** What is wanted of an instance, and how it may be obtained. */
export interface InstanceTrustOptions {
  readonly instance: InstanceChoice;
  /** The clock; read once. */
  readonly now: () => Date;
  /** A folder of caches, one for each mirror. Without it the cache lasts as long as the process. */
  readonly cacheDirectory?: string;
  /** True or a bound: nothing is asked for, and the newest verified state is used, expired or not. False unless given. */
  readonly offline?: OfflineMode;
  /**
   * From what age on a valid cache is refreshed, in the background; a day unless given. With 0 the repository is always
   * asked first, and no failure is made good by what is compiled in.
   */
  readonly maxAgeMs?: number;
  /** `signing` obtains the signing config too. `verification` unless given. */
  readonly purpose?: 'verification' | 'signing';
  /** `timeoutMs` bounds a refresh as a whole; 60,000 unless given, 20,000 where something is compiled in. */
  readonly transport?: Transport;
  readonly onDiagnostic?: DiagnosticListener;
}

/** That trust is the one compiled in, and where the build had it from. */
export interface CompiledState {
  readonly source: 'compiled';
  readonly package: string;
  readonly version: string;
  /** Of the trusted root, in hex. */
  readonly sha256: string;
}

/** Whom an instance trusts and where it signs. */
export interface InstanceTrust {
  readonly instance: InstanceDescription;
  readonly trustedRoot: TrustedRoot;
  /** With the purpose `signing`, where there is one. */
  readonly signingConfig?: SigningConfig;
  /** The documents as they were published. */
  readonly documents: InstanceDocumentBytes;
  /** Where this comes from, how old it is, and what of it has expired. */
  readonly state: TufState | CompiledState;
  /** A refresh that this call has begun or found in the background, until it ends. Never rejects. */
  readonly refreshing?: Promise<void>;
}

/** Documents as files. */
export interface InstanceDocumentBytes {
  readonly trustedRoot: Uint8Array;
  /** Absent where it is a known instance's own table, or not asked for. */
  readonly signingConfig?: Uint8Array;
}

const DAY_MS = 86_400_000;
const TIMEOUT_MS = 60_000;
const COMPILED_TIMEOUT_MS = 20_000; // as long as someone without a network has to wait at most
const BACKGROUND_TIMEOUT_MS = 20_000;
const RETRY_AFTER_MS = 300_000; // after a failure, until the repository is asked again
const RETRIES = 1;

/** What a call asks for, completely. */
interface Request {
  readonly instance: InstanceDescription;
  readonly root: Uint8Array;
  readonly entry: Entry<InstanceTrust>;
  readonly now: Date;
  readonly offline: OfflineMode;
  readonly maxAgeMs: number;
  readonly purpose: 'verification' | 'signing';
  readonly transport: Transport;
  readonly onDiagnostic: DiagnosticListener;
}

/**
 * Obtains trust and services of an instance. Calls at the same time share one refresh, and what one has found is kept
 * for the next, in this process and, by the folder of caches, in others.
 * @throws CONFIG_INVALID; TUF_TARGET_MISSING where the instance's root was never given, or nothing is cached offline;
 *   TUF_…, NETWORK_…, INPUT_TOO_LARGE, FILE_FAILED, TRUST_INVALID, OPERATION_ABORTED
 * @example
 * const { trustedRoot, state } = await fetchInstanceTrust({ instance: 'production', cacheDirectory, now: () => new Date() });
 */
export async function fetchInstanceTrust(options: InstanceTrustOptions): Promise<InstanceTrust> {
  const signal = options.transport?.signal;
  const request = await readRequest(options);
  const { entry, now, maxAgeMs } = request;
  if (request.offline !== false) return raceSignal(loadOffline(request), signal);
  if (maxAgeMs === 0) return (await raceSignal(refresh(request, 0), signal)).trust;
  const kept = isCurrent(entry.latest, now) ? entry.latest : await raceSignal(joinRefresh(request), signal);
  if (!isStale(kept, request)) return kept.trust;
  return { ...kept.trust, refreshing: refreshInBackground(request) };
}

/**
 * Obtains another target of an instance's repository, such as the keys of a package registry. It is looked for in a state
 * as old as `fetchInstanceTrust` would use; `undefined` where no role in charge lists it. Nothing is compiled in.
 * @throws as `fetchInstanceTrust`
 */
export async function fetchInstanceTarget(
  path: string,
  options: InstanceTrustOptions,
): Promise<Uint8Array | undefined> {
  const signal = options.transport?.signal;
  const request = await readRequest(options);
  return raceSignal(obtainTarget(path, request), signal);
}

async function obtainTarget(path: string, request: Request): Promise<Uint8Array | undefined> {
  const { offline, maxAgeMs } = request;
  return withDeadline(request, async (transport) => {
    const client = createClient(request, transport);
    if (offline === false) await client.refresh({ maxAgeMs });
    try {
      return await client.fetchTarget(path);
    } catch (error) {
      if (isUnlisted(error)) return undefined;
      throw error;
    }
  });
}

async function readRequest(inherited: InstanceTrustOptions): Promise<Request> {
  // Options are those of the record itself: a polluted prototype decides nothing (ATTACKS AP-011).
  const options = Object.assign(Object.create(null) as InstanceTrustOptions, inherited);
  const { cacheDirectory, offline = false, purpose = 'verification', transport = {}, maxAgeMs = DAY_MS } = options;
  const onDiagnostic = options.onDiagnostic ?? (() => {});
  const instance = describeInstance(options.instance);
  const { mirrorUrl } = instance;
  const opened = cacheDirectory === undefined ? undefined : openCache(cacheDirectory, mirrorUrl, onDiagnostic);
  const root = await selectRoot(options.instance, instance, opened);
  const { signal: _, fetch, ...settings } = transport;
  const { timeoutMs, retries, allowHttp } = settings;
  const sha256 = encodeHex(hash('sha256', root));
  const key = [mirrorUrl, cacheDirectory ?? null, sha256, purpose, timeoutMs ?? null, retries ?? null, allowHttp ?? ''];
  return {
    instance,
    root,
    entry: selectEntry(fetch, JSON.stringify(key), () => opened ?? createMemoryStore()),
    now: readClock(options.now),
    offline,
    maxAgeMs: checkAge(maxAgeMs),
    purpose,
    transport: { retries: RETRIES, ...settings, ...(fetch === undefined ? {} : { fetch }) },
    onDiagnostic,
  };
}

function readClock(now: () => Date): Date {
  const time = now();
  if (Number.isFinite(time.getTime())) return time;
  throw new KeywaxError('CONFIG_INVALID', 'expected now() to give a valid Date');
}

function checkAge(maxAgeMs: number): number {
  if (typeof maxAgeMs === 'number' && maxAgeMs >= 0) return maxAgeMs;
  throw new KeywaxError('CONFIG_INVALID', 'expected maxAgeMs as a number that is not negative');
}

async function selectRoot(
  choice: InstanceChoice,
  { name, isCompiledIn }: InstanceDescription,
  store: TufStore | undefined,
): Promise<Uint8Array> {
  if (isCompiledIn) return readRoot((await import('./production.js')).PRODUCTION_ROOT);
  if (typeof choice !== 'string' && choice.root !== undefined) return readRoot(choice.root);
  const remembered = store === undefined ? undefined : await readInitialRoot(store);
  if (remembered !== undefined) return remembered;
  throw new KeywaxError(
    'TUF_TARGET_MISSING',
    `instance ${name}: its TUF root is not compiled in, and has to be given once (keywax trust init)`,
    { details: { at: 'instance', expected: 'a root that was given' } },
  );
}

/** What was found before, in this process, and may still be used. */
function isCurrent<T>(kept: Kept<T> | undefined, now: Date): kept is Kept<T> {
  return kept !== undefined && now >= kept.foundAt && now < kept.endsAt;
}

function isStale({ foundAt, trust: { state } }: Kept<InstanceTrust>, { now, maxAgeMs }: Request): boolean {
  if (state.source === 'compiled') return false; // asked for again once it ends
  return now.getTime() - (state.refreshedAt ?? foundAt).getTime() > maxAgeMs;
}

/** A refresh that runs already, where its outcome is good by this caller's clock; else one of its own. */
async function joinRefresh(request: Request): Promise<Kept<InstanceTrust>> {
  const { entry, now } = request;
  if (entry.running !== undefined) {
    const kept = await entry.running;
    if (isCurrent(kept, now)) return kept;
    return refresh(request, Number.POSITIVE_INFINITY);
  }
  entry.running = refreshOrCompiled(request).finally(() => {
    entry.running = undefined;
  });
  return entry.running;
}

/** The repository, or what is compiled in where it cannot be reached and never was. */
async function refreshOrCompiled(request: Request): Promise<Kept<InstanceTrust>> {
  try {
    return await refresh(request, Number.POSITIVE_INFINITY);
  } catch (error) {
    const isUnreachable = isKeywaxError(error, 'NETWORK_FAILED') || isKeywaxError(error, 'NETWORK_TIMEOUT');
    if (!isUnreachable || !request.instance.isCompiledIn || (await isCached(request))) throw error;
    const endsAt = new Date(request.now.getTime() + RETRY_AFTER_MS);
    return keep(request, { trust: await loadCompiled(request), foundAt: request.now, endsAt });
  }
}

/** Asks the repository unless there is a valid cache that is not older than `maxAgeMs`. */
async function refresh(request: Request, maxAgeMs: number, timeoutMs?: number): Promise<Kept<InstanceTrust>> {
  return withDeadline(
    request,
    async (transport) => {
      const client = createClient(request, transport);
      const state = await client.refresh({ maxAgeMs });
      const trust = await readDocuments(client, request, state);
      return keep(request, { trust, foundAt: request.now, endsAt: state.expiresAt });
    },
    timeoutMs,
  );
}

/** Bounds all that the work asks of the repository together. @throws NETWORK_TIMEOUT */
async function withDeadline<T>(
  { instance, transport }: Request,
  work: (transport: Transport) => Promise<T>,
  timeoutMs?: number,
): Promise<T> {
  const limit = timeoutMs ?? transport.timeoutMs ?? (instance.isCompiledIn ? COMPILED_TIMEOUT_MS : TIMEOUT_MS);
  const signal = AbortSignal.timeout(limit);
  try {
    return await work({ ...transport, signal });
  } catch (error) {
    if (!isKeywaxError(error, 'OPERATION_ABORTED') || !signal.aborted) throw error;
    throw new KeywaxError('NETWORK_TIMEOUT', `${instance.name}: no complete refresh within ${limit} ms`, {
      cause: error,
    });
  }
}

function keep({ entry }: Request, kept: Kept<InstanceTrust>): Kept<InstanceTrust> {
  entry.latest = kept;
  return kept;
}

function refreshInBackground(request: Request): Promise<void> {
  const { entry, now, onDiagnostic } = request;
  if (entry.background !== undefined) return entry.background;
  if (entry.retryAt !== undefined && now < entry.retryAt) return Promise.resolve();
  const run = async (): Promise<void> => {
    try {
      await refresh(request, 0, BACKGROUND_TIMEOUT_MS);
      entry.retryAt = undefined;
    } catch (error) {
      entry.retryAt = new Date(now.getTime() + RETRY_AFTER_MS);
      const message = `a refresh in the background failed: ${error instanceof Error ? error.message : 'unknown'}`;
      onDiagnostic({ kind: 'refreshFailed', message, ...(isKeywaxError(error) ? { error } : {}) });
    } finally {
      entry.background = undefined;
    }
  };
  entry.background = run();
  return entry.background;
}

/** RUL-26. An age that is bounded is not known of what is compiled in. */
async function loadOffline(request: Request): Promise<InstanceTrust> {
  try {
    const client = createClient(request, request.transport);
    const state = await client.refresh();
    return await readDocuments(client, request, state);
  } catch (error) {
    const isMissing = isKeywaxError(error, 'TUF_TARGET_MISSING') && request.offline === true;
    if (!isMissing || !request.instance.isCompiledIn || (await isCached(request))) throw error;
    return loadCompiled(request);
  }
}

/** True where the cache has a trusted root, whether or not it holds. */
async function isCached({ entry, instance }: Request): Promise<boolean> {
  try {
    const generation = await readGeneration(entry.store);
    return generation?.held.some(({ path }) => path === instance.trustedRootTarget) ?? false;
  } catch (error) {
    if (isKeywaxError(error)) return error.code === 'FILE_FAILED';
    throw error;
  }
}

function createClient({ instance, root, entry, now, offline, onDiagnostic }: Request, transport: Transport): TufClient {
  return createTufClient({
    mirrorUrl: instance.mirrorUrl,
    trustedRoot: root,
    store: entry.store,
    now: () => now,
    transport,
    offline,
    onDiagnostic,
  });
}

async function readDocuments(client: TufClient, request: Request, state: TufState): Promise<InstanceTrust> {
  const { instance, purpose, entry } = request;
  const bytes = await client.fetchTarget(instance.trustedRootTarget);
  const trustedRoot = reuseTrustedRoot(entry.latest?.trust, bytes) ?? decodeTrustedRoot(bytes);
  const documents = { trustedRoot: bytes };
  if (purpose === 'verification') return Object.freeze({ instance, trustedRoot, documents, state });
  const config = await fetchOptional(client, instance.signingConfigTarget);
  const signingConfig = config === undefined ? instance.signingConfig : decodeSigningConfig(config);
  return Object.freeze({
    instance,
    trustedRoot,
    documents: { ...documents, ...(config === undefined ? {} : { signingConfig: config }) },
    ...(signingConfig === undefined ? {} : { signingConfig }),
    state,
  });
}

/** The record of the same document, so that whatever was prepared from it is prepared once. */
function reuseTrustedRoot(latest: InstanceTrust | undefined, bytes: Uint8Array): TrustedRoot | undefined {
  if (latest === undefined) return undefined;
  return equalBytes(latest.documents.trustedRoot, bytes) ? latest.trustedRoot : undefined;
}

async function fetchOptional(client: TufClient, path: string): Promise<Uint8Array | undefined> {
  try {
    return await client.fetchTarget(path);
  } catch (error) {
    if (isKeywaxError(error, 'TUF_TARGET_MISSING')) return undefined;
    throw error;
  }
}

async function loadCompiled({ instance, purpose, entry }: Request): Promise<InstanceTrust> {
  const { PRODUCTION_SOURCE, PRODUCTION_TRUSTED_ROOT } = await import('./production.js');
  const { signingConfig } = instance;
  const { package: name, version, sha256 } = PRODUCTION_SOURCE;
  const bytes = encodeUtf8(PRODUCTION_TRUSTED_ROOT);
  return Object.freeze({
    instance,
    trustedRoot: reuseTrustedRoot(entry.latest?.trust, bytes) ?? decodeTrustedRoot(PRODUCTION_TRUSTED_ROOT),
    ...(purpose === 'verification' || signingConfig === undefined ? {} : { signingConfig }),
    documents: { trustedRoot: bytes },
    state: Object.freeze({ source: 'compiled' as const, package: name, version, sha256 }),
  });
}
