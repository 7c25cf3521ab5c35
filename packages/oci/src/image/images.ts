// SPDX-License-Identifier: Apache-2.0
// The images below an index, each once, however indexes are nested.

import { KeywaxError } from '@keywax/core/errors';
import type { Descriptor } from '../registry/descriptor.js';
import { INDEX_TYPES } from '../registry/media-types.js';
import type { Repository } from '../registry/repository.js';

const MAX_IMAGES = 1_000; // ATTACKS 4.3, entries of an index
const MAX_DEPTH = 4; // an index of indexes is rare already

/** The image itself and, where it is an index, everything that it lists. @throws INPUT_TOO_LARGE, REGISTRY_INVALID, … */
export async function listImages(repository: Repository, root: Descriptor): Promise<readonly Descriptor[]> {
  const found = new Map<string, Descriptor>([[root.digest, root]]);
  let level: readonly Descriptor[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    const indexes = level.filter(({ mediaType }) => INDEX_TYPES.includes(mediaType));
    if (indexes.length > 0 && depth === MAX_DEPTH) throw tooLarge(`indexes nested ${MAX_DEPTH} deep`, MAX_DEPTH);
    const next: Descriptor[] = [];
    for (const { digest } of indexes) {
      const { manifest } = await repository.fetchManifest(digest);
      for (const child of manifest.kind === 'index' ? manifest.manifests : []) {
        if (found.has(child.digest)) continue;
        const { mediaType, digest: name, size } = child;
        found.set(name, { mediaType, digest: name, size });
        next.push(child);
        if (found.size > MAX_IMAGES) throw tooLarge(`${MAX_IMAGES} images`, MAX_IMAGES);
      }
    }
    level = next;
  }
  return [...found.values()];
}

function tooLarge(what: string, limit: number): KeywaxError {
  return new KeywaxError('INPUT_TOO_LARGE', `index: more than ${what}`, { details: { limit } });
}
