// SPDX-License-Identifier: Apache-2.0
// Log entries written by hand: proofs in trees of any size, checkpoints and promises with everything in them changed
// before they are signed.

import type { SerializedInclusionProof, SerializedLogEntry } from '@keywax/bundle';
import { encodeBase64, encodeUtf8 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { computeInclusionRoot, hashLeaf } from '@keywax/core/merkle';
import { encodeNote } from '@keywax/core/note';
import {
  type BundleRequest,
  type Lab,
  type NoteSigner,
  type PromiseFields,
  type SigningKey,
  encodeLogHead,
  encodePromise,
  signBytes,
  signNoteText,
} from '@keywax/stack/lab';
import type { Bench, Make } from './case.js';
import { NOW, made } from './forge.js';

const sha256 = (...pieces: readonly Uint8Array[]): Uint8Array => hash('sha256', ...pieces);

/** A proof and its checkpoint, by default leaf 5 of a tree of 6. */
export interface ForgedProof {
  readonly index?: bigint;
  readonly size?: bigint;
  /** The sibling hashes; as many as are needed unless given. */
  readonly hashes?: readonly Uint8Array[];
  readonly origin?: string;
  readonly extensions?: readonly string[];
  readonly signers?: readonly NoteSigner[];
  /** Writes the whole note from its text, signed by `signers` unless given. */
  readonly envelope?: (text: string) => string;
  /** Changes the text of the checkpoint before it is signed. */
  readonly text?: (text: string) => string;
  /** Changes the proof after the checkpoint was signed. */
  readonly change?: (proof: SerializedInclusionProof) => SerializedInclusionProof;
}

/** As many hashes as a proof needs (RFC 9162 section 2.1.3.1). */
export function siblingHashes(index: bigint, size: bigint): readonly Uint8Array[] {
  const binary = (value: bigint): string => (value === 0n ? '' : value.toString(2));
  const inner = binary(index ^ (size - 1n)).length;
  const border = binary(index >> BigInt(inner)).replaceAll('0', '').length;
  return Array.from({ length: inner + border }, (_, i) => sha256(Uint8Array.of(i)));
}

function forgeProof(body: Uint8Array, log: { origin: string; signer: NoteSigner }, forged: ForgedProof) {
  const { index = 5n, size = 6n, origin = log.origin, extensions = [], signers = [log.signer] } = forged;
  const { hashes = siblingHashes(index, size), change = (proof) => proof, text: changeText = (text) => text } = forged;
  const rootHash = computeInclusionRoot(sha256, { index, size, leafHash: hashLeaf(sha256, body), hashes });
  const text = changeText(encodeLogHead({ origin, size, rootHash, extensions }));
  const envelope =
    forged.envelope?.(text) ?? encodeNote({ text, signatures: signers.map((signer) => signNoteText(text, signer)) });
  return change({
    logIndex: `${index}`,
    rootHash: encodeBase64(rootHash),
    treeSize: `${size}`,
    hashes: hashes.map(encodeBase64),
    checkpoint: { envelope },
  });
}

/** An entry of the lab's Rekor v2. */
export function forgeV2(lab: Lab, body: Uint8Array, forged: ForgedProof = {}): SerializedLogEntry {
  const { rekorV2 } = lab;
  return {
    logIndex: `${forged.index ?? 5n}`,
    logId: { keyId: encodeBase64(rekorV2.logId) },
    kindVersion: readKind(body),
    inclusionProof: forgeProof(body, rekorV2, forged),
    canonicalizedBody: encodeBase64(body),
  };
}

/** What else an entry of Rekor v1 has. */
export interface ForgedV1 {
  readonly proof?: ForgedProof;
  readonly logIndex?: bigint;
  readonly integratedTime?: bigint;
  /** The key that signs the promise; the log's unless given. */
  readonly promiseKey?: SigningKey;
  readonly logId?: Uint8Array;
}

/** An entry of the lab's Rekor v1. */
export function forgeV1(lab: Lab, body: Uint8Array, forged: ForgedV1 = {}): SerializedLogEntry {
  const { rekorV1 } = lab;
  const { logIndex = 1_005n, integratedTime = BigInt(NOW.getTime() / 1_000), promiseKey = rekorV1.key } = forged;
  const { logId = rekorV1.logId } = forged;
  const fields = { body, integratedTime, logId, logIndex } as unknown as PromiseFields; // its numbers may be large ones
  const promise = signBytes(promiseKey, encodePromiseText(fields));
  return {
    logIndex: `${logIndex}`,
    logId: { keyId: encodeBase64(logId) },
    kindVersion: readKind(body),
    integratedTime: `${integratedTime}`,
    inclusionPromise: { signedEntryTimestamp: encodeBase64(promise) },
    inclusionProof: forgeProof(
      body,
      { origin: `${rekorV1.hostname} - ${rekorV1.treeId}`, signer: rekorV1.signer },
      forged.proof ?? {},
    ),
    canonicalizedBody: encodeBase64(body),
  };
}

/** The lab's encoder takes safe integers alone; the text of larger ones is put in by hand. */
function encodePromiseText({ integratedTime, logIndex, ...fields }: PromiseFields): Uint8Array {
  const small = new TextDecoder().decode(encodePromise({ ...fields, integratedTime: 1, logIndex: 2 }));
  const text = small.replace('"integratedTime":1,', `"integratedTime":${integratedTime},`);
  return encodeUtf8(text.replace('"logIndex":2}', `"logIndex":${logIndex}}`));
}

function readKind(body: Uint8Array): { kind: string; version: string } {
  const { kind, apiVersion } = JSON.parse(new TextDecoder().decode(body)) as { kind: string; apiVersion: string };
  return { kind, version: apiVersion };
}

type Choice<T> = T | ((bench: Bench) => T);

function choose<T extends object>(bench: Bench, choice: Choice<T>): T {
  return typeof choice === 'function' ? choice(bench) : choice;
}

/** A message in Rekor v2 with a forged proof. */
export function provenInV2(forged: Choice<ForgedProof> = {}, request: Partial<BundleRequest> = {}): Make {
  return made((bench) => ({
    content: 'message',
    logs: 'v2',
    ...request,
    steps: { entryV2: async (body) => forgeV2(bench.lab, body, choose(bench, forged)), ...request.steps },
  }));
}

/** A message in Rekor v1 with a forged entry and no timestamps. */
export function loggedInV1(forged: Choice<ForgedV1> = {}, request: Partial<BundleRequest> = {}): Make {
  return made((bench) => ({
    content: 'message',
    logs: 'v1',
    ...request,
    steps: {
      timestamps: () => [],
      entryV1: async (body) => forgeV1(bench.lab, body, choose(bench, forged)),
      ...request.steps,
    },
  }));
}
