// SPDX-License-Identifier: Apache-2.0
// Image globs of cluster policies: `*` is any run of characters but `/`, `**` any run at all, everything else is itself.
// Refused: characters that no image reference has, so that a regular expression is never taken for a glob.

import { KeywaxError, quoteText } from '@keywax/core/errors';
import { compilePattern } from '@keywax/verify';
import { DOCKER_HUB, type Reference, formatReference, parseReference } from '../registry/reference.js';

/** Which images a policy is about. */
export interface ImageGlob {
  readonly source: string;
  /** True where the glob covers the image, by its full name or as it was written. */
  matches(image: string): boolean;
}

const MAX_GLOB_CHARS = 255; // as long as a repository name may be
const GLOB = /^[a-zA-Z0-9_:/*.@-]+$/;
/** What Docker Hub's images are called in full, in globs as in the references of other tools. */
const HUB_HOST = 'index.docker.io';
/** The two globs that mean Docker Hub alone. */
const HUB_GLOBS: Readonly<Record<string, string>> = {
  '*': `${HUB_HOST}/library/*`,
  '*/*': `${HUB_HOST}/*/*`,
};

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
  const glob = HUB_GLOBS[source] ?? source.replace(/^docker\.io\//, `${HUB_HOST}/`);
  const pattern = compilePattern(toPattern(glob), at);
  return Object.freeze({
    source,
    matches: (image: string) => pattern.matches(formatFullName(parseReference(image))) || pattern.matches(image),
  });
}

/** The same as a whole-string regular expression. */
function toPattern(glob: string): string {
  return glob.replace(/\*\*|\*|\./g, (token) => (token === '.' ? '\\.' : token === '*' ? '[^/]*' : '[^\\n]*'));
}

/** Registry, repository, and what decides: the digest, else the tag. */
function formatFullName({ registry, repository, tag, digest }: Reference): string {
  const host = registry === DOCKER_HUB ? HUB_HOST : registry;
  const name = { registry: host, repository };
  return formatReference(digest === undefined ? { ...name, tag: tag ?? 'latest' } : { ...name, digest });
}
