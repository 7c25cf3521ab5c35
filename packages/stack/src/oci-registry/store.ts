// SPDX-License-Identifier: Apache-2.0
// What the registry holds, in memory: repositories with blobs, manifests, tags and unfinished uploads.

import { concatBytes } from '@keywax/core/bytes';
import type { ManifestFacts } from './manifest.js';

/** A manifest as it was pushed. */
export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly facts: ManifestFacts;
}

/** One repository. */
export interface StoredRepository {
  readonly blobs: Map<string, Uint8Array>;
  readonly manifests: Map<string, StoredManifest>;
  readonly tags: Map<string, string>;
  /** Pieces that arrived, by the name of the upload. */
  readonly uploads: Map<string, Uint8Array[]>;
}

/** All repositories by name. */
export type Store = Map<string, StoredRepository>;

/** Opens a repository, and makes it where it is new. */
export function openStored(store: Store, name: string): StoredRepository {
  const known = store.get(name);
  if (known !== undefined) return known;
  const fresh = { blobs: new Map(), manifests: new Map(), tags: new Map(), uploads: new Map() };
  store.set(name, fresh);
  return fresh;
}

/** The manifest that a tag or digest names. */
export function selectManifest(repository: StoredRepository | undefined, ref: string): StoredManifest | undefined {
  return repository?.manifests.get(repository.tags.get(ref) ?? ref);
}

/** The bytes of an upload in one piece. */
export function joinPieces(pieces: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...pieces);
}
