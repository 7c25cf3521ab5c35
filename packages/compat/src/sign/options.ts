// SPDX-License-Identifier: Apache-2.0

import type { FetchOptions } from './fetch-options.js';
import type { IdentityProvider } from './identity.js';

/** Options of `sign` and `attest`. Others are ignored. */
export type SignOptions = FetchOptions & {
  /** The certificate authority; the public one unless given. */
  readonly fulcioURL?: string | undefined;
  /** Where identity tokens come from; the CI system unless given, or `identityToken` is. */
  readonly identityProvider?: IdentityProvider | undefined;
  readonly identityToken?: string | undefined;
  /** The transparency log; the public one unless given. */
  readonly rekorURL?: string | undefined;
  /** Whether the signature is recorded in the log, as it is unless this says no. */
  readonly tlogUpload?: boolean | undefined;
  /** A timestamp authority; none unless given. */
  readonly tsaServerURL?: string | undefined;
  /** Makes `attest` return a bundle 0.2 whose log entry is `intoto`, for verifiers of 2023. */
  readonly legacyCompatibility?: boolean | undefined;
};
