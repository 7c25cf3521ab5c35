// SPDX-License-Identifier: Apache-2.0
// What Rekor v1 is asked to log: a proposal is checked, made canonical, and given the keys that a search finds it by.
// Refused: kinds and versions other than hashedrekord 0.0.1, dsse 0.0.1 and intoto 0.0.2, signatures that do not
// verify, and what the readers of envelopes list.

import type { SignatureScheme } from '@keywax/core/algorithms';
import { decodeHex, encodeHex } from '@keywax/core/bytes';
import { defaultCrypto } from '@keywax/core/crypto';
import {
  type Decoder,
  decodeBase64Field,
  decodeObject,
  decodeString,
  oneOfNames,
  transform,
} from '@keywax/core/decode';
import { HASH_BYTES, type HashName } from '@keywax/core/hash';
import type { JsonValue } from '@keywax/core/json';
import type { PublicKey } from '@keywax/core/key';
import { type Outcome, attempt, done, refused } from '../service.js';
import { describeHashedRekordV1, encodeBody } from './body.js';
import { type AcceptedEntry, hashPem, lowerCase } from './index-keys.js';
import { acceptDsse } from './v1-envelope.js';
import { acceptIntoto } from './v1-intoto.js';
import { type ProposedVerifier, decodePemVerifier } from './verifier.js';

const SCHEMA_CODE = 602; // what a body that fails the schema is answered with, beside status 422

interface HashedRekordSpec {
  readonly data: { readonly hash: { readonly algorithm: HashName; readonly value: Uint8Array } };
  readonly signature: { readonly content: Uint8Array; readonly publicKey: { readonly content: ProposedVerifier } };
}

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
    case 'hashedrekord/0.0.1':
      return acceptHashedRekord(proposal.spec);
    case 'dsse/0.0.1':
      return acceptDsse(proposal.spec);
    case 'intoto/0.0.2':
      return acceptIntoto(proposal.spec);
    default:
      return schemaError('this kind and version of entry are not supported');
  }
}

function schemaError(message: string): Outcome<never> {
  return { kind: 'refused', status: 422, code: SCHEMA_CODE, message };
}

async function acceptHashedRekord(proposed: JsonValue): Promise<Outcome<AcceptedEntry>> {
  const spec = attempt(() => decodeHashedRekord(proposed, '$.spec'));
  if (spec === undefined) return refused(400, 'the hashedrekord could not be parsed');
  const { data, signature } = spec;
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
