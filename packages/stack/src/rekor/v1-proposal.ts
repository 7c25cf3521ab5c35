// SPDX-License-Identifier: Apache-2.0
// What Rekor v1 is asked to log: a proposal is checked, made canonical, and given the keys that a search finds it by.
// Refused: kinds and versions other than hashedrekord 0.0.1 and dsse 0.0.1, signatures that do not verify, verifiers
// that verify none.

import { decodeBase64, decodeHex, encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import type { SignatureScheme } from '@keywax/core/algorithms';
import { defaultCrypto } from '@keywax/core/crypto';
import {
  type Decoder,
  arrayOf,
  decodeBase64Field,
  decodeJsonObject,
  decodeObject,
  decodeOpenObject,
  decodeString,
  oneOfNames,
  optional,
  transform,
} from '@keywax/core/decode';
import { encodePae } from '@keywax/core/dsse';
import { HASH_BYTES, type HashName, hash } from '@keywax/core/hash';
import { type JsonValue, parseJson } from '@keywax/core/json';
import type { PublicKey } from '@keywax/core/key';
import { type Outcome, attempt, done, refused } from '../service.js';
import { describeDsseV1, describeHashedRekordV1, encodeBody, encodeVerifierPem } from './body.js';
import { type ProposedVerifier, readPemVerifier } from './verifier.js';

const MAX_ENVELOPE_BYTES = 4 * 1024 * 1024;
const MAX_VERIFIERS = 16;
const MAX_SUBJECTS = 1_024; // as clients accept
const SCHEMA_CODE = 602; // what a body that fails the schema is answered with, beside status 422

/** What goes into the log. */
export interface AcceptedEntry {
  readonly body: Uint8Array;
  /** In lower case. */
  readonly indexKeys: readonly string[];
}

interface HashedRekordSpec {
  readonly data: { readonly hash: { readonly algorithm: HashName; readonly value: Uint8Array } };
  readonly signature: { readonly content: Uint8Array; readonly publicKey: { readonly content: ProposedVerifier } };
}

interface DsseSpec {
  readonly proposedContent: { readonly envelope: string; readonly verifiers: readonly ProposedVerifier[] };
}

const decodePemVerifier: Decoder<ProposedVerifier> = transform(decodeBase64Field, readPemVerifier);

const decodeHashedRekord: Decoder<HashedRekordSpec> = decodeObject<HashedRekordSpec>({
  data: decodeObject({
    hash: decodeObject({
      algorithm: oneOfNames(['sha256', 'sha384', 'sha512']),
      value: transform(decodeString, (text, at) => decodeHex(text.toLowerCase(), at)),
    }),
  }),
  signature: decodeObject({
    content: decodeBase64Field,
    publicKey: decodeObject({ content: decodePemVerifier }),
  }),
});

/** Open, because clients that write every member of the schema send those of a logged entry as null. */
const decodeDsse: Decoder<DsseSpec> = decodeOpenObject<DsseSpec>({
  proposedContent: decodeObject({ envelope: decodeString, verifiers: arrayOf(decodePemVerifier, MAX_VERIFIERS) }),
});

const decodeProposal = decodeObject<{ readonly apiVersion: string; readonly kind: string; readonly spec: JsonValue }>({
  apiVersion: decodeString,
  kind: decodeString,
  spec: (value) => value ?? null,
});

/** Checks a proposed entry and makes its canonical body. */
export async function acceptProposal(value: JsonValue): Promise<Outcome<AcceptedEntry>> {
  const proposal = attempt(() => decodeProposal(value, '$'));
  if (proposal === undefined) return schemaError('the entry could not be parsed');
  switch (`${proposal.kind}/${proposal.apiVersion}`) {
    case 'hashedrekord/0.0.1': {
      const spec = attempt(() => decodeHashedRekord(proposal.spec, '$.spec'));
      return spec === undefined ? refused(400, 'the hashedrekord could not be parsed') : acceptHashedRekord(spec);
    }
    case 'dsse/0.0.1': {
      const spec = attempt(() => decodeDsse(proposal.spec, '$.spec'));
      return spec === undefined ? refused(400, 'the dsse entry could not be parsed') : acceptDsse(spec);
    }
    default:
      return schemaError('this kind and version of entry are not supported');
  }
}

function schemaError(message: string): Outcome<never> {
  return { kind: 'refused', status: 422, code: SCHEMA_CODE, message };
}

async function acceptHashedRekord({ data, signature }: HashedRekordSpec): Promise<Outcome<AcceptedEntry>> {
  const { algorithm, value: digest } = data.hash;
  const { verifier, key, names } = signature.publicKey.content;
  const scheme = selectDigestScheme(key, algorithm);
  if (scheme === undefined || digest.length !== HASH_BYTES[algorithm])
    return refused(400, 'this digest does not go with this key');
  const input = { key, scheme, signature: signature.content };
  const isSigned = await defaultCrypto.verify({ ...input, data: { kind: 'digest', bytes: digest } });
  if (!isSigned) return refused(400, 'verifying signature: invalid signature when validating');
  const body = encodeBody(describeHashedRekordV1({ algorithm, digest, signature: signature.content, verifier }));
  return done({ body, indexKeys: lowerCase([hashPem(verifier), ...names, `${algorithm}:${encodeHex(digest)}`]) });
}

/** The scheme that verifies a signature over a digest by `algorithm`; Ed25519 keys sign SHA-512 digests (Ed25519ph). */
function selectDigestScheme(key: PublicKey, algorithm: HashName): SignatureScheme | undefined {
  switch (key.kind) {
    case 'ec':
      return { scheme: 'ecdsa', hash: algorithm };
    case 'rsa':
      return { scheme: 'rsa-pkcs1', hash: algorithm };
    case 'ed25519':
      return algorithm === 'sha512' ? { scheme: 'ed25519ph', hash: algorithm } : undefined;
  }
}

function hashPem(verifier: ProposedVerifier['verifier']): string {
  return encodeHex(hash('sha256', encodeUtf8(encodeVerifierPem(verifier))));
}

function lowerCase(keys: readonly string[]): readonly string[] {
  return [...new Set(keys.map((key) => key.toLowerCase()))];
}

interface Envelope {
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

async function acceptDsse({ proposedContent }: DsseSpec): Promise<Outcome<AcceptedEntry>> {
  const { envelope: envelopeText, verifiers } = proposedContent;
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

/** Rekor v1 verifies envelopes with SHA-256 whatever the curve. */
async function findSigner(
  { payload, payloadType }: Envelope,
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

interface Subject {
  readonly digest: ReadonlyMap<string, JsonValue>;
}

const decodeSubjects: Decoder<{ readonly subject: readonly Subject[] }> = decodeOpenObject({
  subject: arrayOf(decodeOpenObject<Subject>({ digest: decodeJsonObject }), MAX_SUBJECTS),
});

/** `algorithm:hex` of each subject of a statement; none where the payload is no statement. */
function listSubjects(payload: Uint8Array): readonly string[] {
  const statement = attempt(() => decodeSubjects(parseJson(payload, { maxBytes: MAX_ENVELOPE_BYTES }), 'payload'));
  const digests = statement?.subject.flatMap(({ digest }) => [...digest]) ?? [];
  return digests.flatMap(([name, hex]) => (typeof hex === 'string' ? [`${name}:${hex}`] : []));
}
