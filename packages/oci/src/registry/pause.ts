// SPDX-License-Identifier: Apache-2.0
// Time for other writers.

import { waitWithTimer } from '@keywax/http';
import type { Session } from './session.js';

/** Longer than another writer takes from its reading to its writing, most of the time. */
const PAUSE_MS = 150;
const MAX_PAUSE_MS = 5_000;

/**
 * Waits at least 150 ms, longer after more attempts, and up to as long again: of random length, or writers who met would
 * meet again.
 */
export async function pause(
  { transport }: Session,
  { attempt = 0, leastMs = 0 }: { readonly attempt?: number; readonly leastMs?: number },
): Promise<void> {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  const base = Math.min(Math.max(PAUSE_MS * (attempt + 1), leastMs), MAX_PAUSE_MS);
  const ms = Math.round(base * (1 + random / 2 ** 32));
  await (transport.delay ?? waitWithTimer)(ms, transport.signal ?? new AbortController().signal);
}
