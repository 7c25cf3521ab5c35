// SPDX-License-Identifier: Apache-2.0
// The subpath `@keywax/compat/tuf`, in place of `@sigstore/tuf` 5. The client is loaded when it is first used.

import type { TrustedRoot } from './trust/records.js';
import type { TUFOptions } from './tuf/repository.js';

export { TUFError } from './errors.js';
export type { CompatEvent, CompatListener } from './events.js';
export { DEFAULT_MIRROR_URL } from './tuf/mirror.js';
export type { TUFOptions } from './tuf/repository.js';

const MAX_TRUSTED_ROOT_BYTES = 5_000_000; // what a target may have

/** A repository. */
export interface TUF {
  /** The text of a target. @throws TUFError, TUF_FIND_TARGET_ERROR where no role lists it */
  getTarget(targetName: string): Promise<string>;
}

/** The trusted root of a repository, verified. @throws TUFError */
export async function getTrustedRoot(options: TUFOptions = {}): Promise<TrustedRoot> {
  const [{ fetchTrustedRoot }, { parseJson, toPlainJson }, { trustedRootFromJSON }] = await Promise.all([
    import('./tuf/trusted-root.js'),
    import('@keywax/core/json'),
    import('./trust/json.js'),
  ]);
  const { bytes } = await fetchTrustedRoot(options);
  return trustedRootFromJSON(toPlainJson(parseJson(bytes, { maxBytes: MAX_TRUSTED_ROOT_BYTES })));
}

/** Opens a repository and brings it up to date. @throws TUFError */
export async function initTUF(options: TUFOptions = {}): Promise<TUF> {
  const [{ openRepository }, { decodeUtf8 }] = await Promise.all([
    import('./tuf/repository.js'),
    import('@keywax/core/bytes'),
  ]);
  const repository = await openRepository(options);
  await repository.refresh();
  return {
    async getTarget(targetName) {
      return decodeUtf8(await repository.fetchTarget(targetName));
    },
  };
}
