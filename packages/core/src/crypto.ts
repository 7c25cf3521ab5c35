// SPDX-License-Identifier: Apache-2.0
// The crypto provider of the host, chosen by the import condition of `#crypto`: `node:crypto`, or WebCrypto.

import { hostCrypto } from '#crypto';
import { loadCurves } from './curves.js';
import type { CryptoProvider } from './provider.js';

export type { CryptoProvider, IncrementalHash, SignatureInput, SignedData } from './provider.js';

/** The crypto provider of the host. */
export const defaultCrypto: CryptoProvider = hostCrypto;

/**
 * Loads the curves in JavaScript, so that `verifySync` can check ECDSA over a digest and Ed25519ph on Node, and every
 * elliptic curve signature elsewhere. Asynchronous checks load them by themselves.
 */
export async function loadSyncCrypto(): Promise<void> {
  await loadCurves();
}
