// SPDX-License-Identifier: Apache-2.0
// Finds the signatures and attestations of an image: bundles that refer to it, and the older format behind tags or as
// referrers. What is found is a claim; annotations and descriptors choose nothing but what is fetched.

import { MAX_BUNDLE_BYTES, isBundleMediaType } from '@keywax/bundle';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import { type Annotations, type Descriptor, makeAnnotations } from '../registry/descriptor.js';
import { artifactTypeOf } from '../registry/manifest.js';
import type { FetchedManifest } from '../registry/manifests.js';
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

/** Artifact types of referrers that hold evidence beside bundles: cosign's trials with the older format. */
const ARTIFACT_TYPES: ReadonlySet<string> = new Set([
  'application/vnd.dev.cosign.artifact.sig.v1+json',
  'application/vnd.dev.cosign.artifact.att.v1+json',
  'application/vnd.in-toto+json',
]);

const LAYER_KINDS: ReadonlyMap<string, Evidence['kind']> = new Map([
  [LAYER_TYPES.signature, 'signature'],
  [LAYER_TYPES.attestation, 'attestation'],
]);

const MAX_LAYER_BYTES = 2 * MAX_BUNDLE_BYTES; // an envelope whose payload fills a bundle
const MAX_TOTAL_BYTES = 268_435_456; // of one image: a hundred bundles of ordinary size, or a few that are huge
const MAX_PIECES = 1_000; // as many as there may be referrers; a manifest may list as many again
const AT_ONCE = 8;

/** Faults of one piece, which say nothing about the others. */
const PIECE_FAULTS: ReadonlySet<string> = new Set(['REGISTRY_INVALID', 'IMAGE_NOT_FOUND', 'INPUT_TOO_LARGE']);

/** True for a referrer that may hold evidence. One without a type may, until its manifest says otherwise. */
export function mayHoldEvidence({ artifactType }: Pick<Descriptor, 'artifactType'>): boolean {
  return artifactType === undefined || isBundleMediaType(artifactType) || ARTIFACT_TYPES.has(artifactType);
}

function selectKind(mediaType: string): Evidence['kind'] | undefined {
  return isBundleMediaType(mediaType) ? 'bundle' : LAYER_KINDS.get(mediaType);
}

/**
 * Fetches the evidence of a digest, piece by piece.
 * @throws INPUT_TOO_LARGE above 1,000 referrers, 1,000 pieces or 256 MiB in all, REGISTRY_INVALID, REGISTRY_UNAUTHORIZED, NETWORK_…
 */
export async function* fetchEvidence(
  repository: Repository,
  digest: string,
  places: readonly EvidencePlace[],
): AsyncGenerator<FoundEvidence, void, undefined> {
  const budget: Budget = { bytes: MAX_TOTAL_BYTES, pieces: MAX_PIECES };
  const sources = [
    ...(places.includes('referrers') ? await listReferrers(repository, digest) : []),
    ...(places.includes('tags') ? listTags(digest) : []),
  ];
  // In small batches, so that whoever has seen enough stops the rest.
  for (const batch of inBatches(sources, () => 0)) {
    const pieces = (await Promise.all(batch.map((source) => fetchSource(repository, source, budget)))).flat();
    spend(budget, 'pieces', pieces.length);
    for (const some of inBatches(pieces, (piece) => ('error' in piece ? 0 : piece.layer.size))) {
      yield* await Promise.all(
        some.map(async (piece) => ('error' in piece ? piece : fetchPiece(repository, piece, budget))),
      );
    }
  }
}

/** What is left of the evidence that one image may have. */
interface Budget {
  bytes: number;
  pieces: number;
}

/** @throws INPUT_TOO_LARGE */
function spend(budget: Budget, what: keyof Budget, count: number): void {
  budget[what] -= count;
  if (budget[what] >= 0) return;
  const limit = what === 'bytes' ? MAX_TOTAL_BYTES : MAX_PIECES;
  throw new KeywaxError('INPUT_TOO_LARGE', `evidence of an image: more than ${limit} ${what}`, { details: { limit } });
}

/** Batches of at most 8 items, and of no more bytes than a single one may have. */
function* inBatches<T>(items: readonly T[], sizeOf: (item: T) => number): Generator<readonly T[], void, undefined> {
  let batch: T[] = [];
  let bytes = 0;
  for (const item of items) {
    bytes += sizeOf(item);
    if (batch.length === AT_ONCE || (batch.length > 0 && bytes > MAX_LAYER_BYTES)) {
      yield batch;
      batch = [];
      bytes = sizeOf(item);
    }
    batch.push(item);
  }
  if (batch.length > 0) yield batch;
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
  const tags = (['sig', 'att'] as const).map((suffix) => evidenceTag(digest, suffix));
  return tags.filter((tag) => tag !== undefined).map((name) => ({ place: 'tags', name }));
}

/** A layer that may be evidence, in the manifest that has it. */
interface Piece {
  readonly place: EvidencePlace;
  readonly manifest: string;
  readonly layer: Descriptor;
}

type Failure = Extract<FoundEvidence, { readonly error: KeywaxError }>;

async function fetchSource(
  repository: Repository,
  source: Source,
  budget: Budget,
): Promise<readonly (Piece | Failure)[]> {
  const found = await fetchHolder(repository, source);
  if (found === undefined) return [];
  if ('error' in found) return [found];
  const { descriptor, manifest } = found;
  spend(budget, 'bytes', descriptor.size);
  const { place } = source;
  const type = artifactTypeOf(manifest);
  if (manifest.kind !== 'manifest') return [];
  if (place === 'referrers' && (type === undefined || !mayHoldEvidence({ artifactType: type }))) return [];
  const layers = manifest.layers.filter(({ mediaType }) => selectKind(mediaType) !== undefined);
  return layers.map((layer) => ({ place, manifest: descriptor.digest, layer }));
}

/** The manifest that may hold evidence, where there is one. */
async function fetchHolder(
  repository: Repository,
  { place, name }: Source,
): Promise<FetchedManifest | Failure | undefined> {
  try {
    return await repository.fetchManifest(name);
  } catch (error) {
    if (place === 'tags' && isKeywaxError(error, 'IMAGE_NOT_FOUND')) return undefined;
    return { place, manifest: name, error: expectPieceFault(error) };
  }
}

async function fetchPiece(
  repository: Repository,
  { layer, place, manifest }: Piece,
  budget: Budget,
): Promise<FoundEvidence> {
  spend(budget, 'bytes', layer.size);
  try {
    const bytes = await repository.fetchBlob(layer, { maxBytes: MAX_LAYER_BYTES });
    const kind = selectKind(layer.mediaType) ?? 'bundle';
    return { evidence: { place, manifest, kind, bytes, annotations: layer.annotations ?? makeAnnotations([]) } };
  } catch (error) {
    return { place, manifest, error: expectPieceFault(error) };
  }
}

/** Whatever else fails ends the search: what could not be fetched might have been the one that counts. */
function expectPieceFault(error: unknown): KeywaxError {
  if (isKeywaxError(error) && PIECE_FAULTS.has(error.code)) return error;
  throw error;
}
