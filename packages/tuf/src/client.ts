// SPDX-License-Identifier: Apache-2.0
// The client: one mirror, one trusted root, one store. `refresh` follows TUF 1.0.34 §5; `fetchTarget` gives files.

import { isKeywaxError } from '@keywax/core/errors';
import { commitTarget } from './commit.js';
import type { Context } from './context.js';
import { type Opened, type TufState, describeState, hasExpired, openNewest } from './opening.js';
import type { Session } from './session.js';
import { type Settings, type TufClientOptions, checkAmount, prepareSettings, withLock } from './settings.js';
import { type ObtainedTarget, obtainTarget } from './target.js';

export type { TufState } from './opening.js';
export type { OfflineMode, TufClientOptions } from './settings.js';

/** When a refresh may do without the mirror. */
export interface RefreshOptions {
  /** Uses the stored state where it is complete, has not expired and is not older than this; 0 unless given. */
  readonly maxAgeMs?: number;
}

/** A TUF client. */
export interface TufClient {
  /**
   * Brings the state up to date and tells it. Calls at the same time share one refresh, in this process and, by the
   * store's lock, in others.
   * @throws TUF_…, NETWORK_…, INPUT_TOO_LARGE, FILE_FAILED, OPERATION_ABORTED
   */
  refresh(options?: RefreshOptions): Promise<TufState>;
  /**
   * The content of a target, verified. Refreshes first where that has not been done, or its metadata has expired since.
   * @throws as `refresh`, TUF_TARGET_MISSING for a target that no role in charge lists
   */
  fetchTarget(path: string): Promise<Uint8Array>;
}

/** A refresh that others may join. */
interface RunningRefresh {
  readonly maxAgeMs: number;
  readonly opened: Promise<Opened>;
}

/**
 * Creates a client. Nothing is read or fetched before it is asked for something.
 * @throws NETWORK_POLICY for a URL that is never contacted, CONFIG_INVALID
 * @example
 * const client = createTufClient({ mirrorUrl, trustedRoot, store: createMemoryStore(), now: () => new Date() });
 * const trustedRootJson = await client.fetchTarget('trusted_root.json');
 */
export function createTufClient(options: TufClientOptions): TufClient {
  const settings = prepareSettings(options);
  let current: Opened | undefined;
  let running: RunningRefresh | undefined;

  const open = async (context: Context, maxAgeMs: number): Promise<Opened> => {
    // One that may be content with an older state is of no use to others.
    if (running === undefined || running.maxAgeMs > maxAgeMs) {
      const started: RunningRefresh = { maxAgeMs, opened: openNewest(context, settings, maxAgeMs) };
      const end = (): void => {
        if (running === started) running = undefined;
      };
      started.opened.then(end, end);
      running = started;
    }
    const opened = await running.opened;
    current = opened;
    return opened;
  };

  return {
    async refresh({ maxAgeMs = 0 } = {}) {
      const context = settings.createContext();
      return describeState(await open(context, checkAmount('maxAgeMs', maxAgeMs)), context.now);
    },
    async fetchTarget(path) {
      const context = settings.createContext();
      const isUsable = current !== undefined && (settings.offline || !hasExpired(current.session, context.now));
      const opened = current !== undefined && isUsable ? current : await open(context, 0);
      return fetchFrom(context, settings, { opened, path });
    },
  };
}

interface TargetRequest {
  readonly opened: Opened;
  readonly path: string;
}

async function fetchFrom(context: Context, settings: Settings, { opened, path }: TargetRequest): Promise<Uint8Array> {
  const { session, complete } = opened;
  const { mirror, ...storeOnly } = context;
  if (mirror === undefined) return (await obtainTarget(context, session, path)).bytes;
  const stored = await obtainStored(storeOnly, session, path);
  if (stored !== undefined && (complete === undefined || complete.held.has(stored.held.name))) return stored.bytes;
  return withLock(settings, async () => {
    const { bytes, held } = stored ?? (await obtainTarget(context, session, path));
    if (complete !== undefined) await commitTarget(context, { id: complete.id, session }, held);
    complete?.held.add(held.name);
    return bytes;
  });
}

/** A target that can be had without the mirror; whatever speaks against it is looked at again with the mirror. */
async function obtainStored(context: Context, session: Session, path: string): Promise<ObtainedTarget | undefined> {
  try {
    return await obtainTarget(context, session, path);
  } catch (error) {
    if (!isKeywaxError(error)) throw error;
    return undefined;
  }
}
