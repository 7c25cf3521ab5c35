// SPDX-License-Identifier: Apache-2.0

export { type KeyKind, type SigningKey, generateSigningKey } from './keys.js';
export { type PlainJson, encodeCanonical } from './tuf/canonical.js';
export { type TufKeyJson, computeKeyId, encodeTufKey, signTuf } from './tuf/keys.js';
export {
  type DelegationOptions,
  type EnvelopeJson,
  type RoleDocument,
  type SignedJson,
  type TufRepository,
  type TufRepositoryOptions,
  type TufRepositoryState,
  createTufRepository,
  openTufRepository,
} from './tuf/repository.js';
