// SPDX-License-Identifier: Apache-2.0

export type { Proposal } from './proposal.js';
export { type LogService, submitEntry } from './submit.js';
export { encodeTilePath, fetchEntryData, fetchInclusionHashes, type TiledLog } from './tiles.js';
export {
  type ConsistencyQuery,
  type LogInfo,
  type SearchQuery,
  fetchConsistencyProof,
  fetchEntries,
  fetchEntry,
  fetchEntryByIndex,
  fetchLogInfo,
  fetchLogKey,
  searchIndex,
  submitEntryV1,
} from './v1.js';
export type { IdentifiedEntry } from './v1-answer.js';
export { type RekorV2Options, fetchCheckpoint, readBackEntry, submitEntryV2 } from './v2.js';
