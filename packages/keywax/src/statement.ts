// SPDX-License-Identifier: Apache-2.0
// Statements as callers write them.

import { type StatementSubject, decodeStatement, encodeStatement } from '@keywax/bundle';
import { encodeHex } from '@keywax/core/bytes';
import { type ArtifactStream, type ReadOptions, digestArtifact } from './artifact.js';
import { configError } from './options.js';

/** Something that a statement is about: an artifact, or digests of it by algorithm as bytes or lower-case hex. */
export type SubjectInput = { readonly name: string } & (
  | { readonly artifact: Uint8Array | ArtifactStream; readonly digests?: undefined }
  | { readonly digests: Readonly<Record<string, Uint8Array | string>>; readonly artifact?: undefined }
);

/** An in-toto statement: what it is about, and what it says of it. */
export interface StatementInput {
  readonly subjects: readonly SubjectInput[];
  /** The type of the predicate, such as `https://slsa.dev/provenance/v1`. */
  readonly predicateType: string;
  /** Plain JSON. */
  readonly predicate: object;
}

/** The payload of an envelope; artifacts are digested by SHA-256. @throws STATEMENT_INVALID, CONFIG_INVALID, INPUT_MALFORMED, INPUT_TOO_LARGE */
export async function readStatement(statement: StatementInput | Uint8Array, options: ReadOptions): Promise<Uint8Array> {
  if (statement instanceof Uint8Array) return readPayload(statement);
  const { subjects, predicateType, predicate } = statement;
  if (!Array.isArray(subjects) || subjects.length === 0) throw configError('subjects', 'at least one subject');
  const described: StatementSubject[] = [];
  for (const subject of subjects as readonly SubjectInput[]) described.push(await describeSubject(subject, options));
  return encodeStatement({ subjects: described, predicateType, predicate });
}

function readPayload(bytes: Uint8Array): Uint8Array {
  const payload = new Uint8Array(bytes);
  decodeStatement(payload); // nothing is signed that would be refused
  return payload;
}

async function describeSubject(
  { name, artifact, digests }: SubjectInput,
  { signal, crypto }: ReadOptions,
): Promise<StatementSubject> {
  const values = artifact === undefined ? digests : await digestArtifact(artifact, { signal, crypto });
  const texts = Object.entries(values).map(
    ([algorithm, value]) => [algorithm, typeof value === 'string' ? value : encodeHex(value)] as const,
  );
  return { name, digests: new Map(texts) };
}
