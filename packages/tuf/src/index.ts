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
