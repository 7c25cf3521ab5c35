// SPDX-License-Identifier: Apache-2.0
// TUF metadata (TUF 1.0.34 §4): the envelope, and what the four kinds of roles say. The canonical form of `signed` is
// made from everything that was received, so that unknown members stay under the signature.
// Refused: JSON that is not strict or holds numbers that are not integers, other types than the role's, major versions
// of the specification other than 1, versions below 1, times that are not `YYYY-MM-DDTHH:MM:SSZ` (roots may have
// fractions and offsets, as production's first three have), and whatever key, role and file readers refuse.

import { encodeUtf8 } from '@keywax/core/bytes';
import {
  type Decoder,
  arrayOf,
  decodeBoolean,
  decodeJsonObject,
  decodeOpenObject,
  decodeRfc3339,
  decodeString,
  mapOf,
  required,
  transform,
  withDefault,
  optional,
} from '@keywax/core/decode';
import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';
import { type JsonObject, type JsonValue, parseJson } from '@keywax/core/json';
import { canonicalizeOlpc } from './canonical.js';
import { type Delegations, decodeDelegations } from './delegation.js';
import {
  type FileMeta,
  type TargetFile,
  decodeFileMeta,
  decodeFileMetas,
  decodeTargetFiles,
  decodeVersion,
} from './file-meta.js';
import {
  MAX_FILES,
  MAX_FILE_VALUES,
  MAX_KEYS,
  MAX_ROLES,
  MAX_ROOT_BYTES,
  MAX_SIGNATURES,
  MAX_SNAPSHOT_BYTES,
  MAX_TARGETS_BYTES,
  MAX_TIMESTAMP_BYTES,
} from './limits.js';
import { type RoleKeys, type TopLevelRole, decodeRoleKeys } from './role-keys.js';
import { type TufKeys, decodeKeys, expectKeyId } from './tuf-key.js';

/** What every role's metadata has. */
export interface Metadata {
  readonly version: number;
  /** The first instant at which the metadata is of no use any more. */
  readonly expiresAt: Date;
}

/** Keys and thresholds of the top-level roles (§4.3). */
export interface RootMetadata extends Metadata {
  /** Whether the names of files hold their version or hash. */
  readonly consistentSnapshot: boolean;
  readonly keys: TufKeys;
  readonly roles: Readonly<Record<TopLevelRole, RoleKeys>>;
}

/** Which snapshot is current (§4.6). */
export interface TimestampMetadata extends Metadata {
  readonly snapshot: FileMeta;
}

/** Which targets metadata is current, by file name such as `targets.json` (§4.4). */
export interface SnapshotMetadata extends Metadata {
  readonly files: ReadonlyMap<string, FileMeta>;
}

/** Targets by path, and who else is in charge of some (§4.5). */
export interface TargetsMetadata extends Metadata {
  readonly targets: ReadonlyMap<string, TargetFile>;
  readonly delegations?: Delegations;
}

/** A signature by the key of that id; hex, which is not checked before it is used. */
export interface TufSignature {
  readonly keyId: string;
  readonly signature: string;
}

/** A file of metadata that was read and not yet verified. */
export interface SignedFile<T> {
  readonly metadata: T;
  /** The received file. */
  readonly bytes: Uint8Array;
  /** What the signatures cover: `signed` in canonical form. */
  readonly payload: Uint8Array;
  readonly signatures: readonly TufSignature[];
}

const SPEC_VERSION = /^1\.[0-9]{1,9}(?:\.[0-9]{1,9})?$/;
const PLAIN_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const MAX_DEPTH = 16; // the formats need eight; the rest is for members that are not known here

const decodeSignature: Decoder<TufSignature> = transform(
  decodeOpenObject({ keyid: required(decodeString), sig: required(decodeString) }),
  ({ keyid, sig }, at) => Object.freeze({ keyId: expectKeyId(keyid, at), signature: sig }),
);

const decodeEnvelope = decodeOpenObject({
  signatures: required(arrayOf(decodeSignature, MAX_SIGNATURES)),
  signed: required(decodeJsonObject),
});

const decodePlainTime: Decoder<Date> = (value, at) => {
  const text = decodeString(value, at);
  if (!PLAIN_TIME.test(text)) throw malformed(at, 'a time YYYY-MM-DDTHH:MM:SSZ', text);
  return decodeRfc3339(text, at);
};

/** Decodes what all roles have, and makes sure that the file is of the expected role. */
function decodeCommon(signed: JsonObject, type: TopLevelRole, at: string): Metadata {
  const actualType = required(decodeString)(signed.get('_type'), `${at}._type`);
  if (actualType !== type) throw malformed(`${at}._type`, type, actualType);
  const specVersion = required(decodeString)(signed.get('spec_version'), `${at}.spec_version`);
  if (!SPEC_VERSION.test(specVersion)) throw malformed(`${at}.spec_version`, 'version 1 of TUF', specVersion);
  const decodeTime = type === 'root' ? decodeRfc3339 : decodePlainTime;
  return {
    version: decodeVersion(signed.get('version'), `${at}.version`),
    expiresAt: required(decodeTime)(signed.get('expires'), `${at}.expires`),
  };
}

