// SPDX-License-Identifier: Apache-2.0
// The API of `sigstore` 5. What a call needs is loaded by the call: who only requires this package loads next to nothing.

import { isUint8Array } from 'node:util/types';
import type { SerializedBundle } from './bundle/records.js';
import type { BundleVerifier } from './verification/client.js';
import type { VerifyOptions } from './verification/options.js';
import type { Signer } from './verification/run.js';

export type { SerializedBundle as Bundle } from './bundle/records.js';
export { InternalError, PolicyError, TUFError, ValidationError, VerificationError } from './errors.js';
export type { CompatEvent, CompatListener } from './events.js';
export { attest, sign } from './sign-and-attest.js';
export { DEFAULT_FULCIO_URL, DEFAULT_REKOR_URL } from './sign/default-urls.js';
export type { IdentityProvider } from './sign/identity.js';
export type { SignOptions } from './sign/options.js';
export type { BundleVerifier } from './verification/client.js';
export type { KeySelector, VerifyOptions } from './verification/options.js';
export type { Signer } from './verification/run.js';

/**
 * Verifies a bundle, and that it signs `data`.
 * @throws ValidationError for a bundle that is not complete, VerificationError, PolicyError, TUFError; for options
 *   and data of other types a KeywaxError with CONFIG_INVALID, or a TypeError
 * @example
 * const signer = await verify(bundle, data, { certificateIssuer: issuer, certificateIdentity: subject });
 */
export async function verify(bundle: SerializedBundle, options?: VerifyOptions): Promise<Signer>;
export async function verify(
  bundle: SerializedBundle,
  data: Uint8Array | undefined,
  options?: VerifyOptions,
): Promise<Signer>;
export async function verify(
  bundle: SerializedBundle,
  dataOrOptions?: Uint8Array | VerifyOptions,
  options?: VerifyOptions,
): Promise<Signer> {
  const { verifyOnce } = await import('./verification/client.js');
  // With a third argument, the second is data or nothing: it is never taken for options in place of them.
  return isUint8Array(dataOrOptions) || options !== undefined || dataOrOptions === undefined
    ? verifyOnce(bundle, dataOrOptions, options)
    : verifyOnce(bundle, undefined, dataOrOptions);
}

/**
 * Obtains trust once, for bundles that are then verified without waiting.
 * @throws TUFError
 */
export async function createVerifier(options: VerifyOptions = {}): Promise<BundleVerifier> {
  const { openVerifier } = await import('./verification/client.js');
  return openVerifier(options);
}
