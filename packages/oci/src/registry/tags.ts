// SPDX-License-Identifier: Apache-2.0
// The tags of a repository (distribution spec, "Listing Tags").

import { arrayOf, decodeOpenObject, decodeString } from '@keywax/core/decode';
import { KeywaxError } from '@keywax/core/errors';
import { readRegistry, registryInvalid } from './failure.js';
import { MAX_MANIFEST_BYTES } from './manifest.js';
import { fetchPages } from './pages.js';
import { isTag } from './reference.js';
import { type Session, describe } from './session.js';

const MAX_TAGS = 100_000;
const decodeTags = /* @__PURE__ */ decodeOpenObject<{ readonly tags: readonly string[] }>({
  tags: arrayOf(decodeString, MAX_TAGS),
});

/** Lists the tags of a repository, at most 100,000. @throws IMAGE_NOT_FOUND, REGISTRY_INVALID, INPUT_TOO_LARGE, NETWORK_… */
export async function listTags(session: Session): Promise<readonly string[]> {
  const url = session.url('/tags/list');
  const what = describe('GET', url);
  const tags = new Set<string>();
  const asked = { url, accept: 'application/json', expectStatus: [200], maxBytes: MAX_MANIFEST_BYTES };
  for await (const page of fetchPages(session, asked)) {
    for (const tag of readRegistry(what, () => decodeTags(page.json(), '$').tags)) {
      if (!isTag(tag)) throw registryInvalid(what, 'tags', tag);
      tags.add(tag);
      if (tags.size > MAX_TAGS)
        throw new KeywaxError('INPUT_TOO_LARGE', `${what}: more than ${MAX_TAGS} tags`, {
          details: { limit: MAX_TAGS },
        });
    }
  }
  return [...tags];
}
