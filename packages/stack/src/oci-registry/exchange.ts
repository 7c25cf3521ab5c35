// SPDX-License-Identifier: Apache-2.0

import type { Store } from './store.js';

/** What the registry can do. */
export interface RegistryAbilities {
  readonly referrers: boolean;
  /** Tags and referrers of one page. */
  readonly pageSize: number;
}

/** One request, with the parts of its path. */
export interface Exchange {
  readonly request: Request;
  readonly url: URL;
  readonly store: Store;
  readonly options: RegistryAbilities;
  /** The repository. */
  readonly name: string;
  /** A tag, a digest or an upload; empty where the path has none. */
  readonly reference: string;
}
