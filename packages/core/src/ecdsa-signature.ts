// SPDX-License-Identifier: Apache-2.0
// ECDSA signatures in their two forms: DER `SEQUENCE { r, s }` (RFC 3279 §2.2.3), which Sigstore uses everywhere, and
// `r ‖ s` of fixed width (IEEE P1363), which WebCrypto takes.
// Refused: any DER but the one of its numbers, trailing bytes, and r or s that is zero, negative, or not below the
// order of the curve.

import { CURVES, type CurveName } from './curve.js';
import { type DerElement, TAG, encodeDer, encodeInteger, openElement, parseDer, readIntegerBytes } from './der.js';
import { KeywaxError, isKeywaxError } from './errors.js';
import { decodeUint } from './modular.js';

const AT = 'signature';

/**
 * Reads a DER signature into `r ‖ s`, each of the curve's width.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export function parseEcdsaSignature(der: Uint8Array, curve: CurveName): Uint8Array {
  const members = openElement(parseDer(der, AT), AT);
  const r = readScalar(members.next(), curve);
  const s = readScalar(members.next(), curve);
  members.end();
  const width = CURVES[curve].bytes;
  const fixed = new Uint8Array(2 * width);
  fixed.set(r, width - r.length);
  fixed.set(s, 2 * width - s.length);
  return fixed;
}

/** `r ‖ s` of a DER signature, or `undefined` where it is not one that the curve can have. */
export function selectEcdsaScalars(der: Uint8Array, curve: CurveName): Uint8Array | undefined {
  try {
    return parseEcdsaSignature(der, curve);
  } catch (error) {
    if (isKeywaxError(error)) return undefined;
    throw error;
  }
}

/**
 * Encodes `r ‖ s`, two scalars of equal width, as DER.
 * @throws CONFIG_INVALID for an odd or empty length
 */
export function encodeEcdsaSignature(fixed: Uint8Array): Uint8Array {
  const width = fixed.length / 2;
  if (width < 1 || !Number.isInteger(width)) throw new KeywaxError('CONFIG_INVALID', 'expected r and s of equal width');
  return encodeDer(TAG.sequence, encodeInteger(fixed.subarray(0, width)), encodeInteger(fixed.subarray(width)));
}

/** The magnitude of an INTEGER from 1 to n − 1. */
function readScalar(element: DerElement, curve: CurveName): Uint8Array {
  const { bytes, n } = CURVES[curve];
  const content = readIntegerBytes(element, AT);
  const value = content[0] === 0 ? content.subarray(1) : content;
  if ((content[0] as number) >= 0x80 || value.length === 0 || value.length > bytes) throw malformed(curve);
  if (decodeUint(value) >= n) throw malformed(curve);
  return value;
}

function malformed(curve: CurveName): KeywaxError {
  const expected = `numbers from 1 to the order of ${curve}`;
  return new KeywaxError('INPUT_MALFORMED', `${AT}: expected ${expected}`, { details: { at: AT, expected } });
}
