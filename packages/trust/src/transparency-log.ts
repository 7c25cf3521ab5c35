// SPDX-License-Identifier: Apache-2.0
// Logs and certificate logs of a trusted root (`TransparencyLogInstance`).
// Refused: base URLs that are not of the accepted form, a missing one where the log signs its name, key ids that are not
// 32 bytes, keys without a window. Set aside as unusable: keys that the gate or the algorithm table refuses, keys of
// another kind than their details say, ids that are not the key's, hash functions other than SHA-256.

import { type AlgorithmSuite, matchSuiteKey, selectSuite } from '@keywax/core/algorithms';
import { equalBytes } from '@keywax/core/bytes';
import {
  type Decoder,
  decodeObject,
  decodeString,
  optional,
  required,
  transform,
  withDefault,
} from '@keywax/core/decode';
import { type ErrorCode, isKeywaxError, quoteText } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import { type PublicKey, parsePkcs1PublicKey, parsePublicKey } from '@keywax/core/key';
import { computeNoteKeyId } from '@keywax/core/note';
import type { TimeRange } from '@keywax/core/time';
import { decodeBytes, decodeText, decodeValidity, invalidTrust } from './fields.js';
import { selectHttpUrl } from './url.js';

/** A transparency log or certificate transparency log that a trusted root vouches for. */
export interface TransparencyLog {
  /** A name, never fetched; may be empty for a log whose key id is not bound to a name. */
  readonly baseUrl: string;
  /** What its checkpoints are named after: the host of `baseUrl`, with the port where one is written. */
  readonly origin: string;
  /** Name of the tree's hash function; only `SHA2_256` is supported. */
  readonly hashAlgorithm: string;
  /** Name in the algorithm registry, known or not. */
  readonly keyDetails: string;
  /** The key as the trusted root has it: SPKI, or PKCS#1 for `PKCS1_…` details. */
  readonly rawKey: Uint8Array;
  /** Absent exactly where `unusable` says why. */
  readonly key?: PublicKey;
  /** How the log signs; absent where the log is unusable. */
  readonly suite?: AlgorithmSuite;
  /** Why nothing of this log can be verified: what needs it fails with `KEY_REJECTED`. */
  readonly unusable?: string;
  /** When the key was in use, both ends inclusive. */
  readonly validFor: TimeRange;
  /** 32 bytes: SHA-256 of the SPKI (Rekor v1, certificate logs) or the note key id (Rekor v2). */
  readonly logId: Uint8Array;
  /** The 32-byte key id whose first four bytes mark the log's signature on a checkpoint; absent where the log is unusable. */
  readonly checkpointKeyId?: Uint8Array;
  /** The checkpoint key id as the trusted root has it, 32 bytes or the first four of them; absent where it has none. */
  readonly statedCheckpointKeyId?: Uint8Array;
  /** Who runs it; logs of one operator may count as one. */
  readonly operator?: string;
}

const KEY_ID_BYTES = 32;
const KEY_HINT_BYTES = 4; // C2SP signed-note
const TREE_HASH = 'SHA2_256';

/** With these, the key gate sets a key aside. */
const UNUSABLE_KEY_CODES: ReadonlySet<ErrorCode> = new Set(['INPUT_MALFORMED', 'INPUT_UNSUPPORTED', 'KEY_REJECTED']);

interface PublicKeyMembers {
  readonly rawBytes: Uint8Array;
  readonly keyDetails: string;
  readonly validFor: TimeRange;
}

interface LogMembers {
  readonly baseUrl: string;
  readonly hashAlgorithm: string;
  readonly publicKey: PublicKeyMembers;
  readonly logId: Uint8Array;
  readonly checkpointKeyId?: Uint8Array;
  readonly operator?: string;
}

const decodeKeyId: Decoder<Uint8Array> = transform(
  decodeObject<{ keyId: Uint8Array }>({ keyId: decodeBytes }),
  ({ keyId }) => keyId,
);

const decodeLogId: Decoder<Uint8Array> = transform(decodeKeyId, (keyId, at) => {
  if (keyId.length !== KEY_ID_BYTES) throw invalidTrust(`${at}.keyId`, `a key id of ${KEY_ID_BYTES} bytes`);
  return keyId;
});

const decodeCheckpointKeyId: Decoder<Uint8Array> = transform(decodeKeyId, (keyId, at) => {
  if (keyId.length !== KEY_ID_BYTES && keyId.length !== KEY_HINT_BYTES) {
    throw invalidTrust(`${at}.keyId`, `a key id of ${KEY_ID_BYTES} bytes, or its first ${KEY_HINT_BYTES}`);
  }
  return keyId;
});

const decodeBaseUrl: Decoder<string> = (value, at) => {
  const url = decodeString(value, at);
  if (url !== '' && selectHttpUrl(url) === undefined) {
    throw invalidTrust(at, `an http or https URL of a plain host, found ${quoteText(url)}`);
  }
  return url;
};

