// SPDX-License-Identifier: Apache-2.0
// Whether enough keys of a role signed a file (TUF 1.0.34 §5.3.4 and wherever signatures are checked).
// Refused: a key id twice in `signatures`, even where enough others signed (§4.2), and a threshold beyond the number of
// keys. What does not count, and does no harm: unknown key ids, empty and malformed signatures, keys of unknown schemes,
// and a key that was counted already under another id.

import { decodeHex, encodeHex } from '@keywax/core/bytes';
import type { CryptoProvider } from '@keywax/core/crypto';
import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';
import type { SignedFile, TufSignature } from './metadata.js';
import type { RoleKeys } from './role-keys.js';
import type { TufKey, TufKeys } from './tuf-key.js';

/** Whose signatures are demanded, and by which keys. */
export interface RoleVerifier {
  /** The role's name, for errors. */
  readonly role: string;
  /** Who says so, for errors, such as `root 14`. */
  readonly delegator: string;
  readonly roleKeys: RoleKeys;
  readonly keys: TufKeys;
  readonly crypto: CryptoProvider;
}

/**
 * Verifies that as many distinct keys of the role as its threshold says signed the file. Keys are told apart by their
 * material, not by their ids.
 * @throws TUF_METADATA_INVALID, TUF_SIGNATURE_INVALID
 */
export async function verifyRole(file: SignedFile<unknown>, verifier: RoleVerifier): Promise<void> {
  const { role, delegator, roleKeys } = verifier;
  const what = `TUF role ${quoteText(role, 60)}`;
  if (new Set(file.signatures.map(({ keyId }) => keyId)).size !== file.signatures.length) {
    throw invalid(what, 'each key id once in signatures');
  }
  if (roleKeys.threshold > roleKeys.keyIds.size) {
    throw invalid(what, `a threshold that ${roleKeys.keyIds.size} keys of ${delegator} can meet`);
  }
  const signers = new Set<string>();
  for (const signature of file.signatures) {
    const key = roleKeys.keyIds.has(signature.keyId) ? verifier.keys.get(signature.keyId) : undefined;
    const material = key === undefined ? undefined : encodeHex(key.key.spki);
    if (key === undefined || material === undefined || signers.has(material)) continue;
    if (await isSignature(file.payload, signature, { key, crypto: verifier.crypto })) signers.add(material);
    if (signers.size >= roleKeys.threshold) return;
  }
  const expected = `signatures by ${roleKeys.threshold} keys of ${delegator}`;
  const actual = String(signers.size);
  throw new KeywaxError('TUF_SIGNATURE_INVALID', `${what}: expected ${expected}, found ${actual}`, {
    details: { expected, actual },
  });
}

async function isSignature(
  payload: Uint8Array,
  { signature }: TufSignature,
  { key, crypto }: { readonly key: TufKey; readonly crypto: CryptoProvider },
): Promise<boolean> {
  const bytes = selectHex(signature);
  if (bytes === undefined) return false;
  const { key: publicKey, scheme } = key;
  return crypto.verify({ key: publicKey, scheme, signature: bytes, data: { kind: 'message', bytes: payload } });
}

/** Placeholders are empty, and other repositories may hold what they like: such a signature is none. */
function selectHex(text: string): Uint8Array | undefined {
  try {
    return text === '' ? undefined : decodeHex(text);
  } catch (error) {
    if (isKeywaxError(error)) return undefined;
    throw error;
  }
}

function invalid(what: string, expected: string): KeywaxError {
  return new KeywaxError('TUF_METADATA_INVALID', `${what}: expected ${expected}`, { details: { expected } });
}
