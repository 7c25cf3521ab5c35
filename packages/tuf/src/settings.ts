// SPDX-License-Identifier: Apache-2.0
// What a caller says when a client is made, checked once.

import { type CryptoProvider, defaultCrypto } from '@keywax/core/crypto';
import { KeywaxError } from '@keywax/core/errors';
import { type Transport, joinServiceUrl } from '@keywax/http';
import type { Context } from './context.js';
import type { DiagnosticListener } from './diagnostic.js';
import { MAX_TARGET_BYTES } from './limits.js';
import type { Mirror } from './mirror.js';
import { type TufStore, guardStore } from './store.js';

/** How far a client may go without a network (RUL-26): the newest stored state, whatever its age, or up to an age. */
export type OfflineMode = boolean | { readonly maxAgeDays: number };

/** How a client is made. */
export interface TufClientOptions {
  /** Base URL of the repository's metadata. */
  readonly mirrorUrl: string;
  /** Base URL of its targets; `targets` below `mirrorUrl` unless given. */
  readonly targetsUrl?: string;
  /** The root that everything is verified from, as a file. */
  readonly trustedRoot: Uint8Array;
  readonly store: TufStore;
  /** The clock. Each call of the client reads it once. */
  readonly now: () => Date;
  readonly transport?: Transport;
  /** True or a bound: no connection is made, and expired metadata is used. False unless given. */
  readonly offline?: OfflineMode;
  /** Bytes that a target may have; 5,000,000 unless given. */
  readonly maxTargetBytes?: number;
  readonly onDiagnostic?: DiagnosticListener;
  readonly crypto?: CryptoProvider;
}

const DAY_MS = 86_400_000;

/** The settings of a client. */
export interface Settings {
  readonly offline: boolean;
  /** How old a state may be offline. */
  readonly maxAgeMs: number;
  readonly mirror: Mirror;
  readonly store: TufStore;
  /** Reads the clock. */
  createContext(): Context;
}

/** @throws NETWORK_POLICY, CONFIG_INVALID */
export function prepareSettings(options: TufClientOptions): Settings {
  const { mirrorUrl, transport = {}, offline = false, crypto = defaultCrypto, onDiagnostic } = options;
  const targetsUrl = options.targetsUrl ?? joinServiceUrl(mirrorUrl, '/targets', transport);
  for (const url of [mirrorUrl, targetsUrl]) joinServiceUrl(url, '/', transport); // throws early
  const maxTargetBytes = checkAmount('maxTargetBytes', options.maxTargetBytes ?? MAX_TARGET_BYTES);
  const mirror = { metadataUrl: mirrorUrl, targetsUrl, transport, maxTargetBytes };
  const store = guardStore(options.store);
  const trustedRoot = options.trustedRoot.slice();
  return {
    offline: offline !== false,
    maxAgeMs:
      typeof offline === 'object' ? checkAmount('maxAgeDays', offline.maxAgeDays) * DAY_MS : Number.POSITIVE_INFINITY,
    mirror,
    store,
    createContext: () => ({
      trustedRoot,
      store,
      now: readClock(options.now),
      crypto,
      checkExpiry: offline === false,
      report: onDiagnostic ?? (() => {}),
      ...(offline === false ? { mirror } : {}),
    }),
  };
}

/** A number that is not negative. @throws CONFIG_INVALID */
export function checkAmount(name: string, value: number): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw new KeywaxError('CONFIG_INVALID', `expected ${name} as a number that is not negative`);
}

function readClock(now: () => Date): Date {
  const time = now();
  if (time instanceof Date && Number.isFinite(time.getTime())) return time;
  throw new KeywaxError('CONFIG_INVALID', 'expected now() to give a valid Date');
}

/** Runs a task while no other client runs one on the same store. */
export function withLock<T>({ store, mirror }: Settings, task: () => Promise<T>): Promise<T> {
  return store.withLock(task, mirror.transport.signal);
}
