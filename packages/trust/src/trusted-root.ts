// SPDX-License-Identifier: Apache-2.0
// Trusted roots (ProtoJSON of `dev.sigstore.trustroot.v1.TrustedRoot`).
// Refused: what core's JSON reader refuses, unknown members and media types, more than 1 MiB or 64 entries of a kind, one
// key id with two keys, and what is listed in `transparency-log.ts` and `certificate-authority.ts`.

import { encodeHex, equalBytes } from '@keywax/core/bytes';
import { type Decoder, arrayOf, decodeObject, transform } from '@keywax/core/decode';
import { readJson } from '@keywax/core/json';
import {
  type CertificateAuthority,
  decodeCertificateAuthority,
  decodeTimestampAuthority,
} from './certificate-authority.js';
import { decodeMediaType, invalidTrust } from './fields.js';
import { type TransparencyLog, decodeCtLog, decodeLog } from './transparency-log.js';

/** Everyone whose word counts: logs, certificate logs, certificate and timestamp authorities (`TrustedRoot`). */
export interface TrustedRoot {
  readonly mediaType: string;
  readonly logs: readonly TransparencyLog[];
  readonly ctLogs: readonly TransparencyLog[];
  readonly certificateAuthorities: readonly CertificateAuthority[];
  readonly timestampAuthorities: readonly CertificateAuthority[];
}

/** The lists of a trusted root. */
export type TrustedRootEntries = Omit<TrustedRoot, 'mediaType'>;

/** The most bytes of a trusted root. */
export const MAX_TRUSTED_ROOT_BYTES = 1_048_576; // ATTACKS 4.3
/** The most entries of a kind in a trusted root. */
export const MAX_ENTRIES = 64; // ten times what the largest of the known instances lists

/** The one that other clients read too, for roots without members of version 0.2. */
const MEDIA_TYPE_V01 = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';
/** For roots that name operators or checkpoint key ids. */
export const MEDIA_TYPE_V02 = 'application/vnd.dev.sigstore.trustedroot.v0.2+json';

/** RUL-20: the members of version 0.2 are read in all of them. */
const MEDIA_TYPES = [MEDIA_TYPE_V01, 'application/vnd.dev.sigstore.trustedroot.v0.1+json', MEDIA_TYPE_V02] as const;

interface RootMembers {
  readonly mediaType: string;
  readonly tlogs: readonly TransparencyLog[];
  readonly ctlogs: readonly TransparencyLog[];
  readonly certificateAuthorities: readonly CertificateAuthority[];
  readonly timestampAuthorities: readonly CertificateAuthority[];
}

const decodeMembers: Decoder<RootMembers> = decodeObject<RootMembers>({
  mediaType: decodeMediaType(MEDIA_TYPES),
  tlogs: logsOf(decodeLog),
  ctlogs: logsOf(decodeCtLog),
  certificateAuthorities: arrayOf(decodeCertificateAuthority, MAX_ENTRIES),
  timestampAuthorities: arrayOf(decodeTimestampAuthority, MAX_ENTRIES),
});

/**
 * Decodes a trusted root from JSON text, its UTF-8 bytes, or an object that came from JSON; at most 1 MiB. Logs and
 * authorities with weak or unknown keys are kept and marked unusable.
 * @throws INPUT_MALFORMED, INPUT_TOO_LARGE, TRUST_INVALID
 */
export function decodeTrustedRoot(input: Uint8Array | string | object): TrustedRoot {
  return readTrustedRoot(readJson(input, { maxBytes: MAX_TRUSTED_ROOT_BYTES }), '$');
}

/** Decodes a trusted root at a path of a larger document. @throws as `decodeTrustedRoot` */
export const readTrustedRoot: Decoder<TrustedRoot> = transform(decodeMembers, (members) =>
  Object.freeze({
    mediaType: members.mediaType,
    logs: members.tlogs,
    ctLogs: members.ctlogs,
    certificateAuthorities: members.certificateAuthorities,
    timestampAuthorities: members.timestampAuthorities,
  }),
);

/** Logs of which no two have one key id and different keys. */
function logsOf(decoder: Decoder<TransparencyLog>): Decoder<readonly TransparencyLog[]> {
  return transform(arrayOf(decoder, MAX_ENTRIES), (logs, at) => {
    checkKeyIds(logs, at);
    return logs;
  });
}

/** ATTACKS B3: one log may be listed more than once, but one key id has one key. @throws TRUST_INVALID */
export function checkKeyIds(logs: readonly TransparencyLog[], at: string): void {
  const keys = new Map<string, Uint8Array>();
  logs.forEach((log, i) => {
    const id = encodeHex(log.logId);
    const key = log.key?.spki ?? log.rawKey;
    const known = keys.get(id) ?? key;
    if (!equalBytes(known, key))
      throw invalidTrust(`${at}[${i}].logId`, 'a key id of its own, or the key of the other log with this id');
    keys.set(id, known);
  });
}

/** The oldest media type that knows all members of the entries. */
export function selectMediaType(entries: TrustedRootEntries): string {
  const { logs, ctLogs, certificateAuthorities, timestampAuthorities } = entries;
  const isNew =
    [...logs, ...ctLogs].some((log) => log.operator !== undefined || log.statedCheckpointKeyId !== undefined) ||
    [...certificateAuthorities, ...timestampAuthorities].some(({ operator }) => operator !== undefined);
  return isNew ? MEDIA_TYPE_V02 : MEDIA_TYPE_V01;
}
