// SPDX-License-Identifier: Apache-2.0

export { type LoggedSignature, findEntry } from './find-entry.js';
export type { KnownLog, RekorV2Options } from './known-log.js';
export type { EncodedProposal, Proposal } from './proposal.js';
export { type LogService, submitEntry } from './submit.js';
export { fetchConsistencyHashes, fetchInclusionHashes } from './tile-proof.js';
export { type TileId, type TiledLog, encodeTilePath, fetchEntryData } from './tiles.js';
export {
  type RekorV1Options,
  fetchEntries,
  fetchEntry,
  fetchEntryByIndex,
  submitEncodedV1,
  submitEntryV1,
} from './v1.js';
export type { IdentifiedEntry } from './v1-answer.js';
export {
  type ConsistencyQuery,
  type LogInfo,
  fetchConsistencyProof,
  fetchLogInfo,
  fetchLogKey,
} from './v1-log.js';
export { fetchEntryProof } from './v1-proof.js';
export { type SearchQuery, searchIndex } from './v1-search.js';
export { submitEntryV2 } from './v2.js';
export { type PublishedCheckpoint, fetchCheckpoint, readBackEntry } from './v2-read-back.js';
