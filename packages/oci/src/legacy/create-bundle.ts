// SPDX-License-Identifier: Apache-2.0
// A bundle of detached pieces: in the version that the evidence allows, and checked like one that was received.

import {
  BUNDLE_MEDIA_TYPE,
  type Bundle,
  type SerializedBundle,
  decodeBundle,
  decodeEntryBody,
  encodeLogEntry,
} from '@keywax/bundle';
import { defaultSuite } from '@keywax/core/algorithms';
import { decodeUtf8, encodeBase64 } from '@keywax/core/bytes';
import { isKeywaxError } from '@keywax/core/errors';
import { HASH_PROTO_NAMES, type HashName, hash } from '@keywax/core/hash';
import { parseJson, toPlainJson } from '@keywax/core/json';
import { parsePublicKey } from '@keywax/core/key';
import { parseCertificate } from '@keywax/core/x509';
import { configError } from '../fault.js';
import type { DetachedSignature, DetachedVerifier } from './detached.js';

/** Media type of the bundles whose entries may lack a proof (RUL-8). */
const MEDIA_TYPE_V01 = 'application/vnd.dev.sigstore.bundle+json;version=0.1';
const MAX_ENVELOPE_BYTES = 16_777_216;
const OPEN_BRACE = 0x7b;
const MAX_ED25519_BYTES = 64;

/** What a bundle is made of. */
export interface BundlePieces extends DetachedSignature {
  /** RFC 3161 responses in DER. */
  readonly timestamps?: readonly Uint8Array[];
  /** The digest of the artifact by a hash function; asked for where the log entry does not name it. */
  readonly digest?: (algorithm: HashName) => Uint8Array | Promise<Uint8Array>;
}

/**
 * Makes a bundle of detached pieces: 0.3, or 0.1 where the log's promise has no proof beside it. Nothing is verified.
 * @throws CONFIG_INVALID where a piece is missing; BUNDLE_INVALID, ENTRY_MISMATCH, INPUT_… and KEY_… for pieces that do
 *   not make one
 * @example
 * const bundle = await createBundle(decodeBlobBundle(await readFile('artifact.bundle')));
 */
export async function createBundle(pieces: BundlePieces): Promise<Bundle> {
  const { signature, verifier, entry, timestamps = [] } = pieces;
  if (verifier === undefined) throw configError('verifier', 'a certificate or a public key');
  const isProven = entry === undefined || entry.proof?.checkpoint !== undefined;
  const bundle: SerializedBundle = {
    mediaType: isProven ? BUNDLE_MEDIA_TYPE : MEDIA_TYPE_V01,
    verificationMaterial: {
      ...describeVerifier(verifier, isProven),
      ...(entry === undefined ? {} : { tlogEntries: [encodeLogEntry(entry)] }),
      ...(timestamps.length === 0
        ? {}
        : {
            timestampVerificationData: {
              rfc3161Timestamps: timestamps.map((der) => ({ signedTimestamp: encodeBase64(der) })),
            },
          }),
    },
    ...(isEnvelope(signature)
      ? { dsseEnvelope: readEnvelope(signature) as NonNullable<SerializedBundle['dsseEnvelope']> }
      : { messageSignature: await describeMessage(pieces, verifier) }),
  };
  return decodeBundle(bundle);
}

function describeVerifier(
  verifier: DetachedVerifier,
  isProven: boolean,
): Pick<SerializedBundle['verificationMaterial'], 'certificate' | 'x509CertificateChain' | 'publicKey'> {
  if (verifier.kind === 'publicKey') return { publicKey: { hint: encodeBase64(hash('sha256', verifier.spki)) } };
  const certificate = { rawBytes: encodeBase64(verifier.der) };
  return isProven ? { certificate } : { x509CertificateChain: { certificates: [certificate] } };
}

async function describeMessage(
  { signature, entry, digest }: BundlePieces,
  verifier: DetachedVerifier,
): Promise<NonNullable<SerializedBundle['messageSignature']>> {
  const { algorithm, value } =
    entry === undefined ? await computeDigest(verifier, digest) : decodeEntryBody(entry).digest;
  return {
    messageDigest: { algorithm: HASH_PROTO_NAMES[algorithm], digest: encodeBase64(value) },
    signature: encodeBase64(signature),
  };
}

/** By the hash function that the key signs a digest with. */
async function computeDigest(
  verifier: DetachedVerifier,
  digest: BundlePieces['digest'],
): Promise<{ readonly algorithm: HashName; readonly value: Uint8Array }> {
  if (digest === undefined) throw configError('digest', 'the artifact, because no log entry names its digest');
  const spki = verifier.kind === 'publicKey' ? verifier.spki : parseCertificate(verifier.der, 'certificate').spki;
  const algorithm = defaultSuite(parsePublicKey(spki, 'key'), { prehash: true }).hash;
  return { algorithm, value: await digest(algorithm) };
}

/** Text that begins with a brace. No signature is that: those in DER begin otherwise, and bytes of chance are no UTF-8. */
function isEnvelope(signature: Uint8Array): boolean {
  if (signature[0] !== OPEN_BRACE || signature.length <= MAX_ED25519_BYTES) return false;
  try {
    decodeUtf8(signature);
    return true;
  } catch (error) {
    if (isKeywaxError(error)) return false;
    throw error;
  }
}

function readEnvelope(text: Uint8Array): unknown {
  return toPlainJson(parseJson(text, { maxBytes: MAX_ENVELOPE_BYTES }, 'envelope'));
}
