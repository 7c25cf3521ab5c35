// SPDX-License-Identifier: Apache-2.0
// Signing configs 0.2 and 0.1 (ProtoJSON of `dev.sigstore.trustroot.v1.SigningConfig`).
// Refused: what core's JSON reader refuses, unknown members and media types, more than 256 KiB or 64 services of a kind,
// services without a window, URLs that are never contacted.

import {
  type Decoder,
  arrayOf,
  decodeObject,
  decodeString,
  integerWithin,
  oneOfNames,
  optional,
  required,
  transform,
  withDefault,
} from '@keywax/core/decode';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { isJsonObject, readJson } from '@keywax/core/json';
import type { TimeRange } from '@keywax/core/time';
import { decodeMediaType, decodeValidity, invalidTrust } from './fields.js';
import { isLoopback, selectHttpUrl } from './url.js';

/** A service that one signs with. */
export interface Service {
  /** As written: a base URL, or for timestamp authorities the whole endpoint. https, or http on loopback. */
  readonly url: string;
  /** 0 where not said, which no client speaks. */
  readonly majorApiVersion: number;
  /** When it may be used, both ends inclusive. */
  readonly validFor: TimeRange;
  /** Who runs it; one service of an operator is enough. Empty where not said. */
  readonly operator: string;
}

/** How many of the eligible services are used. */
export type ServiceSelector =
  | { readonly kind: 'any' }
  | { readonly kind: 'all' }
  | { readonly kind: 'exact'; readonly count: number };

/** Where to sign (`SigningConfig` 0.2; version 0.1 is read into the same shape). */
export interface SigningConfig {
  readonly mediaType: string;
  readonly certificateAuthorities: readonly Service[];
  readonly oidcProviders: readonly Service[];
  readonly logs: readonly Service[];
  /** Absent where undefined, which is an error once a log has to be chosen. */
  readonly logSelector?: ServiceSelector;
  readonly timestampAuthorities: readonly Service[];
  /** Absent where undefined, which is an error once a timestamp authority has to be chosen. */
  readonly timestampSelector?: ServiceSelector;
}

/** The most bytes of a signing config. */
export const MAX_SIGNING_CONFIG_BYTES = 262_144; // ATTACKS 4.3
const MAX_SERVICES = 64;

const MEDIA_TYPE_V01 = 'application/vnd.dev.sigstore.signingconfig.v0.1+json';
/** The version that is written. */
export const SIGNING_CONFIG_MEDIA_TYPE = 'application/vnd.dev.sigstore.signingconfig.v0.2+json';

/** A URL that may be contacted (TR-029): https, or http on this machine. */
const decodeUrl: Decoder<string> = (value, at) => {
  const text = decodeString(value, at);
  const url = selectHttpUrl(text);
  if (url !== undefined && (url.scheme === 'https' || isLoopback(url.host))) return text;
  const expected = 'an https URL of a plain host, or an http URL on loopback';
  const actual = quoteText(text);
  throw new KeywaxError('NETWORK_POLICY', `${at}: expected ${expected}, found ${actual}`, {
    details: { at, expected, actual },
  });
};

const decodeService: Decoder<Service> = decodeObject<Service>({
  url: required(decodeUrl, 'TRUST_INVALID'),
  majorApiVersion: withDefault(integerWithin(0, Number.MAX_SAFE_INTEGER), 0),
  validFor: decodeValidity,
  operator: withDefault(decodeString, ''),
});

type SelectorName = 'SERVICE_SELECTOR_UNDEFINED' | 'ALL' | 'ANY' | 'EXACT';

const decodeSelector: Decoder<ServiceSelector | undefined> = optional(
  transform(
    decodeObject<{ selector: SelectorName; count: number }>({
      selector: withDefault(
        oneOfNames(['SERVICE_SELECTOR_UNDEFINED', 'ALL', 'ANY', 'EXACT']),
        'SERVICE_SELECTOR_UNDEFINED',
      ),
      count: withDefault(integerWithin(0, Number.MAX_SAFE_INTEGER), 0),
    }),
    ({ selector, count }, at) => makeSelector(selector, count, at),
  ),
);

