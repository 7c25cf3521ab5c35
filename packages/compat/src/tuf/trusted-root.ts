// SPDX-License-Identifier: Apache-2.0
// The trusted root of a repository. Where only the cache was asked for, nothing was ever cached and the repository cannot
// be reached, the public instance has the one that is compiled in (RUL-26).

import { encodeUtf8 } from '@keywax/core/bytes';
import { isKeywaxError } from '@keywax/core/errors';
import { PRODUCTION_TRUSTED_ROOT } from '@keywax/tuf/production';
import { TUFError } from '../errors.js';
import { copyOptions } from '../copy-options.js';
import { type Repository, type TUFOptions, openRepository } from './repository.js';

const TARGET = 'trusted_root.json';
const COMPILED_MS = 300_000; // until the repository is asked again

/** A trusted root as published, and until when it may be used without asking again. */
export interface FoundRoot {
  readonly bytes: Uint8Array;
  readonly endsAt: Date;
}

/** Obtains the trusted root. @throws TUFError */
export async function fetchTrustedRoot(given: TUFOptions): Promise<FoundRoot> {
  const options = copyOptions(given);
  const repository = await openRepository(options);
  try {
    const { expiresAt } = await repository.refresh();
    return { bytes: await repository.fetchTarget(TARGET), endsAt: expiresAt };
  } catch (error) {
    if (options.forceCache !== true || !(await isOutOfReach(repository, error))) throw error;
    const message = 'the repository cannot be reached: the trusted root is the one that was compiled in';
    options.onEvent?.({ kind: 'trustCompiled', message });
    return { bytes: encodeUtf8(PRODUCTION_TRUSTED_ROOT), endsAt: new Date(Date.now() + COMPILED_MS) };
  }
}

async function isOutOfReach(repository: Repository, error: unknown): Promise<boolean> {
  const cause: unknown = error instanceof TUFError ? error.cause : undefined;
  const isUnreachable = isKeywaxError(cause, 'NETWORK_FAILED') || isKeywaxError(cause, 'NETWORK_TIMEOUT');
  return isUnreachable && repository.isCompiled && (await repository.isUnknown());
}
