// SPDX-License-Identifier: Apache-2.0
// The cache of an instance where there is a file system.

import type { DiagnosticListener } from './diagnostic.js';
import { createDirectoryStore, mirrorDirectory } from './directory-store.node.js';
import type { TufStore } from './store.js';

/** The store of a mirror below a folder of caches. */
export function openCache(cacheDirectory: string, mirrorUrl: string, onDiagnostic: DiagnosticListener): TufStore {
  return createDirectoryStore(mirrorDirectory(cacheDirectory, mirrorUrl), { onDiagnostic });
}
