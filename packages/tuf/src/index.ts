// SPDX-License-Identifier: Apache-2.0

export {
  type OfflineMode,
  type RefreshOptions,
  type TufClient,
  type TufClientOptions,
  type TufState,
  createTufClient,
} from './client.js';
export type { DiagnosticListener, TufDiagnostic } from './diagnostic.js';
export type { TopLevelRole } from './role-keys.js';
export { type StoreArea, type TufStore, createMemoryStore } from './store.js';
export { isUnlisted } from './search.js';
export { type HostEnvironment, defaultCacheDirectory } from './cache-directory.js';
export {
  type InitOptions,
  type RootKey,
  type RootSummary,
  describeRoot,
  initInstance,
  unsafeFetchFirstRoot,
} from './initial-root.js';
export {
  INSTANCE_NAMES,
  type InstanceChoice,
  type InstanceDescription,
  type InstanceName,
  type InstanceThresholds,
  type MirrorInstance,
  describeInstance,
  isInstanceName,
} from './instances.js';
export { fetchInstanceTarget } from './instance-target.js';
export type { CompiledState, InstanceDocumentBytes, InstanceTrust } from './instance-trust.js';
export { fetchInstanceTrust } from './trust.js';
export type { InstanceTrustOptions } from './trust-request.js';
