// SPDX-License-Identifier: Apache-2.0
// Submitting to a log of either version.

import type { LogEntry } from '@keywax/bundle';
import { KeywaxError } from '@keywax/core/errors';
import type { RekorV2Options } from './known-log.js';
import type { Proposal } from './proposal.js';
import { submitEntryV1 } from './v1.js';
import { submitEntryV2 } from './v2.js';

/** Where a log is, and what it speaks. */
export interface LogService {
  /** Base URL. */
  readonly url: string;
  /** 1 or 2. */
  readonly majorApiVersion: number;
}

/**
 * Submits a proposal and answers with the entry: its body is what was proposed, and its proof leads to the root that its
 * checkpoint states. Whether the log signed promise and checkpoint is verified with the bundle.
 * @throws INPUT_UNSUPPORTED for a version other than 1 and 2; SERVICE_INVALID, CONFIG_INVALID, NETWORK_…, INPUT_TOO_LARGE,
 *   OPERATION_ABORTED
 * @example
 * const entry = await submitEntry({ url: 'https://rekor.example', majorApiVersion: 2 }, proposal, { knownLogs });
 */
export async function submitEntry(
  { url, majorApiVersion }: LogService,
  proposal: Proposal,
  options: RekorV2Options = {},
): Promise<LogEntry> {
  const { knownLogs: _, ...transport } = options;
  if (majorApiVersion === 1) return submitEntryV1(url, proposal, transport);
  if (majorApiVersion === 2) return submitEntryV2(url, proposal, options);
  throw new KeywaxError('INPUT_UNSUPPORTED', `expected Rekor of API version 1 or 2, found ${majorApiVersion}`);
}
