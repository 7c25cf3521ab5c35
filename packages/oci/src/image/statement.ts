// SPDX-License-Identifier: Apache-2.0
// Statements about images: what `sign` and `attest` sign, and the annotations that a signed subject carries.

import { STATEMENT_PAYLOAD_TYPE, STATEMENT_TYPE, type Statement, decodeStatement } from '@keywax/bundle';
import { encodeUtf8 } from '@keywax/core/bytes';
import { isJsonArray, isJsonObject, type JsonValue, encodeJson, readPlainJson } from '@keywax/core/json';
import { type Annotations, makeAnnotations } from '../registry/descriptor.js';
import { splitDigest } from './subject.js';

/** The payload type of the envelopes that are signed and read. */
export const PAYLOAD_TYPE: string = STATEMENT_PAYLOAD_TYPE;

const MAX_BYTES = 16_777_216; // ATTACKS 4.3

/** What a statement says of an image. */
export interface ImageStatement {
  /** `sha256:…` */
  readonly digest: string;
  /** Of the subject; left out of the subject where it is not given. */
  readonly name?: string;
  readonly predicateType: string;
  readonly predicate: object;
  readonly annotations: Annotations;
}

/**
 * Encodes a statement about an image (in-toto Statement v1, compact JSON).
 * @throws INPUT_MALFORMED for a predicate that is not plain JSON, INPUT_TOO_LARGE, STATEMENT_INVALID
 */
export function encodeImageStatement({
  digest,
  name,
  predicateType,
  predicate,
  annotations,
}: ImageStatement): Uint8Array {
  const subject = new Map<string, JsonValue>();
  if (name !== undefined) subject.set('name', name);
  subject.set('digest', new Map([splitDigest(digest)]));
  const names = Object.entries(annotations);
  if (names.length > 0) subject.set('annotations', new Map(names));
  const members = new Map<string, JsonValue>([
    ['_type', STATEMENT_TYPE],
    ['subject', [subject]],
    ['predicateType', predicateType],
    ['predicate', readPlainJson(predicate, { maxBytes: MAX_BYTES }, 'predicate')],
  ]);
  const payload = encodeUtf8(encodeJson(members));
  decodeStatement(payload); // nothing is signed that would be refused
  return payload;
}

/** The annotations of the subject that is the image: text alone, as other values are none of cosign's. */
export function readSubjectAnnotations({ json }: Pick<Statement, 'json'>, digest: string): Annotations {
  const [algorithm, hex] = splitDigest(digest);
  const subjects = isJsonObject(json) ? json.get('subject') : undefined;
  if (!isJsonArray(subjects)) return makeAnnotations([]);
  const entries = subjects.flatMap((subject) => {
    const digests = isJsonObject(subject) ? subject.get('digest') : undefined;
    const isImage = isJsonObject(digests) && digests.get(algorithm) === hex;
    const annotations = isImage && isJsonObject(subject) ? subject.get('annotations') : undefined;
    return isJsonObject(annotations) ? [...annotations] : [];
  });
  return makeAnnotations(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
