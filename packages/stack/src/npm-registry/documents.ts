// SPDX-License-Identifier: Apache-2.0
// What the registry keeps of a version, and the documents that it makes of it: packuments, full and abbreviated.

import type { SerializedBundle } from '@keywax/bundle';

/** The `dist` member of a version in a packument. */
export interface ServedDist {
  /** `sha512-` and base64. */
  integrity: string;
  /** SHA-1, in hex. */
  shasum: string;
  /** URL of the tarball. */
  tarball: string;
  signatures?: { keyid: string; sig: string }[];
  attestations?: { url: string; provenance?: { predicateType: string } };
  [member: string]: unknown;
}

/** The manifest of a version: its package.json with `dist`. */
export interface ServedManifest {
  name: string;
  version: string;
  dist: ServedDist;
  [member: string]: unknown;
}

/** An attestation as `/-/npm/v1/attestations/<name>@<version>` lists it. */
export interface ServedAttestation {
  predicateType: string;
  bundle: SerializedBundle;
}

/** Everything that is served of one version. */
export interface ServedVersion {
  manifest: ServedManifest;
  tarball: Uint8Array;
  attestations: ServedAttestation[];
  /** When it was published (RFC 3339); the packument has no time for it where this is undefined. */
  publishedAt: string | undefined;
}

/** A package: its versions in the order of their publication. */
export interface ServedPackage {
  readonly name: string;
  readonly versions: Map<string, ServedVersion>;
  readonly tags: Map<string, string>;
}

/** The media type of abbreviated packuments. */
export const ABBREVIATED_TYPE = 'application/vnd.npm.install-v1+json';

/** The members of a manifest that an abbreviated packument keeps. */
const ABBREVIATED_MEMBERS: ReadonlySet<string> = /* @__PURE__ */ new Set(
  (
    'name version deprecated dist bin directories engines cpu os funding dependencies devDependencies optionalDependencies ' +
    'peerDependencies peerDependenciesMeta bundleDependencies hasInstallScript _hasShrinkwrap'
  ).split(' '),
);

/** The full packument. */
export function describePackument({ name, versions, tags }: ServedPackage): object {
  const times = describeTimes(versions);
  const latest = versions.get(tags.get('latest') ?? '')?.manifest;
  return {
    _id: name,
    name,
    'dist-tags': Object.fromEntries(tags),
    versions: mapManifests(versions, (manifest) => ({ ...manifest, _id: `${manifest.name}@${manifest.version}` })),
    time: times,
    ...(latest?.['repository'] === undefined ? {} : { repository: latest['repository'] }),
    readme: '',
  };
}

/** The abbreviated packument, which installers ask for: no times, no repository. */
export function describeAbbreviated({ name, versions, tags }: ServedPackage): object {
  const { modified } = describeTimes(versions);
  const abbreviate = (manifest: ServedManifest): object =>
    Object.fromEntries(Object.entries(manifest).filter(([member]) => ABBREVIATED_MEMBERS.has(member)));
  return { name, modified, 'dist-tags': Object.fromEntries(tags), versions: mapManifests(versions, abbreviate) };
}

function mapManifests(
  versions: ReadonlyMap<string, ServedVersion>,
  describe: (manifest: ServedManifest) => object,
): Record<string, object> {
  return Object.fromEntries([...versions].map(([version, { manifest }]) => [version, describe(manifest)]));
}

function describeTimes(versions: ReadonlyMap<string, ServedVersion>): Record<string, string> {
  const times = [...versions].flatMap(([version, { publishedAt }]) =>
    publishedAt === undefined ? [] : [[version, publishedAt] as const],
  );
  const sorted = times.map(([, time]) => time).sort();
  const ends = { created: sorted[0], modified: sorted.at(-1) };
  const known = Object.entries(ends).flatMap(([name, time]) => (time === undefined ? [] : [[name, time] as const]));
  return Object.fromEntries([...known, ...times]);
}
