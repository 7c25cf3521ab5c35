// SPDX-License-Identifier: Apache-2.0
// Builders from a signing config in the shape of generated protobuf code. Which services are used: `@keywax/trust` says.

import { type Service, type ServiceSelector, type SigningConfig, selectServices } from '@keywax/trust';
import { type BundleBuilder, DSSEBundleBuilder, MessageSignatureBundleBuilder } from './bundle-builder.js';
import { DEFAULT_RETRY, DEFAULT_TIMEOUT, type FetchOptions } from './fetch-options.js';
import { FulcioSigner } from './fulcio-signer.js';
import type { IdentityProvider } from './identity.js';
import { RekorWitness } from './rekor-witness.js';
import { TSAWitness } from './tsa-witness.js';

/** A service of a signing config. */
export interface ProtoService {
  url: string;
  majorApiVersion: number;
  validFor: { start: Date | undefined; end?: Date | undefined } | undefined;
  operator: string;
}

/** How many of the services are used: 1 is ALL, 2 ANY, 3 EXACT. */
export interface ProtoServiceConfiguration {
  selector: number;
  count: number;
}

/** Where to sign. */
export interface ProtoSigningConfig {
  mediaType: string;
  caUrls: ProtoService[];
  oidcUrls: ProtoService[];
  rekorTlogUrls: ProtoService[];
  rekorTlogConfig: ProtoServiceConfiguration | undefined;
  tsaUrls: ProtoService[];
  tsaConfig: ProtoServiceConfiguration | undefined;
}

/** What a builder is made of. */
export interface SigningConfigOptions {
  signingConfig: ProtoSigningConfig;
  identityProvider: IdentityProvider;
  bundleType: 'messageSignature' | 'dsseEnvelope';
  /** Two retries, and five seconds for an attempt, unless given. */
  fetchOptions?: FetchOptions | undefined;
}

/**
 * Makes a builder of the services that a signing config names now.
 * @throws KeywaxError CONFIG_INVALID, INPUT_UNSUPPORTED where there is none of a kind that it asks for
 */
export function bundleBuilderFromSigningConfig(options: SigningConfigOptions): BundleBuilder {
  const { identityProvider, bundleType } = options;
  const fetchOptions = options.fetchOptions ?? { timeout: DEFAULT_TIMEOUT, retry: DEFAULT_RETRY };
  const { certificateAuthority, logs, timestampAuthorities } = selectServices(
    toSigningConfig(options.signingConfig),
    new Date(),
  );
  const signer = new FulcioSigner({ ...fetchOptions, fulcioBaseURL: certificateAuthority.url, identityProvider });
  const witnesses = [
    ...logs.map(
      ({ url, majorApiVersion }) => new RekorWitness({ ...fetchOptions, rekorBaseURL: url, majorApiVersion }),
    ),
    ...timestampAuthorities.map(({ url }) => new TSAWitness({ ...fetchOptions, tsaBaseURL: url })),
  ];
  return bundleType === 'dsseEnvelope'
    ? new DSSEBundleBuilder({ signer, witnesses })
    : new MessageSignatureBundleBuilder({ signer, witnesses });
}

/** Services whose configuration is absent are not used. */
function toSigningConfig(config: ProtoSigningConfig): SigningConfig {
  const { rekorTlogConfig, tsaConfig } = config;
  return {
    mediaType: config.mediaType,
    certificateAuthorities: config.caUrls.map(toService),
    oidcProviders: [],
    logs: rekorTlogConfig === undefined ? [] : config.rekorTlogUrls.map(toService),
    ...toSelector('logSelector', rekorTlogConfig),
    timestampAuthorities: tsaConfig === undefined ? [] : config.tsaUrls.map(toService),
    ...toSelector('timestampSelector', tsaConfig),
  };
}

function toService({ url, majorApiVersion, validFor, operator }: ProtoService): Service {
  const start = validFor?.start ?? new Date(0);
  const { end } = validFor ?? {};
  return { url, majorApiVersion, validFor: end === undefined ? { start } : { start, end }, operator };
}

const SELECTORS: readonly ('all' | 'any' | 'exact' | undefined)[] = [undefined, 'all', 'any', 'exact'];

function toSelector<Name extends string>(
  name: Name,
  config: ProtoServiceConfiguration | undefined,
): { readonly [N in Name]?: ServiceSelector } {
  const kind = config === undefined ? undefined : SELECTORS[config.selector];
  if (config === undefined || kind === undefined) return {};
  const selector: ServiceSelector = kind === 'exact' ? { kind, count: config.count } : { kind };
  return { [name]: selector } as { readonly [N in Name]?: ServiceSelector };
}
