// SPDX-License-Identifier: Apache-2.0
// Good answers of both versions of Rekor, as plain JSON that a test may change.

import { decodeBase64, encodeHex } from '@keywax/core/bytes';
import type { Lab, LogEntryJson } from '@keywax/stack/lab';
import type { Proposal } from '../src/index.js';
import { encodeProposalV1, encodeProposalV2 } from '../src/proposal.js';

/** An entry as Rekor v1 answers with it, without the id above it. */
export interface AnswerV1 {
  body: string;
  integratedTime: number;
  logID: string;
  logIndex: number;
  verification: {
    inclusionProof: { checkpoint: string; hashes: string[]; logIndex: number; rootHash: string; treeSize: number };
    signedEntryTimestamp: string;
  };
}

/** An answer of Rekor v1: the entry below its id. */
export interface IdentifiedAnswer {
  readonly uuid: string;
  readonly answer: AnswerV1;
}

/** Logs a proposal and describes the entry as Rekor v1 does. */
export async function answerV1({ rekorV1 }: Lab, proposal: Proposal): Promise<IdentifiedAnswer> {
  const index = await rekorV1.append(encodeProposalV1(proposal).body);
  return { uuid: rekorV1.uuid(index), answer: describeV1(rekorV1.entry(index)) };
}

/** An entry of a bundle in the form of Rekor v1. */
export function describeV1(entry: LogEntryJson): AnswerV1 {
  const { logIndex, rootHash, treeSize, hashes, checkpoint } = entry.inclusionProof;
  const toHex = (base64: string): string => encodeHex(decodeBase64(base64));
  return {
    body: entry.canonicalizedBody,
    integratedTime: Number(entry.integratedTime),
    logID: toHex(entry.logId.keyId),
    logIndex: Number(entry.logIndex),
    verification: {
      inclusionProof: {
        checkpoint: checkpoint.envelope,
        hashes: hashes.map(toHex),
        logIndex: Number(logIndex),
        rootHash: toHex(rootHash),
        treeSize: Number(treeSize),
      },
      signedEntryTimestamp: entry.inclusionPromise?.signedEntryTimestamp ?? '',
    },
  };
}

/** Logs a proposal and describes the entry as Rekor v2 does, which writes unset members too. */
export async function answerV2({ rekorV2 }: Lab, proposal: Proposal): Promise<AnswerV2> {
  const index = await rekorV2.append(encodeProposalV2(proposal).body);
  return { ...rekorV2.entry(index), integratedTime: '0', inclusionPromise: null };
}

/** An entry as Rekor v2 answers with it. */
export type AnswerV2 = Omit<LogEntryJson, 'inclusionPromise'> & { inclusionPromise: null };
