// SPDX-License-Identifier: Apache-2.0
// An entry as Rekor v2 answers with it, made into the entry of a bundle.
// Refused: a missing proof or checkpoint, an index in the proof that is not the entry's, a kind that is not the body's,
// ids and hashes that are not 32 bytes, and what answer.ts lists. Members that are not named here are left out, time and
// promise among them: this version of Rekor proves no time (RUL-8).

import type { InclusionProof } from '@keywax/bundle';
import {
  type Decoder,
  arrayOf,
  decodeBase64Field,
  decodeInt64,
  decodeOpenObject,
  decodeString,
  withDefault,
} from '@keywax/core/decode';
import { quoteText } from '@keywax/core/errors';
import { MAX_PROOF_HASHES, type ProvenEntry, hashOf, invalid, readKindVersion } from './answer.js';

const decodeHash: Decoder<Uint8Array> = hashOf(decodeBase64Field);

interface Answer {
  readonly logIndex: bigint;
  readonly logId: { readonly keyId: Uint8Array };
  readonly kindVersion: { readonly kind: string; readonly version: string };
  readonly inclusionProof: Required<Omit<InclusionProof, 'checkpoint'>> & {
    readonly checkpoint: { readonly envelope: string };
  };
  readonly canonicalizedBody: Uint8Array;
}

const decodeAnswer: Decoder<Answer> = decodeOpenObject<Answer>({
  logIndex: withDefault(decodeInt64, 0n), // ProtoJSON may leave out a zero
  logId: decodeOpenObject<Answer['logId']>({ keyId: decodeHash }),
  kindVersion: decodeOpenObject<Answer['kindVersion']>({ kind: decodeString, version: decodeString }),
  inclusionProof: decodeOpenObject<Answer['inclusionProof']>({
    logIndex: withDefault(decodeInt64, 0n),
    rootHash: decodeHash,
    treeSize: decodeInt64,
    hashes: arrayOf(decodeHash, MAX_PROOF_HASHES),
    checkpoint: decodeOpenObject<{ envelope: string }>({ envelope: decodeString }),
  }),
  canonicalizedBody: decodeBase64Field,
});

/** Decodes an entry, whose proof is still to be verified. @throws SERVICE_INVALID, INPUT_MALFORMED, INPUT_TOO_LARGE */
export const decodeEntryAnswerV2: Decoder<ProvenEntry> = (value, at) => {
  const { logIndex, logId, kindVersion, inclusionProof, canonicalizedBody: body } = decodeAnswer(value, at);
  if (inclusionProof.logIndex !== logIndex)
    throw invalid(`a proof for index ${logIndex}`, `${inclusionProof.logIndex}`);
  const { kind, version } = readKindVersion(body);
  if (kindVersion.kind !== kind || kindVersion.version !== version)
    throw invalid(
      `the kind of the body, ${quoteText(`${kind} ${version}`)}`,
      quoteText(`${kindVersion.kind} ${kindVersion.version}`),
    );
  const proof = Object.freeze({ ...inclusionProof, checkpoint: inclusionProof.checkpoint.envelope });
  return Object.freeze({ logIndex, logId: logId.keyId, kind, version, integratedTime: 0n, proof, body });
};
