// SPDX-License-Identifier: Apache-2.0
// What all providers share: the form that a signature must have before a host sees it, and checks without a host.
// Refused: a key of another kind than the scheme's, ECDSA signatures that are not the DER of two numbers below the
// order, RSA signatures of another length than the modulus, Ed25519 signatures with a weak R or with S not below the order.

import type { Curves } from './curves.js';
import { isEd25519SignatureForm } from './curve.js';
import { selectEcdsaScalars } from './ecdsa-signature.js';
import { KeywaxError } from './errors.js';
import { HASH_BYTES } from './hash-name.js';
import type { CryptoProvider, SignatureInput } from './provider.js';
import { isRsaPkcs1Signature, isRsaPssSignature } from './rsa.js';

/**
 * The signature in the form that checks work on (`r ‖ s` for ECDSA, else as received), or `undefined` for one that
 * cannot be of this key and scheme.
 * @throws INPUT_UNSUPPORTED for pure Ed25519 over a digest, CONFIG_INVALID for a digest that is not of the scheme
 */
export function selectSignature(input: SignatureInput): Uint8Array | undefined {
  checkData(input);
  const { key, scheme, signature } = input;
  switch (scheme.scheme) {
    case 'ecdsa':
      return key.kind === 'ec' ? selectEcdsaScalars(signature, key.curve) : undefined;
    case 'rsa-pkcs1':
    case 'rsa-pss':
      return key.kind === 'rsa' && signature.length === key.modulus.length ? signature : undefined;
    case 'ed25519':
    case 'ed25519ph':
      return key.kind === 'ed25519' && isEd25519SignatureForm(signature) ? signature : undefined;
  }
}

function checkData({ scheme, data }: SignatureInput): void {
  const isPure = scheme.scheme === 'ed25519';
  if ((isPure || scheme.scheme === 'ed25519ph') && scheme.hash !== 'sha512') throw misuse('SHA-512 with Ed25519');
  if (data.kind === 'message') return;
  if (isPure) {
    const expected = 'the message, as pure Ed25519 does not sign a digest';
    throw new KeywaxError('INPUT_UNSUPPORTED', `expected ${expected}`, { details: { expected } });
  }
  if (data.bytes.length !== HASH_BYTES[scheme.hash])
    throw misuse(`a ${scheme.hash} digest of ${HASH_BYTES[scheme.hash]} bytes`);
}

/** A signature that `selectSignature` let through, to be checked without a host. */
export interface PortableCheck {
  readonly input: SignatureInput;
  /** What `selectSignature` returned. */
  readonly signature: Uint8Array;
  readonly provider: Pick<CryptoProvider, 'hash'>;
}

/**
 * True when the signature verifies, by our own RSA and by `curves`.
 * @throws CONFIG_INVALID where the curves are needed and not loaded
 */
export function isPortableSignature({ input, signature, provider }: PortableCheck, curves?: Curves): boolean {
  const { key, scheme, data } = input;
  const digest = (): Uint8Array => (data.kind === 'digest' ? data.bytes : provider.hash(scheme.hash, data.bytes));
  switch (key.kind) {
    case 'rsa': {
      const check = { key, hash: scheme.hash, signature, digest: digest(), provider };
      return scheme.scheme === 'rsa-pss' ? isRsaPssSignature(check) : isRsaPkcs1Signature(check);
    }
    case 'ec':
      return expectCurves(curves).isEcdsaSignature({ curve: key.curve, point: key.point, signature, digest: digest() });
    case 'ed25519': {
      const prehashed = scheme.scheme === 'ed25519ph';
      const message = prehashed ? digest() : data.bytes;
      return expectCurves(curves).isEd25519Signature({ raw: key.raw, signature, message, prehashed });
    }
  }
}

function expectCurves(curves: Curves | undefined): Curves {
  if (curves !== undefined) return curves;
  throw misuse('loadSyncCrypto() to be awaited before a synchronous check that needs curves in JavaScript');
}

function misuse(expected: string): KeywaxError {
  return new KeywaxError('CONFIG_INVALID', `expected ${expected}`, { details: { expected } });
}
