// SPDX-License-Identifier: Apache-2.0
// Types of predicates: cosign's short names, the URIs that they stand for, and the form of a custom predicate.
// Refused: names that are neither known nor URIs, documents that are not a JSON object where the type wants one.

import { decodeUtf8 } from '@keywax/core/bytes';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { isJsonObject, parseJson, toPlainJson } from '@keywax/core/json';

/** The predicate type of what `signImage` signs: that somebody signed the image, and nothing more. */
export const SIGN_PREDICATE_TYPE = 'https://sigstore.dev/cosign/sign/v1';

const CUSTOM_PREDICATE_TYPE = 'https://cosign.sigstore.dev/attestation/v1';

/** Cosign's short names of predicate types. */
export const PREDICATE_TYPES: Readonly<Record<string, string>> = Object.freeze({
  custom: CUSTOM_PREDICATE_TYPE,
  slsaprovenance: 'https://slsa.dev/provenance/v0.2',
  slsaprovenance02: 'https://slsa.dev/provenance/v0.2',
  slsaprovenance1: 'https://slsa.dev/provenance/v1',
  spdx: 'https://spdx.dev/Document',
  spdxjson: 'https://spdx.dev/Document',
  cyclonedx: 'https://cyclonedx.org/bom',
  openvex: 'https://openvex.dev/ns',
  vuln: 'https://cosign.sigstore.dev/attestation/vuln/v1',
  link: 'https://in-toto.io/Link/v1',
});

const MAX_PREDICATE_BYTES = 16_777_216; // ATTACKS 4.3, as for statements
const MAX_TYPE_CHARS = 2_048;

/** The URI of a predicate type, from one of cosign's short names or as it is. @throws CONFIG_INVALID */
export function parsePredicateType(type: string): string {
  if (Object.hasOwn(PREDICATE_TYPES, type)) return PREDICATE_TYPES[type] as string;
  if (typeof type === 'string' && type.length <= MAX_TYPE_CHARS && /^[A-Za-z][A-Za-z0-9+.-]*:\S+$/.test(type))
    return type;
  const expected = `a URI, or one of ${Object.keys(PREDICATE_TYPES).join(', ')}`;
  throw new KeywaxError('CONFIG_INVALID', `predicate type: expected ${expected}, found ${quoteText(`${type}`)}`, {
    details: { at: 'predicateType', expected },
  });
}

/**
 * Makes the predicate of a type from a document, as cosign does: with `custom` any text goes into `Data` beside the
 * time; every other type takes a JSON object.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export function parsePredicate(type: string, document: Uint8Array, now: Date): object {
  const uri = parsePredicateType(type);
  if (document.length > MAX_PREDICATE_BYTES)
    throw new KeywaxError('INPUT_TOO_LARGE', `predicate: more than ${MAX_PREDICATE_BYTES} bytes`, {
      details: { limit: MAX_PREDICATE_BYTES },
    });
  if (uri === CUSTOM_PREDICATE_TYPE)
    return { Data: decodeUtf8(document, 'predicate'), Timestamp: `${now.toISOString().slice(0, 19)}Z` };
  const value = parseJson(document, { maxBytes: MAX_PREDICATE_BYTES }, 'predicate');
  if (isJsonObject(value)) return toPlainJson(value) as object;
  throw new KeywaxError('INPUT_MALFORMED', 'predicate: expected a JSON object', {
    details: { at: 'predicate', expected: 'a JSON object' },
  });
}
