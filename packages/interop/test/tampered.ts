// SPDX-License-Identifier: Apache-2.0
// Bundles that nobody may accept: good ones of Keywax with one thing changed, or taken from another signing.

import type { ErrorCode, SerializedBundle } from 'keywax';
import type { SigningCase } from './keywax.js';

type LogEntry = NonNullable<SerializedBundle['verificationMaterial']['tlogEntries']>[number];

/** One way to spoil a bundle, and how its refusal is called. */
export interface Tampering {
  readonly name: string;
  readonly of: SigningCase;
  /** Changes a bundle; `other` is a good one of the same kind. */
  readonly change: (bundle: SerializedBundle, other: SerializedBundle) => void;
  /** The code of Keywax. */
  readonly code: ErrorCode;
  /** The code of `@sigstore/verify`. */
  readonly peerCode: string;
  /** What sigstore for Python says; absent where it accepts the bundle. */
  readonly python?: string;
}

const MESSAGE_V1: SigningCase = { content: 'message', rekor: 'v1' };
const DSSE_V1: SigningCase = { content: 'dsse', rekor: 'v1' };
const MESSAGE_V2: SigningCase = { content: 'message', rekor: 'v2' };

export const TAMPERINGS: readonly Tampering[] = [
  {
    name: 'the signature of another signing',
    of: MESSAGE_V1,
    change: (bundle, other) => {
      bundle.messageSignature = other.messageSignature as never;
    },
    code: 'TIMESTAMP_INVALID',
    peerCode: 'TIMESTAMP_ERROR',
    python: 'Signature is invalid for input',
  },
  {
    name: 'the certificate of another signing',
    of: MESSAGE_V1,
    change: ({ verificationMaterial }, other) => {
      verificationMaterial.certificate = other.verificationMaterial.certificate as never;
    },
    code: 'ENTRY_MISMATCH',
    peerCode: 'SIGNATURE_ERROR',
    python: 'Signature is invalid for input',
  },
  {
    name: 'the log entry of another signing',
    of: MESSAGE_V1,
    change: ({ verificationMaterial }, other) => {
      verificationMaterial.tlogEntries = [entryOf(other)];
    },
    code: 'ENTRY_MISMATCH',
    peerCode: 'TLOG_BODY_ERROR',
    python: 'transparency log entry is inconsistent with other materials',
  },
  {
    name: 'the timestamp of another signing',
    of: MESSAGE_V1,
    change: ({ verificationMaterial }, other) => {
      verificationMaterial.timestampVerificationData = other.verificationMaterial.timestampVerificationData as never;
    },
    code: 'TIMESTAMP_INVALID',
    peerCode: 'TIMESTAMP_ERROR',
    // Sets it aside: the promise of the log proves a time too.
  },
  {
    name: 'a promise with one bit changed',
    of: MESSAGE_V1,
    change: (bundle) => {
      const { inclusionPromise } = entryOf(bundle);
      if (inclusionPromise !== undefined)
        inclusionPromise.signedEntryTimestamp = flip(inclusionPromise.signedEntryTimestamp);
    },
    code: 'PROMISE_INVALID',
    peerCode: 'TLOG_INCLUSION_PROMISE_ERROR',
    python: 'SET: invalid inclusion promise',
  },
  {
    name: 'an index other than the promised one',
    of: MESSAGE_V1,
    change: (bundle) => {
      entryOf(bundle).logIndex = '7';
    },
    code: 'PROMISE_INVALID',
    peerCode: 'TLOG_INCLUSION_PROMISE_ERROR',
    python: 'SET: invalid inclusion promise',
  },
  {
    name: 'another payload',
    of: DSSE_V1,
    change: ({ dsseEnvelope }) => {
      if (dsseEnvelope !== undefined) dsseEnvelope.payload = flip(dsseEnvelope.payload);
    },
    code: 'ENTRY_MISMATCH',
    peerCode: 'TLOG_BODY_ERROR',
    python: 'DSSE: invalid signature',
  },
  {
    name: 'a proof with one bit changed',
    of: MESSAGE_V2,
    change: (bundle) => {
      const { inclusionProof } = entryOf(bundle);
      if (inclusionProof !== undefined) inclusionProof.hashes = inclusionProof.hashes?.map(flip) as never;
    },
    code: 'PROOF_INVALID',
    peerCode: 'TLOG_INCLUSION_PROOF_ERROR',
    python: 'inclusion proof contains invalid root hash',
  },
  {
    name: 'a checkpoint with one bit of its signature changed',
    of: MESSAGE_V2,
    change: (bundle) => {
      const checkpoint = entryOf(bundle).inclusionProof?.checkpoint;
      if (checkpoint !== undefined)
        checkpoint.envelope = checkpoint.envelope.replace(/(\S+)\n$/, (_, signature: string) => `${flip(signature)}\n`);
    },
    code: 'CHECKPOINT_INVALID',
    peerCode: 'TLOG_INCLUSION_PROOF_ERROR',
    python: 'checkpoint: invalid signature',
  },
  {
    name: 'no timestamp, where nothing else proves a time',
    of: MESSAGE_V2,
    change: ({ verificationMaterial }) => {
      verificationMaterial.timestampVerificationData = { rfc3161Timestamps: [] };
    },
    code: 'TIME_MISSING',
    peerCode: 'TIMESTAMP_ERROR',
    python: 'bundle must contain an inclusion promise or signed timestamp(s)',
  },
];

function entryOf(bundle: SerializedBundle): LogEntry {
  const [entry] = bundle.verificationMaterial.tlogEntries ?? [];
  if (entry === undefined) throw new RangeError('a bundle without an entry');
  return entry;
}

/** Changes the last bit of some bytes in base64. */
function flip(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return bytes.toString('base64');
}
