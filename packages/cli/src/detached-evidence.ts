// SPDX-License-Identifier: Apache-2.0
// Evidence that is not in a bundle of Sigstore: signature, certificate and timestamp in files of their own, and cosign's
// old bundle of a blob. It is made into a bundle, and then verified like any other.

import { type SerializedBundle, encodeBundle } from '@keywax/bundle';
import { decodeUtf8 } from '@keywax/core/bytes';
import { KeywaxError } from '@keywax/core/errors';
import type { HashName } from '@keywax/core/hash';
import type { DetachedVerifier } from '@keywax/oci';
import { digestArtifact } from 'keywax';
import { type Operand, withArtifactFile } from './artifact-file.js';
import { readBundleFile } from './bundle-file.js';
import { readDocument } from './document-file.js';
import { type ValueFlag, refuseTogether, usageError } from './flags.js';

const MAX_PIECE_BYTES = 1_048_576; // a chain of certificates, or a signature
const MAX_SIGNATURE_BYTES = 16_777_216; // an envelope

type Name = 'signature' | 'certificate' | 'rfc3161-timestamp';
/** The values of the flags that name detached pieces. */
export type DetachedFlags = { readonly [K in Name | 'key' | 'bundle']?: string };

/** The flags that name detached pieces. */
export const DETACHED_FLAGS: Readonly<Record<Name, ValueFlag>> = {
  signature: { value: 'FILE', help: 'a detached signature, in base64 or as it is, in place of a bundle' },
  certificate: { value: 'FILE', help: "with --signature: the signer's certificate, as PEM" },
  'rfc3161-timestamp': {
    value: 'FILE',
    help: 'with --signature: a timestamp of it, as cosign or its authority wrote it',
  },
};

/** @throws CONFIG_INVALID for pieces that do not go together */
export function checkDetachedFlags(flags: DetachedFlags): void {
  refuseTogether(flags, ['signature', 'bundle']);
  refuseTogether(flags, ['certificate', 'key']);
  for (const name of ['certificate', 'rfc3161-timestamp'] as const)
    if (flags[name] !== undefined && flags.signature === undefined) throw usageError(`--${name} is for --signature`);
  if (flags.signature !== undefined && flags.certificate === undefined && flags.key === undefined)
    throw usageError('a detached signature needs --certificate or --key');
}

/**
 * Makes a bundle of the detached pieces that the flags name.
 * @throws LOG_THRESHOLD and TIME_MISSING where it is plain that the pieces prove too little; FILE_FAILED, INPUT_…, KEY_…
 */
export async function readDetached(
  flags: DetachedFlags & { readonly 'insecure-ignore-tlog'?: true },
  signaturePath: string,
  target: Operand,
): Promise<SerializedBundle> {
  const { certificate, key, 'rfc3161-timestamp': timestamp } = flags;
  if (certificate !== undefined && timestamp === undefined)
    throw new KeywaxError(
      'TIME_MISSING',
      'nothing says when the certificate was used: --rfc3161-timestamp, or a bundle with a log entry; `keywax bundle create --rekor-url` looks for one',
    );
  if (flags['insecure-ignore-tlog'] !== true)
    throw new KeywaxError(
      'LOG_THRESHOLD',
      'a detached signature comes without its log entry: --insecure-ignore-tlog verifies it all the same, `keywax bundle create --rekor-url` looks for the entry',
    );
  const { createBundle, parseSignatureFile, parseTimestampFile } = await import('@keywax/oci');
  const timestamps =
    timestamp === undefined ? [] : [parseTimestampFile(await readDocument(timestamp, MAX_PIECE_BYTES))];
  const bundle = await createBundle({
    signature: parseSignatureFile(await readDocument(signaturePath, MAX_SIGNATURE_BYTES)),
    verifier: await readVerifier(certificate ?? key ?? ''),
    timestamps,
    digest: (algorithm) => digestOperand(target, algorithm),
  });
  return encodeBundle(bundle);
}

/** Reads a certificate, or a public key. @throws FILE_FAILED, INPUT_…, KEY_REJECTED, CERTIFICATE_PROFILE_INVALID */
export async function readVerifier(path: string): Promise<DetachedVerifier> {
  const { parseVerifier } = await import('@keywax/oci');
  return parseVerifier(decodeUtf8(await readDocument(path, MAX_PIECE_BYTES), 'certificate'));
}

/** The digest of an operand. @throws CONFIG_INVALID where only another is known, FILE_FAILED */
export async function digestOperand(target: Operand, algorithm: HashName): Promise<Uint8Array> {
  if (target.kind === 'digest') {
    const given = target.digests[algorithm];
    if (given === undefined) throw usageError(`the signature is over ${algorithm}, and another digest was given`);
    return given;
  }
  const digests = await withArtifactFile(target.name, (artifact) =>
    digestArtifact(artifact, { algorithms: [algorithm] }),
  );
  return digests[algorithm] ?? new Uint8Array();
}

/**
 * Reads a bundle, or cosign's old bundle of a blob, which is made into one. The key takes the place of a verifier that the
 * old one does not name.
 * @throws FILE_FAILED, INPUT_…, KEY_…, BUNDLE_INVALID
 */
export async function readEvidence(
  path: string,
  { key, target }: { readonly key?: string | undefined; readonly target?: Operand | undefined } = {},
): Promise<Uint8Array | SerializedBundle> {
  const bytes = await readBundleFile(path);
  if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('"base64Signature"')) return bytes;
  const { createBundle, decodeBlobBundle, isBlobBundle } = await import('@keywax/oci');
  if (!isBlobBundle(bytes)) return bytes;
  const pieces = decodeBlobBundle(bytes);
  const verifier = pieces.verifier ?? (key === undefined ? undefined : await readVerifier(key));
  const bundle = await createBundle({
    ...pieces,
    ...(verifier === undefined ? {} : { verifier }),
    ...(target === undefined ? {} : { digest: (algorithm) => digestOperand(target, algorithm) }),
  });
  return encodeBundle(bundle);
}
