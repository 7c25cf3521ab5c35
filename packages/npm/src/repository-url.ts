// SPDX-License-Identifier: Apache-2.0
// Git repositories as package.json, CI systems and people write them, in one spelling: `https://HOST/PATH`.
// Refused: other schemes than those of git over a network, hosts without a path, gists, white space, control characters,
// percent signs, backslashes, `.` and `..` in paths.

import { KeywaxError, quoteText } from '@keywax/core/errors';

/** Hosts that people write without one, and whose paths do not tell capitals apart. */
const KNOWN_HOSTS: ReadonlyMap<string, string> = new Map([
  ['github', 'github.com'],
  ['gitlab', 'gitlab.com'],
  ['bitbucket', 'bitbucket.org'],
]);
const CASELESS_HOSTS: ReadonlySet<string> = new Set(KNOWN_HOSTS.values());
/** Where a repository is always the first two segments of a path, and others lead into it. */
const OWNER_AND_NAME_HOSTS: ReadonlySet<string> = new Set(['github.com', 'bitbucket.org']);
const MAX_CHARS = 2_048;

/**
 * One spelling for a git repository: shorthands (`owner/name`, `gitlab:group/name`), `git+https`, `git`, `ssh` and
 * `user@host:path` become `https://HOST/PATH`, without user, port of ssh, `.git`, fragment, or the folder that a link leads into.
 * Letters keep their case where the host tells them apart.
 * @throws INPUT_MALFORMED, INPUT_UNSUPPORTED
 */
export function normalizeRepositoryUrl(text: string, at = 'repository'): string {
  if (typeof text !== 'string' || text.length > MAX_CHARS || !/^[!-$&-[\]-~]+$/.test(text)) throw malformed(at, text);
  const [address = ''] = text.split('#');
  const { host, path } = parseShorthand(address) ?? parseScpAddress(address) ?? parseUrl(address, at);
  const name = host.toLowerCase();
  const all = path.split('/').filter((segment) => segment !== '');
  // Before anything is cut off: what follows may lead out of the repository again.
  if (all.some((segment) => /^\.+(?:git)?$/.test(segment))) throw malformed(at, text);
  const segments = cutFolder(name, all);
  const last = segments.pop()?.replace(/\.git$/, '');
  if (segments.length === 0 || last === undefined) throw malformed(at, text);
  segments.push(last);
  if (!/^[a-z0-9.-]+(?::\d{1,5})?$/.test(name) || segments.some((segment) => !/^[\w.~+@-]+$/.test(segment)))
    throw malformed(at, text);
  const joined = segments.join('/');
  return `https://${name}/${CASELESS_HOSTS.has(name) ? joined.toLowerCase() : joined}`;
}

/** True when both name the same repository; text that names none equals nothing. */
export function matchRepositoryUrls(a: string, b: string): boolean {
  const [first, second] = [normalizeOrNone(a), normalizeOrNone(b)];
  return first !== undefined && first === second;
}

function normalizeOrNone(text: string): string | undefined {
  try {
    return normalizeRepositoryUrl(text);
  } catch {
    return undefined;
  }
}

interface Address {
  readonly host: string;
  readonly path: string;
}

/** `owner/name`, `gitlab:group/name`, or `HOST/PATH` as some issuers of tokens write it. */
function parseShorthand(text: string): Address | undefined {
  if (/^[\w-]+\/[\w.-]+$/.test(text)) return { host: 'github.com', path: text };
  const [, bare, rest] = /^([\w-]+(?:\.[\w-]+)+)\/(.+)$/.exec(text) ?? [];
  if (bare !== undefined && rest !== undefined) return { host: bare, path: rest };
  const [, site = '', path] = /^([a-z]+):([\w.-]+(?:\/[\w.-]+)+)$/.exec(text) ?? [];
  const host = KNOWN_HOSTS.get(site);
  return path === undefined || host === undefined ? undefined : { host, path };
}

/** `git@host:path`, as ssh takes it. */
function parseScpAddress(text: string): Address | undefined {
  const [, host, path] = /^[\w.-]+@([A-Za-z0-9.-]+):([^:]+)$/.exec(text) ?? [];
  return host === undefined || path === undefined ? undefined : { host, path };
}

function parseUrl(text: string, at: string): Address {
  const [, scheme = '', authority = '', path = ''] =
    /^([a-z+]+):\/\/(?:[^@/?]*@)?([^@/?]+)(\/[^?]*)$/.exec(text.replace(/^git\+/, '')) ?? [];
  switch (scheme) {
    case 'https':
      return { host: authority.replace(/:443$/, ''), path };
    case 'http':
      return { host: authority.replace(/:80$/, ''), path };
    case 'git':
    case 'ssh':
      // The port is that of another service than the one that a browser speaks to.
      return { host: authority.replace(/:\d+$/, ''), path: path.replace(/^\/:/, '/') };
    case '':
      throw malformed(at, text);
    default:
      throw unsupported(at, scheme);
  }
}

/** `OWNER/NAME/tree/main/packages/x` is a place in `OWNER/NAME`; on GitLab `/-/` begins such a place. */
function cutFolder(host: string, segments: readonly string[]): string[] {
  if (OWNER_AND_NAME_HOSTS.has(host)) return segments.slice(0, 2);
  const dash = segments.indexOf('-');
  return dash < 0 ? [...segments] : segments.slice(0, dash);
}

function malformed(at: string, text: unknown): KeywaxError {
  const expected = 'the address of a git repository';
  const actual = typeof text === 'string' ? quoteText(text) : typeof text;
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}, found ${actual}`, {
    details: { at, expected, actual },
  });
}

function unsupported(at: string, scheme: string): KeywaxError {
  const expected = 'https, git or ssh';
  return new KeywaxError('INPUT_UNSUPPORTED', `${at}: expected ${expected}, found ${quoteText(scheme, 40)}`, {
    details: { at, expected, actual: quoteText(scheme, 40) },
  });
}
