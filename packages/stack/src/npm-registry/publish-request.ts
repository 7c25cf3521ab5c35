// SPDX-License-Identifier: Apache-2.0
// The body of npm's `PUT /<name>`: one version, its tarball, and the provenance where there is some.
// Refused: names other than the path's; none or several versions; attachments other than the tarball and the bundle;
// a tarball that is not what `dist.integrity` says.

import { decodeBase64, encodeBase64 } from '@keywax/core/bytes';
import { type Decoder, decodeJsonObject, decodeOpenObject, decodeString, mapOf } from '@keywax/core/decode';
import { KeywaxError } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import { type JsonObject, isJsonObject, parseJson, toPlainJson } from '@keywax/core/json';
import { tarballName } from './package-name.js';

/** What a client publishes. */
export interface PublishRequest {
  readonly name: string;
  readonly version: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly tarball: Uint8Array;
  /** The bundle as it was attached. */
  readonly provenance: string | undefined;
  /** The URL of the source in package.json. */
  readonly repository: string | undefined;
}

/** The most that a publication may have: tarballs come as base64 within it. */
export const MAX_PUBLISH_BYTES = 67_108_864;
const MAX_TAGS = 64;

interface Attachment {
  readonly data: string;
}

interface PublishMembers {
  readonly name: string;
  readonly 'dist-tags': ReadonlyMap<string, string>;
  readonly versions: ReadonlyMap<string, JsonObject>;
  readonly _attachments: ReadonlyMap<string, Attachment>;
}

const decodeMembers: Decoder<PublishMembers> = decodeOpenObject<PublishMembers>({
  name: decodeString,
  'dist-tags': mapOf(decodeString, MAX_TAGS),
  versions: mapOf(decodeJsonObject, 1),
  _attachments: mapOf(decodeOpenObject<Attachment>({ data: decodeString }), 2),
});

const decodeManifest = decodeOpenObject<{
  readonly name: string;
  readonly version: string;
  readonly dist: { readonly integrity: string };
}>({
  name: decodeString,
  version: decodeString,
  dist: decodeOpenObject<{ readonly integrity: string }>({ integrity: decodeString }),
});

/** Decodes a publication. @throws INPUT_MALFORMED, INPUT_TOO_LARGE, ARTIFACT_MISMATCH */
export function decodePublishRequest(body: Uint8Array, name: string): PublishRequest {
  const members = decodeMembers(parseJson(body, { maxBytes: MAX_PUBLISH_BYTES }), '$');
  const [json] = members.versions.values();
  const manifest = decodeManifest(json, '$.versions[0]');
  const { version } = manifest;
  if (members.name !== name || manifest.name !== name || !members.versions.has(version)) {
    throw new KeywaxError('INPUT_MALFORMED', 'the publication is not of the package that the path names');
  }
  const tarball = decodeBase64(members._attachments.get(`${name}-${version}.tgz`)?.data ?? '', 'tarball');
  if (tarball.length === 0) {
    throw new KeywaxError('INPUT_MALFORMED', `the publication lacks its tarball, ${tarballName(name, version)}`);
  }
  if (manifest.dist.integrity !== `sha512-${encodeBase64(hash('sha512', tarball))}`) {
    throw new KeywaxError('ARTIFACT_MISMATCH', 'the tarball is not what dist.integrity says');
  }
  return {
    name,
    version,
    tags: members['dist-tags'],
    manifest: toPlainJson(json ?? new Map()) as Readonly<Record<string, unknown>>,
    tarball,
    provenance: members._attachments.get(`${name}-${version}.sigstore`)?.data,
    repository: readRepository(json),
  };
}

function readRepository(manifest: JsonObject | undefined): string | undefined {
  const repository = manifest?.get('repository');
  const url = repository !== undefined && isJsonObject(repository) ? repository.get('url') : repository;
  return typeof url === 'string' ? url : undefined;
}
