// SPDX-License-Identifier: Apache-2.0
// The URLs in trust material, read by their grammar alone (RFC 3986): nothing is resolved, decoded or folded.
// Refused: schemes other than http and https; userinfo; hosts that are not ASCII letters, digits, hyphens and underscores
// in labels, an IPv4 address in plain decimal, or an IPv6 address; trailing dots; ports outside 1–65535; empty, `.` and
// `..` segments of the path; percent-encoding, backslashes, white space and control characters; queries and fragments.

/** The parts of a URL, as they are written. */
export interface HttpUrl {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  /** Only where one is written. */
  readonly port?: string;
}

const MAX_CHARS = 2_048;

const URL_PATTERN =
  /^(https?):\/\/([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::([1-9][0-9]{0,4}))?((?:\/[A-Za-z0-9._~-]+)*)\/?$/;
const LABEL = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;
const IPV4 = /^(?:(?:0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])(?:\.|$)){4}$/;
const MAX_PORT = 65_535;

/** The parts of a URL that names a service or a log, or `undefined` where it is not one of the accepted form. */
export function selectHttpUrl(text: string): HttpUrl | undefined {
  if (text.length > MAX_CHARS) return undefined;
  const [, scheme, host = '', port, path = ''] = URL_PATTERN.exec(text) ?? [];
  if (scheme === undefined || !isHost(host)) return undefined;
  if (port !== undefined && Number(port) > MAX_PORT) return undefined;
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) return undefined;
  return { scheme: scheme === 'http' ? 'http' : 'https', host, ...(port === undefined ? {} : { port }) };
}

function isHost(host: string): boolean {
  if (host.startsWith('[')) return isIpv6(host.slice(1, -1));
  const labels = host.split('.');
  if (!labels.every((label) => LABEL.test(label))) return false;
  // A last label that is a number makes a host an IPv4 address, of which browsers read octal and shorter forms too.
  return !/^(?:[0-9]+|0[xX][0-9A-Fa-f]*)$/.test(labels.at(-1) ?? '') || IPV4.test(host);
}

/** Eight groups, or fewer with one `::` (RFC 4291 §2.2); a dotted end is not accepted. */
function isIpv6(text: string): boolean {
  const [head = '', tail, more] = text.split('::');
  if (more !== undefined) return false;
  const groups = [head, tail ?? ''].filter((part) => part !== '').flatMap((part) => part.split(':'));
  if (!groups.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return false;
  return tail === undefined ? groups.length === 8 : groups.length < 8;
}

/** True for a host that is this machine: 127.0.0.0/8, `[::1]`, `localhost`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (host.startsWith('127.') && IPV4.test(host));
}
