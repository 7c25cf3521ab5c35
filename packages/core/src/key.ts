// SPDX-License-Identifier: Apache-2.0
// Public keys: the gate that every key passes before a host imports it (RFC 5280 §4.1.2.7, RFC 5480, RFC 8017, RFC 8410).
// Refused: private keys, certificates and other things that are no SubjectPublicKeyInfo; curves by parameters; points
// off the curve, at infinity, compressed or hybrid; RSA below 2,048 or above 4,096 bits, with an even modulus, or
// with an exponent that is even, below 65,537 or above 2^32; weak or non-canonical Ed25519 points; missing or surplus
// parameters; every other algorithm and curve.

import { type CurveName, isCurvePoint, isEd25519Point } from './curve.js';
import {
  type DerElement,
  TAG,
  contentBytes,
  encodeBitString,
  encodeDer,
  openElement,
  parseDer,
  readBitStringBytes,
  readIntegerBytes,
} from './der.js';
import { KeywaxError, quoteText } from './errors.js';
import { decodeUint } from './modular.js';
import { OID, encodeOid, readOid } from './oid.js';
import { parsePem } from './pem.js';

/** An elliptic curve key; `point` is the uncompressed point, `04 ‖ x ‖ y`. */
export interface EcPublicKey {
  readonly kind: 'ec';
  readonly curve: CurveName;
  readonly spki: Uint8Array;
  readonly point: Uint8Array;
}

/** An RSA key; `modulus` and `exponent` are big-endian without leading zeros. */
export interface RsaPublicKey {
  readonly kind: 'rsa';
  /** Length of the modulus in bits. */
  readonly bits: number;
  readonly spki: Uint8Array;
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
}

/** An Ed25519 key; `raw` is the 32-byte encoding of the point. */
export interface Ed25519PublicKey {
  readonly kind: 'ed25519';
  readonly spki: Uint8Array;
  readonly raw: Uint8Array;
}

/** A public key that passed the gate; `spki` is its one DER encoding as SubjectPublicKeyInfo. */
export type PublicKey = EcPublicKey | RsaPublicKey | Ed25519PublicKey;

const CURVE_BY_OID: ReadonlyMap<string, CurveName> = new Map([
  [OID.prime256v1, 'P-256'],
  [OID.secp384r1, 'P-384'],
  [OID.secp521r1, 'P-521'],
]);

// ATTACKS 4.3, RUL-21: verification stays cheap, and no signature can be made up for a tiny exponent.
const MIN_RSA_BITS = 2_048;
const MAX_RSA_BITS = 4_096;
const MIN_RSA_EXPONENT = 65_537n;
const MAX_RSA_EXPONENT = 0x1_0000_0000n;

/**
 * Reads a SubjectPublicKeyInfo (RFC 5280 §4.1) and checks that the key in it is one to rely on.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED for another algorithm or curve, KEY_REJECTED
 */
export function parsePublicKey(spki: Uint8Array, at: string): PublicKey {
  const copy = Uint8Array.from(spki); // host keys are cached by record, so its bytes must not change
  const outer = openElement(parseDer(copy, at), at);
  const algorithm = outer.next();
  if (algorithm.tag !== TAG.sequence) throw rejected(at, 'a SubjectPublicKeyInfo');
  const members = openElement(algorithm, at);
  const name = members.next();
  if (name.tag !== TAG.oid) throw rejected(at, 'a SubjectPublicKeyInfo');
  const parameters = members.more() ? members.next() : undefined;
  members.end();
  const bits = readBitStringBytes(outer.next(), at);
  outer.end();
  return Object.freeze(readKey({ spki: copy, algorithm: readOid(name, at), parameters, bits }, at));
}

/** The parts of a SubjectPublicKeyInfo. */
interface KeyParts {
  readonly spki: Uint8Array;
  readonly algorithm: string;
  readonly parameters: DerElement | undefined;
  readonly bits: Uint8Array;
}

function readKey(parts: KeyParts, at: string): PublicKey {
  switch (parts.algorithm) {
    case OID.ecPublicKey:
      return readEcKey(parts, at);
    case OID.rsaEncryption:
      return readRsaKey(parts, at);
    case OID.ed25519:
      return readEd25519Key(parts, at);
    default:
      throw unsupported(at, 'a key for ECDSA, RSA or Ed25519', parts.algorithm);
  }
}

function readEcKey({ spki, parameters, bits }: KeyParts, at: string): EcPublicKey {
  // RFC 5480 §2.1.1: implicit and specified curves are not used; the latter can carry a curve of the attacker's.
  if (parameters?.tag !== TAG.oid) throw rejected(at, 'a named curve');
  const oid = readOid(parameters, at);
  const curve = CURVE_BY_OID.get(oid);
  if (curve === undefined) throw unsupported(at, 'the curve P-256, P-384 or P-521', oid);
  if (!isCurvePoint(curve, bits)) throw rejected(at, `an uncompressed point on ${curve}`);
  return { kind: 'ec', curve, spki, point: bits };
}

