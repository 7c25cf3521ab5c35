// SPDX-License-Identifier: Apache-2.0
// Keys as TUF writes them (TUF 1.0.34 §4.3), and signatures by them.

import { constants, hash, sign } from 'node:crypto';
import { encodeHex } from '@keywax/core/bytes';
import { encodePem } from '@keywax/core/pem';
import type { SigningKey } from '../keys.js';
import { encodeCanonical } from './canonical.js';

/** A KEY object. */
export interface TufKeyJson {
  readonly keytype: string;
  readonly scheme: string;
  readonly keyval: { readonly public: string };
  readonly [name: string]: string | { readonly [name: string]: string };
}

/** The KEY object of a key: Ed25519, P-256, P-384 or RSA (for RSASSA-PSS). */
export function encodeTufKey({ kind, spki }: SigningKey): TufKeyJson {
  const pem = { public: encodePem('PUBLIC KEY', spki) };
  switch (kind) {
    case 'ed25519':
      return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: encodeHex(spki.subarray(-32)) } };
    case 'P-256':
      return { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256', keyval: pem };
    case 'P-384':
      return { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp384', keyval: pem };
    default:
      return { keytype: 'rsa', scheme: 'rsassa-pss-sha256', keyval: pem };
  }
}

/** The id of a key: the hash of its KEY object. */
export function computeKeyId(key: SigningKey): string {
  return hash('sha256', encodeCanonical(encodeTufKey(key)));
}

/** Signs by the scheme of the key's KEY object. */
export function signTuf({ kind, privateKey }: SigningKey, payload: Uint8Array): Uint8Array {
  switch (kind) {
    case 'ed25519':
      return Uint8Array.from(sign(null, payload, privateKey));
    case 'P-256':
      return Uint8Array.from(sign('sha256', payload, privateKey));
    case 'P-384':
      return Uint8Array.from(sign('sha384', payload, privateKey));
    default: {
      const options = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
      return Uint8Array.from(sign('sha256', payload, options));
    }
  }
}
