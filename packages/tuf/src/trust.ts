// SPDX-License-Identifier: Apache-2.0
// Trust and services of an instance, from its TUF repository, its cache, or what is compiled in (RUL-26).
//
// A valid cache answers at once. Once it is older than a day it still does, and a refresh begins in the background. Only
// where there is no valid cache the repository is waited for; where that cannot be reached either, and nothing was ever
// cached, production has what is compiled in. Offline nothing is asked for.

import { encodeUtf8, equalBytes } from '@keywax/core/bytes';
import { isKeywaxError } from '@keywax/core/errors';
import { type TrustedRoot, decodeSigningConfig, decodeTrustedRoot } from '@keywax/trust';
import type { TufClient, TufState } from './client.js';
import { readGeneration } from './generation.js';
import type { InstanceTrust } from './instance-trust.js';
import { type Kept, raceSignal } from './sharing.js';
import {
  type InstanceTrustOptions,
  type TrustRequest,
  createClient,
  readRequest,
  withDeadline,
} from './trust-request.js';

const BACKGROUND_TIMEOUT_MS = 20_000;
const RETRY_AFTER_MS = 300_000; // after a failure, until the repository is asked again

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

/** What was found before, in this process, and may still be used. */
function isCurrent<T>(kept: Kept<T> | undefined, now: Date): kept is Kept<T> {
  return kept !== undefined && now >= kept.foundAt && now < kept.endsAt;
}

function isStale({ foundAt, trust: { state } }: Kept<InstanceTrust>, { now, maxAgeMs }: TrustRequest): boolean {
  if (state.source === 'compiled') return false; // asked for again once it ends
  return now.getTime() - (state.refreshedAt ?? foundAt).getTime() > maxAgeMs;
}

/** A refresh that runs already, where its outcome is good by this caller's clock; else one of its own. */
async function joinRefresh(request: TrustRequest): Promise<Kept<InstanceTrust>> {
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
async function refreshOrCompiled(request: TrustRequest): Promise<Kept<InstanceTrust>> {
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
async function refresh(request: TrustRequest, maxAgeMs: number, timeoutMs?: number): Promise<Kept<InstanceTrust>> {
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

function keep({ entry }: TrustRequest, kept: Kept<InstanceTrust>): Kept<InstanceTrust> {
  entry.latest = kept;
  return kept;
}

function refreshInBackground(request: TrustRequest): Promise<void> {
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
async function loadOffline(request: TrustRequest): Promise<InstanceTrust> {
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
async function isCached({ entry, instance }: TrustRequest): Promise<boolean> {
  try {
    const generation = await readGeneration(entry.store);
    return generation?.held.some(({ path }) => path === instance.trustedRootTarget) ?? false;
  } catch (error) {
    if (isKeywaxError(error)) return error.code === 'FILE_FAILED';
    throw error;
  }
}

async function readDocuments(client: TufClient, request: TrustRequest, state: TufState): Promise<InstanceTrust> {
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

async function loadCompiled({ instance, purpose, entry }: TrustRequest): Promise<InstanceTrust> {
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
