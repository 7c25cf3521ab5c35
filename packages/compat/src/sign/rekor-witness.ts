// SPDX-License-Identifier: Apache-2.0
// Records signatures in a transparency log. What the log answers is checked: the entry is the one that was proposed, and
// its proof leads to the root of its checkpoint.

import type { LogEntry } from '@keywax/bundle';
import { type Transport, waitWithTimer } from '@keywax/http';
import { type RekorV1Options, submitEncodedV1, submitEntryV1, submitEntryV2 } from '@keywax/rekor';
import type { TransparencyLogEntry } from '../bundle/records.js';
import { copyOptions } from '../copy-options.js';
import { DEFAULT_REKOR_URL, selectUrl } from './default-urls.js';
import { failedStep } from './failure.js';
import { type FetchOptions, toTransport } from './fetch-options.js';
import { encodeIntotoProposal } from './intoto-proposal.js';
import { toTransparencyLogEntry } from './log-entry.js';
import { makeProposal } from './proposal.js';
import type { SignatureBundle, Witness } from './witness.js';

/** Where and how signatures are recorded. */
export type RekorWitnessOptions = FetchOptions & {
  /** The public log unless given. */
  readonly rekorBaseURL?: string | undefined;
  /** 1 unless given. */
  readonly majorApiVersion?: number | undefined;
  /** What an envelope is recorded as by version 1: `dsse` unless given. */
  readonly entryType?: 'dsse' | 'intoto' | undefined;
  /**
   * Whether an entry that the log has already is fetched, as it is unless this says no. An entry of this very call, which
   * the log has because its first answer was lost, always is.
   */
  readonly fetchOnConflict?: boolean | undefined;
};

const MIN_V2_ATTEMPT_MS = 20_000; // version 2 answers once a published checkpoint covers the entry

/** Records signatures in a log of Rekor. */
export class RekorWitness implements Witness {
  readonly #options: RekorWitnessOptions;

  constructor(options: RekorWitnessOptions) {
    this.#options = copyOptions(options);
  }

  /**
   * Records a signature; `publicKey` is the PEM of the key or certificate that verifies it.
   * @throws InternalError TLOG_CREATE_ENTRY_ERROR, TLOG_FETCH_ENTRY_ERROR
   */
  async testify(content: SignatureBundle, publicKey: string): Promise<{ tlogEntries: TransparencyLogEntry[] }> {
    const submit = this.#options.majorApiVersion === 2 ? submitV2 : submitV1;
    return { tlogEntries: [toTransparencyLogEntry(await submit(content, publicKey, this.#options))] };
  }
}

async function submitV2(content: SignatureBundle, pem: string, options: RekorWitnessOptions): Promise<LogEntry> {
  try {
    const transport = toTransport(options, MIN_V2_ATTEMPT_MS);
    return await submitEntryV2(
      selectUrl(options.rekorBaseURL, DEFAULT_REKOR_URL),
      makeProposal(content, pem),
      transport,
    );
  } catch (cause) {
    throw failedStep('TLOG_CREATE_ENTRY_ERROR', 'error creating tlog entry', cause);
  }
}

async function submitV1(content: SignatureBundle, pem: string, options: RekorWitnessOptions): Promise<LogEntry> {
  const { fetchOnConflict = true, entryType } = options;
  const attempts = watchAttempts(toTransport(options));
  let fetched = false;
  const transport: RekorV1Options = {
    ...attempts.transport,
    fetchOnConflict: () => (fetched = fetchOnConflict || attempts.isRepeated()),
  };
  try {
    return content.$case === 'dsseEnvelope' && entryType === 'intoto'
      ? await submitEncodedV1(
          selectUrl(options.rekorBaseURL, DEFAULT_REKOR_URL),
          encodeIntotoProposal(content.dsseEnvelope, pem),
          transport,
        )
      : await submitEntryV1(selectUrl(options.rekorBaseURL, DEFAULT_REKOR_URL), makeProposal(content, pem), transport);
  } catch (cause) {
    throw fetched
      ? failedStep('TLOG_FETCH_ENTRY_ERROR', 'error fetching tlog entry', cause)
      : failedStep('TLOG_CREATE_ENTRY_ERROR', 'error creating tlog entry', cause);
  }
}

/** A transport that knows whether a request was sent a second time: only then is there a wait. */
function watchAttempts(transport: Transport): { readonly transport: Transport; isRepeated(): boolean } {
  const { delay = waitWithTimer } = transport;
  let repeated = false;
  return {
    transport: {
      ...transport,
      delay: (ms, signal) => {
        repeated = true;
        return delay(ms, signal);
      },
    },
    isRepeated: () => repeated,
  };
}