const decodeRootMembers = decodeOpenObject({
  consistent_snapshot: withDefault(decodeBoolean, false),
  keys: decodeKeys,
  roles: transform(required(mapOf(decodeRoleKeys, MAX_ROLES)), (roles, at) => {
    const role = (name: TopLevelRole): RoleKeys => roles.get(name) ?? absent(`${at}.${name}`);
    return { root: role('root'), timestamp: role('timestamp'), snapshot: role('snapshot'), targets: role('targets') };
  }),
});

const decodeTimestampMembers = decodeOpenObject({
  meta: required(decodeOpenObject({ 'snapshot.json': required(decodeFileMeta) })),
});

const decodeSnapshotMembers = decodeOpenObject({ meta: required(decodeFileMetas) });

const decodeTargetsMembers = decodeOpenObject({
  targets: required(decodeTargetFiles),
  delegations: optional(decodeDelegations),
});

/** Reads a root. @throws TUF_METADATA_INVALID, INPUT_TOO_LARGE */
export function decodeRoot(bytes: Uint8Array): SignedFile<RootMetadata> {
  // One member more than the readers of keys and roles let through.
  const limits = { maxBytes: MAX_ROOT_BYTES, maxMembers: Math.max(MAX_KEYS, MAX_ROLES) };
  return decodeFile(bytes, { role: 'root', limits }, (signed, at) => {
    const { consistent_snapshot: consistentSnapshot, keys, roles } = decodeRootMembers(signed, at);
    return { ...decodeCommon(signed, 'root', at), consistentSnapshot, keys, roles };
  });
}

/** Reads a timestamp. @throws TUF_METADATA_INVALID, INPUT_TOO_LARGE */
export function decodeTimestamp(bytes: Uint8Array): SignedFile<TimestampMetadata> {
  return decodeFile(bytes, { role: 'timestamp', limits: { maxBytes: MAX_TIMESTAMP_BYTES } }, (signed, at) => {
    const { meta } = decodeTimestampMembers(signed, at);
    return { ...decodeCommon(signed, 'timestamp', at), snapshot: meta['snapshot.json'] };
  });
}

/** Reads a snapshot. @throws TUF_METADATA_INVALID, INPUT_TOO_LARGE */
export function decodeSnapshot(bytes: Uint8Array): SignedFile<SnapshotMetadata> {
  const limits = { maxBytes: MAX_SNAPSHOT_BYTES, maxMembers: MAX_FILES, maxValues: MAX_FILE_VALUES };
  return decodeFile(bytes, { role: 'snapshot', limits }, (signed, at) => {
    const { meta: files } = decodeSnapshotMembers(signed, at);
    if (!files.has('targets.json')) absent(`${at}.meta["targets.json"]`);
    return { ...decodeCommon(signed, 'snapshot', at), files };
  });
}

/** Reads the metadata of `targets` or of a delegated role. @throws TUF_METADATA_INVALID, INPUT_TOO_LARGE */
export function decodeTargets(bytes: Uint8Array, role: string): SignedFile<TargetsMetadata> {
  const limits = { maxBytes: MAX_TARGETS_BYTES, maxMembers: MAX_FILES, maxValues: MAX_FILE_VALUES };
  return decodeFile(bytes, { role, limits }, (signed, at) => {
    const { targets, delegations } = decodeTargetsMembers(signed, at);
    return { ...decodeCommon(signed, 'targets', at), targets, ...(delegations === undefined ? {} : { delegations }) };
  });
}

interface FileRules {
  readonly role: string;
  readonly limits: { readonly maxBytes: number; readonly maxMembers?: number; readonly maxValues?: number };
}

function decodeFile<T>(
  bytes: Uint8Array,
  { role, limits }: FileRules,
  decodeSigned: (signed: JsonObject, at: string) => T,
): SignedFile<T> {
  try {
    const value: JsonValue = parseJson(bytes, { maxDepth: MAX_DEPTH, ...limits });
    const { signatures, signed } = decodeEnvelope(value, '$');
    const metadata = Object.freeze(decodeSigned(signed, '$.signed'));
    return Object.freeze({ metadata, bytes, payload: encodeUtf8(canonicalizeOlpc(signed)), signatures });
  } catch (cause) {
    if (!isKeywaxError(cause) || cause.code === 'INPUT_TOO_LARGE') throw cause;
    const message = `TUF role ${quoteText(role, 60)}: ${cause.message}`;
    throw new KeywaxError('TUF_METADATA_INVALID', message, { cause, details: cause.details });
  }
}

function absent(at: string): never {
  throw new KeywaxError('INPUT_MALFORMED', `${at}: expected a value, found none`, { details: { at } });
}

function malformed(at: string, expected: string, found: string): KeywaxError {
  const actual = quoteText(found, 40);
  return new KeywaxError('INPUT_MALFORMED', `${at}: expected ${expected}, found ${actual}`, {
    details: { at, expected, actual },
  });
}
