// SPDX-License-Identifier: Apache-2.0
// Submitting to a log of either version.

import type { LogEntry } from '@keywax/bundle';
import { KeywaxError } from '@keywax/core/errors';
import type { Proposal } from './proposal.js';
import { submitEntryV1 } from './v1.js';
import { type RekorV2Options, submitEntryV2 } from './v2.js';

/** Where a log is, and what it speaks. */
export interface LogService {
  readonly url: string;
  readonly majorApiVersion: number;
}

/**
 * Submits a proposal and answers with the entry, which is about what was proposed. Proof and promise are not verified here.
 * @throws INPUT_UNSUPPORTED for a version other than 1 and 2; SERVICE_INVALID, NETWORK_…
 */
export async function submitEntry(
  { url, majorApiVersion }: LogService,
  proposal: Proposal,
  options: RekorV2Options = {},
): Promise<LogEntry> {
  const { selectLogId: _, ...transport } = options;
  if (majorApiVersion === 1) return submitEntryV1(url, proposal, transport);
  if (majorApiVersion === 2) return submitEntryV2(url, proposal, options);
  throw new KeywaxError('INPUT_UNSUPPORTED', `expected Rekor of API version 1 or 2, found ${majorApiVersion}`);
}
