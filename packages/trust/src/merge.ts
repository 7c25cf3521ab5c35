// SPDX-License-Identifier: Apache-2.0
// Several trusted roots as one: whoever one of them vouches for is vouched for.
// Refused: one key id with two keys, and more entries of a kind than one root may have.

import { KeywaxError } from '@keywax/core/errors';
import { encodeAuthority, encodeLog } from './trusted-root-encode.js';
import {
  MAX_ENTRIES,
  type TrustedRoot,
  type TrustedRootEntries,
  checkKeyIds,
  selectMediaType,
} from './trusted-root.js';

/**
 * Merges trusted roots into one that lists each entry once, in the order of its first appearance. Evidence from entries of
 * different roots counts together.
 * @throws CONFIG_INVALID for no root; TRUST_INVALID where roots have different keys for one key id; INPUT_TOO_LARGE for
 *   more than 64 entries of a kind
 */
export function mergeTrustedRoots(roots: readonly TrustedRoot[]): TrustedRoot {
  const [only, ...others] = roots;
  if (only === undefined) throw new KeywaxError('CONFIG_INVALID', 'expected at least one trusted root');
  if (others.length === 0) return only;
  const entries: TrustedRootEntries = {
    logs: uniteEntries('logs', roots, encodeLog),
    ctLogs: uniteEntries('ctLogs', roots, encodeLog),
    certificateAuthorities: uniteEntries('certificateAuthorities', roots, encodeAuthority),
    timestampAuthorities: uniteEntries('timestampAuthorities', roots, encodeAuthority),
  };
  checkKeyIds(entries.logs, 'logs');
  checkKeyIds(entries.ctLogs, 'ctLogs');
  return Object.freeze({ mediaType: selectMediaType(entries), ...entries });
}

/** Two entries are the same where they are written the same. */
function uniteEntries<K extends keyof TrustedRootEntries>(
  kind: K,
  roots: readonly TrustedRoot[],
  encode: (entry: TrustedRootEntries[K][number]) => object,
): readonly TrustedRootEntries[K][number][] {
  const united = new Map<string, TrustedRootEntries[K][number]>();
  for (const root of roots) {
    for (const entry of root[kind]) {
      const text = JSON.stringify(encode(entry));
      if (!united.has(text)) united.set(text, entry);
    }
  }
  if (united.size <= MAX_ENTRIES) return Object.freeze([...united.values()]);
  throw new KeywaxError('INPUT_TOO_LARGE', `${kind}: expected at most ${MAX_ENTRIES} entries in all`, {
    details: { at: kind, limit: MAX_ENTRIES },
  });
}
