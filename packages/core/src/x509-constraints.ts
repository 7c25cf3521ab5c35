// SPDX-License-Identifier: Apache-2.0
// Name constraints (RFC 5280 §4.2.1.10) for e-mail addresses, host names, URIs and distinguished names.
// Refused: constraints of every other kind, and a constrained name that cannot be read with certainty, since it can be shown
// to lie neither inside a permitted subtree nor outside an excluded one.

import { equalBytes } from './bytes.js';
import { contentBytes, elementBytes } from './der.js';
import { KeywaxError } from './errors.js';
import type { Certificate, NameConstraints } from './x509.js';
import {
  GENERAL_NAME_TAG,
  type GeneralName,
  type NameAttribute,
  decodeDirectoryString,
  isEmptyName,
  parseName,
} from './x509-name.js';

/** How a name lies to a subtree. `unknown` satisfies neither a permitted nor an excluded subtree. */
type Position = 'inside' | 'outside' | 'unknown';

const MAX_HOST_CHARS = 253; // RFC 1035 §2.3.4, in text form
const HOST = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
const IPV4_LIKE = /(?:^|\.)\d+$/; // a last label of digits is an address, or nothing at all
const URI_AUTHORITY = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)/;
const PORT = /:\d*$/;
const EMAIL_ATTRIBUTE = '1.2.840.113549.1.9.1'; // RFC 2985 §5.2.1

/**
 * Checks that every name of `certificate`, its subject among them, lies inside the permitted and outside the excluded subtrees.
 * @throws CERTIFICATE_PATH_INVALID
 */
export function checkNameConstraints(certificate: Certificate, constraints: NameConstraints, at: string): void {
  for (const base of [...constraints.permitted, ...constraints.excluded]) {
    if (!isImplemented(base)) throw invalid(at, 'name constraints of an implemented kind');
  }
  for (const name of listNames(certificate, at)) {
    const tag = tagOf(name);
    const permitted = constraints.permitted.filter((base) => tagOf(base) === tag);
    if (permitted.length > 0 && !permitted.some((base) => locate(name, base, at) === 'inside')) {
      throw invalid(at, 'a name in a permitted subtree');
    }
    const excluded = constraints.excluded.filter((base) => tagOf(base) === tag);
    if (!excluded.every((base) => locate(name, base, at) === 'outside')) {
      throw invalid(at, 'no name in an excluded subtree');
    }
  }
}

function isImplemented(base: GeneralName): boolean {
  return base.kind !== 'otherName' && (base.kind !== 'other' || base.tag === GENERAL_NAME_TAG.directoryName);
}

/** The names that constraints apply to: subject, alternative names, e-mail addresses of the subject (RFC 5280 §6.1.3 b). */
function listNames(certificate: Certificate, at: string): readonly GeneralName[] {
  const names = [...(certificate.subjectAltNames ?? [])];
  if (isEmptyName(certificate.subject)) return names;
  names.push({ kind: 'other', tag: GENERAL_NAME_TAG.directoryName, bytes: certificate.subject });
  for (const { type, value } of parseName(certificate.subject, at).flat()) {
    if (type !== EMAIL_ATTRIBUTE) continue;
    const text = decodeDirectoryString(value);
    names.push(
      text === undefined
        ? { kind: 'other', tag: GENERAL_NAME_TAG.email, bytes: contentBytes(value) }
        : { kind: 'email', value: text },
    );
  }
  return names;
}

function tagOf(name: GeneralName): number {
  return name.kind === 'other' ? name.tag : GENERAL_NAME_TAG[name.kind];
}

function locate(name: GeneralName, base: GeneralName, at: string): Position {
  if (name.kind === 'other' && base.kind === 'other') return locateDirectoryName(name.bytes, base.bytes, at);
  if (name.kind === 'email' && base.kind === 'email') return locateEmail(name.value, base.value);
  if (name.kind === 'dns' && base.kind === 'dns') return locateDns(name.value.toLowerCase(), base.value.toLowerCase());
  if (name.kind === 'uri' && base.kind === 'uri') return locateUri(name.value, base.value);
  return 'unknown'; // text that was not printable, under a constraint of its kind
}

