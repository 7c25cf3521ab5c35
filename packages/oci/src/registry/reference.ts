// SPDX-License-Identifier: Apache-2.0
// References to images, in the grammar of the distribution project, with the defaults of Docker Hub.
// Refused: schemes, user information, upper case outside tags, dot segments, empty components, host names and addresses
// in another form than their canonical one, ports out of range, repositories of 64 hexadecimal digits (which look like
// an image id), several tags or digests, digests other than sha256 and sha512 in lower case, and names above 255
// characters.

import { KeywaxError, quoteText } from '@keywax/core/errors';
import { isDigest } from './digest.js';

/** A repository of a registry. */
export interface RepositoryName {
  /** Host, with port where it has one, such as `ghcr.io` or `localhost:5000`; `docker.io` for Docker Hub. */
  readonly registry: string;
  /** Path, such as `library/debian`. */
  readonly repository: string;
}

/** What an image reference names; a tag, a digest, or both. */
export interface Reference extends RepositoryName {
  readonly tag?: string;
  /** `sha256:…` or `sha512:…`. */
  readonly digest?: string;
}

/** The name of Docker Hub in references. */
export const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_ALIASES: ReadonlySet<string> = new Set([DOCKER_HUB, 'index.docker.io', 'registry-1.docker.io']);
const DEFAULT_TAG = 'latest';
const MAX_REFERENCE_CHARS = 600; // name, tag and sha512 digest
const MAX_NAME_CHARS = 255;
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])$/;
const PATH = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;

/**
 * Parses `[host[:port]/]path[:tag][@digest]`. Without a host it is of Docker Hub, where a single component is below
 * `library/`; without tag and digest it has the tag `latest`.
 * @throws CONFIG_INVALID
 * @example parseReference('debian:12') // { registry: 'docker.io', repository: 'library/debian', tag: '12' }
 */
export function parseReference(text: string): Reference {
  const { name, tag, digest } = splitReference(text);
  const repository = parseName(text, name);
  if (tag === undefined && digest === undefined) return Object.freeze({ ...repository, tag: DEFAULT_TAG });
  return Object.freeze({
    ...repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  });
}

/** Parses the name of a repository, `[host[:port]/]path`. @throws CONFIG_INVALID, also for a tag or digest */
export function parseRepositoryName(text: string): RepositoryName {
  const { name, tag, digest } = splitReference(text);
  if (tag !== undefined || digest !== undefined) throw invalid(text, 'a repository without tag and digest');
  return Object.freeze(parseName(text, name));
}

/** The canonical text of a reference, with its registry. */
export function formatReference({ registry, repository, tag, digest }: Reference): string {
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** True for text in the grammar of tags. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

interface Parts {
  readonly name: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

function splitReference(text: string): Parts {
  if (typeof text !== 'string') throw invalid(typeof text, 'text');
  if (text.length > MAX_REFERENCE_CHARS) throw invalid(text, `at most ${MAX_REFERENCE_CHARS} characters`);
  const [named = '', digest, ...others] = text.split('@');
  if (others.length > 0) throw invalid(text, 'one digest');
  if (digest !== undefined && !isDigest(digest))
    throw invalid(text, 'a digest of sha256: or sha512: and lower-case hexadecimal');
  // A colon before the last slash belongs to the host.
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  if (colon === -1) return { name: named, tag: undefined, digest };
  const tag = named.slice(colon + 1);
  if (!isTag(tag)) throw invalid(text, 'a tag of letters, digits, dots, hyphens and underscores');
  return { name: named.slice(0, colon), tag, digest };
}

function parseName(text: string, name: string): RepositoryName {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const hasHost = /[.:A-Z[\]]/.test(first) || first === 'localhost';
  const registry = hasHost ? parseHost(text, first) : DOCKER_HUB;
  const path = hasHost ? name.slice(slash + 1) : name;
  if (!PATH.test(path)) throw invalid(text, 'path components in lower case, without empty ones and dot segments');
  if (!hasHost && /^[0-9a-f]{64}$/.test(path)) throw invalid(text, 'a name, not 64 hexadecimal digits');
  const repository = registry === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path;
  if (registry.length + 1 + repository.length > MAX_NAME_CHARS)
    throw invalid(text, `a name of at most ${MAX_NAME_CHARS} characters`);
  return { registry, repository };
}

/** Exact comparison of hosts needs one form of each (ATTACKS OC-001, OC-024). */
function parseHost(text: string, host: string): string {
  const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  if (!DOMAIN.test(name)) throw invalid(text, 'a host name in lower case, or an address');
  if (port !== undefined && (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535)) throw invalid(text, 'a port');
  // The host's parser rewrites short, octal and hexadecimal addresses: the check and the connection must agree.
  if (!isCanonicalHost(name)) throw invalid(text, 'a host in its canonical form');
  return DOCKER_HUB_ALIASES.has(host) ? DOCKER_HUB : host;
}

function isCanonicalHost(name: string): boolean {
  try {
    return new URL(`https://${name}`).hostname === name;
  } catch {
    return false;
  }
}

function invalid(text: string, expected: string): KeywaxError<'CONFIG_INVALID'> {
  const actual = quoteText(text);
  return new KeywaxError('CONFIG_INVALID', `image reference: expected ${expected}, found ${actual}`, {
    details: { expected, actual },
  });
}
