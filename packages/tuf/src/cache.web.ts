// SPDX-License-Identifier: Apache-2.0
// There are no folders in browsers and workers.

import { KeywaxError } from '@keywax/core/errors';
import type { DiagnosticListener } from './diagnostic.js';
import type { TufStore } from './store.js';

/** Refuses. @throws CONFIG_INVALID */
export function openCache(_cacheDirectory: string, _mirrorUrl: string, _onDiagnostic: DiagnosticListener): TufStore {
  const expected = 'nothing, as this host has no folders';
  throw new KeywaxError('CONFIG_INVALID', `cacheDirectory: expected ${expected}`, {
    details: { at: 'cacheDirectory', expected },
  });
}
