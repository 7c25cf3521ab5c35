// SPDX-License-Identifier: Apache-2.0
// Delegations of a targets role (TUF 1.0.34 §4.5, TAP 15), and which of them are in charge of a path.
// Refused: names of top-level roles and empty ones, a name twice, both or neither of `paths` and `path_hash_prefixes`,
// prefixes that are empty or not lower-case hex, succinct roles beside others, with fewer than 1 or more than 32 bits,
// or with a slash in their prefix.

import { encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import type { CryptoProvider } from '@keywax/core/crypto';
import {
  type Decoder,
  arrayOf,
  decodeBoolean,
  decodeOpenObject,
  decodeString,
  integerWithin,
  optional,
  required,
  transform,
} from '@keywax/core/decode';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { MAX_PATTERNS, MAX_ROLES } from './limits.js';
import { type StepBudget, isPathMatch } from './path-pattern.js';
import { ROLE_KEY_SHAPE, type RoleKeys, TOP_LEVEL_ROLES, toRoleKeys } from './role-keys.js';
import { type TufKeys, decodeKeys } from './tuf-key.js';

/** A role that another is in charge of, for some paths. */
export interface DelegatedRole extends RoleKeys {
  readonly name: string;
  /** Ends the search, whether it found the target or not. */
  readonly terminating: boolean;
  readonly paths?: readonly string[];
  readonly pathHashPrefixes?: readonly string[];
}

/** Equal shares of all paths by their hashes (TAP 15): `2 ** bitLength` roles with the same keys. */
export interface SuccinctRoles extends RoleKeys {
  readonly bitLength: number;
  readonly namePrefix: string;
}

/** What a targets role hands on. */
export interface Delegations {
  readonly keys: TufKeys;
  readonly roles: readonly DelegatedRole[];
  readonly succinct?: SuccinctRoles;
}

const TOP_LEVEL: ReadonlySet<string> = new Set(TOP_LEVEL_ROLES);
const MAX_ROLE_NAME_CHARS = 1_024; // becomes part of a URL

const decodeRoleName: Decoder<string> = transform(required(decodeString), (name, at) => {
  if (name !== '' && name.length <= MAX_ROLE_NAME_CHARS && !TOP_LEVEL.has(name)) return name;
  throw malformed(at, 'the name of a delegated role', quoteText(name, 40));
});

const decodeHashPrefix: Decoder<string> = transform(decodeString, (prefix, at) => {
  if (/^[0-9a-f]{1,64}$/.test(prefix)) return prefix;
  throw malformed(at, 'lower-case hex', quoteText(prefix, 40));
});

const decodeRole: Decoder<DelegatedRole> = transform(
  decodeOpenObject({
    name: decodeRoleName,
    ...ROLE_KEY_SHAPE,
    terminating: required(decodeBoolean),
    paths: optional(arrayOf(decodeString, MAX_PATTERNS)),
    path_hash_prefixes: optional(arrayOf(decodeHashPrefix, MAX_PATTERNS)),
  }),
  ({ name, terminating, paths, path_hash_prefixes: prefixes, ...keys }, at) => {
    const role = { name, terminating, ...toRoleKeys(keys) };
    if (paths !== undefined && prefixes === undefined) return Object.freeze({ ...role, paths });
    if (paths === undefined && prefixes !== undefined && prefixes.length > 0) {
      return Object.freeze({ ...role, pathHashPrefixes: prefixes });
    }
    throw malformed(at, 'either paths or path_hash_prefixes');
  },
);

const decodeSuccinct: Decoder<SuccinctRoles> = transform(
  decodeOpenObject({
    ...ROLE_KEY_SHAPE,
    bit_length: required(integerWithin(1, 32)),
    name_prefix: decodeRoleName,
  }),
  ({ bit_length: bitLength, name_prefix: namePrefix, ...keys }, at) => {
    if (namePrefix.includes('/')) throw malformed(`${at}.name_prefix`, 'no slash', quoteText(namePrefix, 40));
    return Object.freeze({ bitLength, namePrefix, ...toRoleKeys(keys) });
  },
);

/** Decodes DELEGATIONS. @throws INPUT_MALFORMED, INPUT_TOO_LARGE, KEY_REJECTED, INPUT_UNSUPPORTED */
export const decodeDelegations: Decoder<Delegations> = transform(
  decodeOpenObject({
    keys: decodeKeys,
    roles: optional(arrayOf(decodeRole, MAX_ROLES)),
    succinct_roles: optional(decodeSuccinct),
  }),
  ({ keys, roles, succinct_roles: succinct }, at) => {
    if ((roles === undefined) === (succinct === undefined)) throw malformed(at, 'either roles or succinct_roles');
    if (new Set(roles?.map(({ name }) => name)).size !== (roles?.length ?? 0)) {
      throw malformed(`${at}.roles`, 'each name once');
    }
    return Object.freeze({ keys, roles: roles ?? [], ...(succinct === undefined ? {} : { succinct }) });
  },
);

/** A path that is looked for, with its hash and what is left of the search's budget. */
export interface SearchedPath {
  readonly path: string;
  /** Hex of the SHA-256 of the path. */
  readonly hash: string;
  readonly budget: StepBudget;
}

/** Makes the record of a path that is looked for. */
export function describePath(path: string, crypto: Pick<CryptoProvider, 'hash'>, budget: StepBudget): SearchedPath {
  return { path, hash: encodeHex(crypto.hash('sha256', encodeUtf8(path))), budget };
}

/**
 * The roles that are in charge of a path, in their order (TUF 1.0.34 §5.6.7).
 * @throws INPUT_TOO_LARGE when the patterns take too many steps
 */
export function selectRoles({ roles, succinct }: Delegations, searched: SearchedPath): readonly DelegatedRole[] {
  if (succinct === undefined) return roles.filter((role) => isInCharge(role, searched));
  const { keyIds, threshold } = succinct;
  return [{ name: nameBin(succinct, searched.hash), terminating: true, keyIds, threshold }];
}

function isInCharge({ paths, pathHashPrefixes }: DelegatedRole, { path, hash, budget }: SearchedPath): boolean {
  if (pathHashPrefixes !== undefined) return pathHashPrefixes.some((prefix) => hash.startsWith(prefix));
  return paths !== undefined && paths.some((pattern) => isPathMatch(pattern, path, budget));
}

/** `prefix-` and the first bits of the hash as hex, in as many digits as the last bin takes (TAP 15). */
function nameBin({ bitLength, namePrefix }: SuccinctRoles, hash: string): string {
  const bin = BigInt(`0x${hash.slice(0, 8)}`) >> BigInt(32 - bitLength);
  return `${namePrefix}-${bin.toString(16).padStart(Math.ceil(bitLength / 4), '0')}`;
}

function malformed(at: string, expected: string, actual?: string): KeywaxError {
  return new KeywaxError(
    'INPUT_MALFORMED',
    `${at}: expected ${expected}${actual === undefined ? '' : `, found ${actual}`}`,
    { details: { at, expected, ...(actual === undefined ? {} : { actual }) } },
  );
}
