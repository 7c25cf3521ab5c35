// SPDX-License-Identifier: Apache-2.0
// RSA verification from a digest (RFC 8017 §8.1.2, §8.2.2), which hosts do not offer, and RSA-PSS with every salt up
// to the length of the digest, of which hosts only offer one length or all. The public operation on public values:
// 17 to 33 squarings, well under a millisecond.
// Refused: signatures of another length than the modulus or not below it, and every encoded message but the exact one.

import { concatBytes, decodeHex, encodeUint, equalBytes } from './bytes.js';
import { HASH_BYTES, type HashName } from './hash-name.js';
import type { RsaPublicKey } from './key.js';
import { decodeUint, powMod } from './modular.js';
import type { CryptoProvider } from './provider.js';

/** What an RSA check needs: the digest of the message by `hash`, and the provider's hash function for MGF1. */
export interface RsaCheck {
  readonly key: RsaPublicKey;
  readonly hash: HashName;
  readonly signature: Uint8Array;
  readonly digest: Uint8Array;
  readonly provider: Pick<CryptoProvider, 'hash'>;
}

// RFC 8017 §9.2 note 1: the DER of DigestInfo up to the digest.
const DIGEST_INFO: Readonly<Record<HashName, string>> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

/** True when the PKCS#1 v1.5 signature verifies (RFC 8017 §8.2.2): the one right encoding is compared as a whole. */
export function isRsaPkcs1Signature({ key, hash, signature, digest }: RsaCheck): boolean {
  const width = key.modulus.length;
  const info = concatBytes(decodeHex(DIGEST_INFO[hash]), digest);
  const expected = new Uint8Array(width).fill(0xff);
  expected.set([0x00, 0x01]);
  expected[width - info.length - 1] = 0x00;
  expected.set(info, width - info.length);
  const message = recoverMessage(key, signature);
  return message !== undefined && message === decodeUint(expected);
}

/** True when the RSA-PSS signature verifies (RFC 8017 §8.1.2, §9.1.2) with a salt no longer than the digest (RUL-22). */
export function isRsaPssSignature({ key, hash, signature, digest, provider }: RsaCheck): boolean {
  const bits = key.bits - 1;
  const width = Math.ceil(bits / 8);
  const message = recoverMessage(key, signature);
  if (message === undefined || message >> BigInt(bits) !== 0n) return false;
  const encoded = encodeUint(message, width);
  if (encoded[width - 1] !== 0xbc) return false;
  const split = width - 1 - HASH_BYTES[hash];
  const seal = encoded.subarray(split, width - 1);
  const mask = generateMask(seal, split, { hash, provider });
  const block = encoded.subarray(0, split).map((byte, i) => byte ^ (mask[i] as number));
  block[0] = (block[0] as number) & (0xff >> (8 * width - bits));
  const marker = block.findIndex((byte) => byte !== 0);
  if (block[marker] !== 0x01) return false;
  const salt = block.subarray(marker + 1);
  if (salt.length > HASH_BYTES[hash]) return false;
  return equalBytes(provider.hash(hash, new Uint8Array(8), digest, salt), seal);
}

/** The public operation (RFC 8017 §5.2.2), or `undefined` for a signature of the wrong length or not below the modulus. */
function recoverMessage(key: RsaPublicKey, signature: Uint8Array): bigint | undefined {
  const modulus = decodeUint(key.modulus);
  const value = decodeUint(signature);
  if (signature.length !== key.modulus.length || value >= modulus) return undefined;
  return powMod(value, decodeUint(key.exponent), modulus);
}

/** MGF1 (RFC 8017 §B.2.1). */
function generateMask(
  seed: Uint8Array,
  length: number,
  { hash, provider }: Pick<RsaCheck, 'hash' | 'provider'>,
): Uint8Array {
  const mask = new Uint8Array(length);
  for (let offset = 0, counter = 0; offset < length; offset += HASH_BYTES[hash], counter++) {
    const piece = provider.hash(hash, seed, encodeUint(counter, 4));
    mask.set(piece.subarray(0, length - offset), offset);
  }
  return mask;
}
