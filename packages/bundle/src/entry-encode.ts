// SPDX-License-Identifier: Apache-2.0
// The log entries that are written, byte for byte as a log writes them (RFC 8785), and what is proposed to Rekor v1 where
// that is something else. RUL-17: intoto 0.0.2 and dsse 0.0.2 are read, never written.

import { encodeBase64, encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import { HASH_PROTO_NAMES, type HashName } from '@keywax/core/hash';
import { canonicalizeJson } from '@keywax/core/jcs';
import { readPlainJson } from '@keywax/core/json';
import type { EntryDigest } from './entry-spec.js';
import { type EntryVerifier, encodePemVerifier } from './entry-verifier.js';

const MAX_TEXT = 16_777_216; // as for the bodies that are read

/** What a hashedrekord entry is about. */
export interface HashedRekord {
  /** The digest that was signed: of the artifact, or on Rekor v2 of an envelope's pre-authentication encoding. */
  readonly digest: Uint8Array;
  readonly algorithm: HashName;
  readonly signature: Uint8Array;
  readonly verifier: EntryVerifier;
}

/**
 * The body of a hashedrekord 0.0.1, which is also what is proposed to Rekor v1.
 * @see https://github.com/sigstore/rekor/blob/main/pkg/types/hashedrekord/v0.0.1/hashedrekord_v0_0_1_schema.json
 */
export function encodeHashedRekordV1Body({ digest, algorithm, signature, verifier }: HashedRekord): Uint8Array {
  return encodeEntry('hashedrekord', '0.0.1', {
    data: { hash: encodeDigest({ algorithm, value: digest }) },
    signature: { content: encodeBase64(signature), publicKey: { content: encodePemVerifier(verifier) } },
  });
}

/**
 * The body of a hashedrekord 0.0.2, as Rekor v2 builds it; `keyDetails` is the name of the key's suite.
 * @see https://github.com/sigstore/rekor-tiles/blob/main/api/proto/rekor/v2/hashedrekord.proto
 */
export function encodeHashedRekordV2Body(content: HashedRekord & { readonly keyDetails: string }): Uint8Array {
  const { digest, algorithm, signature, keyDetails } = content;
  return encodeEntry('hashedrekord', '0.0.2', {
    hashedRekordV002: {
      data: { algorithm: HASH_PROTO_NAMES[algorithm], digest: encodeBase64(digest) },
      signature: { content: encodeBase64(signature), verifier: { keyDetails, ...encodeVerifier(content.verifier) } },
    },
  });
}

/** What a dsse 0.0.1 entry is about. */
export interface DsseRecord {
  /** SHA-256 of the envelope's text as it was proposed. */
  readonly envelopeHash: Uint8Array;
  /** SHA-256 of the envelope's payload. */
  readonly payloadHash: Uint8Array;
  readonly signatures: readonly { readonly signature: Uint8Array; readonly verifier: EntryVerifier }[];
}

/**
 * The body of a dsse 0.0.1, as Rekor v1 builds it from a proposal.
 * @see https://github.com/sigstore/rekor/blob/main/pkg/types/dsse/v0.0.1/dsse_v0_0_1_schema.json
 */
export function encodeDsseV1Body({ envelopeHash, payloadHash, signatures }: DsseRecord): Uint8Array {
  const encoded = signatures.map(({ signature, verifier }) => ({
    signature: encodeBase64(signature),
    verifier: encodePemVerifier(verifier),
  }));
  return encodeEntry('dsse', '0.0.1', {
    envelopeHash: encodeDigest({ algorithm: 'sha256', value: envelopeHash }),
    payloadHash: encodeDigest({ algorithm: 'sha256', value: payloadHash }),
    signatures: encoded.sort((a, b) => (a.signature < b.signature ? -1 : 1)), // the order of the log
  });
}

/** What is proposed to Rekor v1 for a dsse 0.0.1: the envelope's text, whose hash the body will have, and its verifiers. */
export function encodeDsseV1Proposal(envelope: string, verifiers: readonly EntryVerifier[]): Uint8Array {
  return encodeEntry('dsse', '0.0.1', { proposedContent: { envelope, verifiers: verifiers.map(encodePemVerifier) } });
}

function encodeEntry(kind: string, apiVersion: string, spec: object): Uint8Array {
  return encodeUtf8(canonicalizeJson(readPlainJson({ apiVersion, kind, spec }, { maxBytes: MAX_TEXT })));
}

function encodeDigest({ algorithm, value }: EntryDigest): object {
  return { algorithm, value: encodeHex(value) };
}

function encodeVerifier(verifier: EntryVerifier): object {
  return verifier.kind === 'certificate'
    ? { x509Certificate: { rawBytes: encodeBase64(verifier.der) } }
    : { publicKey: { rawBytes: encodeBase64(verifier.spki) } };
}
