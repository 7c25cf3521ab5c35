// SPDX-License-Identifier: Apache-2.0
// What kind of place a host is, as far as its name or address says.

/** A name or public address, an address of this machine, of a private network, or of none where blobs may lie. */
export type HostClass = 'public' | 'loopback' | 'private' | 'never';

type Range = readonly [pattern: RegExp, kind: HostClass];

/** The first that matches counts (RFC 6890). */
const IPV4_RANGES: readonly Range[] = [
  [/^127\./, 'loopback'],
  [/^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/, 'private'],
  // This network, link-local (the metadata services of clouds), multicast and reserved.
  [/^(?:0\.|169\.254\.|22[4-9]\.|2[3-5]\d\.)/, 'never'],
];

/** The class of a host in the form that `URL.hostname` has. */
export function classifyHost(hostname: string): HostClass {
  if (/^(?:.+\.)?localhost$/.test(hostname)) return 'loopback';
  if (hostname.startsWith('[')) return classifyIpv6(hostname.slice(1, -1));
  if (/^\d+(?:\.\d+){3}$/.test(hostname)) return classifyIpv4(hostname);
  return 'public';
}

function classifyIpv4(address: string): HostClass {
  return IPV4_RANGES.find(([pattern]) => pattern.test(address))?.[1] ?? 'public';
}

function classifyIpv6(address: string): HostClass {
  if (address === '::1') return 'loopback';
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
  if (mapped !== null) return classifyIpv4(mapped.slice(1).map(splitGroup).join('.'));
  if (/^f[cd]/.test(address)) return 'private';
  // Global unicast but for 6to4, which leads to an IPv4 address of any kind.
  return /^[23][0-9a-f]{3}:/.test(address) && !address.startsWith('2002:') ? 'public' : 'never';
}

function splitGroup(group: string): string {
  const value = Number(`0x${group}`);
  return `${value >> 8}.${value & 0xff}`;
}
