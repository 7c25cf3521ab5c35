// SPDX-License-Identifier: Apache-2.0
// Who signs for a role (ROLE of TUF 1.0.34 §4.3).
// Refused: thresholds below 1, more key ids than the bound. A key id that stands there twice counts once.

import {
  type Decoder,
  type Shape,
  arrayOf,
  decodeOpenObject,
  decodeString,
  integerWithin,
  required,
  transform,
} from '@keywax/core/decode';
import { MAX_ROLE_KEY_IDS } from './limits.js';
import { expectKeyId } from './tuf-key.js';

/** The roles that a root names. */
export const TOP_LEVEL_ROLES = ['root', 'timestamp', 'snapshot', 'targets'] as const;
/** A role that a root names. */
export type TopLevelRole = (typeof TOP_LEVEL_ROLES)[number];

/** Who signs for a role: key ids, each once, and how many of them have to. */
export interface RoleKeys {
  readonly keyIds: ReadonlySet<string>;
  readonly threshold: number;
}

/** The members of a role that say who signs for it. */
export interface RoleKeyMembers {
  readonly keyids: readonly string[];
  readonly threshold: number;
}

/** Their decoders. A threshold beyond the number of keys is a fault of what the role signs (verify-role.ts). */
export const ROLE_KEY_SHAPE: Shape<RoleKeyMembers> = {
  keyids: required(arrayOf(transform(decodeString, expectKeyId), MAX_ROLE_KEY_IDS)),
  threshold: required(integerWithin(1, Number.MAX_SAFE_INTEGER)),
};

/** Makes the record from its members. */
export function toRoleKeys({ keyids, threshold }: RoleKeyMembers): RoleKeys {
  return { keyIds: new Set(keyids), threshold };
}

/** Decodes the keys of a top-level role. @throws INPUT_MALFORMED, INPUT_TOO_LARGE */
export const decodeRoleKeys: Decoder<RoleKeys> = transform(
  decodeOpenObject<RoleKeyMembers>(ROLE_KEY_SHAPE),
  (members) => Object.freeze(toRoleKeys(members)),
);
