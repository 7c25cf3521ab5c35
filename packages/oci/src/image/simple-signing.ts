// SPDX-License-Identifier: Apache-2.0
// The payload of signatures in the older format ("simple signing", as cosign writes it): which digest was signed, under
// which name, with which annotations.
// Refused: what core's JSON reader refuses, members but those of the format, other types, digests that are none.

import { encodeUtf8 } from '@keywax/core/bytes';
import {
  type Decoder,
  decodeJsonValue,
  decodeObject,
  decodeString,
  mapOf,
  oneOfNames,
  transform,
} from '@keywax/core/decode';

import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { type JsonValue, encodeJson, parseJson } from '@keywax/core/json';
import { type Annotations, makeAnnotations } from '../registry/descriptor.js';
import { parseDigest } from '../registry/digest.js';

/** What was signed. */
export interface SimpleSigning {
  /** `sha256:…` of the manifest. */
  readonly digest: string;
  /** The name under which the image was signed, without tag. Nothing else proves it. */
  readonly name: string;
  /** Those values of `optional` that are text. */
  readonly annotations: Annotations;
}

const TYPE = 'cosign container image signature';
const MAX_BYTES = 1_048_576;
const MAX_OPTIONAL = 256;

interface PayloadMembers {
  readonly critical: {
    readonly identity: { readonly 'docker-reference': string };
    readonly image: { readonly 'docker-manifest-digest': string };
    readonly type: string;
  };
  readonly optional: ReadonlyMap<string, JsonValue>;
}

const decodePayload: Decoder<PayloadMembers> = decodeObject<PayloadMembers>({
  critical: decodeObject<PayloadMembers['critical']>({
    identity: decodeObject<PayloadMembers['critical']['identity']>({ 'docker-reference': decodeString }),
    image: decodeObject<PayloadMembers['critical']['image']>({
      'docker-manifest-digest': transform(decodeString, parseDigest),
    }),
    type: oneOfNames([TYPE]),
  }),
  optional: mapOf(decodeJsonValue, MAX_OPTIONAL),
});

/** Encodes a payload with the members, and in the order, of cosign's. */
export function encodeSimpleSigning({ digest, name, annotations }: SimpleSigning): Uint8Array {
  const names = Object.entries(annotations);
  const critical = new Map<string, JsonValue>([
    ['identity', new Map([['docker-reference', name]])],
    ['image', new Map([['docker-manifest-digest', digest]])],
    ['type', TYPE],
  ]);
  const payload = new Map<string, JsonValue>([
    ['critical', critical],
    ['optional', names.length === 0 ? null : new Map(names)],
  ]);
  return encodeUtf8(encodeJson(payload));
}

/** Decodes a payload. @throws STATEMENT_INVALID, INPUT_TOO_LARGE */
export function decodeSimpleSigning(payload: Uint8Array): SimpleSigning {
  try {
    const { critical, optional: values } = decodePayload(
      parseJson(payload, { maxBytes: MAX_BYTES }, 'payload'),
      'payload',
    );
    const texts = [...values].filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return Object.freeze({
      digest: critical.image['docker-manifest-digest'],
      name: critical.identity['docker-reference'],
      annotations: makeAnnotations(texts),
    });
  } catch (cause) {
    if (!isKeywaxError(cause, 'INPUT_MALFORMED') && !isKeywaxError(cause, 'INPUT_UNSUPPORTED')) throw cause;
    throw new KeywaxError('STATEMENT_INVALID', cause.message, { cause, details: cause.details });
  }
}
