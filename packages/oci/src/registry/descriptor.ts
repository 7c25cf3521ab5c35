// SPDX-License-Identifier: Apache-2.0
// Descriptors (OCI image spec, descriptor.md).
// Refused: digests other than sha256 and sha512 in lower case, sizes that are negative, fractions or not safe integers,
// media types outside their grammar.

import {
  type Decoder,
  decodeOpenObject,
  decodeString,
  integerWithin,
  mapOf,
  optional,
  transform,
} from '@keywax/core/decode';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import type { JsonValue } from '@keywax/core/json';
import { parseDigest } from './digest.js';

/** Annotations by name, without a prototype: any name is an ordinary one. */
export type Annotations = Readonly<Record<string, string>>;

/** For which machines an image of an index is. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
}

/** What a blob or manifest is, and how it is checked. */
export interface Descriptor {
  readonly mediaType: string;
  /** `sha256:…` or `sha512:…`. */
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Annotations;
  readonly platform?: Platform;
}

const MAX_ANNOTATIONS = 256; // far above what tools write
const MEDIA_TYPE =
  /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}(?:; ?[\w!#$&^.+-]{1,127}=[\w!#$&^.+-]{1,127}){0,4}$/;

/**
 * A media type (RFC 6838 §4.2), with parameters at the end, as bundles before 0.3 have one: `;version=0.2`.
 * @throws INPUT_MALFORMED
 */
export const decodeMediaType: Decoder<string> = (value, at) => {
  const text = decodeString(value, at);
  if (MEDIA_TYPE.test(text)) return text;
  const actual = quoteText(text);
  throw new KeywaxError('INPUT_MALFORMED', `${at}: expected a media type, found ${actual}`, {
    details: { at, expected: 'a media type', actual },
  });
};

/** Annotations, at most 256; an empty record where there are none. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export const decodeAnnotations: Decoder<Annotations> = /* @__PURE__ */ transform(
  /* @__PURE__ */ mapOf(decodeString, MAX_ANNOTATIONS),
  makeAnnotations,
);

/** Annotations from names and values. */
export function makeAnnotations(entries: Iterable<readonly [string, string]>): Annotations {
  const annotations = Object.create(null) as Record<string, string>;
  for (const [name, value] of entries) annotations[name] = value;
  return Object.freeze(annotations);
}

/** An optional member: records of decodeOpenObject have no member that decodes to `undefined`. */
export function mayHave<T>(decoder: Decoder<T>): Decoder<T> {
  return optional(decoder) as Decoder<T>;
}

const decodePlatform: Decoder<Platform> = /* @__PURE__ */ decodeOpenObject<Platform>({
  os: decodeString,
  architecture: decodeString,
  variant: mayHave(decodeString),
  'os.version': mayHave(decodeString),
});

/** A descriptor; other members than those of the type are left out. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export const decodeDescriptor: Decoder<Descriptor> = /* @__PURE__ */ decodeOpenObject<Descriptor>({
  mediaType: decodeMediaType,
  digest: (value, at) => parseDigest(decodeString(value, at), at),
  size: integerWithin(0, Number.MAX_SAFE_INTEGER),
  artifactType: mayHave(decodeMediaType),
  annotations: mayHave(decodeAnnotations),
  platform: mayHave(decodePlatform),
});

/** The JSON of a descriptor, in the order of the specification's examples. */
export function encodeDescriptor(descriptor: Descriptor): JsonValue {
  const { mediaType, digest, size, artifactType, annotations, platform } = descriptor;
  const members: [string, JsonValue][] = [
    ['mediaType', mediaType],
    ['digest', digest],
    ['size', size],
  ];
  if (platform !== undefined) members.push(['platform', new Map(Object.entries(platform))]);
  if (artifactType !== undefined) members.push(['artifactType', artifactType]);
  if (annotations !== undefined) members.push(['annotations', new Map(Object.entries(annotations))]);
  return new Map(members);
}
