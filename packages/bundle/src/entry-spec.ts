// SPDX-License-Identifier: Apache-2.0
// The kinds of log entries that are read, one decoder each, in one table.
// Refused: hashes other than SHA-2 and digests of another length, empty signatures, an intoto payload that is not the one
// whose digest the entry has, entries without a signature.

import { decodeBase64, decodeHex, decodeUtf8, equalBytes } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeBase64Field,
  decodeObject,
  decodeString,
  oneOfNames,
  optional,
  transform,
} from '@keywax/core/decode';
import { HASH_BYTES, type HashName, hash, parseHashName } from '@keywax/core/hash';
import {
  type EntryVerifier,
  type VerifierWithDetails,
  decodeCanonicalPemVerifier,
  decodePemVerifier,
  decodeVerifierWithDetails,
} from './entry-verifier.js';
import { malformed } from './fields.js';

/** A signature that a log entry records. */
export interface EntrySignature {
  readonly signature: Uint8Array;
  readonly verifier: EntryVerifier;
  /** Name in the algorithm registry, such as `PKIX_ECDSA_P256_SHA_256`; in entries of Rekor v2 alone. */
  readonly keyDetails?: string;
}

/** A digest with the name of its algorithm; its length is the algorithm's. */
export interface EntryDigest {
  readonly algorithm: HashName;
  readonly value: Uint8Array;
}

/** What every kind of entry says in its own words. */
export interface EntrySpec {
  /** At least one; more than one only where the kind has a list. */
  readonly signatures: readonly EntrySignature[];
  /**
   * `artifact`: the digest that was signed, which for an envelope in a hashedrekord is that of its pre-authentication
   * encoding. `payload`: the digest of the envelope's payload.
   */
  readonly digest: EntryDigest & { readonly of: 'artifact' | 'payload' };
  /** Digest of the envelope in the form in which it was submitted (dsse 0.0.1, intoto 0.0.2), which a bundle does not keep. */
  readonly envelopeDigest?: EntryDigest;
}

const MAX_SIGNATURES = 16; // a bundle has one, so more can only be refused

/** The decoder of the given kind and version, if entries of it are read. */
export function selectSpecDecoder(kind: string, version: string): Decoder<EntrySpec> | undefined {
  return SPEC_DECODERS.get(`${kind}/${version}`);
}

const decodeSignature: Decoder<Uint8Array> = (value, at) => {
  const bytes = decodeBase64Field(value, at);
  if (bytes.length === 0) throw malformed(at, 'a signature, found none');
  return bytes;
};

/** `{ algorithm: "sha256", value: hex }`, the form of Rekor v1. */
const decodeHexDigest: Decoder<EntryDigest> = transform(
  decodeObject<{ algorithm: HashName; value: string }>({
    algorithm: oneOfNames(['sha256', 'sha384', 'sha512']),
    value: decodeString,
  }),
  ({ algorithm, value }, at) => checkLength({ algorithm, value: decodeHex(value, `${at}.value`) }, at),
);

/** `{ algorithm: "SHA2_256", digest: base64 }`, the form of Rekor v2. */
const decodeProtoDigest: Decoder<EntryDigest> = transform(
  decodeObject<{ algorithm: HashName; digest: Uint8Array }>({
    algorithm: transform(decodeString, parseHashName),
    digest: decodeBase64Field,
  }),
  ({ algorithm, digest }, at) => checkLength({ algorithm, value: digest }, at),
);

function checkLength(digest: EntryDigest, at: string): EntryDigest {
  const length = HASH_BYTES[digest.algorithm];
  if (digest.value.length !== length) throw malformed(at, `a digest of ${length} bytes`);
  return Object.freeze(digest);
}

/** At least one item. */
function listOf(decoder: Decoder<EntrySignature>): Decoder<readonly EntrySignature[]> {
  return transform(arrayOf(decoder, MAX_SIGNATURES), (items, at) => {
    if (items.length === 0) throw malformed(at, 'at least one signature');
    return items;
  });
}

function artifactSpec(digest: EntryDigest, signature: EntrySignature): EntrySpec {
  return { signatures: Object.freeze([signature]), digest: Object.freeze({ of: 'artifact', ...digest }) };
}

const decodeHashedRekordV1: Decoder<EntrySpec> = transform(
  decodeObject<{
    data: { hash: EntryDigest };
    signature: { content: Uint8Array; publicKey: { content: EntryVerifier } };
  }>({
    data: decodeObject<{ hash: EntryDigest }>({ hash: decodeHexDigest }),
    signature: decodeObject<{ content: Uint8Array; publicKey: { content: EntryVerifier } }>({
      content: decodeSignature,
      publicKey: decodeObject<{ content: EntryVerifier }>({ content: decodeCanonicalPemVerifier }),
    }),
  }),
  ({ data, signature }) =>
    artifactSpec(data.hash, Object.freeze({ signature: signature.content, verifier: signature.publicKey.content })),
);

