// SPDX-License-Identifier: Apache-2.0

import { KeywaxError } from '@keywax/core/errors';
import type { Signer } from '@keywax/sign';
import { type PrivateKeyInput, readPrivateKey } from './private-key.js';

/**
 * Opens a private key for signing: one that cosign wrote, or plain PKCS#8, PKCS#1 or SEC 1, in PEM.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED, KEY_REJECTED; CONFIG_INVALID where an encrypted key comes
 *   without a password; PASSWORD_WRONG
 * @example
 * const signer = await openKeySigner({ privateKey: await readFile('cosign.key', 'utf8'), password });
 * const bundle = await sign(artifact, { signer, keyHint: describeKeyHint(signer) });
 */
export async function openKeySigner(input: PrivateKeyInput): Promise<Signer> {
  if (typeof input !== 'object' || input === null)
    throw new KeywaxError('CONFIG_INVALID', 'expected a record with a private key');
  const { pair, pkcs8 } = await readPrivateKey(input);
  pkcs8.fill(0);
  return pair;
}
