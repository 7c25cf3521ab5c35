// SPDX-License-Identifier: Apache-2.0
// The curves in use: P-256, P-384 and P-521 (NIST SP 800-186 §3.2.1) and edwards25519 (RFC 8032 §5.1), with the
// tests that a public point has to pass before any host sees it.
// Refused: points off the curve, at infinity, compressed or hybrid; for edwards25519 also encodings that are not
// canonical, and the points of order 1, 2, 4 and 8: as a key they verify one signature for every message.

import { mod, powMod, decodeUint } from './modular.js';

/** A NIST prime curve by its common name. */
export type CurveName = 'P-256' | 'P-384' | 'P-521';

/** Parameters of a curve y² = x³ − 3x + b over the integers modulo `p`, whose base point has order `n`. */
export interface CurveParameters {
  /** Length of a coordinate, and of a scalar, in bytes. */
  readonly bytes: number;
  readonly p: bigint;
  readonly b: bigint;
  readonly n: bigint;
}

/** The parameters of each curve (NIST SP 800-186 §3.2.1). */
export const CURVES: Readonly<Record<CurveName, CurveParameters>> = {
  'P-256': {
    bytes: 32,
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  'P-384': {
    bytes: 48,
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
  'P-521': {
    bytes: 66,
    p: 0x1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn, // 2^521 − 1
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
    n: 0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  },
};

const UNCOMPRESSED = 0x04;

/** True for an uncompressed point (SEC 1 §2.3.3) with coordinates below p that lies on the curve. */
export function isCurvePoint(curve: CurveName, point: Uint8Array): boolean {
  const { bytes, p, b } = CURVES[curve];
  if (point.length !== 1 + 2 * bytes || point[0] !== UNCOMPRESSED) return false;
  const x = decodeUint(point.subarray(1, 1 + bytes));
  const y = decodeUint(point.subarray(1 + bytes));
  return x < p && y < p && mod(y * y - (x * x - 3n) * x - b, p) === 0n;
}

const ED25519_P = 0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffedn; // 2^255 − 19
const ED25519_D = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;
const ED25519_BYTES = 32;

/** Order of the base point of edwards25519. */
export const ED25519_ORDER: bigint = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn;

/** True for the canonical encoding of a point of edwards25519 (RFC 8032 §5.1.3) whose order is not 1, 2, 4 or 8. */
export function isEd25519Point(encoded: Uint8Array): boolean {
  const y = selectEd25519Y(encoded);
  if (y === undefined) return false;
  // x² = (y² − 1) / (d·y² + 1) has a root exactly if numerator times denominator has one (Euler's criterion).
  const y2 = (y * y) % ED25519_P;
  return powMod((y2 - 1n) * (ED25519_D * y2 + 1n), (ED25519_P - 1n) / 2n, ED25519_P) === 1n;
}

/**
 * True for 64 bytes `R ‖ S` that an honest signer can have made: R canonical and not of small order, on which hosts
 * differ, and S below the order (RFC 8032 §5.1.7), or a second signature could be made from every one.
 */
export function isEd25519SignatureForm(signature: Uint8Array): boolean {
  if (signature.length !== 2 * ED25519_BYTES) return false;
  if (selectEd25519Y(signature.subarray(0, ED25519_BYTES)) === undefined) return false;
  return decodeUint(Uint8Array.from(signature.subarray(ED25519_BYTES)).reverse()) < ED25519_ORDER;
}

/** The y coordinate of an encoded point, or `undefined` where it is not below p or that of a point of small order. */
function selectEd25519Y(encoded: Uint8Array): bigint | undefined {
  if (encoded.length !== ED25519_BYTES) return undefined;
  const bigEndian = Uint8Array.from(encoded).reverse();
  bigEndian[0] = (bigEndian[0] as number) & 0x7f; // the sign of x
  const y = decodeUint(bigEndian);
  const y2 = (y * y) % ED25519_P;
  // Orders 1 and 2 have y = ±1, order 4 has y = 0. A point of order 8 doubles to y = 0, so x² = −y², and the curve
  // equation becomes d·y⁴ + 2y² − 1 = 0.
  if (y === 0n || y2 === 1n || mod(ED25519_D * y2 * y2 + 2n * y2 - 1n, ED25519_P) === 0n) return undefined;
  return y < ED25519_P ? y : undefined;
}
