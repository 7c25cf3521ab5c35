// SPDX-License-Identifier: Apache-2.0
// Envelopes that Rekor v1 is asked to log as `intoto` 0.0.2, as clients did before there was `dsse`. Their text fields are
// in base64 once more, and the entry keeps what its client wrote, but for the payload.
// Refused: envelopes without a signature, signatures that do not verify with the verifier beside them, digests that are
// not the envelope's and the payload's.

import { decodeBase64, decodeUtf8, encodeBase64, encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeBase64Field,
  decodeObject,
  decodeString,
  optional,
  transform,
} from '@keywax/core/decode';
import { hash } from '@keywax/core/hash';
import type { JsonValue } from '@keywax/core/json';
import { type Outcome, attempt, done, refused } from '../service.js';
import { encodeBody } from './body.js';
import { type AcceptedEntry, hashPem, listSubjects, lowerCase } from './index-keys.js';
import { findSigner } from './v1-envelope.js';
import { readPemVerifier } from './verifier.js';

const MAX_SIGNATURES = 16;

interface Digest {
  readonly algorithm: string;
  readonly value: string;
}

/** Text that was in base64 once more: of a payload and a signature it is base64, of a verifier PEM. */
const decodeText: Decoder<string> = transform(decodeBase64Field, (bytes, at) => decodeUtf8(bytes, at));

interface Signature {
  readonly keyid?: string;
  readonly publicKey: string;
  readonly sig: string;
}

interface IntotoSpec {
  readonly content: {
    readonly envelope: {
      readonly payload: string;
      readonly payloadType: string;
      readonly signatures: readonly Signature[];
    };
    readonly hash?: Digest;
    readonly payloadHash?: Digest;
  };
}

const decodeDigest: Decoder<Digest> = decodeObject<Digest>({ algorithm: decodeString, value: decodeString });

const decodeIntoto: Decoder<IntotoSpec> = decodeObject<IntotoSpec>({
  content: decodeObject<IntotoSpec['content']>({
    envelope: decodeObject<IntotoSpec['content']['envelope']>({
      payload: decodeText,
      payloadType: decodeString,
      signatures: arrayOf(
        decodeObject<Signature>({ keyid: optional(decodeString), publicKey: decodeText, sig: decodeText }),
        MAX_SIGNATURES,
      ),
    }),
    hash: optional(decodeDigest),
    payloadHash: optional(decodeDigest),
  }),
});

/** Checks a proposed `intoto` 0.0.2 and makes its body. */
export async function acceptIntoto(spec: JsonValue): Promise<Outcome<AcceptedEntry>> {
  const proposed = attempt(() => readProposal(spec));
  if (proposed === undefined) return refused(400, 'the intoto entry could not be parsed');
  const { content, payload, signatures } = proposed;
  const { envelope } = content;
  if (signatures.length === 0) return refused(400, 'the envelope has no signature');
  for (const { sig, verifier } of signatures) {
    const signer = await findSigner({ payload, payloadType: envelope.payloadType }, sig, [verifier]);
    if (signer === undefined) return refused(400, 'could not verify envelope: a signature does not fit its verifier');
  }
  const digests = { hash: digest(encodeBody(describeEnvelope(envelope))), payloadHash: digest(payload) };
  const isSame = (given: Digest | undefined, found: Digest): boolean =>
    given === undefined || (given.algorithm === found.algorithm && given.value === found.value);
  if (!isSame(content.hash, digests.hash) || !isSame(content.payloadHash, digests.payloadHash))
    return refused(400, 'a digest is not that of the envelope');
  const keys = signatures.flatMap(({ verifier }) => [`sha256:${hashPem(verifier.verifier)}`, ...verifier.names]);
  return done({
    body: encodeBody(describeBody(envelope, digests)),
    indexKeys: lowerCase([...keys, `sha256:${digests.payloadHash.value}`, ...listSubjects(payload)]),
  });
}

function readProposal(spec: JsonValue) {
  const { content } = decodeIntoto(spec, '$.spec');
  return {
    content,
    payload: decodeBase64(content.envelope.payload, 'payload'),
    signatures: content.envelope.signatures.map(({ sig, publicKey }) => ({
      sig: decodeBase64(sig, 'sig'),
      verifier: readPemVerifier(encodeUtf8(publicKey)),
    })),
  };
}

/** The envelope whose canonical form the entry has the digest of: with the verifier of each signature beside it. */
function describeEnvelope({ payload, payloadType, signatures }: IntotoSpec['content']['envelope']): object {
  return { payload, payloadType, signatures: signatures.map((signature) => withKeyId(signature, (text) => text)) };
}

function describeBody(
  { payloadType, signatures }: IntotoSpec['content']['envelope'],
  digests: { readonly hash: Digest; readonly payloadHash: Digest },
): object {
  const again = (text: string): string => encodeBase64(encodeUtf8(text));
  const envelope = { payloadType, signatures: signatures.map((signature) => withKeyId(signature, again)) };
  return { apiVersion: '0.0.2', kind: 'intoto', spec: { content: { envelope, ...digests } } };
}

/** An empty key id is left out. */
function withKeyId({ keyid, publicKey, sig }: Signature, encode: (text: string) => string): object {
  const encoded = { publicKey: encode(publicKey), sig: encode(sig) };
  return keyid === undefined || keyid === '' ? encoded : { ...encoded, keyid };
}

function digest(bytes: Uint8Array): Digest {
  return { algorithm: 'sha256', value: encodeHex(hash('sha256', bytes)) };
}
