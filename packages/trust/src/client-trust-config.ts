// SPDX-License-Identifier: Apache-2.0
// Client trust configs (ProtoJSON of `dev.sigstore.trustroot.v1.ClientTrustConfig`): a trusted root and a signing config.
// Refused: unknown members and media types, a missing part, and what the parts refuse.

import { type Decoder, decodeObject, required } from '@keywax/core/decode';
import { readJson } from '@keywax/core/json';
import { decodeMediaType } from './fields.js';
import type { SerializedClientTrustConfig } from './serialized.js';
import { encodeSigningConfig } from './signing-config-encode.js';
import { MAX_SIGNING_CONFIG_BYTES, type SigningConfig, readSigningConfig } from './signing-config.js';
import { MAX_TRUSTED_ROOT_BYTES, type TrustedRoot, readTrustedRoot } from './trusted-root.js';
import { encodeTrustedRoot } from './trusted-root-encode.js';

/** All that a client needs to know about an instance (`ClientTrustConfig`). */
export interface ClientTrustConfig {
  readonly mediaType: string;
  readonly trustedRoot: TrustedRoot;
  readonly signingConfig: SigningConfig;
}

const MEDIA_TYPE = 'application/vnd.dev.sigstore.clienttrustconfig.v0.1+json';
const MAX_BYTES = MAX_TRUSTED_ROOT_BYTES + MAX_SIGNING_CONFIG_BYTES;

const decodeConfig: Decoder<ClientTrustConfig> = decodeObject<ClientTrustConfig>({
  mediaType: decodeMediaType([MEDIA_TYPE]),
  trustedRoot: required(readTrustedRoot, 'TRUST_INVALID'),
  signingConfig: required(readSigningConfig, 'TRUST_INVALID'),
});

/**
 * Decodes a client trust config from JSON text, its UTF-8 bytes, or an object that came from JSON.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED for an unknown selector, TRUST_INVALID, NETWORK_POLICY
 */
export function decodeClientTrustConfig(input: Uint8Array | string | object): ClientTrustConfig {
  return decodeConfig(readJson(input, { maxBytes: MAX_BYTES }), '$');
}

/** Encodes a client trust config; a signing config 0.1 becomes 0.2. @throws CONFIG_INVALID for an invalid `Date` */
export function encodeClientTrustConfig(
  config: Pick<ClientTrustConfig, 'trustedRoot' | 'signingConfig'>,
): SerializedClientTrustConfig {
  return {
    mediaType: MEDIA_TYPE,
    trustedRoot: encodeTrustedRoot(config.trustedRoot),
    signingConfig: encodeSigningConfig(config.signingConfig),
  };
}
