// SPDX-License-Identifier: Apache-2.0
// A bundle of each kind, complete and well-formed, with invented bytes: the positive twin of what is refused.

import { isKeywaxError } from '@keywax/core/errors';
import type { SerializedBundle, SerializedLogEntry } from '../src/index.js';

const b64 = (byte: number, length: number): string => Buffer.alloc(length, byte).toString('base64');

export const MEDIA_TYPES = {
  '0.1': 'application/vnd.dev.sigstore.bundle+json;version=0.1',
  '0.2': 'application/vnd.dev.sigstore.bundle+json;version=0.2',
  '0.3': 'application/vnd.dev.sigstore.bundle.v0.3+json',
} as const;

/** An entry of Rekor v1 with promise and proof. */
export function sampleEntry(): Required<SerializedLogEntry> {
  return {
    logIndex: '12',
    logId: { keyId: b64(1, 32) },
    kindVersion: { kind: 'hashedrekord', version: '0.0.1' },
    integratedTime: '1700000000',
    inclusionPromise: { signedEntryTimestamp: b64(2, 70) },
    inclusionProof: {
      logIndex: '3',
      rootHash: b64(3, 32),
      treeSize: '9',
      hashes: [b64(4, 32), b64(5, 32)],
      checkpoint: { envelope: 'log.example - 1\n9\nAAAA\n\n— log.example AAAA\n' },
    },
    canonicalizedBody: b64(6, 40),
  };
}

/** An entry of Rekor v2. */
export function sampleEntryV2(): SerializedLogEntry {
  const { integratedTime: _time, inclusionPromise: _promise, ...entry } = sampleEntry();
  return { ...entry, kindVersion: { kind: 'hashedrekord', version: '0.0.2' } };
}

/** A keyless signature over an artifact. */
export function sampleBundle(
  version: keyof typeof MEDIA_TYPES = '0.3',
): SerializedBundle & { messageSignature: object } {
  const certificate = { rawBytes: b64(7, 300) };
  return {
    mediaType: MEDIA_TYPES[version],
    verificationMaterial: {
      ...(version === '0.3' ? { certificate } : { x509CertificateChain: { certificates: [certificate] } }),
      tlogEntries: [sampleEntry()],
      timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: b64(8, 100) }] },
    },
    messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest: b64(9, 32) }, signature: b64(10, 71) },
  };
}

/** A keyless signature over a statement. */
export function sampleEnvelope(): SerializedBundle & { dsseEnvelope: object } {
  const { messageSignature: _message, ...bundle } = sampleBundle();
  return {
    ...bundle,
    dsseEnvelope: {
      payload: Buffer.from('{}').toString('base64'),
      payloadType: 'application/vnd.in-toto+json',
      signatures: [{ sig: b64(11, 70), keyid: 'key' }],
    },
  };
}

/** The value with the member at `path` (dots and indexes) replaced, or deleted where `member` is undefined. */
export function withMember<T extends object>(value: T, path: string, member: unknown): T {
  const copy = structuredClone(value);
  const names = path.split('.');
  const last = names.pop() as string;
  let parent: Record<string, unknown> = copy as Record<string, unknown>;
  for (const name of names) parent = parent[name] as Record<string, unknown>;
  if (member === undefined) delete parent[last];
  else parent[last] = member;
  return copy;
}

/** The code of the `KeywaxError` that `action` throws, or `accepted`; any other error passes through. */
export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (isKeywaxError(error)) return error.code;
    throw error;
  }
  return 'accepted';
}
