// SPDX-License-Identifier: Apache-2.0
// From the root that the caller trusts to the newest one (TUF 1.0.34 §5.3): first the stored ones, then the mirror's.
// Each is verified by the one before it, so that a store can never be the reason to trust a key.

import { equalBytes } from '@keywax/core/bytes';
import { KeywaxError } from '@keywax/core/errors';
import { type TrustedFile, acceptFirstRoot, acceptNextRoot, expectCurrent } from './accept.js';
import { type Context, setAside } from './context.js';
import { MAX_CACHED_ROOTS, MAX_ROOT_ROTATIONS } from './limits.js';
import type { RootMetadata } from './metadata.js';
import { type Mirror, fetchRoot } from './mirror.js';
import type { TopLevelRole } from './role-keys.js';
import type { TufKey } from './tuf-key.js';

/** A verified root. */
export type TrustedRoot = TrustedFile<RootMetadata>;

/**
 * The newest root that the store leads to.
 * @throws TUF_METADATA_INVALID, TUF_SIGNATURE_INVALID for the caller's root, and where there is no mirror for a stored one
 */
export async function loadRoots(context: Context): Promise<TrustedRoot> {
  let root = await acceptFirstRoot(context.trustedRoot, context.crypto);
  for (let i = 0; i < MAX_CACHED_ROOTS; i++) {
    const version = root.metadata.version + 1;
    const bytes = await context.store.read('roots', String(version));
    if (bytes === undefined) return root;
    try {
      root = await acceptNextRoot(bytes, root.metadata, context.crypto);
    } catch (error) {
      setAside(context, `root ${version}`, error);
      return root;
    }
  }
  throw tooMany(MAX_CACHED_ROOTS);
}

/**
 * Steps from a trusted root to the newest of the mirror, and stores each on the way (§5.3.3–§5.3.9).
 * @throws TUF_METADATA_EXPIRED where the newest has expired, INPUT_TOO_LARGE for more steps than are made, and as
 * `acceptNextRoot` and `fetchRoot`
 */
export async function updateRoots(context: Context, mirror: Mirror, from: TrustedRoot): Promise<TrustedRoot> {
  const { store, crypto, report } = context;
  let root = from;
  for (let rotations = 0; ; rotations++) {
    const version = root.metadata.version + 1;
    const answer = await fetchRoot(mirror, version);
    if (answer.kind === 'forbidden') {
      report({ kind: 'rootForbidden', message: `403 for root ${version} was taken for its absence` });
    }
    if (answer.kind !== 'found') {
      await store.remove('roots', String(version)); // what the store had there did not verify
      break;
    }
    if (rotations === MAX_ROOT_ROTATIONS) throw tooMany(MAX_ROOT_ROTATIONS);
    const next = await acceptNextRoot(answer.bytes, root.metadata, crypto);
    // 5.3.11: after new keys, old versions say nothing any more. Before the root is stored, or a crash between the two
    // would leave them for good.
    if (isRotation(root.metadata, next.metadata)) {
      await store.remove('metadata', 'timestamp');
      await store.remove('metadata', 'snapshot');
    }
    await store.write('roots', String(version), next.bytes);
    await store.write('metadata', 'root', next.bytes);
    root = next;
  }
  const stored = await store.read('metadata', 'root');
  if (stored === undefined || !equalBytes(stored, root.bytes)) await store.write('metadata', 'root', root.bytes);
  expectCurrent('root', root.metadata, context.now); // 5.3.10: of the last one alone
  return root;
}

/** True where a root changes who signs for the timestamp or the snapshot. */
function isRotation(old: RootMetadata, next: RootMetadata): boolean {
  const roles = ['timestamp', 'snapshot'] as const;
  return roles.some((role) => describeKeys(old, role) !== describeKeys(next, role));
}

function describeKeys({ roles, keys }: RootMetadata, role: TopLevelRole): string {
  const materials = Array.from(roles[role].keyIds, (id) => describeKey(keys.get(id)));
  return [...new Set(materials)].sort().join();
}

function describeKey(key: TufKey | undefined): string {
  return key === undefined ? '' : `${key.scheme.scheme}:${key.key.spki.join('.')}`;
}

function tooMany(limit: number): KeywaxError {
  const expected = `at most ${limit} rotations`;
  return new KeywaxError('INPUT_TOO_LARGE', `TUF role "root": expected ${expected}`, { details: { expected, limit } });
}
