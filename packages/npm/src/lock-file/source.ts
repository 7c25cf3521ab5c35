// SPDX-License-Identifier: Apache-2.0
// What a lock file's reference to a package is: a range or tarball of a registry, or something else.

import type { OtherSource } from './locked-package.js';

/** A text without what may be credentials in its URLs: what stands before a host, and queries. For people to read. */
export function withoutCredentials(text: string): string {
  return text.replace(/:\/\/[^/@\s]*@/g, '://').replace(/(:\/\/[^?#\s]*)\?[^#\s]*/g, '$1');
}

const MAX_CHARS = 4_096; // of a URL, as everywhere; the patterns below are not for more
/** Tarballs of registries lie at `<registry>/<name>/-/<file>.tgz`, or at `<registry>/download/<name>/…`. */
const REGISTRY_TARBALL = /^https?:\/\/[^?#]+\/(?:-\/[^/?#]+\.tgz|download\/.+)(?:[?#].*)?$/i;
const HOSTED_SHORTHAND = /^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+(?:#.*)?$/;
const GIT = /^(?:git(?:\+[a-z]+)?:|github:|gitlab:|bitbucket:|gist:|ssh:|git@)|\.git(?:#.*)?$/i;
const SCHEME = /^([a-z][a-z0-9+.-]+):/i; // one letter is a drive

/**
 * What a reference that names no registry version is; `undefined` for a range, a tag, or a tarball of the form that
 * registries have. Which registry that is decides the configuration, never the lock file. Letters of schemes may be capitals.
 */
export function classifyReference(reference: string): OtherSource | undefined {
  if (reference.length > MAX_CHARS) return 'unknown';
  const scheme = SCHEME.exec(reference)?.[1]?.toLowerCase();
  const protocol = (['link', 'workspace', 'patch'] as const).find((name) => name === scheme);
  if (protocol !== undefined) return protocol;
  if (scheme === 'file' || scheme === 'portal' || /^(?:[a-z]:|\.{0,2}\/)/i.test(reference)) return 'file';
  if (GIT.test(reference) || HOSTED_SHORTHAND.test(reference)) return 'git';
  if (REGISTRY_TARBALL.test(reference)) return undefined;
  if (scheme === 'http' || scheme === 'https') return 'remote';
  return scheme === undefined || scheme === 'npm' ? undefined : 'unknown';
}
