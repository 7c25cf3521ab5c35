// SPDX-License-Identifier: Apache-2.0
// Where trust comes from, and how old it is.

import { formatRfc3339 } from '@keywax/core/time';
import type { InstanceTrust } from '@keywax/tuf';
import { countOf, escapeText, formatInstant } from './text.js';

const UNITS = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
] as const;

/** The origin of trust in a line. */
export function describeOrigin({ instance, state }: InstanceTrust): string {
  const name = escapeText(instance.name);
  if (state.source === 'compiled')
    return `trust of ${name} as compiled in, from ${state.package} ${state.version}, of unknown age`;
  const { ageMs, expired, expiresAt } = state;
  const from = state.source === 'store' ? 'from the cache' : 'from its repository';
  const age = ageMs === undefined ? 'of unknown age' : formatAge(ageMs);
  const end = `${expired.length === 0 ? 'good until' : `${expired.join(', ')} expired on`} ${formatInstant(expiresAt)}`;
  return `trust of ${name} ${from}, ${age}, ${end}`;
}

/** The origin of trust as plain JSON. */
export function encodeOrigin({ instance, state }: InstanceTrust): Readonly<Record<string, unknown>> {
  if (state.source === 'compiled') return { instance: instance.name, ...state };
  const { source, versions, expiresAt, expired, refreshedAt } = state;
  return {
    instance: instance.name,
    source: source === 'store' ? 'cache' : 'repository',
    versions,
    expiresAt: formatRfc3339(expiresAt),
    expired,
    ...(refreshedAt === undefined ? {} : { refreshedAt: formatRfc3339(refreshedAt) }),
  };
}

function formatAge(ageMs: number): string {
  const [unitMs, unit] = UNITS.find(([ms]) => ageMs >= ms) ?? [undefined, ''];
  return unitMs === undefined ? 'just now' : `${countOf(Math.floor(ageMs / unitMs), unit)} old`;
}
