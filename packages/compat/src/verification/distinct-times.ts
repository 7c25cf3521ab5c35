// SPDX-License-Identifier: Apache-2.0
// How many authorities vouch for the times of a verification. Callers count timestamps and promises together, which the
// engine does not; what makes two authorities one is the same (RUL-16).

import { encodeHex } from '@keywax/core/bytes';
import type { TrustedRoot } from '@keywax/trust';
import { type VerifiedTime, countDistinct } from '@keywax/verify';

/** Counts the authorities behind proven times; those that share a key, a root, an operator or a URL are one. */
export function countAuthorities(times: readonly VerifiedTime[], root: TrustedRoot): number {
  return countDistinct(times.map((time) => [`${time.source} ${time.authority}`, ...listNames(time, root)]));
}

function listNames({ source, authority }: VerifiedTime, root: TrustedRoot): readonly string[] {
  if (source === 'log') {
    const logs = root.logs.filter(({ baseUrl }) => baseUrl === authority);
    return logs.flatMap(({ key }) => (key === undefined ? [] : [`log key ${encodeHex(key.spki)}`]));
  }
  const authorities = root.timestampAuthorities.filter(({ uri, subject }) => (uri || subject.commonName) === authority);
  return authorities.flatMap(({ operator, certificates, chain }) => [
    ...(operator === undefined || operator === '' ? [] : [`operator ${operator}`]),
    ...certificates.slice(-1).map((anchor) => `root ${encodeHex(anchor)}`),
    ...chain.slice(0, 1).map(({ spki }) => `key ${encodeHex(spki)}`),
  ]);
}