type PemSignature = Omit<EntrySignature, 'keyDetails'>;

interface DsseV1 {
  readonly envelopeHash: EntryDigest;
  readonly payloadHash: EntryDigest;
  readonly signatures: readonly EntrySignature[];
}

const decodeDsseV1: Decoder<EntrySpec> = transform(
  decodeObject<DsseV1>({
    envelopeHash: decodeHexDigest,
    payloadHash: decodeHexDigest,
    signatures: listOf(
      decodeObject<PemSignature>({ signature: decodeSignature, verifier: decodeCanonicalPemVerifier }),
    ),
  }),
  ({ envelopeHash, payloadHash, signatures }) => payloadSpec(payloadHash, signatures, envelopeHash),
);

function payloadSpec(
  digest: EntryDigest,
  signatures: readonly EntrySignature[],
  envelopeDigest?: EntryDigest,
): EntrySpec {
  return {
    signatures,
    digest: Object.freeze({ of: 'payload', ...digest }),
    ...(envelopeDigest === undefined ? {} : { envelopeDigest }),
  };
}

/** Bytes as base64 of base64: intoto entries encode the envelope's text fields once more. */
const decodeTwice: Decoder<Uint8Array> = (value, at) => {
  const bytes = decodeBase64(decodeUtf8(decodeSignature(value, at), at), at);
  if (bytes.length === 0) throw malformed(at, 'bytes, found none');
  return bytes;
};

interface IntotoEnvelope {
  readonly payload?: Uint8Array;
  readonly payloadType: string;
  readonly signatures: readonly EntrySignature[];
}

const decodeIntotoSignature: Decoder<EntrySignature> = transform(
  decodeObject<{ keyid?: string; publicKey: EntryVerifier; sig: Uint8Array }>({
    keyid: optional(decodeString),
    publicKey: decodePemVerifier,
    sig: decodeTwice,
  }),
  ({ publicKey, sig }) => Object.freeze({ signature: sig, verifier: publicKey }),
);

interface IntotoContent {
  readonly envelope: IntotoEnvelope;
  readonly hash: EntryDigest;
  readonly payloadHash: EntryDigest;
}

const decodeIntotoContent: Decoder<IntotoContent> = decodeObject<IntotoContent>({
  envelope: decodeObject<IntotoEnvelope>({
    payload: optional(decodeTwice),
    payloadType: decodeString,
    signatures: listOf(decodeIntotoSignature),
  }),
  hash: decodeHexDigest,
  payloadHash: decodeHexDigest,
});

const decodeIntoto: Decoder<EntrySpec> = transform(
  decodeObject<{ content: IntotoContent }>({ content: decodeIntotoContent }),
  ({ content: { envelope, hash: envelopeHash, payloadHash } }, at) => {
    const { payload } = envelope;
    if (payload !== undefined && !equalBytes(hash(payloadHash.algorithm, payload), payloadHash.value)) {
      throw malformed(`${at}.content.payloadHash`, 'the digest of the payload');
    }
    return payloadSpec(payloadHash, envelope.signatures, envelopeHash);
  },
);

const decodeSignatureV2: Decoder<EntrySignature> = transform(
  decodeObject<{ content: Uint8Array; verifier: VerifierWithDetails }>({
    content: decodeSignature,
    verifier: decodeVerifierWithDetails,
  }),
  ({ content, verifier }) => Object.freeze({ signature: content, ...verifier }),
);

interface HashedRekordV2 {
  readonly data: EntryDigest;
  readonly signature: EntrySignature;
}

const decodeHashedRekordV2: Decoder<EntrySpec> = transform(
  decodeObject<{ hashedRekordV002: HashedRekordV2 }>({
    hashedRekordV002: decodeObject<HashedRekordV2>({ data: decodeProtoDigest, signature: decodeSignatureV2 }),
  }),
  ({ hashedRekordV002: { data, signature } }) => artifactSpec(data, signature),
);

const decodeDsseV2: Decoder<EntrySpec> = transform(
  decodeObject<{ dsseV002: { payloadHash: EntryDigest; signatures: readonly EntrySignature[] } }>({
    dsseV002: decodeObject<{ payloadHash: EntryDigest; signatures: readonly EntrySignature[] }>({
      payloadHash: decodeProtoDigest,
      signatures: listOf(decodeSignatureV2),
    }),
  }),
  ({ dsseV002: { payloadHash, signatures } }) => payloadSpec(payloadHash, signatures),
);

/** Every kind and version that is read. RUL-17: intoto 0.0.2 and dsse 0.0.2 are never written. */
const SPEC_DECODERS: ReadonlyMap<string, Decoder<EntrySpec>> = new Map([
  ['hashedrekord/0.0.1', decodeHashedRekordV1],
  ['hashedrekord/0.0.2', decodeHashedRekordV2],
  ['dsse/0.0.1', decodeDsseV1],
  ['dsse/0.0.2', decodeDsseV2],
  ['intoto/0.0.2', decodeIntoto],
]);
