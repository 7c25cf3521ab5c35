// SPDX-License-Identifier: Apache-2.0
// Finds the signatures and attestations of an image: bundles that refer to it, and the older format behind tags or as
// referrers. What is found is a claim; annotations and descriptors choose nothing but what is fetched.

import { BUNDLE_MEDIA_TYPE, MAX_BUNDLE_BYTES } from '@keywax/bundle';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { type Annotations, type Descriptor, makeAnnotations } from '../registry/descriptor.js';
import { artifactTypeOf } from '../registry/manifest.js';
import type { Repository } from '../registry/repository.js';
import { LAYER_TYPES } from './layer.js';
import { evidenceTag } from './subject.js';

/** Where evidence is looked for: bundles and layers that refer to the image, or the tags `.sig` and `.att`. */
export type EvidencePlace = 'referrers' | 'tags';

/** One piece of evidence: a bundle, or a layer of the older format. */
export interface Evidence {
  readonly place: EvidencePlace;
  /** Digest of the manifest that holds it. */
  readonly manifest: string;
  readonly kind: 'bundle' | 'signature' | 'attestation';
  readonly bytes: Uint8Array;
  readonly annotations: Annotations;
}

/** A piece of evidence, or why there is something that cannot be read as one. */
export type FoundEvidence =
  | { readonly evidence: Evidence }
  | { readonly place: EvidencePlace; readonly manifest: string; readonly error: KeywaxError };

/** Artifact types of referrers that hold evidence: bundles, and cosign's trials with the older format. */
const ARTIFACT_TYPES: ReadonlySet<string> = new Set([
  BUNDLE_MEDIA_TYPE,
  'application/vnd.dev.cosign.artifact.sig.v1+json',
  'application/vnd.dev.cosign.artifact.att.v1+json',
  'application/vnd.in-toto+json',
]);

const LAYER_KINDS: ReadonlyMap<string, Evidence['kind']> = new Map([
  [BUNDLE_MEDIA_TYPE, 'bundle'],
  [LAYER_TYPES.signature, 'signature'],
  [LAYER_TYPES.attestation, 'attestation'],
]);

const MAX_LAYER_BYTES = 2 * MAX_BUNDLE_BYTES; // an envelope whose payload fills a bundle
const MAX_TOTAL_BYTES = 268_435_456; // of one image: a hundred bundles of ordinary size, or a few that are huge
const AT_ONCE = 8;

/** Faults of one piece, which say nothing about the others. */
const PIECE_FAULTS: ReadonlySet<string> = new Set(['REGISTRY_INVALID', 'IMAGE_NOT_FOUND', 'INPUT_TOO_LARGE']);

/** True for a referrer that may hold evidence. One without a type may, until its manifest says otherwise. */
export function mayHoldEvidence({ artifactType }: Pick<Descriptor, 'artifactType'>): boolean {
  return artifactType === undefined || ARTIFACT_TYPES.has(artifactType);
}

/**
 * Fetches the evidence of a digest, piece by piece.
 * @throws INPUT_TOO_LARGE above 1,000 referrers or 256 MiB in all, REGISTRY_INVALID, REGISTRY_UNAUTHORIZED, NETWORK_…
 */
export async function* fetchEvidence(
  repository: Repository,
  digest: string,
  places: readonly EvidencePlace[],
): AsyncGenerator<FoundEvidence, void, undefined> {
  const budget = { left: MAX_TOTAL_BYTES };
  const sources = [
    ...(places.includes('referrers') ? await listReferrers(repository, digest) : []),
    ...(places.includes('tags') ? listTags(digest) : []),
  ];
  for (let start = 0; start < sources.length; start += AT_ONCE) {
    const batch = sources.slice(start, start + AT_ONCE).map((source) => fetchSource(repository, source, budget));
    for (const found of await Promise.all(batch)) yield* found;
  }
}

interface Source {
  readonly place: EvidencePlace;
  /** A digest, or a tag, which need not exist. */
  readonly name: string;
}

async function listReferrers(repository: Repository, digest: string): Promise<readonly Source[]> {
  const referrers = await repository.listReferrers(digest);
  return referrers.filter(mayHoldEvidence).map(({ digest: name }) => ({ place: 'referrers', name }));
}

function listTags(digest: string): readonly Source[] {
  return (['sig', 'att'] as const).map((suffix) => ({ place: 'tags', name: evidenceTag(digest, suffix) }));
}

async function fetchSource(
  repository: Repository,
  { place, name }: Source,
  budget: { left: number },
): Promise<readonly FoundEvidence[]> {
  try {
    const { descriptor, manifest } = await repository.fetchManifest(name);
    const type = artifactTypeOf(manifest);
    if (manifest.kind !== 'manifest') return [];
    if (place === 'referrers' && (type === undefined || !ARTIFACT_TYPES.has(type))) return [];
    const layers = manifest.layers.filter(({ mediaType }) => LAYER_KINDS.has(mediaType));
    const found: FoundEvidence[] = [];
    for (const layer of layers) found.push(await fetchLayer(repository, { layer, place, descriptor }, budget));
    return found;
  } catch (error) {
    if (place === 'tags' && isKeywaxError(error, 'IMAGE_NOT_FOUND')) return [];
    return [{ place, manifest: name, error: expectPieceFault(error) }];
  }
}

async function fetchLayer(
  repository: Repository,
  {
    layer,
    place,
    descriptor,
  }: { readonly layer: Descriptor; readonly place: EvidencePlace; readonly descriptor: Descriptor },
  budget: { left: number },
): Promise<FoundEvidence> {
  budget.left -= layer.size;
  if (budget.left < 0)
    throw new KeywaxError('INPUT_TOO_LARGE', `evidence of an image: more than ${MAX_TOTAL_BYTES} bytes`, {
      details: { limit: MAX_TOTAL_BYTES, at: 'image' },
    });
  try {
    const bytes = await repository.fetchBlob(layer, { maxBytes: MAX_LAYER_BYTES });
    const kind = LAYER_KINDS.get(layer.mediaType) ?? 'bundle';
    const annotations = layer.annotations ?? makeAnnotations([]);
    return { evidence: { place, manifest: descriptor.digest, kind, bytes, annotations } };
  } catch (error) {
    return { place, manifest: descriptor.digest, error: expectPieceFault(error) };
  }
}

/** Whatever else fails ends the search: what could not be fetched might have been the one that counts. */
function expectPieceFault(error: unknown): KeywaxError {
  if (isKeywaxError(error) && PIECE_FAULTS.has(error.code) && error.details.at !== 'image') return error;
  throw error;
}
