// SPDX-License-Identifier: Apache-2.0
// Elliptic curves in JavaScript, for what a host lacks: ECDSA over a digest, Ed25519ph, and in browsers whole curves.
// The only file that imports `@noble/curves`; loaded on first use (curves.ts). Keys and signatures passed our gates.

import { ed25519, ed25519ph } from '@noble/curves/ed25519.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, encodeUtf8, equalBytes } from './bytes.js';
import { type CurveName, ED25519_ORDER } from './curve.js';
import { TAG, encodeBitString, encodeDer } from './der.js';
import { decodeUint, mod } from './modular.js';
import { OID, encodeOid } from './oid.js';

// RFC 8032 §2: the domain of Ed25519ph with an empty context.
const DOM2_PREHASHED = 'SigEd25519 no Ed25519 collisions\u0001\u0000';
const ECDSA = { 'P-256': p256, 'P-384': p384, 'P-521': p521 } as const;

/** What an ECDSA check needs: `signature` as `r ‖ s`, `point` uncompressed, and the digest of the message. */
export interface EcdsaCheck {
  readonly curve: CurveName;
  readonly point: Uint8Array;
  readonly signature: Uint8Array;
  readonly digest: Uint8Array;
}

/** True when the ECDSA signature (FIPS 186-5 §6.4.2) verifies; high `s` is legal (ATTACKS H4). */
export function isEcdsaSignature({ curve, point, signature, digest }: EcdsaCheck): boolean {
  return ECDSA[curve].verify(signature, digest, point, { format: 'compact', prehash: false, lowS: false });
}

/** What an Ed25519 check needs; `message` is the SHA-512 digest of the message where `prehashed`. */
export interface Ed25519Check {
  readonly raw: Uint8Array;
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
  readonly prehashed: boolean;
}

/**
 * True when the Ed25519 or Ed25519ph signature verifies: `[S]B − [k]A` encodes to the received `R`. That is the check
 * of RFC 8032 §5.1.7 without the cofactor, as OpenSSL and BoringSSL make it, so that all providers give one verdict.
 */
export function isEd25519Signature({ raw, signature, message, prehashed }: Ed25519Check): boolean {
  const r = signature.subarray(0, 32);
  const s = decodeLittleEndian(signature.subarray(32));
  const prefix = prehashed ? encodeUtf8(DOM2_PREHASHED) : new Uint8Array(0);
  const k = mod(decodeLittleEndian(sha512(concatBytes(prefix, r, raw, message))), ED25519_ORDER);
  const { Point } = ed25519;
  const expected = Point.BASE.multiplyUnsafe(s).subtract(Point.fromBytes(raw).multiplyUnsafe(k));
  return equalBytes(expected.toBytes(), r);
}

function decodeLittleEndian(bytes: Uint8Array): bigint {
  return decodeUint(Uint8Array.from(bytes).reverse());
}

/** The SubjectPublicKeyInfo of the Ed25519 key of a 32-byte seed (RFC 8410 §4). */
export function deriveEd25519Spki(seed: Uint8Array): Uint8Array {
  return encodeDer(
    TAG.sequence,
    encodeDer(TAG.sequence, encodeOid(OID.ed25519)),
    encodeBitString(ed25519.getPublicKey(seed)),
  );
}

/** Signs with Ed25519, or with Ed25519ph where `prehashed`; `message` is the message itself (RFC 8032 §5.1.6). */
export function signEd25519({
  seed,
  message,
  prehashed,
}: {
  readonly seed: Uint8Array;
  readonly message: Uint8Array;
  readonly prehashed: boolean;
}): Uint8Array {
  return (prehashed ? ed25519ph : ed25519).sign(message, seed);
}
