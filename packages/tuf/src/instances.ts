// SPDX-License-Identifier: Apache-2.0
// The instances that are known by name, and how others are described: where their repository is, which targets hold
// their documents, what counts as enough evidence there. All URLs of services that Keywax knows by itself stand here.

import { KeywaxError, quoteText } from '@keywax/core/errors';
import type { SigningConfig } from '@keywax/trust';

/** The names of known instances. */
export const INSTANCE_NAMES = ['production', 'staging', 'github'] as const;
/** The name of a known instance. */
export type InstanceName = (typeof INSTANCE_NAMES)[number];

/** An instance by its TUF repository. */
export interface MirrorInstance {
  /** Base URL of the repository's metadata; its targets lie below `targets`. */
  readonly mirrorUrl: string;
  /** The root that it is trusted by, as a file. Without it the one that `initInstance` remembered is used. */
  readonly root?: Uint8Array | string;
}

/** An instance: a known one, or a repository. */
export type InstanceChoice = InstanceName | MirrorInstance;

/** How many distinct authorities of each kind an instance's bundles need, in the terms of `@keywax/verify`. */
export interface InstanceThresholds {
  readonly logThreshold?: number | 'none';
  readonly timestampThreshold?: number | 'none';
  readonly sctThreshold?: number | 'none';
}

/** What is known of an instance before its repository is asked. */
export interface InstanceDescription {
  /** The name, or the URL of the mirror. */
  readonly name: string;
  readonly mirrorUrl: string;
  /** The path of the target that is the trusted root. */
  readonly trustedRootTarget: string;
  /** The path of the target that is the signing config. */
  readonly signingConfigTarget: string;
  /** Where to sign while the repository lists no signing config, or only what is compiled in can be had. */
  readonly signingConfig?: SigningConfig;
  /** What its bundles need; what is absent is left to the verifier. */
  readonly thresholds: InstanceThresholds;
  /** True where its root and last known trusted root are compiled in. */
  readonly isCompiledIn: boolean;
}

/** The services of an instance (PROTOCOL: instance differences). */
interface Services {
  readonly operator: string;
  readonly fulcio: string;
  readonly oidc: string;
  /** A log of API version 1; `github` has none. */
  readonly rekor?: string;
  /** The whole endpoint. */
  readonly tsa: string;
}

interface InstanceRow {
  readonly mirrorUrl: string;
  readonly services: Services;
  readonly thresholds: InstanceThresholds;
  readonly isCompiledIn: boolean;
}

const INSTANCES: Readonly<Record<InstanceName, InstanceRow>> = {
  production: {
    mirrorUrl: 'https://tuf-repo-cdn.sigstore.dev',
    services: {
      operator: 'sigstore.dev',
      fulcio: 'https://fulcio.sigstore.dev',
      oidc: 'https://oauth2.sigstore.dev/auth',
      rekor: 'https://rekor.sigstore.dev',
      tsa: 'https://timestamp.sigstore.dev/api/v1/timestamp',
    },
    thresholds: {},
    isCompiledIn: true,
  },
  staging: {
    mirrorUrl: 'https://tuf-repo-cdn.sigstage.dev',
    services: {
      operator: 'sigstage.dev',
      fulcio: 'https://fulcio.sigstage.dev',
      oidc: 'https://oauth2.sigstage.dev/auth',
      rekor: 'https://rekor.sigstage.dev',
      tsa: 'https://timestamp.sigstage.dev/api/v1/timestamp',
    },
    thresholds: {},
    isCompiledIn: false,
  },
  // Private repositories: no log and no certificate timestamps, so that times come from the timestamp authority alone.
  github: {
    mirrorUrl: 'https://tuf-repo.github.com',
    services: {
      operator: 'githubapp.com',
      fulcio: 'https://fulcio.githubapp.com',
      oidc: 'https://token.actions.githubusercontent.com',
      tsa: 'https://timestamp.githubapp.com/api/v1/timestamp',
    },
    thresholds: { logThreshold: 'none', timestampThreshold: 1, sctThreshold: 'none' },
    isCompiledIn: false,
  },
};

const TARGETS = { trustedRootTarget: 'trusted_root.json', signingConfigTarget: 'signing_config.v0.2.json' } as const;
const SIGNING_CONFIG_TYPE = 'application/vnd.dev.sigstore.signingconfig.v0.2+json';

/**
 * What is known of an instance without asking anyone.
 * @throws CONFIG_INVALID for a name that is not known
 */
export function describeInstance(choice: InstanceChoice): InstanceDescription {
  if (typeof choice !== 'string') return describeMirror(choice.mirrorUrl);
  if (!isInstanceName(choice)) {
    const expected = `one of ${INSTANCE_NAMES.join(', ')}, or a mirror`;
    throw new KeywaxError('CONFIG_INVALID', `instance: expected ${expected}, found ${quoteText(choice, 60)}`, {
      details: { at: 'instance', expected },
    });
  }
  const { services, ...row } = INSTANCES[choice];
  return Object.freeze({ name: choice, ...row, ...TARGETS, signingConfig: describeServices(services) });
}

/** True for the name of a known instance. */
export function isInstanceName(name: string): name is InstanceName {
  return INSTANCE_NAMES.some((known) => known === name);
}

function describeMirror(url: string): InstanceDescription {
  if (typeof url !== 'string') throw new KeywaxError('CONFIG_INVALID', 'instance.mirrorUrl: expected a URL');
  const mirrorUrl = url.replace(/\/+$/, '');
  // A mirror is the instance that it serves, with the root that the caller brings.
  return Object.freeze({ name: mirrorUrl, mirrorUrl, ...TARGETS, thresholds: {}, isCompiledIn: false });
}

function describeServices({ operator, fulcio, oidc, rekor, tsa }: Services): SigningConfig {
  const list = (url: string | undefined): SigningConfig['logs'] =>
    url === undefined ? [] : [{ url, majorApiVersion: 1, validFor: { start: new Date(0) }, operator }];
  return {
    mediaType: SIGNING_CONFIG_TYPE,
    certificateAuthorities: list(fulcio),
    oidcProviders: list(oidc),
    logs: list(rekor),
    logSelector: { kind: 'any' },
    timestampAuthorities: list(tsa),
    timestampSelector: { kind: 'any' },
  };
}
