// SPDX-License-Identifier: Apache-2.0
// What becomes of each file that is verified.

import type { Verified } from 'keywax';

/** What became of one operand. */
export interface Outcome {
  /** The operand as it was typed. */
  readonly name: string;
  /** Path of the bundle, where one was found. */
  readonly bundle?: string;
  readonly result:
    | { readonly kind: 'verified'; readonly verified: Verified }
    | { readonly kind: 'failed'; readonly error: unknown };
}
