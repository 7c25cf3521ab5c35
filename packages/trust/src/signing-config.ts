// SPDX-License-Identifier: Apache-2.0

import type { TimeRange } from '@keywax/core/time';

/** A service that one signs with. */
export interface Service {
  /** A base URL, or for timestamp authorities the whole endpoint. https, or http on loopback. */
  readonly url: string;
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
  readonly timestampSelector?: ServiceSelector;
}

/** The services to use now. */
export interface SelectedServices {
  readonly certificateAuthority: Service;
  readonly oidcProvider?: Service;
  readonly logs: readonly Service[];
  readonly timestampAuthorities: readonly Service[];
}
