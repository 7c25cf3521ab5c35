// SPDX-License-Identifier: Apache-2.0
// The JSON of trust material, as types: the ProtoJSON form of `dev.sigstore.trustroot.v1`. What is written here has neither
// `null` nor unknown members, and leaves out empty text where that means the same.

/** Bytes in standard base64 with padding. */
export type Base64 = string;
/** An instant of RFC 3339, in UTC. */
export type Rfc3339 = string;

/** A span of time, closed at both ends; open towards the future without `end`. */
export interface SerializedValidity {
  start: Rfc3339;
  end?: Rfc3339;
}

/** A trusted root as published: `trusted_root.json`. */
export interface SerializedTrustedRoot {
  mediaType: string;
  tlogs: SerializedLog[];
  certificateAuthorities: SerializedAuthority[];
  ctlogs: SerializedLog[];
  timestampAuthorities: SerializedAuthority[];
}

/** A log or certificate log of a trusted root. */
export interface SerializedLog {
  baseUrl?: string;
  hashAlgorithm: string;
  publicKey: { rawBytes: Base64; keyDetails: string; validFor: SerializedValidity };
  logId: { keyId: Base64 };
  /** Version 0.2. */
  checkpointKeyId?: { keyId: Base64 };
  /** Version 0.2. */
  operator?: string;
}

/** A certificate or timestamp authority of a trusted root: its chain towards the anchor. */
export interface SerializedAuthority {
  subject: { organization: string; commonName: string };
  uri?: string;
  certChain: { certificates: { rawBytes: Base64 }[] };
  validFor: SerializedValidity;
  /** Version 0.2. */
  operator?: string;
}

/** A signing config 0.2 as published: `signing_config.v0.2.json`. */
export interface SerializedSigningConfig {
  mediaType: string;
  caUrls: SerializedService[];
  oidcUrls: SerializedService[];
  rekorTlogUrls: SerializedService[];
  rekorTlogConfig?: SerializedSelector;
  tsaUrls: SerializedService[];
  tsaConfig?: SerializedSelector;
}

/** A service of a signing config. */
export interface SerializedService {
  url: string;
  majorApiVersion: number;
  validFor: SerializedValidity;
  operator?: string;
}

/** How many services are used; `count` for `EXACT`. */
export interface SerializedSelector {
  selector: 'ANY' | 'ALL' | 'EXACT';
  count?: number;
}

/** A client trust config: both in one. */
export interface SerializedClientTrustConfig {
  mediaType: string;
  trustedRoot: SerializedTrustedRoot;
  signingConfig: SerializedSigningConfig;
}
