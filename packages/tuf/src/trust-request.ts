// SPDX-License-Identifier: Apache-2.0
// What a caller wants of an instance, read once, and the client that obtains it.

import { encodeHex } from '@keywax/core/bytes';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import type { Transport } from '@keywax/http';
import { openCache } from '#cache';
import { type OfflineMode, type TufClient, createTufClient } from './client.js';
import type { DiagnosticListener } from './diagnostic.js';
import { readInitialRoot, readRoot } from './initial-root.js';
import type { InstanceTrust } from './instance-trust.js';
import { type InstanceChoice, type InstanceDescription, describeInstance } from './instances.js';
import { type Entry, selectEntry } from './sharing.js';
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

const DAY_MS = 86_400_000;
const TIMEOUT_MS = 60_000;
const COMPILED_TIMEOUT_MS = 20_000; // as long as someone without a network has to wait at most
const RETRIES = 1;

/** What a call asks of an instance, completely. */
export interface TrustRequest {
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

/** Reads what a call asks for. @throws CONFIG_INVALID, TUF_TARGET_MISSING, FILE_FAILED */
export async function readRequest(inherited: InstanceTrustOptions): Promise<TrustRequest> {
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

/** Bounds all that the work asks of the repository together. @throws NETWORK_TIMEOUT */
export async function withDeadline<T>(
  { instance, transport }: TrustRequest,
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

/** A client of the instance's repository, or of its cache alone. */
export function createClient(
  { instance, root, entry, now, offline, onDiagnostic }: TrustRequest,
  transport: Transport,
): TufClient {
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
