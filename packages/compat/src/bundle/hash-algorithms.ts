// SPDX-License-Identifier: Apache-2.0
// Names and numbers of `dev.sigstore.common.v1.HashAlgorithm`.

/** Name and number of each hash function. */
export const HASH_ALGORITHMS: readonly (readonly [name: string, value: number])[] = [
  ['HASH_ALGORITHM_UNSPECIFIED', 0],
  ['SHA2_256', 1],
  ['SHA2_384', 2],
  ['SHA2_512', 3],
  ['SHA3_256', 4],
  ['SHA3_384', 5],
];
