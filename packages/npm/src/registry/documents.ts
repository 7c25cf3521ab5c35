// SPDX-License-Identifier: Apache-2.0
// The documents of a registry: of one version, of all versions (the packument), and the attestations.
// Of the first two only the members in use are read, as publishers write the others. Refused: a document about another
// package or version, an integrity that is missing, more signatures or attestations than the bounds.

import { decodeHex, encodeBase64 } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeJsonObject,
  decodeObject,
  decodeOpenObject,
  decodeRfc3339,
  decodeString,
  optional,
  required,
} from '@keywax/core/decode';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { type JsonValue, encodeJson, isJsonObject, parseJson } from '@keywax/core/json';
import { selectJsonMember } from './json-member.js';

/** One attestation; the bundle as JSON text. */
export interface RecordedAttestation {
  readonly predicateType: string;
  readonly bundle: string;
}

/** What the document of one version says that matters here. */
export interface VersionDocument {
  readonly integrity: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
  readonly declaresProvenance: boolean;
  readonly repository?: string | undefined;
  readonly tarballUrl?: string | undefined;
}

/** Bytes of the document of one version; few pass 100 kB. */
export const MAX_VERSION_BYTES = 8_388_608;
/** Bytes of a packument; the largest known are above 30 MB. */
export const MAX_PACKUMENT_BYTES = 67_108_864;
/** Bytes of the attestations of one version; two bundles of 10 kB are usual. */
export const MAX_ATTESTATION_BYTES = 16_777_216; // ATTACKS 4.3: a bundle
/** Signatures of one version; each key of the registry makes one. */
export const MAX_SIGNATURES = 32;
/** Attestations of one version. */
export const MAX_ATTESTATIONS = 32;

const LIMITS = { maxBytes: MAX_VERSION_BYTES, maxDepth: 64 };
const MAX_REPOSITORY_CHARS = 2_048; // a URL; a longer one is of no use

/** A signature as packuments have it. */
export const decodeSignature: Decoder<{ readonly keyid: string; readonly sig: string }> = decodeOpenObject<{
  readonly keyid: string;
  readonly sig: string;
}>({ keyid: required(decodeString), sig: required(decodeString) });

interface Dist {
  readonly integrity?: string | undefined;
  readonly shasum?: string | undefined;
  readonly tarball?: string | undefined;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
  readonly attestations?: unknown;
}

const decodeDist: Decoder<Dist> = decodeOpenObject<Dist>({
  integrity: optional(decodeString),
  shasum: optional(decodeString),
  tarball: optional(decodeString),
  signatures: arrayOf(decodeSignature, MAX_SIGNATURES),
  attestations: optional(decodeJsonObject),
});

/** What a document must be about. */
export interface PackageVersion {
  readonly name: string;
  readonly version: string;
}

/**
 * Reads the document of one version, the package.json with `dist`.
 * @throws SERVICE_INVALID, INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export function decodeVersionDocument(bytes: Uint8Array, wanted: PackageVersion, at = '$'): VersionDocument {
  const read = (name: string): JsonValue | undefined => {
    const slice = selectJsonMember(bytes, name, at);
    return slice === undefined ? undefined : parseJson(slice, LIMITS, `${at}.${name}`);
  };
  expectSame(read('name'), wanted.name, `${at}.name`);
  expectSame(read('version'), wanted.version, `${at}.version`);
  const dist = required(decodeDist)(read('dist'), `${at}.dist`);
  const repository = readRepository(selectJsonMember(bytes, 'repository', at));
  return {
    integrity: dist.integrity ?? readShasum(dist.shasum, `${at}.dist`),
    signatures: dist.signatures,
    declaresProvenance: dist.attestations !== undefined,
    repository,
    tarballUrl: dist.tarball,
  };
}

/** Packages of registries that know no `integrity` have the SHA-1 of old. @throws SERVICE_INVALID */
function readShasum(shasum: string | undefined, at: string): string {
  if (shasum === undefined) throw invalid(`${at}.integrity`, 'a value');
  return `sha1-${encodeBase64(decodeHex(shasum, `${at}.shasum`))}`;
}

/** A claim of the publisher, in whatever form; one that cannot be read is none. */
function readRepository(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  try {
    const value = parseJson(bytes, { maxBytes: 65_536 });
    const url = isJsonObject(value) ? value.get('url') : value;
    return typeof url === 'string' && url.length <= MAX_REPOSITORY_CHARS ? url : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Finds one version in a packument, and when it was published.
 * @throws SERVICE_INVALID, INPUT_MALFORMED, INPUT_TOO_LARGE; PACKAGE_NOT_FOUND where it lacks the version
 */
export function decodePackument(
  bytes: Uint8Array,
  wanted: PackageVersion,
): { readonly document: VersionDocument; readonly publishedAt?: Date } {
  const versions = selectJsonMember(bytes, 'versions', '$');
  const slice = versions === undefined ? undefined : selectJsonMember(versions, wanted.version, '$.versions');
  if (slice === undefined) {
    const what = quoteText(`${wanted.name}@${wanted.version}`);
    throw new KeywaxError('PACKAGE_NOT_FOUND', `the registry has the package of ${what}, and not this version`);
  }
  const publishedAt = decodePublishedAt(bytes, wanted);
  return {
    document: decodeVersionDocument(slice, wanted, '$.versions[…]'),
    ...(publishedAt === undefined ? {} : { publishedAt }),
  };
}

/**
 * When a version was published, as the packument has it; nobody vouches for it.
 * @throws SERVICE_INVALID, INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export function decodePublishedAt(packument: Uint8Array, { name, version }: PackageVersion): Date | undefined {
  const slice = selectJsonMember(packument, 'name', '$');
  expectSame(slice === undefined ? undefined : parseJson(slice, LIMITS, '$.name'), name, '$.name');
  const times = selectJsonMember(packument, 'time', '$');
  const time = times === undefined ? undefined : selectJsonMember(times, version, '$.time');
  return time === undefined ? undefined : decodeRfc3339(parseJson(time, LIMITS, '$.time'), '$.time');
}

interface ServedAttestation {
  readonly predicateType: string;
  readonly bundle: JsonValue;
}

const decodeAnswer = decodeOpenObject<{ readonly attestations: readonly ServedAttestation[] }>({
  attestations: arrayOf(
    decodeObject<ServedAttestation>({ predicateType: required(decodeString), bundle: required(decodeJsonObject) }),
    MAX_ATTESTATIONS,
  ),
});

/** Reads the answer of the attestations endpoint. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export function decodeAttestations(bytes: Uint8Array): readonly RecordedAttestation[] {
  const { attestations } = decodeAnswer(parseJson(bytes, { maxBytes: MAX_ATTESTATION_BYTES, maxDepth: 64 }), '$');
  return attestations.map(({ predicateType, bundle }) => ({ predicateType, bundle: encodeJson(bundle) }));
}

function expectSame(value: JsonValue | undefined, wanted: string, at: string): void {
  if (value === wanted) return;
  throw invalid(at, quoteText(wanted), typeof value === 'string' ? quoteText(value) : undefined);
}

function invalid(at: string, expected: string, actual = 'none'): KeywaxError {
  return new KeywaxError('SERVICE_INVALID', `${at}: expected ${expected}, found ${actual}`, {
    details: { at, expected, actual },
  });
}
