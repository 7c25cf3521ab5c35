// SPDX-License-Identifier: Apache-2.0
// The signing half of the root. What signs is loaded by the first call.

import { Buffer } from 'node:buffer';
import type { SerializedBundle } from './bundle/records.js';
import { copyOptions } from './copy-options.js';
import type { SignOptions } from './sign/options.js';

/**
 * Signs bytes: a bundle 0.2 with a signature over them.
 * @throws InternalError with a code that says at which step
 */
export async function sign(payload: Uint8Array, options: SignOptions = {}): Promise<SerializedBundle> {
  // Copies, so that the caller's later writes change nothing.
  const [bytes, own] = [Buffer.from(payload), copyOptions(options)];
  const { signMessage } = await import('./sign/sign.js');
  return signMessage(bytes, own);
}

/**
 * Signs bytes as the payload of a DSSE envelope, such as an in-toto statement: a bundle 0.3.
 * @throws InternalError with a code that says at which step
 */
export async function attest(
  payload: Uint8Array,
  payloadType: string,
  options: SignOptions = {},
): Promise<SerializedBundle> {
  const [bytes, own] = [Buffer.from(payload), copyOptions(options)]; // as above
  const { signEnvelope } = await import('./sign/sign.js');
  return signEnvelope(bytes, payloadType, own);
}
