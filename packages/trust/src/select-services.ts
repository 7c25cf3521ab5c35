// SPDX-License-Identifier: Apache-2.0
// Which of the services of a signing config are used now: the rules that Sigstore's clients share.

import { KeywaxError } from '@keywax/core/errors';
import { isWithin } from '@keywax/core/time';
import type { Service, ServiceSelector, SigningConfig } from './signing-config.js';

/** The services to use now. */
export interface SelectedServices {
  readonly certificateAuthority: Service;
  readonly oidcProvider?: Service;
  /** Empty where the instance has no log. */
  readonly logs: readonly Service[];
  /** Empty where the instance has no timestamp authority. */
  readonly timestampAuthorities: readonly Service[];
}

/** A kind of service: how messages call it, and the major versions of its API that are spoken. */
interface ServiceKind {
  readonly name: string;
  readonly versions: readonly number[];
}

const CERTIFICATE_AUTHORITY: ServiceKind = { name: 'certificate authority', versions: [1] };
const OIDC_PROVIDER: ServiceKind = { name: 'identity provider', versions: [1] };
const LOG: ServiceKind = { name: 'transparency log', versions: [1, 2] };
const TIMESTAMP_AUTHORITY: ServiceKind = { name: 'timestamp authority', versions: [1] };

/**
 * Selects services by version, window and operator: of each kind the highest version that is spoken and valid at `now`, the
 * newest service of each operator, and of those as many as the selector asks for. A kind that is listed is never left out
 * silently, but for identity providers, as a token may come from elsewhere.
 * @throws INPUT_UNSUPPORTED where no listed version is spoken; CONFIG_INVALID where no listed service is valid now, too few
 *   are, a selector is undefined, or there is no certificate authority
 */
export function selectServices(config: SigningConfig, now: Date): SelectedServices {
  const [certificateAuthority] = listEligible(config.certificateAuthorities, CERTIFICATE_AUTHORITY, now);
  if (certificateAuthority === undefined) throw invalidConfig('a certificate authority', 'none');
  const [oidcProvider] = sortEligible(config.oidcProviders, OIDC_PROVIDER, now);
  return Object.freeze({
    certificateAuthority,
    ...(oidcProvider === undefined ? {} : { oidcProvider }),
    logs: applySelector(listEligible(config.logs, LOG, now), config.logSelector, LOG),
    timestampAuthorities: applySelector(
      listEligible(config.timestampAuthorities, TIMESTAMP_AUTHORITY, now),
      config.timestampSelector,
      TIMESTAMP_AUTHORITY,
    ),
  });
}

/** Eligible services, of which there is one if any is listed. */
function listEligible(services: readonly Service[], kind: ServiceKind, now: Date): readonly Service[] {
  const eligible = sortEligible(services, kind, now);
  if (services.length === 0 || eligible.length > 0) return eligible;
  if (services.some(({ majorApiVersion }) => kind.versions.includes(majorApiVersion))) {
    throw invalidConfig(`a ${kind.name} that may be used now`, 'none');
  }
  const expected = `a ${kind.name} of API version ${kind.versions.join(' or ')}`;
  throw new KeywaxError('INPUT_UNSUPPORTED', `expected ${expected}, found others`, { details: { expected } });
}

/** The services of the highest version that can be used, newest first, one for each operator. */
function sortEligible(services: readonly Service[], { versions }: ServiceKind, now: Date): readonly Service[] {
  const usable = services.filter(
    ({ majorApiVersion, validFor }) => versions.includes(majorApiVersion) && isWithin(validFor, now),
  );
  const version = Math.max(...usable.map(({ majorApiVersion }) => majorApiVersion));
  const sorted = usable
    .filter(({ majorApiVersion }) => majorApiVersion === version)
    .sort((a, b) => b.validFor.start.getTime() - a.validFor.start.getTime());
  return sorted.filter(({ operator }, i) => sorted.findIndex((other) => other.operator === operator) === i);
}

function applySelector(
  services: readonly Service[],
  selector: ServiceSelector | undefined,
  kind: ServiceKind,
): readonly Service[] {
  if (services.length === 0) return Object.freeze([]);
  if (selector === undefined) throw invalidConfig(`a selector ANY, ALL or EXACT for each ${kind.name}`, 'none');
  switch (selector.kind) {
    case 'any':
      return Object.freeze(services.slice(0, 1));
    case 'all':
      return Object.freeze(services);
    case 'exact':
      if (services.length < selector.count)
        throw invalidConfig(`${selector.count} operators of a ${kind.name}`, `${services.length}`);
      return Object.freeze(services.slice(0, selector.count));
  }
}

function invalidConfig(expected: string, actual: string): KeywaxError {
  return new KeywaxError('CONFIG_INVALID', `signing config: expected ${expected}, found ${actual}`, {
    details: { expected, actual },
  });
}