/** `host` and everything below it. A wildcard lies inside with its parent, and may reach into any subtree below that. */
function locateDns(name: string, base: string): Position {
  const isWildcard = name.startsWith('*.');
  const host = isWildcard ? name.slice(2) : name;
  if (!isHost(host) || !isHost(base)) return 'unknown';
  if (host === base || host.endsWith(`.${base}`)) return 'inside';
  return isWildcard && base.endsWith(`.${host}`) ? 'unknown' : 'outside';
}

/** `mailbox@host` for one mailbox, `host` for all of that host, `.domain` for all hosts below. */
function locateEmail(name: string, base: string): Position {
  const [local, host, ...surplus] = name.split('@');
  if (local === undefined || local === '' || host === undefined || surplus.length > 0) return 'unknown';
  if (!base.includes('@')) return locateHost(host, base);
  const [baseLocal, baseHost, ...baseSurplus] = base.split('@');
  if (baseLocal === undefined || baseLocal === '' || baseHost === undefined || baseSurplus.length > 0) return 'unknown';
  const position = baseHost.startsWith('.') ? 'unknown' : locateHost(host, baseHost);
  if (position !== 'inside' || local === baseLocal) return position;
  // RFC 5280 §7.5 compares local parts exactly, mail servers often do not: only a real difference is outside.
  return local.toLowerCase() === baseLocal.toLowerCase() ? 'unknown' : 'outside';
}

/** Applies to the host of the authority; a URI without a host name cannot be located. */
function locateUri(name: string, base: string): Position {
  const authority = URI_AUTHORITY.exec(name)?.[1];
  // A `@` would leave open to whom the host belongs.
  if (authority === undefined || authority.includes('@')) return 'unknown';
  return locateHost(authority.replace(PORT, ''), base);
}

/** `host` for itself alone, `.domain` for everything below and not itself. */
function locateHost(name: string, base: string): Position {
  const host = name.toLowerCase();
  const subtree = base.toLowerCase();
  const isDomain = subtree.startsWith('.');
  if (!isHost(host) || IPV4_LIKE.test(host) || !isHost(isDomain ? subtree.slice(1) : subtree)) return 'unknown';
  return (isDomain ? host.endsWith(subtree) : host === subtree) ? 'inside' : 'outside';
}

/** True for lower-case labels of letters, digits, hyphens and underscores. */
function isHost(text: string): boolean {
  return text.length <= MAX_HOST_CHARS && HOST.test(text);
}

/**
 * Inside when the base's relative names begin the name byte for byte; outside when one differs even after folding of case,
 * space and compatibility forms (RFC 5280 §7.1), so that no spelling slips out of an excluded subtree.
 */
function locateDirectoryName(name: Uint8Array, base: Uint8Array, at: string): Position {
  const bases = parseName(base, at);
  const names = parseName(name, at).slice(0, bases.length);
  if (names.length < bases.length) return 'outside';
  if (bases.every((relative, i) => equalAttributes(relative, names[i] ?? []))) return 'inside';
  const differs = bases.some((relative, i) => {
    const left = foldAttributes(relative);
    const right = foldAttributes(names[i] ?? []);
    return left !== undefined && right !== undefined && left !== right;
  });
  return differs ? 'outside' : 'unknown';
}

function equalAttributes(left: readonly NameAttribute[], right: readonly NameAttribute[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ type, value }, i) => {
      const other = right[i];
      return other !== undefined && type === other.type && equalBytes(elementBytes(value), elementBytes(other.value));
    })
  );
}

/** One relative name with its text folded, or `undefined` where a string type is not decoded. */
function foldAttributes(attributes: readonly NameAttribute[]): string | undefined {
  const folded: string[] = [];
  for (const { type, value } of attributes) {
    const text = decodeDirectoryString(value);
    if (text === undefined) return undefined;
    const visible = text.normalize('NFKC').replace(/[\p{Cc}\p{Cf}]/gu, '');
    folded.push(`${type}=${visible.toLowerCase().trim().replace(/\s+/g, ' ')}`);
  }
  return folded.sort().join('\n');
}

function invalid(at: string, expected: string): KeywaxError {
  return new KeywaxError('CERTIFICATE_PATH_INVALID', `${at}: expected ${expected}`, { details: { at, expected } });
}
