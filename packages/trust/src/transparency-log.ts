// SPDX-License-Identifier: Apache-2.0

import type { AlgorithmSuite } from '@keywax/core/algorithms';
import type { PublicKey } from '@keywax/core/key';
import type { TimeRange } from '@keywax/core/time';

/** A transparency log or certificate transparency log that a trusted root vouches for. */
export interface TransparencyLog {
  /** A name, never fetched; may be empty for a log that signs no name. */
  readonly baseUrl: string;
  /** What its checkpoints are named after: the host of `baseUrl`, with the port where one is written. */
  readonly origin: string;
  /** Name in the algorithm registry, known or not. */
  readonly keyDetails: string;
  /** The key as the trusted root has it: SPKI, or PKCS#1 for `PKCS1_…` details. */
  readonly rawKey: Uint8Array;
  /** Absent exactly where `unusable` says why. */
  readonly key?: PublicKey;
  /** How the log signs; absent where the log is unusable. */
  readonly suite?: AlgorithmSuite;
  /** Why nothing of this log can be verified: what needs it fails with `KEY_REJECTED`. */
  readonly unusable?: string;
  /** When the key was in use, both ends inclusive. */
  readonly validFor: TimeRange;
  /** 32 bytes: SHA-256 of the SPKI (Rekor v1, certificate logs) or the note key id (Rekor v2). */
  readonly logId: Uint8Array;
  /** The 32-byte key id whose first four bytes mark the log's signature on a checkpoint; absent where the log is unusable. */
  readonly checkpointKeyId?: Uint8Array;
  /** Who runs it; logs of one operator may count as one. */
  readonly operator?: string;
}
