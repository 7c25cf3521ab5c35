// SPDX-License-Identifier: Apache-2.0
// Time for other writers.

import { waitWithTimer } from '@keywax/http';
import type { Session } from './session.js';

/** Longer than another writer takes from its reading to its writing, most of the time. */
const PAUSE_MS = 150;
const MAX_FACTOR = 4;

/** Waits 150 to 300 ms for each attempt up to the fourth: of random length, or writers who met would meet again. */
export async function pause({ transport }: Session, attempt: number): Promise<void> {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  const ms = Math.round(PAUSE_MS * (1 + random / 2 ** 32) * Math.min(attempt, MAX_FACTOR));
  await (transport.delay ?? waitWithTimer)(ms, transport.signal ?? new AbortController().signal);
}
