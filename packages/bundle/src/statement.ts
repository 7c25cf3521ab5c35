// SPDX-License-Identifier: Apache-2.0

import type { JsonObject, JsonValue } from '@keywax/core/json';

/** Something that a statement is about (in-toto `ResourceDescriptor`). */
export interface StatementSubject {
  readonly name?: string;
  readonly uri?: string;
  /**
   * Digest by algorithm, 1 to 32, as written: `sha256`, `sha384` and `sha512` are lower-case hex where they are honest,
   * and only an exact comparison shows that.
   */
  readonly digests: ReadonlyMap<string, string>;
}

/** An in-toto statement, the payload of a DSSE envelope. Proven by the envelope's signature alone. */
export interface Statement {
  /** `https://in-toto.io/Statement/v1`, or `/v0.1` in older attestations. */
  readonly type: string;
  /** 1 to 1,024. */
  readonly subjects: readonly StatementSubject[];
  readonly predicateType: string;
  /** An object, or `null` where there is none. */
  readonly predicate: JsonObject | null;
  /** The whole statement as read; `toPlainJson` makes ordinary values of it. */
  readonly json: JsonValue;
}
