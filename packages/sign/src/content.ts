// SPDX-License-Identifier: Apache-2.0
// What is signed, and with which algorithm the chosen logs can record it.

import { type BundleContent, STATEMENT_PAYLOAD_TYPE } from '@keywax/bundle';
import { type AlgorithmSuite, defaultSuite } from '@keywax/core/algorithms';
import { encodePae } from '@keywax/core/dsse';
import { KeywaxError } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import type { PublicKey } from '@keywax/core/key';
import type { Service } from '@keywax/trust';

/** What is to be signed: an artifact itself, or a payload in a DSSE envelope. */
export type SignableContent =
  | { readonly kind: 'message'; readonly artifact: Uint8Array }
  | { readonly kind: 'dsse'; readonly payload: Uint8Array; readonly payloadType?: string };

/** The bytes that the signature covers. */
export function signedBytes(content: SignableContent): Uint8Array {
  return content.kind === 'message'
    ? content.artifact
    : encodePae(content.payloadType ?? STATEMENT_PAYLOAD_TYPE, content.payload);
}

/** The content with its signature, as a bundle carries it. */
export function describeContent(content: SignableContent, suite: AlgorithmSuite, signature: Uint8Array): BundleContent {
  if (content.kind === 'message')
    return { kind: 'message', digest: { algorithm: suite.hash, value: hash(suite.hash, content.artifact) }, signature };
  return {
    kind: 'dsse',
    payload: content.payload,
    payloadType: content.payloadType ?? STATEMENT_PAYLOAD_TYPE,
    signature,
    keyId: '',
  };
}

/**
 * The algorithm of the signature. A hashedrekord entry records a digest, so a key whose default needs the message
 * itself signs its prehashed variant there; Rekor v1 verifies envelopes over SHA-256 alone.
 * @throws CONFIG_INVALID where the chosen logs cannot record one signature, or the registry lets the key only verify;
 *   INPUT_UNSUPPORTED for an RSA key of a size that it does not list
 */
export function selectSigningSuite(content: SignableContent, key: PublicKey, logs: readonly Service[]): AlgorithmSuite {
  const envelopeOnV1 = content.kind === 'dsse' && logs.some(({ majorApiVersion }) => majorApiVersion === 1);
  const digestLogged = content.kind === 'message' || logs.some(({ majorApiVersion }) => majorApiVersion === 2);
  if (envelopeOnV1 && digestLogged && key.kind === 'ed25519')
    throw incompatible('logs that record one form of Ed25519', 'Rekor v1 and v2 for one envelope');
  const suite = defaultSuite(key, { prehash: digestLogged });
  if (!suite.signable) throw incompatible('a key for new signatures', suite.keyDetails);
  if (envelopeOnV1 && suite.prehashed && suite.hash !== 'sha256')
    throw incompatible(
      'a key that signs with SHA-256, because Rekor v1 verifies envelopes with it alone',
      suite.keyDetails,
    );
  return suite;
}

function incompatible(expected: string, actual: string): KeywaxError {
  return new KeywaxError('CONFIG_INVALID', `signer: expected ${expected}, found ${actual}`, {
    details: { expected, actual },
  });
}
