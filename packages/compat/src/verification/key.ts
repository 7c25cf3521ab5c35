// SPDX-License-Identifier: Apache-2.0
// Keys as callers hold them, behind the strict gate of the engine.

import { Buffer } from 'node:buffer';
import { type KeyObject, createPublicKey } from 'node:crypto';
import { quoteText } from '@keywax/core/errors';
import { type PublicKey, parsePublicKey, parsePublicKeyPem } from '@keywax/core/key';
import { VerificationError } from '../errors.js';

/** Reads PEM text, base64 of DER, or DER. @throws VerificationError PUBLIC_KEY_ERROR for a key that the gate refuses */
export function readPublicKey(key: string | Uint8Array): PublicKey {
  try {
    if (typeof key !== 'string') return parsePublicKey(Uint8Array.from(key), 'key');
    return key.startsWith('-----')
      ? parsePublicKeyPem(key, 'key')
      : parsePublicKey(Uint8Array.from(Buffer.from(key, 'base64')), 'key');
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'the key is refused';
    throw new VerificationError({ code: 'PUBLIC_KEY_ERROR', message, cause });
  }
}

/** The error for a hint that leads to no key. */
export function missingKey(hint: string): VerificationError {
  return new VerificationError({ code: 'PUBLIC_KEY_ERROR', message: `key not found: ${quoteText(hint)}` });
}

/** A key that passed the gate, as the host has it. */
export function toKeyObject({ spki }: PublicKey): KeyObject {
  return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
}

/** A key of the host in DER. @throws TypeError for a private or secret key */
export function exportKey(key: KeyObject): Uint8Array {
  if (key.type !== 'public') throw new TypeError('expected a public key');
  return key.export({ format: 'der', type: 'spki' });
}
