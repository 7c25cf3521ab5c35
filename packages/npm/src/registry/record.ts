// SPDX-License-Identifier: Apache-2.0
// What is kept of one version of a package between runs: what the registry said, and nothing that was concluded from it.

import { encodeUtf8 } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeBoolean,
  decodeObject,
  decodeRfc3339,
  decodeString,
  integerWithin,
  optional,
  required,
} from '@keywax/core/decode';
import { parseJson } from '@keywax/core/json';
import type { PackageEvidence } from '../evidence.js';
import {
  MAX_ATTESTATIONS,
  MAX_ATTESTATION_BYTES,
  MAX_SIGNATURES,
  type RecordedAttestation,
  type VersionDocument,
  decodeSignature,
} from './documents.js';

/** What a registry said about one version. */
export interface EvidenceRecord extends VersionDocument {
  readonly registry: string;
  readonly name: string;
  readonly version: string;
  /** When the registry was last asked. */
  readonly checkedAt: Date;
  readonly attestations: readonly RecordedAttestation[];
  readonly etag?: string | undefined;
  readonly attestationsEtag?: string | undefined;
  readonly publishedAt?: Date | undefined;
}

/** The part of a record that says what it is about. */
export type RecordSubject = Pick<EvidenceRecord, 'registry' | 'name' | 'version'>;

type StoredRecord = EvidenceRecord & { readonly format: number };

const MAX_RECORD_BYTES = 2 * MAX_ATTESTATION_BYTES; // text in text: quotes are escaped

const decodeStored: Decoder<StoredRecord> = decodeObject<StoredRecord>({
  format: integerWithin(1, 1),
  registry: required(decodeString),
  name: required(decodeString),
  version: required(decodeString),
  checkedAt: required(decodeRfc3339),
  integrity: required(decodeString),
  signatures: arrayOf(decodeSignature, MAX_SIGNATURES),
  declaresProvenance: required(decodeBoolean),
  attestations: arrayOf(
    decodeObject<RecordedAttestation>({ predicateType: required(decodeString), bundle: required(decodeString) }),
    MAX_ATTESTATIONS,
  ),
  repository: optional(decodeString),
  tarballUrl: optional(decodeString),
  etag: optional(decodeString),
  attestationsEtag: optional(decodeString),
  publishedAt: optional(decodeRfc3339),
});

/** Text of a record as it is stored. */
export function encodeRecord(record: EvidenceRecord): Uint8Array {
  return encodeUtf8(JSON.stringify({ format: 1, ...record }));
}

/**
 * Reads a stored record, which is `undefined` where it is about something else.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE
 */
export function decodeRecord(bytes: Uint8Array, subject: RecordSubject): EvidenceRecord | undefined {
  const record = decodeStored(parseJson(bytes, { maxBytes: MAX_RECORD_BYTES }), '$');
  const isSame = (['registry', 'name', 'version'] as const).every((part) => record[part] === subject[part]);
  return isSame ? record : undefined;
}

/** The evidence in a record. @throws INPUT_MALFORMED for a signature that is no base64 */
export function toEvidence(record: EvidenceRecord, decode: (sig: string, at: string) => Uint8Array): PackageEvidence {
  const { name, version, integrity, declaresProvenance, repository, tarballUrl, publishedAt, attestations } = record;
  return {
    name,
    version,
    integrity,
    declaresProvenance,
    attestations,
    signatures: record.signatures.map(({ keyid, sig }, i) => ({
      keyId: keyid,
      signature: decode(sig, `$.dist.signatures[${i}].sig`),
    })),
    ...(repository === undefined ? {} : { repository }),
    ...(tarballUrl === undefined ? {} : { tarballUrl }),
    ...(publishedAt === undefined ? {} : { publishedAt }),
  };
}
