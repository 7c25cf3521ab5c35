// SPDX-License-Identifier: Apache-2.0
// Keys for tests: of the host, as SubjectPublicKeyInfo, and put together byte by byte.

import { type KeyObject, generateKeyPairSync } from 'node:crypto';
import { TAG, encodeBitString, encodeDer, encodeInteger } from '../src/der.js';
import { type PublicKey, parsePublicKey } from '../src/key.js';
import { OID, encodeOid } from '../src/oid.js';

/** A key pair of the host, and its public half as the engine reads it. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: PublicKey;
}

/** SubjectPublicKeyInfo of a key of the host. */
export function exportSpki(key: KeyObject): Uint8Array {
  return Uint8Array.from(key.export({ type: 'spki', format: 'der' }));
}

export function makeEcPair(namedCurve: 'P-256' | 'P-384' | 'P-521'): KeyPair {
  return readPair(generateKeyPairSync('ec', { namedCurve }));
}

export function makeRsaPair(modulusLength: number): KeyPair {
  return readPair(generateKeyPairSync('rsa', { modulusLength }));
}

export function makeEd25519Pair(): KeyPair {
  return readPair(generateKeyPairSync('ed25519'));
}

function readPair(pair: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }): KeyPair {
  return { privateKey: pair.privateKey, publicKey: parsePublicKey(exportSpki(pair.publicKey), '$') };
}

/** SubjectPublicKeyInfo of an algorithm, its encoded parameters if any, and the key bits. */
export function encodeSpki(oid: string, parameters: Uint8Array | undefined, bits: Uint8Array): Uint8Array {
  const algorithm = encodeDer(TAG.sequence, encodeOid(oid), ...(parameters === undefined ? [] : [parameters]));
  return encodeDer(TAG.sequence, algorithm, encodeBitString(bits));
}

/** SubjectPublicKeyInfo of a point on a named curve. */
export function encodeEcSpki(curveOid: string, point: Uint8Array): Uint8Array {
  return encodeSpki(OID.ecPublicKey, encodeOid(curveOid), point);
}

/** SubjectPublicKeyInfo of an RSA key; members may be given as whole DER elements. */
export function encodeRsaSpki(modulus: bigint | Uint8Array, exponent: bigint | Uint8Array): Uint8Array {
  const members = [modulus, exponent].map((n) => (n instanceof Uint8Array ? n : encodeInteger(n)));
  return encodeSpki(OID.rsaEncryption, encodeDer(TAG.null), encodeDer(TAG.sequence, ...members));
}

/** SubjectPublicKeyInfo of 32 bytes as an Ed25519 key. */
export function encodeEd25519Spki(raw: Uint8Array): Uint8Array {
  return encodeSpki(OID.ed25519, undefined, raw);
}
