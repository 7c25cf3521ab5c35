// SPDX-License-Identifier: Apache-2.0
// The private keys of the services: made, kept as PKCS #8, and used to sign.

import { type KeyObject, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { TAG, encodeDer } from '@keywax/core/der';
import type { HashName } from '@keywax/core/hash';
import { OID, encodeOid } from '@keywax/core/oid';

/** The kinds of keys that a service or a test may hold. */
export type KeyKind = 'P-256' | 'P-384' | 'P-521' | 'ed25519' | 'rsa-2048' | 'rsa-3072' | 'rsa-4096';

/** A private key with its public half as DER SubjectPublicKeyInfo. */
export interface SigningKey {
  readonly kind: KeyKind;
  readonly privateKey: KeyObject;
  readonly spki: Uint8Array;
}

interface KeyRow {
  readonly hash: HashName;
  readonly keyDetails: string;
  readonly generate: () => KeyObject;
}

/** One row per kind: its hash (algorithm registry), its protobuf name, and how it is made. */
const KEYS: Readonly<Record<KeyKind, KeyRow>> = {
  'P-256': { hash: 'sha256', keyDetails: 'PKIX_ECDSA_P256_SHA_256', generate: () => generateEc('P-256') },
  'P-384': { hash: 'sha384', keyDetails: 'PKIX_ECDSA_P384_SHA_384', generate: () => generateEc('P-384') },
  'P-521': { hash: 'sha512', keyDetails: 'PKIX_ECDSA_P521_SHA_512', generate: () => generateEc('P-521') },
  ed25519: { hash: 'sha512', keyDetails: 'PKIX_ED25519', generate: () => generateKeyPairSync('ed25519').privateKey },
  'rsa-2048': { hash: 'sha256', keyDetails: 'PKIX_RSA_PKCS1V15_2048_SHA256', generate: () => generateRsa(2048) },
  'rsa-3072': { hash: 'sha256', keyDetails: 'PKIX_RSA_PKCS1V15_3072_SHA256', generate: () => generateRsa(3072) },
  'rsa-4096': { hash: 'sha256', keyDetails: 'PKIX_RSA_PKCS1V15_4096_SHA256', generate: () => generateRsa(4096) },
};

function generateEc(namedCurve: string): KeyObject {
  return generateKeyPairSync('ec', { namedCurve }).privateKey;
}

function generateRsa(modulusLength: number): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength }).privateKey;
}

/** Makes a new key pair. */
export function generateSigningKey(kind: KeyKind): SigningKey {
  return describeKey(KEYS[kind].generate());
}

/** Reads a private key that `encodeSigningKey` wrote. */
export function parseSigningKey(pem: string): SigningKey {
  return describeKey(createPrivateKey(pem));
}

/** The private key as PKCS #8 PEM. */
export function encodeSigningKey(key: SigningKey): string {
  return key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function describeKey(privateKey: KeyObject): SigningKey {
  const spki = Uint8Array.from(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }));
  const { namedCurve, modulusLength } = privateKey.asymmetricKeyDetails ?? {};
  switch (privateKey.asymmetricKeyType) {
    case 'ed25519':
      return { kind: 'ed25519', privateKey, spki };
    case 'rsa':
      return { kind: `rsa-${modulusLength}` as KeyKind, privateKey, spki };
    default: {
      const kind = namedCurve === 'prime256v1' ? 'P-256' : namedCurve === 'secp384r1' ? 'P-384' : 'P-521';
      return { kind, privateKey, spki };
    }
  }
}

/** The hash that goes with a key unless a test asks for another (algorithm registry). */
export function selectKeyHash(key: SigningKey): HashName {
  return KEYS[key.kind].hash;
}

/** The protobuf name (`PublicKeyDetails`) of the key's default algorithm. */
export function selectKeyDetails(key: SigningKey): string {
  return KEYS[key.kind].keyDetails;
}

/** Signs `data`: ECDSA as DER, RSA as PKCS #1 v1.5, Ed25519 pure (its `hash` is not used). */
export function signBytes(key: SigningKey, data: Uint8Array, hash: HashName = selectKeyHash(key)): Uint8Array {
  return Uint8Array.from(sign(key.kind === 'ed25519' ? null : hash, data, key.privateKey));
}

const ECDSA_WITH: Readonly<Record<HashName, string>> = {
  sha256: OID.ecdsaWithSha256,
  sha384: OID.ecdsaWithSha384,
  sha512: OID.ecdsaWithSha512,
};
const RSA_WITH: Readonly<Record<HashName, string>> = {
  sha256: OID.sha256WithRsa,
  sha384: OID.sha384WithRsa,
  sha512: OID.sha512WithRsa,
};

/** The AlgorithmIdentifier (DER) of what `signBytes` makes with the same arguments (RFC 5758, 8410, 8017). */
export function encodeSignatureAlgorithm(key: SigningKey, hash: HashName = selectKeyHash(key)): Uint8Array {
  if (key.kind === 'ed25519') return encodeDer(TAG.sequence, encodeOid(OID.ed25519));
  if (key.kind.startsWith('rsa')) return encodeDer(TAG.sequence, encodeOid(RSA_WITH[hash]), encodeDer(TAG.null));
  return encodeDer(TAG.sequence, encodeOid(ECDSA_WITH[hash]));
}