function readRsaKey({ spki, parameters, bits }: KeyParts, at: string): RsaPublicKey {
  // RFC 3279 §2.3.1: the parameters are NULL.
  if (parameters?.tag !== TAG.null || contentBytes(parameters).length !== 0)
    throw rejected(at, 'RSA parameters that are NULL');
  const members = openElement(parseDer(bits, at), at);
  const modulus = readMagnitude(members.next(), at);
  const exponent = readMagnitude(members.next(), at);
  members.end();
  const modulusBits = countBits(modulus);
  if (modulusBits < MIN_RSA_BITS || modulusBits > MAX_RSA_BITS) {
    throw rejected(at, `an RSA modulus of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits`);
  }
  if (isEven(modulus)) throw rejected(at, 'an odd RSA modulus');
  const e = decodeUint(exponent);
  if (isEven(exponent) || e < MIN_RSA_EXPONENT || e > MAX_RSA_EXPONENT) {
    throw rejected(at, `an odd RSA exponent from ${MIN_RSA_EXPONENT} to 2^32`);
  }
  return { kind: 'rsa', bits: modulusBits, spki, modulus, exponent };
}

function readEd25519Key({ spki, parameters, bits }: KeyParts, at: string): Ed25519PublicKey {
  if (parameters !== undefined) throw rejected(at, 'Ed25519 without parameters'); // RFC 8410 §3
  if (!isEd25519Point(bits)) throw rejected(at, 'a canonical Ed25519 point that is not of small order');
  return { kind: 'ed25519', spki, raw: bits };
}

/** Magnitude of a positive INTEGER without the zero octet that keeps it positive. */
function readMagnitude(element: DerElement, at: string): Uint8Array {
  // Before the bound of the DER reader, so that an oversized key is called one.
  if (contentBytes(element).length > MAX_RSA_BITS / 8 + 1)
    throw rejected(at, `RSA numbers of ${MAX_RSA_BITS} bits at most`);
  const content = readIntegerBytes(element, at);
  const first = content[0] as number;
  if (first >= 0x80 || (first === 0 && content.length === 1)) throw rejected(at, 'positive RSA numbers');
  return first === 0 ? content.subarray(1) : content;
}

function countBits(magnitude: Uint8Array): number {
  return 8 * magnitude.length - (Math.clz32(magnitude[0] as number) - 24);
}

function isEven(magnitude: Uint8Array): boolean {
  return ((magnitude[magnitude.length - 1] as number) & 1) === 0;
}

/**
 * Reads an RSAPublicKey (RFC 8017 §A.1.1), the bare form of some logs' keys, and wraps it into a SubjectPublicKeyInfo.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, KEY_REJECTED
 */
export function parsePkcs1PublicKey(bytes: Uint8Array, at: string): RsaPublicKey {
  const algorithm = encodeDer(TAG.sequence, encodeOid(OID.rsaEncryption), encodeDer(TAG.null));
  const key = parsePublicKey(encodeDer(TAG.sequence, algorithm, encodeBitString(bytes)), at);
  if (key.kind !== 'rsa') throw new KeywaxError('INTERNAL_ERROR', 'an RSA key was read as something else');
  return key;
}

/**
 * Reads a PEM text with exactly one `PUBLIC KEY` block (RFC 7468 §13). A private key is never echoed.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED, KEY_REJECTED for a block of another kind
 */
export function parsePublicKeyPem(text: string, at: string): PublicKey {
  // Asked first, so that a private key in a form which the PEM reader refuses is still called by its name.
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(text)) throw rejected(at, 'a public key, not a private one');
  const [block, second] = parsePem(text, at);
  if (block === undefined || second !== undefined) {
    const expected = 'exactly one PEM block';
    throw new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}`, { details: { at, expected } });
  }
  if (block.label !== 'PUBLIC KEY') throw rejected(at, `a PUBLIC KEY block, found ${quoteText(block.label)}`);
  return parsePublicKey(block.bytes, at);
}

function rejected(at: string, expected: string): KeywaxError {
  return new KeywaxError('KEY_REJECTED', `${at}: expected ${expected}`, { details: { at, expected } });
}

function unsupported(at: string, expected: string, actual: string): KeywaxError {
  return new KeywaxError('INPUT_UNSUPPORTED', `${at}: expected ${expected}, found ${quoteText(actual)}`, {
    details: { at, expected, actual },
  });
}
