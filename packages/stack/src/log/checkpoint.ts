// SPDX-License-Identifier: Apache-2.0
// Checkpoints (C2SP tlog-checkpoint, signed-note) as this instance signs them, one signature line at a time.

import { concatBytes, encodeUint, encodeUtf8 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { parsePublicKey } from '@keywax/core/key';
import { type NoteSignature, computeNoteKeyId, encodeCheckpoint, encodeNote } from '@keywax/core/note';
import { type SigningKey, signBytes } from '../keys.js';

/** What signs a note: `keyId` is the whole key id (32 bytes), of which the first four are the hint. */
export interface NoteSigner {
  readonly name: string;
  readonly key: SigningKey;
  readonly keyId: Uint8Array;
}

/** The state of a log that a checkpoint tells. */
export interface LogHead {
  readonly origin: string;
  readonly size: number | bigint;
  readonly rootHash: Uint8Array;
  readonly extensions?: readonly string[];
}

const sha256 = (...pieces: readonly Uint8Array[]): Uint8Array => hash('sha256', ...pieces);

/** A signer with the key id that belongs to its name and key. */
export function createNoteSigner(name: string, key: SigningKey): NoteSigner {
  return { name, key, keyId: computeNoteKeyId(name, parsePublicKey(key.spki, 'log key'), sha256) };
}

/** The text of a checkpoint: what its signatures cover. */
export function encodeLogHead({ origin, size, rootHash, extensions = [] }: LogHead): string {
  return encodeCheckpoint({ origin, size: BigInt(size), rootHash, extensions });
}

/** The signature of a signer over a note's text. */
export function signNoteText(text: string, { name, key, keyId }: NoteSigner): NoteSignature {
  return { name, keyHint: keyId.subarray(0, 4), signature: signBytes(key, encodeUtf8(text)) };
}

/** The cosignature (C2SP tlog-cosignature, version 1) of a witness with an Ed25519 key, at `seconds` since 1970. */
export function cosignNoteText(
  text: string,
  { name, key }: Pick<NoteSigner, 'name' | 'key'>,
  seconds: number,
): NoteSignature {
  const rawKey = key.spki.subarray(-32);
  const keyId = sha256(encodeUtf8(`${name}\n`), Uint8Array.of(4), rawKey);
  const signature = signBytes(key, encodeUtf8(`cosignature/v1\ntime ${seconds}\n${text}`));
  return { name, keyHint: keyId.subarray(0, 4), signature: concatBytes(encodeUint(seconds, 8), signature) };
}

/** A checkpoint whose text each signer has signed, in order. */
export function signCheckpoint(text: string, signers: readonly NoteSigner[]): string {
  return encodeNote({ text, signatures: signers.map((signer) => signNoteText(text, signer)) });
}
