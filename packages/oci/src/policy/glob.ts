// SPDX-License-Identifier: Apache-2.0
// Image globs of cluster policies: `*` is any run of characters but `/`, `**` any run at all, everything else is itself.
// A glob without a tag and digest is about all of them. However a reference is written, the same globs cover it: who writes
// a workload must not choose its policies by the spelling.
// Refused: characters that no image reference has, so that a regular expression is never taken for a glob.

import { KeywaxError, quoteText } from '@keywax/core/errors';
import { compilePattern } from '@keywax/verify';
import { DOCKER_HUB, type RepositoryName, formatReference, parseReference } from '../registry/reference.js';

/** Which images a policy is about. */
export interface ImageGlob {
  readonly source: string;
  /** True for a glob that names tags, which say nothing of an image that is known by digest. */
  readonly namesTags: boolean;
  /** True where the glob covers the image; the digest decides where there is one, else the tag. @throws CONFIG_INVALID */
  matches(image: string): boolean;
}

const MAX_GLOB_CHARS = 255; // as long as a repository name may be
const GLOB = /^[a-zA-Z0-9_:/*.@-]+$/;
/** What Docker Hub's images are called in full by policies, and what else its hosts are called. */
const HUB_HOST = 'index.docker.io';
const HUB_HOSTS: readonly string[] = [HUB_HOST, DOCKER_HUB, 'registry-1.docker.io'];
/** The two globs that mean Docker Hub alone. */
const HUB_GLOBS: Readonly<Record<string, string>> = {
  '*': `${HUB_HOST}/library/*`,
  '*/*': `${HUB_HOST}/*/*`,
};
/** The port of https, which leads to the same place as none. */
const HTTPS_PORT = /^([^/]*[^/:]):443(?=\/)/;

/**
 * Reads a glob.
 * @throws CONFIG_INVALID for one that no image could match, or that looks like a regular expression
 */
export function parseGlob(source: string, at: string): ImageGlob {
  if (source.length > MAX_GLOB_CHARS || !GLOB.test(source)) {
    const expected = `an image name of at most ${MAX_GLOB_CHARS} characters with * and **`;
    const actual = quoteText(source);
    throw new KeywaxError('CONFIG_INVALID', `${at}: expected ${expected}, found ${actual}`, {
      details: { at, expected, actual },
    });
  }
  const glob = Object.hasOwn(HUB_GLOBS, source) ? (HUB_GLOBS[source] ?? source) : source.replace(HTTPS_PORT, '$1');
  const pattern = compilePattern(toPattern(glob), at);
  return Object.freeze({
    source,
    namesTags: /^[^@]*:[^/@]*$/.test(glob),
    matches: (image: string) => listSpellings(image).some((spelling) => pattern.matches(spelling)),
  });
}

/** The same as a whole-string regular expression. */
function toPattern(glob: string): string {
  return glob.replace(/\*\*|\*|\./g, (token) => (token === '.' ? '\\.' : token === '*' ? '[^/]*' : '[^\\n]*'));
}

/** Every way in which the image can be written, with what decides about it and without. */
function listSpellings(image: string): readonly string[] {
  const { registry, repository, tag, digest } = parseReference(image.replace(HTTPS_PORT, '$1'));
  const suffix = digest === undefined ? `:${tag ?? 'latest'}` : `@${digest}`;
  const name = { registry, repository };
  const names = registry === DOCKER_HUB ? listHubNames(name) : [formatReference(name)];
  return names.flatMap((text) => [text + suffix, text]);
}

/** With each of its hosts, and without one where the first component is not then taken for a host. */
function listHubNames({ repository }: RepositoryName): readonly string[] {
  const full = HUB_HOSTS.map((registry) => formatReference({ registry, repository }));
  const short = [repository, repository.replace(/^library\/(?=[^/]+$)/, '')];
  return [...full, ...short.filter((text) => !/^(?:[^/]*\.[^/]*|localhost)\//.test(text))];
}
