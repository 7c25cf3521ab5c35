// SPDX-License-Identifier: Apache-2.0
// What an instance tells its clients: the trusted root, the signing config, and both in one.

import { encodeBase64 } from '@keywax/core/bytes';
import { formatRfc3339 } from '@keywax/core/time';
import { type SigningKey, selectKeyDetails } from './keys.js';

/** A log in a trusted root. */
export interface TrustedLogJson {
  baseUrl: string;
  hashAlgorithm: string;
  publicKey: { rawBytes: string; keyDetails: string; validFor: { start: string; end?: string } };
  logId: { keyId: string };
}

/** A certificate or timestamp authority in a trusted root: its chain leaf-ward first. */
export interface TrustedAuthorityJson {
  subject: { organization: string; commonName: string };
  uri: string;
  certChain: { certificates: { rawBytes: string }[] };
  validFor: { start: string; end?: string };
}

/** A trusted root as plain JSON. */
export interface TrustedRootJson {
  mediaType: string;
  tlogs: TrustedLogJson[];
  certificateAuthorities: TrustedAuthorityJson[];
  ctlogs: TrustedLogJson[];
  timestampAuthorities: TrustedAuthorityJson[];
}

/** A service in a signing config. */
export interface ServiceJson {
  url: string;
  majorApiVersion: number;
  validFor: { start: string; end?: string };
  operator: string;
}

/** A signing config (version 0.2) as plain JSON. */
export interface SigningConfigJson {
  mediaType: string;
  caUrls: ServiceJson[];
  oidcUrls: ServiceJson[];
  rekorTlogUrls: ServiceJson[];
  rekorTlogConfig: { selector: string };
  tsaUrls: ServiceJson[];
  tsaConfig: { selector: string };
}

/** A trusted root and a signing config as plain JSON. */
export interface ClientTrustConfigJson {
  mediaType: string;
  trustedRoot: TrustedRootJson;
  signingConfig: SigningConfigJson;
}

/** The only media type of trusted roots that the Go and the Python client both take. */
const TRUSTED_ROOT_TYPE = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';
const SIGNING_CONFIG_TYPE = 'application/vnd.dev.sigstore.signingconfig.v0.2+json';
const CLIENT_TRUST_CONFIG_TYPE = 'application/vnd.dev.sigstore.clienttrustconfig.v0.1+json';

/** The organization that the instance's certificates and services name. */
export const ORGANIZATION = 'keywax.localhost';

/** A log's entry in a trusted root. `host` is a bare hostname, which is the origin of a Rekor v2 log. */
export function describeLog(
  host: string,
  log: { readonly key: SigningKey; readonly logId: Uint8Array },
  start: Date,
): TrustedLogJson {
  return {
    baseUrl: `http://${host}`,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: encodeBase64(log.key.spki),
      keyDetails: selectKeyDetails(log.key),
      validFor: { start: formatRfc3339(start) },
    },
    logId: { keyId: encodeBase64(log.logId) },
  };
}

/** An authority's entry in a trusted root, with its chain leaf-ward first and the anchor last. */
export function describeAuthority(
  host: string,
  authority: { readonly commonName: string; readonly chain: readonly Uint8Array[] },
  start: Date,
): TrustedAuthorityJson {
  return {
    subject: { organization: ORGANIZATION, commonName: authority.commonName },
    uri: `http://${host}`,
    certChain: { certificates: authority.chain.map((der) => ({ rawBytes: encodeBase64(der) })) },
    validFor: { start: formatRfc3339(start) },
  };
}

/** A trusted root from its entries. */
export function encodeTrustedRoot(entries: Omit<TrustedRootJson, 'mediaType'>): TrustedRootJson {
  return { mediaType: TRUSTED_ROOT_TYPE, ...entries };
}

/** Where the services of an instance listen; `tsa` is the whole endpoint, the others are base URLs. */
export interface ServiceUrls {
  readonly oidc: string;
  readonly fulcio: string;
  readonly rekorV1: string;
  readonly rekorV2: string;
  readonly tsa: string;
}

/** Which Rekor versions a signing config offers. Clients use the highest of those that they speak. */
export type RekorChoice = 'v1' | 'v2' | 'both';

/** A signing config for services at `urls`, valid from `start`. */
export function encodeSigningConfig(urls: ServiceUrls, rekor: RekorChoice, start: Date): SigningConfigJson {
  const service = (url: string, majorApiVersion = 1): ServiceJson => ({
    url,
    majorApiVersion,
    validFor: { start: formatRfc3339(start) },
    operator: ORGANIZATION,
  });
  const v1 = rekor === 'v2' ? [] : [service(urls.rekorV1, 1)];
  const v2 = rekor === 'v1' ? [] : [service(urls.rekorV2, 2)];
  return {
    mediaType: SIGNING_CONFIG_TYPE,
    caUrls: [service(urls.fulcio)],
    oidcUrls: [service(urls.oidc)],
    rekorTlogUrls: [...v2, ...v1],
    rekorTlogConfig: { selector: 'ANY' },
    tsaUrls: [service(urls.tsa)],
    tsaConfig: { selector: 'ANY' },
  };
}

/** A ClientTrustConfig from its two halves. */
export function encodeClientTrustConfig(
  trustedRoot: TrustedRootJson,
  signingConfig: SigningConfigJson,
): ClientTrustConfigJson {
  return { mediaType: CLIENT_TRUST_CONFIG_TYPE, trustedRoot, signingConfig };
}
