// SPDX-License-Identifier: Apache-2.0
// Unsigned integers of any size, and arithmetic modulo one. For public values only: the time taken depends on them.

import { encodeHex } from './bytes.js';

/** The big-endian unsigned integer that `bytes` holds; 0 for no bytes. */
export function decodeUint(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${encodeHex(bytes)}`);
}

/** `value` modulo `modulus`, from 0 to `modulus - 1` also for negative values. */
export function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

/** `base` to the power of `exponent` modulo `modulus`; none is negative. */
export function powMod(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}
