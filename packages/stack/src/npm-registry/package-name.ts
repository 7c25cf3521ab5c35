// SPDX-License-Identifier: Apache-2.0
// Names of packages in the places where they are written: URLs, files, package URLs.

/** The package URL of a version: the `@` of a scope is percent-encoded, its slash is not (purl-spec, type npm). */
export function toPurl(name: string, version: string): string {
  return `pkg:npm/${name.replace(/^@/, '%40')}@${version}`;
}

/** The name of a tarball: scoped packages leave their scope out. */
export function tarballName(name: string, version: string): string {
  return `${name.slice(name.indexOf('/') + 1)}-${version}.tgz`;
}

/** The name in a URL: the slash of a scope is percent-encoded. */
export function escapeName(name: string): string {
  return name.replace('/', '%2f');
}
