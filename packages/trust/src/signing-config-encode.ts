// SPDX-License-Identifier: Apache-2.0
// Signing configs as JSON, of version 0.2 alone.

import type { SerializedSelector, SerializedService, SerializedSigningConfig } from './serialized.js';
import { SIGNING_CONFIG_MEDIA_TYPE, type Service, type ServiceSelector, type SigningConfig } from './signing-config.js';
import { encodeValidity } from './trusted-root-encode.js';

/** Encodes a signing config as version 0.2, whichever it was read from. @throws CONFIG_INVALID for an invalid `Date` */
export function encodeSigningConfig(config: SigningConfig): SerializedSigningConfig {
  const { logSelector, timestampSelector } = config;
  return {
    mediaType: SIGNING_CONFIG_MEDIA_TYPE,
    caUrls: config.certificateAuthorities.map(encodeService),
    oidcUrls: config.oidcProviders.map(encodeService),
    rekorTlogUrls: config.logs.map(encodeService),
    ...(logSelector === undefined ? {} : { rekorTlogConfig: encodeSelector(logSelector) }),
    tsaUrls: config.timestampAuthorities.map(encodeService),
    ...(timestampSelector === undefined ? {} : { tsaConfig: encodeSelector(timestampSelector) }),
  };
}

function encodeService({ url, majorApiVersion, validFor, operator }: Service): SerializedService {
  return {
    url,
    majorApiVersion,
    validFor: encodeValidity(validFor),
    ...(operator === '' ? {} : { operator }),
  };
}

function encodeSelector(selector: ServiceSelector): SerializedSelector {
  switch (selector.kind) {
    case 'any':
      return { selector: 'ANY' };
    case 'all':
      return { selector: 'ALL' };
    case 'exact':
      return { selector: 'EXACT', count: selector.count };
  }
}
