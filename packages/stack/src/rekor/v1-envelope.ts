// SPDX-License-Identifier: Apache-2.0
// Envelopes that Rekor v1 is asked to log as `dsse` 0.0.1.
// Refused: envelopes without a signature, signatures that fit no verifier, verifiers that verify none.

import { decodeBase64, encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import { defaultCrypto } from '@keywax/core/crypto';
import {
  type Decoder,
  arrayOf,
  decodeObject,
  decodeOpenObject,
  decodeString,
  optional,
  transform,
} from '@keywax/core/decode';
import { encodePae } from '@keywax/core/dsse';
import { hash } from '@keywax/core/hash';
import { type JsonValue, parseJson } from '@keywax/core/json';
import { type Outcome, attempt, done, refused } from '../service.js';
import { describeDsseV1, encodeBody } from './body.js';
import { type AcceptedEntry, hashPem, listSubjects, lowerCase } from './index-keys.js';
import { type ProposedVerifier, decodePemVerifier } from './verifier.js';

const MAX_ENVELOPE_BYTES = 4 * 1024 * 1024;
const MAX_VERIFIERS = 16;

interface DsseSpec {
  readonly proposedContent: { readonly envelope: string; readonly verifiers: readonly ProposedVerifier[] };
}

/** Open, because clients that write every member of the schema send those of a logged entry as null. */
const decodeDsse: Decoder<DsseSpec> = decodeOpenObject<DsseSpec>({
  proposedContent: decodeObject({ envelope: decodeString, verifiers: arrayOf(decodePemVerifier, MAX_VERIFIERS) }),
});

/** A DSSE envelope. */
export interface Envelope {
  readonly payload: Uint8Array;
  readonly payloadType: string;
  readonly signatures: readonly { readonly sig: Uint8Array; readonly keyid?: string }[];
}

/** Envelopes come with either alphabet of base64 (DSSE v1.0.2). */
const decodeEnvelopeBytes: Decoder<Uint8Array> = transform(decodeString, (text, at) =>
  decodeBase64(text.replaceAll('-', '+').replaceAll('_', '/'), at),
);

const decodeEnvelope: Decoder<Envelope> = decodeOpenObject<Envelope>({
  payload: decodeEnvelopeBytes,
  payloadType: decodeString,
  signatures: arrayOf(
    decodeOpenObject<{ readonly sig: Uint8Array; readonly keyid?: string }>({
      sig: decodeEnvelopeBytes,
      keyid: optional(decodeString),
    }),
    MAX_VERIFIERS,
  ),
});

/** Checks a proposed `dsse` 0.0.1 and makes its body. */
export async function acceptDsse(spec: JsonValue): Promise<Outcome<AcceptedEntry>> {
  const proposed = attempt(() => decodeDsse(spec, '$.spec'));
  if (proposed === undefined) return refused(400, 'the dsse entry could not be parsed');
  const { envelope: envelopeText, verifiers } = proposed.proposedContent;
  const envelope = attempt(() => decodeEnvelope(parseJson(envelopeText, { maxBytes: MAX_ENVELOPE_BYTES }), 'envelope'));
  if (envelope === undefined || envelope.signatures.length === 0 || verifiers.length === 0) {
    return refused(400, 'the envelope could not be parsed');
  }
  const signatures = [];
  for (const { sig } of envelope.signatures) {
    const signer = await findSigner(envelope, sig, verifiers);
    if (signer === undefined) return refused(400, 'could not verify envelope: a signature fits no verifier');
    signatures.push({ signature: sig, verifier: signer.verifier });
  }
  const used = new Set(signatures.map(({ verifier }) => verifier));
  if (verifiers.some(({ verifier }) => !used.has(verifier)))
    return refused(400, 'a verifier has verified no signature');
  const body = encodeBody(describeDsseV1({ envelopeText, payload: envelope.payload, signatures }));
  const hashes = [hash('sha256', envelope.payload), hash('sha256', encodeUtf8(envelopeText))];
  const keys = verifiers.flatMap(({ verifier, names }) => [`sha256:${hashPem(verifier)}`, ...names]);
  const indexKeys = [
    ...keys,
    ...hashes.map((digest) => `sha256:${encodeHex(digest)}`),
    ...listSubjects(envelope.payload),
  ];
  return done({ body, indexKeys: lowerCase(indexKeys) });
}

/** The verifier of a signature over an envelope. Rekor v1 verifies envelopes with SHA-256 whatever the curve. */
export async function findSigner(
  { payload, payloadType }: Pick<Envelope, 'payload' | 'payloadType'>,
  signature: Uint8Array,
  verifiers: readonly ProposedVerifier[],
): Promise<ProposedVerifier | undefined> {
  const bytes = encodePae(payloadType, payload);
  for (const candidate of verifiers) {
    const { key } = candidate;
    const scheme = key.kind === 'ec' ? 'ecdsa' : key.kind === 'rsa' ? 'rsa-pkcs1' : 'ed25519';
    const input = { key, scheme: { scheme, hash: scheme === 'ed25519' ? 'sha512' : 'sha256' }, signature } as const;
    if (await defaultCrypto.verify({ ...input, data: { kind: 'message', bytes } })) return candidate;
  }
  return undefined;
}
