// SPDX-License-Identifier: Apache-2.0
// Telling by its checkpoint which known log of Rekor v2 has answered. The signature itself is verified with the bundle.

import { equalBytes } from '@keywax/core/bytes';
import type { Checkpoint } from '@keywax/core/note';
import type { Transport } from '@keywax/http';

/** A log as a trusted root names it. */
export interface KnownLog {
  /** First line of its checkpoints, and the name of its signatures. */
  readonly origin: string;
  /** 32 bytes. */
  readonly logId: Uint8Array;
  /** Begins with the key hint of its signatures; `logId` does so unless this is given. */
  readonly checkpointKeyId?: Uint8Array;
}

/** What submitting to Rekor v2 may need beside the proposal. */
export interface RekorV2Options extends Transport {
  /**
   * The logs of a trusted root. With them an answer has to come from one of them. Without them an entry that the log
   * has already cannot be rebuilt, because tiles do not name their log.
   */
  readonly knownLogs?: readonly KnownLog[];
}

const KEY_HINT_BYTES = 4; // C2SP signed-note

/** The logs that a checkpoint claims to be of, by its origin and the key hints of its signatures (PROTOCOL 4.4). */
export function findClaimedLogs(logs: readonly KnownLog[], { origin, signatures }: Checkpoint): readonly KnownLog[] {
  return logs.filter(
    ({ origin: known, logId, checkpointKeyId = logId }) =>
      known === origin &&
      signatures.some(
        ({ name, keyHint }) => name === origin && equalBytes(keyHint, checkpointKeyId.subarray(0, KEY_HINT_BYTES)),
      ),
  );
}
