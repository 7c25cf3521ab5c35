// SPDX-License-Identifier: Apache-2.0
// The instance that is trusted, and signed with: production as compiled in, or one that the caller describes.

import { type SigningConfig, decodeClientTrustConfig, decodeSigningConfig, decodeTrustedRoot } from '@keywax/trust';
import { type PreparedTrust, prepareTrust } from '@keywax/verify';
import { configError, copyOptions, refuseUnknown } from './options.js';
import { PRODUCTION_TRUSTED_ROOT } from '@keywax/tuf/production';

/** JSON text, its UTF-8 bytes, or the object that comes of parsing it. */
export type JsonDocument = Uint8Array | string | object;

/** An instance that the caller describes: whom to trust and where to sign, in two documents or in one. */
export type InstanceDocuments =
  | {
      /** A Sigstore `TrustedRoot`, or `'production'` for the one compiled in. */
      readonly trustedRoot: JsonDocument;
      /** A Sigstore `SigningConfig`; only signing needs one. */
      readonly signingConfig?: JsonDocument;
      readonly trustConfig?: undefined;
    }
  | {
      /** A Sigstore `ClientTrustConfig`. */
      readonly trustConfig: JsonDocument;
      readonly trustedRoot?: undefined;
      readonly signingConfig?: undefined;
    };

/** Which instance: `'production'` with the last known trusted root, or one that the caller describes. */
export type Instance = 'production' | InstanceDocuments;

/** An instance that has been read. */
export interface ReadInstance {
  readonly trust: PreparedTrust;
  readonly signingConfig?: SigningConfig;
}

// A constant, decoded on first use and kept.
let production: PreparedTrust | undefined;

/** Reads an instance; `'production'` unless given. @throws CONFIG_INVALID, and the errors of a document that is not usable */
export function readInstance(instance: Instance = 'production'): ReadInstance {
  if (instance === 'production') return { trust: prepareProduction() };
  const own = copyOptions(instance, 'instance');
  refuseUnknown(own, ['trustedRoot', 'signingConfig', 'trustConfig'], 'instance');
  const { trustedRoot, signingConfig, trustConfig } = own;
  if (trustConfig !== undefined) return readTrustConfig(trustConfig, [trustedRoot, signingConfig]);
  if (trustedRoot === undefined) throw configError('instance.trustedRoot', "a trusted root, or 'production'");
  return {
    trust: trustedRoot === 'production' ? prepareProduction() : prepareTrust(decodeTrustedRoot(trustedRoot)),
    ...(signingConfig === undefined ? {} : { signingConfig: decodeSigningConfig(signingConfig) }),
  };
}

function readTrustConfig(document: JsonDocument, others: readonly unknown[]): ReadInstance {
  if (others.some((other) => other !== undefined))
    throw configError('instance', 'a trust config, or its parts, and not both');
  const { trustedRoot, signingConfig } = decodeClientTrustConfig(document);
  return { trust: prepareTrust(trustedRoot), signingConfig };
}

function prepareProduction(): PreparedTrust {
  production ??= prepareTrust(decodeTrustedRoot(PRODUCTION_TRUSTED_ROOT));
  return production;
}
