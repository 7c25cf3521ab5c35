// SPDX-License-Identifier: Apache-2.0
// The referrers API (distribution 1.1, "Listing Referrers"): an index of the manifests with a subject, filtered on request.

import type { Exchange } from './exchange.js';
import { answerFault, answerPage } from './answer.js';
import { isDigest } from './digest.js';
import type { StoredManifest } from './store.js';

/** `GET /v2/<name>/referrers/<digest>?artifactType=`: never 404, unless the API is switched off. */
export function answerReferrers({ store, name, reference, url, options }: Exchange): Response {
  if (!options.referrers) return answerFault('UNSUPPORTED', 'no referrers API', { status: 404 });
  if (!isDigest(reference)) return answerFault('DIGEST_INVALID', 'no digest');
  const artifactType = url.searchParams.get('artifactType');
  const all = [...(store.get(name)?.manifests.values() ?? [])].filter(({ facts }) => facts.subject === reference);
  const wanted = artifactType === null ? all : all.filter(({ facts }) => facts.artifactType === artifactType);
  const last = url.searchParams.get('last');
  const rest = wanted.slice(last === null ? 0 : wanted.findIndex(({ digest }) => digest === last) + 1);
  const page = rest.slice(0, options.pageSize);
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: page.map(describe),
  };
  const query = new URLSearchParams({
    ...(artifactType === null ? {} : { artifactType }),
    last: page.at(-1)?.digest ?? '',
  });
  return answerPage(index, rest.length > page.length ? `/v2/${name}/referrers/${reference}?${query}` : undefined, {
    'Content-Type': index.mediaType,
    ...(artifactType === null ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
  });
}

/** The descriptor of a manifest, with its annotations. */
function describe({ mediaType, digest, bytes, facts }: StoredManifest): object {
  return {
    mediaType,
    digest,
    size: bytes.length,
    ...(facts.artifactType === undefined ? {} : { artifactType: facts.artifactType }),
    ...(facts.annotations.size === 0 ? {} : { annotations: Object.fromEntries(facts.annotations) }),
  };
}