const decodeMembers: Decoder<LogMembers> = decodeObject<LogMembers>({
  baseUrl: withDefault(decodeBaseUrl, ''),
  hashAlgorithm: decodeText,
  publicKey: required(
    decodeObject<PublicKeyMembers>({
      rawBytes: decodeBytes,
      keyDetails: decodeText,
      validFor: decodeValidity,
    }),
    'TRUST_INVALID',
  ),
  logId: required(decodeLogId, 'TRUST_INVALID'),
  checkpointKeyId: optional(decodeCheckpointKeyId),
  operator: optional(decodeString),
});

/** A log whose entries go into bundles. @throws INPUT_MALFORMED, TRUST_INVALID */
export const decodeLog: Decoder<TransparencyLog> = transform(decodeMembers, (members, at) =>
  makeLog(members, at, matchLogId),
);

/** A log of certificates, whose id is not bound to a name (RFC 6962 §3.2). @throws INPUT_MALFORMED, TRUST_INVALID */
export const decodeCtLog: Decoder<TransparencyLog> = transform(decodeMembers, (members, at) =>
  makeLog(members, at, matchCtLogId),
);

/** What a log's key makes of it: its key and ids, or why it cannot be used. */
type LogKey =
  | { readonly key: PublicKey; readonly suite: AlgorithmSuite; readonly checkpointKeyId: Uint8Array }
  | { readonly unusable: string };

/** The id under which a log signs checkpoints, or `undefined` where the ids of the log are not those of its key. */
type IdMatch = (ids: DeclaredIds, key: PublicKey, at: string) => Uint8Array | undefined;

interface DeclaredIds {
  readonly origin: string;
  readonly logId: Uint8Array;
  readonly checkpointKeyId?: Uint8Array;
}

function makeLog(members: LogMembers, at: string, matchId: IdMatch): TransparencyLog {
  const { baseUrl, hashAlgorithm, publicKey, logId, checkpointKeyId, operator } = members;
  const origin = originOf(baseUrl);
  return Object.freeze({
    baseUrl,
    origin,
    hashAlgorithm,
    keyDetails: publicKey.keyDetails,
    rawKey: publicKey.rawBytes,
    ...readLogKey(members, { at, origin, matchId }),
    validFor: publicKey.validFor,
    logId,
    ...(checkpointKeyId === undefined ? {} : { statedCheckpointKeyId: checkpointKeyId }),
    ...(operator === undefined ? {} : { operator }),
  });
}

/** RUL-15: the host, with the port where one is written. */
export function originOf(baseUrl: string): string {
  const url = selectHttpUrl(baseUrl);
  if (url === undefined) return '';
  return url.port === undefined ? url.host : `${url.host}:${url.port}`;
}

interface KeyContext {
  readonly at: string;
  readonly origin: string;
  readonly matchId: IdMatch;
}

/** RUL-24: a key that is weak or unknown makes its log unusable; it is kept, so that what needs it can say so. */
function readLogKey(members: LogMembers, { at, origin, matchId }: KeyContext): LogKey {
  const { rawBytes, keyDetails } = members.publicKey;
  if (members.hashAlgorithm !== TREE_HASH)
    return { unusable: `hash algorithm ${quoteText(members.hashAlgorithm)} is not supported` };
  const suite = selectSuite(keyDetails);
  if (suite === undefined) return { unusable: `key details ${quoteText(keyDetails)} are not supported` };
  try {
    const parse = suite.keyEncoding === 'pkcs1' ? parsePkcs1PublicKey : parsePublicKey;
    const key = parse(rawBytes, `${at}.publicKey.rawBytes`);
    if (!matchSuiteKey(suite, key)) return { unusable: `the key is not one for ${keyDetails}` };
    const checkpointKeyId = matchId({ origin, ...members }, key, at);
    return checkpointKeyId === undefined
      ? { unusable: 'the key id is not that of the key' }
      : { key, suite, checkpointKeyId };
  } catch (cause) {
    if (!isKeywaxError(cause) || !UNUSABLE_KEY_CODES.has(cause.code)) throw cause;
    return { unusable: cause.message };
  }
}

/** RUL-18: the id of a certificate log is the hash of its SPKI. */
function matchCtLogId({ logId }: DeclaredIds, key: PublicKey): Uint8Array | undefined {
  return equalBytes(logId, hash('sha256', key.spki)) ? logId : undefined;
}

/** RUL-18: the id of a log is the hash of its SPKI or its note key id, and so is the id that signs checkpoints. */
function matchLogId(
  { origin, logId, checkpointKeyId }: DeclaredIds,
  key: PublicKey,
  at: string,
): Uint8Array | undefined {
  const keyId = hash('sha256', key.spki);
  const noteKeyId = computeNoteKeyId(origin, key, (...pieces) => hash('sha256', ...pieces));
  // Of ECDSA keys alone the id of a note key is not bound to a name.
  if (origin === '' && key.kind !== 'ec' && !equalBytes(logId, keyId)) {
    throw invalidTrust(`${at}.baseUrl`, 'the URL that the key id is bound to');
  }
  const ids = equalBytes(logId, keyId) ? [keyId, noteKeyId] : [noteKeyId, keyId];
  if (!ids.some((id) => equalBytes(id, logId))) return undefined;
  return checkpointKeyId === undefined
    ? ids[0]
    : ids.find((id) => equalBytes(id.subarray(0, checkpointKeyId.length), checkpointKeyId));
}
