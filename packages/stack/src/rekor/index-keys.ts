// SPDX-License-Identifier: Apache-2.0
// What goes into Rekor v1: a body, and the keys that a search finds it by.

import { encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import { type Decoder, arrayOf, decodeJsonObject, decodeOpenObject } from '@keywax/core/decode';
import { hash } from '@keywax/core/hash';
import { type JsonValue, parseJson } from '@keywax/core/json';
import { attempt } from '../service.js';
import { encodeVerifierPem } from './body.js';
import type { ProposedVerifier } from './verifier.js';

const MAX_PAYLOAD_BYTES = 4 * 1024 * 1024;
const MAX_SUBJECTS = 1_024; // as clients accept

/** What goes into the log. */
export interface AcceptedEntry {
  readonly body: Uint8Array;
  /** In lower case. */
  readonly indexKeys: readonly string[];
}

/** The SHA-256 of the PEM of a verifier, as hex. */
export function hashPem(verifier: ProposedVerifier['verifier']): string {
  return encodeHex(hash('sha256', encodeUtf8(encodeVerifierPem(verifier))));
}

/** Keys as the index holds them: in lower case, each once. */
export function lowerCase(keys: readonly string[]): readonly string[] {
  return [...new Set(keys.map((key) => key.toLowerCase()))];
}

interface Subject {
  readonly digest: ReadonlyMap<string, JsonValue>;
}

const decodeSubjects: Decoder<{ readonly subject: readonly Subject[] }> = decodeOpenObject({
  subject: arrayOf(decodeOpenObject<Subject>({ digest: decodeJsonObject }), MAX_SUBJECTS),
});

/** `algorithm:hex` of each subject of a statement; none where the payload is no statement. */
export function listSubjects(payload: Uint8Array): readonly string[] {
  const statement = attempt(() => decodeSubjects(parseJson(payload, { maxBytes: MAX_PAYLOAD_BYTES }), 'payload'));
  const digests = statement?.subject.flatMap(({ digest }) => [...digest]) ?? [];
  return digests.flatMap(([name, hex]) => (typeof hex === 'string' ? [`${name}:${hex}`] : []));
}