function makeSelector(name: SelectorName, count: number, at: string): ServiceSelector | undefined {
  switch (name) {
    case 'ANY':
      return Object.freeze({ kind: 'any' });
    case 'ALL':
      return Object.freeze({ kind: 'all' });
    case 'EXACT':
      if (count === 0) throw invalidTrust(`${at}.count`, 'a count of at least one');
      return Object.freeze({ kind: 'exact', count });
    case 'SERVICE_SELECTOR_UNDEFINED':
      return undefined;
  }
}

interface ConfigMembers {
  readonly mediaType: string;
  readonly caUrls: readonly Service[];
  readonly oidcUrls: readonly Service[];
  readonly rekorTlogUrls: readonly Service[];
  readonly rekorTlogConfig?: ServiceSelector;
  readonly tsaUrls: readonly Service[];
  readonly tsaConfig?: ServiceSelector;
}

const decodeMembers: Decoder<ConfigMembers> = decodeObject<ConfigMembers>({
  mediaType: decodeMediaType([MEDIA_TYPE_V01, SIGNING_CONFIG_MEDIA_TYPE]),
  caUrls: arrayOf(decodeService, MAX_SERVICES),
  oidcUrls: arrayOf(decodeService, MAX_SERVICES),
  rekorTlogUrls: arrayOf(decodeService, MAX_SERVICES),
  rekorTlogConfig: decodeSelector,
  tsaUrls: arrayOf(decodeService, MAX_SERVICES),
  tsaConfig: decodeSelector,
});

const decodeV02: Decoder<SigningConfig> = transform(decodeMembers, (members) =>
  Object.freeze({
    mediaType: members.mediaType,
    certificateAuthorities: members.caUrls,
    oidcProviders: members.oidcUrls,
    logs: members.rekorTlogUrls,
    ...(members.rekorTlogConfig === undefined ? {} : { logSelector: members.rekorTlogConfig }),
    timestampAuthorities: members.tsaUrls,
    ...(members.tsaConfig === undefined ? {} : { timestampSelector: members.tsaConfig }),
  }),
);

interface ConfigMembersV01 {
  readonly mediaType: string;
  readonly caUrl?: Service;
  readonly oidcUrl?: Service;
  readonly tlogUrls: readonly Service[];
  readonly tsaUrls: readonly Service[];
}

/** A bare URL of version 0.1: API version 1, from any time on, of an operator that is not named. */
const decodeBareService: Decoder<Service> = transform(decodeUrl, (url) =>
  Object.freeze({ url, majorApiVersion: 1, validFor: Object.freeze({ start: new Date(0) }), operator: '' }),
);

const decodeV01: Decoder<SigningConfig> = transform(
  decodeObject<ConfigMembersV01>({
    mediaType: decodeMediaType([MEDIA_TYPE_V01]),
    caUrl: optional(decodeBareService),
    oidcUrl: optional(decodeBareService),
    tlogUrls: arrayOf(decodeBareService, MAX_SERVICES),
    tsaUrls: arrayOf(decodeBareService, MAX_SERVICES),
  }),
  ({ mediaType, caUrl, oidcUrl, tlogUrls, tsaUrls }) =>
    Object.freeze({
      mediaType,
      certificateAuthorities: Object.freeze(caUrl === undefined ? [] : [caUrl]),
      oidcProviders: Object.freeze(oidcUrl === undefined ? [] : [oidcUrl]),
      logs: tlogUrls,
      logSelector: Object.freeze({ kind: 'any' }),
      timestampAuthorities: tsaUrls,
      timestampSelector: Object.freeze({ kind: 'any' }),
    }),
);

/**
 * Decodes a signing config from JSON text, its UTF-8 bytes, or an object that came from JSON; at most 256 KiB.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED for an unknown selector, TRUST_INVALID, NETWORK_POLICY
 */
export function decodeSigningConfig(input: Uint8Array | string | object): SigningConfig {
  return readSigningConfig(readJson(input, { maxBytes: MAX_SIGNING_CONFIG_BYTES }), '$');
}

/** Decodes a signing config at a path of a larger document. @throws as `decodeSigningConfig` */
export const readSigningConfig: Decoder<SigningConfig> = (value, at) => {
  const isV01 = isJsonObject(value) && value.get('mediaType') === MEDIA_TYPE_V01;
  return isV01 ? decodeV01(value, at) : decodeV02(value, at);
};
