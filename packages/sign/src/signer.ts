// SPDX-License-Identifier: Apache-2.0
// Who signs: an ephemeral key that is used once, a key pair of the caller, or anything of the same shape.

import { type AlgorithmSuite, type KeyDetails, type SignatureScheme, selectSuite } from '@keywax/core/algorithms';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import type { PublicKey } from '@keywax/core/key';
import { generateKeyPair, importKeyPair } from '@keywax/core/key-pair';

/** Signs messages. A hardware token or key service implements it. */
export interface Signer {
  readonly publicKey: PublicKey;
  /** The signature over a message: DER for ECDSA, 64 bytes for Ed25519. */
  sign(message: Uint8Array, scheme: SignatureScheme): Promise<Uint8Array>;
}

/** The algorithm that every client of Sigstore verifies. */
export const DEFAULT_ALGORITHM: KeyDetails = 'PKIX_ECDSA_P256_SHA_256';

/**
 * A new key that cannot be exported, for one signing.
 * @throws CONFIG_INVALID for an algorithm that is not known, INPUT_UNSUPPORTED for one that only verifies
 */
export async function createEphemeralSigner(algorithm: KeyDetails = DEFAULT_ALGORITHM): Promise<Signer> {
  return generateKeyPair(readSuite(algorithm));
}

/**
 * The key pair of a PEM private key (PKCS#8).
 * @throws INPUT_MALFORMED, INPUT_UNSUPPORTED, KEY_REJECTED
 */
export async function createKeySigner(privateKeyPem: string): Promise<Signer> {
  return importKeyPair(privateKeyPem);
}

function readSuite(algorithm: string): AlgorithmSuite {
  const suite = selectSuite(algorithm);
  if (suite !== undefined) return suite;
  throw new KeywaxError(
    'CONFIG_INVALID',
    `algorithm: expected a name such as ${DEFAULT_ALGORITHM}, found ${quoteText(algorithm)}`,
  );
}
