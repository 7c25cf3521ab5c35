// SPDX-License-Identifier: Apache-2.0
// Digests as registries write them.

import { encodeHex } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';

/** True for the digests that the registry knows: `sha256:` or `sha512:` and lower-case hex. */
export function isDigest(text: string): boolean {
  return /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text);
}

/** True where `digest` is that of the bytes. */
export function isDigestOf(digest: string, ...bytes: readonly Uint8Array[]): boolean {
  if (!isDigest(digest)) return false;
  const name = digest.startsWith('sha256:') ? 'sha256' : 'sha512';
  return digest === `${name}:${encodeHex(hash(name, ...bytes))}`;
}

/** `sha256:` and the hex digest of the bytes. */
export function computeDigest(bytes: Uint8Array): string {
  return `sha256:${encodeHex(hash('sha256', bytes))}`;
}
