// SPDX-License-Identifier: Apache-2.0
// Loads the curves in JavaScript on first use: they take 35 ms to import, and most checks never need them.

import type * as Noble from './noble.js';

/** What noble.ts does. */
export type Curves = Pick<
  typeof Noble,
  'isEcdsaSignature' | 'isEd25519Signature' | 'deriveEd25519Spki' | 'signEd25519'
>;

let loaded: Curves | undefined;

/** The curves, imported on first use. */
export async function loadCurves(): Promise<Curves> {
  loaded ??= await import('#noble');
  return loaded;
}

/** The curves if they were loaded before. */
export function selectLoadedCurves(): Curves | undefined {
  return loaded;
}
