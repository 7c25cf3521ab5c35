// SPDX-License-Identifier: Apache-2.0
// What hangs on an image, as a tree: the images of an index, referrers and the tags of the older format. Nothing of it is
// verified: these are claims of the registry, for people who look around.

import { isBundleMediaType } from '@keywax/bundle';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import type { Descriptor, Platform } from '../registry/descriptor.js';
import type { Index, Manifest } from '../registry/manifest.js';
import { type Reference, formatReference } from '../registry/reference.js';
import { type Repository, type RepositoryOptions, openRepository } from '../registry/repository.js';
import { LAYER_TYPES } from './layer.js';
import { readReference } from './options.js';
import { type TagSuffix, evidenceTag } from './subject.js';

/** What a node of the tree is. */
export type TreeNodeKind = 'image' | 'index' | 'bundle' | 'signature' | 'attestation' | 'document' | 'artifact';

/** A node of the tree. Nothing in it is verified. */
export interface ImageTreeNode {
  readonly kind: TreeNodeKind;
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  /** Artifact type or media type. */
  readonly type: string;
  /** What the registry's description says that the statement is. */
  readonly predicateType?: string;
  /** The tag that names it. */
  readonly tag?: string;
  readonly platform?: Platform;
  readonly children: readonly ImageTreeNode[];
}

/** The tree of an image. */
export interface ImageTree extends ImageTreeNode {
  /** By digest. */
  readonly reference: string;
}

const MAX_NODES = 2_000; // twice an index's entries: every one with something on it
const MAX_DEPTH = 6; // index, image, bundle, and what may hang on that
const SUFFIXES: readonly TagSuffix[] = ['sig', 'att', 'sbom'];

interface Walk {
  readonly repository: Repository;
  readonly seen: Set<string>;
  nodes: number;
}

/**
 * Fetches what hangs on an image.
 * @throws CONFIG_INVALID, IMAGE_NOT_FOUND, INPUT_TOO_LARGE above 2,000 nodes, REGISTRY_…, NETWORK_…
 */
export async function fetchImageTree(given: string | Reference, options: RepositoryOptions = {}): Promise<ImageTree> {
  const reference = readReference(given);
  const repository = openRepository(reference, options);
  const descriptor = await repository.resolve();
  const node = await walk(descriptor, 0, { repository, seen: new Set(), nodes: 0 });
  const { digest } = descriptor;
  return {
    reference: formatReference({ registry: reference.registry, repository: reference.repository, digest }),
    ...node,
  };
}

async function walk(descriptor: Descriptor, depth: number, state: Walk): Promise<ImageTreeNode> {
  const { digest, size, platform } = descriptor;
  count(state);
  const manifest = await fetchListed(descriptor, depth, state);
  const common = { digest, size, ...(platform === undefined ? {} : { platform }) };
  if (manifest === undefined) return { kind: 'image', ...common, type: descriptor.mediaType, children: [] };
  const isIndex = manifest.kind === 'index' && manifest.subject === undefined;
  const children: ImageTreeNode[] = [];
  // An index that lists itself, or what it was reached from, ends here (ATTACKS OC-023).
  if (depth < MAX_DEPTH && !state.seen.has(digest)) {
    state.seen.add(digest);
    for (const child of manifest.kind === 'index' ? manifest.manifests : [])
      children.push(await walk(child, depth + 1, state));
    children.push(...(await listAttached(digest, state)));
  }
  return { kind: isIndex ? 'index' : 'image', ...common, type: manifest.mediaType, children };
}

/** A copy of an index need not have all that the index lists. */
async function fetchListed(
  { digest }: Descriptor,
  depth: number,
  { repository }: Walk,
): Promise<Manifest | Index | undefined> {
  try {
    return (await repository.fetchManifest(digest)).manifest;
  } catch (error) {
    if (depth > 0 && isKeywaxError(error, 'IMAGE_NOT_FOUND')) return undefined;
    throw error;
  }
}

async function listAttached(digest: string, state: Walk): Promise<readonly ImageTreeNode[]> {
  const { repository } = state;
  const nodes: ImageTreeNode[] = [];
  for (const referrer of await repository.listReferrers(digest)) nodes.push(describeReferrer(referrer, state));
  for (const tag of SUFFIXES.map((suffix) => evidenceTag(digest, suffix)))
    if (tag !== undefined) nodes.push(...(await listTagged(repository, tag, state)));
  return nodes;
}

function describeReferrer(
  { digest, size, mediaType, artifactType, annotations }: Descriptor,
  state: Walk,
): ImageTreeNode {
  count(state);
  const predicateType = annotations?.['dev.sigstore.bundle.predicateType'];
  return {
    kind: artifactType !== undefined && isBundleMediaType(artifactType) ? 'bundle' : 'artifact',
    digest,
    size,
    type: artifactType ?? mediaType,
    ...(predicateType === undefined ? {} : { predicateType }),
    children: [],
  };
}

const KINDS: ReadonlyMap<string, TreeNodeKind> = new Map([
  [LAYER_TYPES.signature, 'signature'],
  [LAYER_TYPES.attestation, 'attestation'],
]);

/** One node for each layer. */
async function listTagged(repository: Repository, tag: string, state: Walk): Promise<readonly ImageTreeNode[]> {
  try {
    const { manifest } = await repository.fetchManifest(tag);
    const layers = manifest.kind === 'manifest' ? manifest.layers : [];
    return layers.map(({ mediaType, digest, size, annotations }) => {
      count(state);
      const predicateType = annotations?.['predicateType'];
      return {
        kind: KINDS.get(mediaType) ?? 'document',
        digest,
        size,
        type: mediaType,
        tag,
        ...(predicateType === undefined ? {} : { predicateType }),
        children: [],
      };
    });
  } catch (error) {
    if (isKeywaxError(error, 'IMAGE_NOT_FOUND')) return [];
    throw error;
  }
}

function count(state: Walk): void {
  state.nodes++;
  if (state.nodes > MAX_NODES)
    throw new KeywaxError('INPUT_TOO_LARGE', `image: more than ${MAX_NODES} nodes`, { details: { limit: MAX_NODES } });
}
