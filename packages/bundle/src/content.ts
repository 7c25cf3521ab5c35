// SPDX-License-Identifier: Apache-2.0
// What a bundle signs: the digest of an artifact, or a DSSE envelope.
// Refused: digests of another length than their algorithm's, algorithms other than SHA-2, envelopes without exactly one
// signature, payload types that are not 1 to 256 printable ASCII characters, empty signatures.

import { encodeBase64 } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeBase64Field,
  decodeObject,
  decodeString,
  required,
  transform,
  withDefault,
} from '@keywax/core/decode';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { HASH_BYTES, HASH_PROTO_NAMES, type HashName, parseHashName } from '@keywax/core/hash';
import { isJsonArray } from '@keywax/core/json';
import { bytesWithin, invalid, tooLarge } from './fields.js';
import type { SerializedEnvelope, SerializedMessageSignature } from './serialized-bundle.js';

/** A signature over an artifact. */
export interface MessageContent {
  readonly kind: 'message';
  /** What the signer says that the artifact's digest is; of the length that the algorithm demands. */
  readonly digest: { readonly algorithm: HashName; readonly value: Uint8Array };
  readonly signature: Uint8Array;
}

/** A DSSE envelope with its one signature. */
export interface EnvelopeContent {
  readonly kind: 'dsse';
  readonly payload: Uint8Array;
  /** 1 to 256 printable ASCII characters. */
  readonly payloadType: string;
  /** Over the pre-authentication encoding of type and payload (DSSE). */
  readonly signature: Uint8Array;
  /** Unauthenticated hint; often empty. */
  readonly keyId: string;
}

/** What was signed, and the signature. */
export type BundleContent = MessageContent | EnvelopeContent;

const MAX_PAYLOAD_TYPE_BYTES = 256; // ATTACKS 4.3
const MAX_SIGNATURE_BYTES = 65_536; // far above the largest of the algorithm registry
const UNSPECIFIED_HASH = 'HASH_ALGORITHM_UNSPECIFIED';

const decodeHashName: Decoder<HashName> = required((value, at) => {
  const name = decodeString(value, at);
  if (name === UNSPECIFIED_HASH) throw invalid(at, 'a hash algorithm');
  return parseHashName(name, at);
}, 'BUNDLE_INVALID');

const decodeDigest: Decoder<MessageContent['digest']> = transform(
  decodeObject<{ algorithm: HashName; digest: Uint8Array }>({
    algorithm: decodeHashName,
    digest: required(decodeBase64Field, 'BUNDLE_INVALID'),
  }),
  ({ algorithm, digest }, at) => {
    const length = HASH_BYTES[algorithm];
    if (digest.length !== length) throw invalid(`${at}.digest`, `a digest of ${length} bytes`);
    return Object.freeze({ algorithm, value: digest });
  },
);

/** @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED, BUNDLE_INVALID */
export const decodeMessage: Decoder<MessageContent> = transform(
  decodeObject<{ messageDigest: MessageContent['digest']; signature: Uint8Array }>({
    messageDigest: required(decodeDigest, 'BUNDLE_INVALID'),
    signature: bytesWithin(MAX_SIGNATURE_BYTES),
  }),
  ({ messageDigest, signature }) => Object.freeze({ kind: 'message', digest: messageDigest, signature }),
);

const decodePayloadType: Decoder<string> = required((value, at) => {
  const type = decodeString(value, at);
  if (type === '')
    throw new KeywaxError('STATEMENT_INVALID', `${at}: expected a payload type, found none`, { details: { at } });
  if (type.length > MAX_PAYLOAD_TYPE_BYTES) throw tooLarge(at, MAX_PAYLOAD_TYPE_BYTES);
  if (/^[\x20-\x7e]+$/.test(type)) return type;
  const expected = 'a payload type in printable ASCII';
  throw new KeywaxError('INPUT_UNSUPPORTED', `${at}: expected ${expected}, found ${quoteText(type)}`, {
    details: { at, expected },
  });
}, 'BUNDLE_INVALID');

interface EnvelopeSignature {
  readonly sig: Uint8Array;
  readonly keyid: string;
}

const decodeEnvelopeSignature: Decoder<EnvelopeSignature> = decodeObject<EnvelopeSignature>({
  sig: bytesWithin(MAX_SIGNATURE_BYTES),
  keyid: withDefault(decodeString, ''),
});

/** Exactly one: with more, it would be open which of them a log entry and a policy speak of. */
const decodeOnlySignature: Decoder<EnvelopeSignature> = (value, at) => {
  if (isJsonArray(value) && value.length > 1) throw invalid(at, 'exactly one signature');
  const [signature] = arrayOf(decodeEnvelopeSignature, 1)(value, at);
  if (signature === undefined) throw invalid(at, 'exactly one signature');
  return signature;
};

/** @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED, BUNDLE_INVALID, STATEMENT_INVALID for an empty payload type */
export const decodeEnvelope: Decoder<EnvelopeContent> = transform(
  decodeObject<{ payload: Uint8Array; payloadType: string; signatures: EnvelopeSignature }>({
    payload: required(decodeBase64Field, 'BUNDLE_INVALID'),
    payloadType: decodePayloadType,
    signatures: decodeOnlySignature,
  }),
  ({ payload, payloadType, signatures: { sig, keyid } }) =>
    Object.freeze({ kind: 'dsse', payload, payloadType, signature: sig, keyId: keyid }),
);

/** Encodes a signature over an artifact. */
export function encodeMessage({ digest, signature }: MessageContent): SerializedMessageSignature {
  return {
    messageDigest: { algorithm: HASH_PROTO_NAMES[digest.algorithm], digest: encodeBase64(digest.value) },
    signature: encodeBase64(signature),
  };
}

/** Encodes a DSSE envelope, as bundles hold it and as logs take it. */
export function encodeEnvelope(content: EnvelopeContent): SerializedEnvelope {
  return {
    payload: encodeBase64(content.payload),
    payloadType: content.payloadType,
    signatures: [{ sig: encodeBase64(content.signature), ...(content.keyId === '' ? {} : { keyid: content.keyId }) }],
  };
}
