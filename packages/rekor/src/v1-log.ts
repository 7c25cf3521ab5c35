// SPDX-License-Identifier: Apache-2.0
// The state of a Rekor v1 log, which is its own word: trust comes from a trusted root, and from checkpoints whose
// signatures verify.

import { equalBytes } from '@keywax/core/bytes';
import { type Decoder, arrayOf, decodeInt64, decodeOpenObject, decodeString, transform } from '@keywax/core/decode';
import { type PublicKey, parsePublicKeyPem } from '@keywax/core/key';
import { parseCheckpoint } from '@keywax/core/note';
import { type Transport, joinServiceUrl, readAnswer, request } from '@keywax/http';
import { invalid, misused } from './answer.js';
import { decodeHexHash } from './v1-answer.js';
import { callV1, decodeV1 } from './v1-call.js';

const KEY_TYPE = 'application/x-pem-file';
const MAX_CONSISTENCY_HASHES = 64; // RFC 6962 §2.1.2

/** The state of a log's active shard. */
export interface LogInfo {
  readonly treeId: bigint;
  readonly treeSize: bigint;
  /** 32 bytes. */
  readonly rootHash: Uint8Array;
  /** The signed note that states size and root. */
  readonly checkpoint: string;
}

interface LogInfoMembers {
  readonly treeID: bigint;
  readonly treeSize: bigint;
  readonly rootHash: Uint8Array;
  readonly signedTreeHead: string;
}

const decodeLogInfo: Decoder<LogInfo> = transform(
  decodeOpenObject<LogInfoMembers>({
    treeID: decodeInt64,
    treeSize: decodeInt64,
    rootHash: decodeHexHash,
    signedTreeHead: decodeString,
  }),
  ({ treeID: treeId, treeSize, rootHash, signedTreeHead: checkpoint }) => {
    const signed = parseCheckpoint(checkpoint, 'checkpoint');
    if (signed.size !== treeSize || !equalBytes(signed.rootHash, rootHash))
      throw invalid('size and root of the checkpoint', 'others');
    return Object.freeze({ treeId, treeSize, rootHash, checkpoint });
  },
);

/** Fetches the state of the active shard. @throws SERVICE_INVALID, INPUT_TOO_LARGE, NETWORK_… */
export async function fetchLogInfo(base: string, transport: Transport = {}): Promise<LogInfo> {
  return decodeV1(await callV1(base, '/log', { transport }), decodeLogInfo);
}

/** Fetches the key that a log says it has. @throws SERVICE_INVALID, INPUT_TOO_LARGE, NETWORK_… */
export async function fetchLogKey(base: string, transport: Transport = {}): Promise<PublicKey> {
  const url = joinServiceUrl(base, '/api/v1/log/publicKey', transport);
  const pem = (await request(url, { ...transport, accept: [KEY_TYPE] })).text();
  return readAnswer('Rekor', () => parsePublicKeyPem(pem, 'public key'));
}

/** Which states of which tree a consistency proof is about. */
export interface ConsistencyQuery {
  /** At least 1. */
  readonly firstSize: bigint;
  /** At least the first. */
  readonly lastSize: bigint;
  readonly treeId: bigint;
}

const decodeConsistency: Decoder<{ readonly hashes: readonly Uint8Array[] }> = decodeOpenObject<{
  hashes: readonly Uint8Array[];
}>({ hashes: arrayOf(decodeHexHash, MAX_CONSISTENCY_HASHES) });

/**
 * Fetches the hashes of a consistency proof, to be verified against two checkpoints.
 * @throws CONFIG_INVALID, SERVICE_INVALID, INPUT_TOO_LARGE, NETWORK_…
 */
export async function fetchConsistencyProof(
  base: string,
  { firstSize, lastSize, treeId: treeID }: ConsistencyQuery,
  transport: Transport = {},
): Promise<readonly Uint8Array[]> {
  if (firstSize < 1n || firstSize > lastSize) throw misused('firstSize', `1 to the last size, ${lastSize}`);
  const response = await callV1(base, '/log/proof', { transport, query: { firstSize, lastSize, treeID } });
  return decodeV1(response, decodeConsistency).hashes;
}
