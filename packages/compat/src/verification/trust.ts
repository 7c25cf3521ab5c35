// SPDX-License-Identifier: Apache-2.0
// The trust of `verify` and `createVerifier`. Calls that name the same repository share one trusted root, at the same time
// and afterwards, so that a caller who verifies bundle by bundle pays for trust once.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { KeywaxError } from '@keywax/core/errors';
import { decodeTrustedRoot } from '@keywax/trust';
import { type PreparedTrust, prepareTrust } from '@keywax/verify';
import { defaultCachePath } from '../tuf/app-data.js';
import { DEFAULT_MIRROR_URL } from '../tuf/mirror.js';
import type { TUFOptions } from '../tuf/repository.js';

/** What trust is obtained from: a trusted root that the caller has, or a repository. */
export interface TrustSource extends Omit<TUFOptions, 'forceInit' | 'force'> {
  /** A Sigstore `TrustedRoot`: the object that comes of parsing its JSON, its bytes, or the path of a file. */
  readonly trustedRoot?: object | Uint8Array | string | undefined;
}

interface Kept {
  readonly trust: PreparedTrust;
  readonly endsAt: Date;
}

const KEPT_MS = 3_600_000; // an hour, and no longer than the metadata holds
const HOST = {};
const shared = new WeakMap<object, Map<string, Promise<Kept>>>();

/** @throws TUFError; the errors of `decodeTrustedRoot`; OPERATION_ABORTED */
export async function loadTrust({ trustedRoot, signal, ...options }: TrustSource): Promise<PreparedTrust> {
  if (trustedRoot !== undefined) {
    const document = typeof trustedRoot === 'string' ? new Uint8Array(await readFile(trustedRoot)) : trustedRoot;
    return prepareTrust(decodeTrustedRoot(document));
  }
  return (await raceSignal(selectShared(options), signal)).trust;
}

/** What other calls share is not ended by the signal of one of them. */
async function selectShared(options: TUFOptions): Promise<Kept> {
  const { fetch } = options;
  const key = await describeRepository(options);
  const entries = shared.get(fetch ?? HOST) ?? new Map<string, Promise<Kept>>();
  shared.set(fetch ?? HOST, entries);
  const found = entries.get(key);
  if (found !== undefined) {
    const kept = await found;
    if (new Date() < kept.endsAt) return kept;
    if (entries.get(key) !== found) return selectShared(options);
  }
  const started = fetchTrust(options);
  entries.set(key, started);
  started.catch(() => {
    if (entries.get(key) === started) entries.delete(key);
  });
  return started;
}

/** Names a repository and what it is trusted by: the folder and the content of the root, which names alone do not say. */
async function describeRepository({ mirrorURL, cachePath, rootPath, forceCache = false }: TUFOptions): Promise<string> {
  const folder = cachePath === undefined || cachePath === '' ? defaultCachePath() : resolve(cachePath);
  const root = rootPath === undefined || rootPath === '' ? undefined : await readFile(rootPath).catch(() => undefined);
  const digest = root === undefined ? (rootPath ?? '') : createHash('sha256').update(root).digest('hex');
  return JSON.stringify([mirrorURL ?? DEFAULT_MIRROR_URL, folder, digest, forceCache]);
}

async function fetchTrust(options: TUFOptions): Promise<Kept> {
  const { fetchTrustedRoot } = await import('../tuf/trusted-root.js');
  const { bytes, endsAt } = await fetchTrustedRoot(options);
  const hourEnds = options.forceCache === true ? endsAt : new Date(Date.now() + KEPT_MS);
  return { trust: prepareTrust(decodeTrustedRoot(bytes)), endsAt: endsAt < hourEnds ? endsAt : hourEnds };
}

function raceSignal<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void =>
      reject(new KeywaxError('OPERATION_ABORTED', 'the operation was aborted', { cause: signal.reason }));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
