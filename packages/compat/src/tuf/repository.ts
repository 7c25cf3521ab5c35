// SPDX-License-Identifier: Apache-2.0
// A TUF repository as callers name it: a mirror, a folder of caches, and a root. What is read is verified by the client of
// `@keywax/tuf`, which keeps its state in the folder that the client that is stood in for would use.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeUtf8 } from '@keywax/core/bytes';
import { type KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { type Fetch, parseServiceUrl } from '@keywax/http';
import { type TufClient, type TufState, type TufStore, createTufClient, isUnlisted } from '@keywax/tuf';
import { createDirectoryStore } from '@keywax/tuf/directory-store';
import { PRODUCTION_ROOT } from '@keywax/tuf/production';
import { TUFError, type TUFErrorCode } from '../errors.js';
import type { CompatListener } from '../events.js';
import { copyOptions } from '../copy-options.js';
import { DEFAULT_RETRY, DEFAULT_TIMEOUT, type Retry, toTransport } from '../sign/fetch-options.js';
import { defaultCachePath } from './app-data.js';
import { DEFAULT_MIRROR_URL } from './mirror.js';

/** Which repository, and how it is reached. */
export interface TUFOptions {
  /** The folder of caches, one for each mirror; the user's own unless given. */
  cachePath?: string | undefined;
  /** The public instance unless given. */
  mirrorURL?: string | undefined;
  /** The file of the root that is trusted first; only the public instance has one compiled in. */
  rootPath?: string | undefined;
  /** Asks the repository only where the cache is incomplete or has expired. */
  forceCache?: boolean | undefined;
  /** Replaces a root that was remembered. */
  forceInit?: boolean | undefined;
  /** @deprecated `forceInit` in its place. */
  force?: boolean | undefined;
  retry?: Retry;
  /** Milliseconds that an attempt may take. */
  timeout?: number | undefined;
  /** Sends requests in place of the host (an addition). */
  fetch?: Fetch | undefined;
  /** Ends the wait (an addition). */
  signal?: AbortSignal | undefined;
  /** Takes what the client noticed (an addition). */
  onEvent?: CompatListener | undefined;
}

/** A repository that is ready to be asked. */
export interface Repository {
  /** True for the public instance by the root that is compiled in. */
  readonly isCompiled: boolean;
  /** True where nothing of the repository was ever kept. */
  isUnknown(): Promise<boolean>;
  /** @throws TUFError TUF_REFRESH_METADATA_ERROR */
  refresh(): Promise<TufState>;
  /** The content of a target. @throws TUFError */
  fetchTarget(name: string): Promise<Uint8Array>;
}

const ALLOWED = { allowHttp: 'any' } as const; // all of it is signed, and the caller names the mirror

/**
 * Opens a repository; nothing is asked for yet.
 * @throws TUFError TUF_INIT_CACHE_ERROR where no root is known, NETWORK_POLICY for a URL that is never contacted
 */
export async function openRepository(given: TUFOptions): Promise<Repository> {
  const options = copyOptions(given);
  const { mirrorURL = DEFAULT_MIRROR_URL, retry = DEFAULT_RETRY, timeout = DEFAULT_TIMEOUT } = options;
  const { fetch, signal, onEvent } = options;
  const { host, pathname } = new URL(mirrorURL);
  parseServiceUrl(mirrorURL, ALLOWED); // before its host names a folder, or an error repeats it
  const cachePath =
    options.cachePath === undefined || options.cachePath === '' ? defaultCachePath() : options.cachePath;
  const directory = join(cachePath, encodeURIComponent(host + pathname.replace(/\/$/, '')));
  const onDiagnostic = ({ message }: { readonly message: string }): void => onEvent?.({ kind: 'repository', message });
  const store = createDirectoryStore(directory, { onDiagnostic });
  const isProduction = mirrorURL.replace(/\/$/, '') === DEFAULT_MIRROR_URL;
  const client = createTufClient({
    mirrorUrl: mirrorURL,
    trustedRoot: await selectRoot(options, { mirrorURL, isProduction, store }),
    store,
    now: () => new Date(),
    onDiagnostic,
    transport: {
      ...toTransport({ retry, timeout }),
      ...ALLOWED,
      ...(fetch === undefined ? {} : { fetch }),
      ...(signal === undefined ? {} : { signal }),
    },
  });
  return {
    isCompiled: isProduction && (options.rootPath === undefined || options.rootPath === ''),
    isUnknown: async () => (await store.read('metadata', 'timestamp')) === undefined,
    refresh: () => refresh(client, options.forceCache === true),
    fetchTarget: (name) => fetchTarget(client, name),
  };
}

interface Place {
  readonly mirrorURL: string;
  readonly isProduction: boolean;
  readonly store: TufStore;
}

/** The root to begin with: the caller's, the one compiled in, or the one that was remembered. */
async function selectRoot({ rootPath, forceInit, force }: TUFOptions, place: Place): Promise<Uint8Array> {
  const { mirrorURL, isProduction, store } = place;
  const isReset = forceInit ?? force ?? false;
  if (rootPath !== undefined && rootPath !== '') {
    const root = await readRoot(rootPath);
    await store.withLock(async () => {
      if (isReset || (await store.read('metadata', 'root')) === undefined) await store.write('metadata', 'root', root);
    });
    return root;
  }
  if (isProduction) return encodeUtf8(PRODUCTION_ROOT);
  const remembered = isReset ? undefined : await store.read('metadata', 'root');
  if (remembered !== undefined) return remembered;
  throw new TUFError({ code: 'TUF_INIT_CACHE_ERROR', message: `No root.json found for mirror: ${mirrorURL}` });
}

async function readRoot(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new TUFError({ code: 'TUF_INIT_CACHE_ERROR', message: `cannot read the root ${path}`, cause });
  }
}

async function refresh(client: TufClient, forceCache: boolean): Promise<TufState> {
  try {
    return await client.refresh({ maxAgeMs: forceCache ? Number.POSITIVE_INFINITY : 0 });
  } catch (cause) {
    throw toTufError(cause, { code: 'TUF_REFRESH_METADATA_ERROR', what: 'error refreshing TUF metadata' });
  }
}

async function fetchTarget(client: TufClient, name: string): Promise<Uint8Array> {
  try {
    return await client.fetchTarget(name);
  } catch (cause) {
    // Callers take this code for "there is none", and trust others then: it stands for nothing that was kept from them.
    if (isUnlisted(cause)) throw toTufError(cause, { code: 'TUF_FIND_TARGET_ERROR', what: `target ${name} not found` });
    const code: TUFErrorCode = isKeywaxError(cause) && isDownload(cause) ? 'TUF_DOWNLOAD_TARGET_ERROR' : METADATA;
    throw toTufError(cause, { code, what: `error downloading target ${name}` });
  }
}

const METADATA = 'TUF_REFRESH_METADATA_ERROR';

function isDownload({ code }: KeywaxError): boolean {
  return code.startsWith('NETWORK_') || code === 'TUF_CONTENT_MISMATCH' || code === 'INPUT_TOO_LARGE';
}

/** What the caller's signal ends, and what is wrong with the options, stays as it is. */
function toTufError(cause: unknown, { code, what }: { readonly code: TUFErrorCode; readonly what: string }): unknown {
  if (!isKeywaxError(cause) || cause.code === 'OPERATION_ABORTED' || cause.code === 'CONFIG_INVALID') return cause;
  return new TUFError({ code, message: code === 'TUF_FIND_TARGET_ERROR' ? what : `${what}: ${cause.message}`, cause });
}
