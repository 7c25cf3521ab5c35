// SPDX-License-Identifier: Apache-2.0
// Copies an image, or all images of an index, from one repository to another, byte for byte.

import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import type { Descriptor } from './descriptor.js';
import { registryInvalid } from './failure.js';
import { MAX_ENTRIES, type Manifest } from './manifest.js';
import type { FetchedManifest } from './manifests.js';
import { isForeignLayer } from './media-types.js';
import { fallbackTag } from './referrers.js';
import type { Repository } from './repository.js';

/** What is copied, and where to. */
export interface CopyRequest {
  readonly from: Repository;
  readonly to: Repository;
  /** A tag or digest of `from`; that of its reference unless given. */
  readonly source?: string;
  /** The tag in `to`; that of its reference unless given, and none where that has none. */
  readonly tag?: string;
  /** Whether what refers to the images goes with them, such as signatures in bundles. */
  readonly referrers?: boolean;
  /** Whether cosign's older tags go with them: `.sig`, `.att` and `.sbom`. */
  readonly signatureTags?: boolean;
  /** Blobs that are under way at a time; 4 unless given. */
  readonly concurrency?: number;
}

const MAX_DEPTH = 4; // an index of indexes is rare, and referrers of referrers are too
const MAX_CONCURRENCY = 32;
const CONCURRENCY = 4;
const SIGNATURE_TAGS: readonly string[] = ['sig', 'att', 'sbom'];

interface Copy {
  readonly from: Repository;
  readonly to: Repository;
  readonly request: CopyRequest;
  readonly concurrency: number;
  /** Digests of manifests that were copied, or are about to be. */
  readonly done: Set<string>;
}

/**
 * Copies an image with its layers; of an index, every image. The tag is written last, and layers are mounted where both
 * repositories are in one registry.
 * @returns the descriptor, the same in both repositories
 * @throws IMAGE_NOT_FOUND, CONFIG_INVALID, REGISTRY_INVALID, REGISTRY_UNAUTHORIZED, INPUT_TOO_LARGE, NETWORK_…
 */
export async function copyImage(request: CopyRequest): Promise<Descriptor> {
  const { from, to, concurrency = CONCURRENCY } = request;
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MAX_CONCURRENCY)
    throw new KeywaxError('CONFIG_INVALID', `copyImage: expected a concurrency from 1 to ${MAX_CONCURRENCY}`);
  const { digest } = await from.resolve(request.source);
  const fetched = await from.fetchManifest(digest);
  const copy: Copy = { from, to, request, concurrency, done: new Set() };
  await copyManifest(copy, fetched, 0);
  const tag = request.tag ?? to.reference.tag;
  if (tag !== undefined) await to.putManifest(fetched.bytes, fetched.descriptor.mediaType, tag);
  return fetched.descriptor;
}

/** What a manifest names comes before it, and what refers to it after it: registries refuse the other order. */
async function copyManifest(copy: Copy, fetched: FetchedManifest, depth: number): Promise<void> {
  const { descriptor, bytes, manifest } = fetched;
  enter(copy, descriptor.digest, depth);
  if (manifest.kind === 'index') {
    for (const { digest } of manifest.manifests) await copyOnce(copy, digest, depth + 1);
  } else await copyBlobs(copy, manifest);
  if (manifest.subject === undefined) await copy.to.putManifest(bytes, descriptor.mediaType);
  else await copy.to.putReferrer(bytes, descriptor.mediaType);
  if (copy.request.referrers === true) await copyReferrers(copy, descriptor.digest, depth);
  if (copy.request.signatureTags === true) await copySignatureTags(copy, descriptor.digest, depth);
}

function enter({ done }: Copy, digest: string, depth: number): void {
  done.add(digest);
  const limit = depth > MAX_DEPTH ? MAX_DEPTH : MAX_ENTRIES;
  if (depth <= MAX_DEPTH && done.size <= MAX_ENTRIES) return;
  const expected = depth > MAX_DEPTH ? `at most ${MAX_DEPTH} levels` : `at most ${MAX_ENTRIES} manifests`;
  throw new KeywaxError('INPUT_TOO_LARGE', `${digest}: expected ${expected}`, { details: { expected, limit } });
}

async function copyOnce(copy: Copy, digest: string, depth: number): Promise<void> {
  if (!copy.done.has(digest)) await copyManifest(copy, await copy.from.fetchManifest(digest), depth);
}

async function copyBlobs(copy: Copy, { config, layers }: Manifest): Promise<void> {
  const blobs = [config, ...layers].filter(({ mediaType }) => !isForeignLayer(mediaType));
  const distinct = new Map(blobs.map((blob) => [blob.digest, blob]));
  await forEachWithin(copy.concurrency, [...distinct.values()], (blob) => copyBlob(copy, blob));
}

async function copyBlob({ from, to }: Copy, { digest, size }: Descriptor): Promise<void> {
  const blob = { digest, size, chunks: from.streamBlob({ digest, size }) };
  if (from.reference.registry === to.reference.registry && from.reference.repository !== to.reference.repository)
    await to.mountOrUploadBlob(blob, from.reference.repository);
  else await to.uploadBlob(blob);
}

async function copyReferrers(copy: Copy, subject: string, depth: number): Promise<void> {
  for (const { digest } of await copy.from.listReferrers(subject)) {
    if (copy.done.has(digest)) continue;
    const fetched = await copy.from.fetchManifest(digest);
    // A list is a claim; a manifest that is about something else is none of ours (ATTACKS OC-017).
    if (fetched.manifest.subject?.digest !== subject)
      throw registryInvalid(`referrer ${digest}`, `the subject ${subject}`, fetched.manifest.subject?.digest ?? 'none');
    await copyManifest(copy, fetched, depth + 1);
  }
}

async function copySignatureTags(copy: Copy, digest: string, depth: number): Promise<void> {
  for (const suffix of SIGNATURE_TAGS) {
    const tag = `${fallbackTag(digest)}.${suffix}`;
    const fetched = await findTag(copy.from, tag);
    if (fetched === undefined) continue;
    if (!copy.done.has(fetched.descriptor.digest)) await copyManifest(copy, fetched, depth + 1);
    await copy.to.putManifest(fetched.bytes, fetched.descriptor.mediaType, tag);
  }
}

async function findTag(repository: Repository, tag: string): Promise<FetchedManifest | undefined> {
  try {
    return await repository.fetchManifest(tag);
  } catch (error) {
    if (isKeywaxError(error, 'IMAGE_NOT_FOUND')) return undefined;
    throw error;
  }
}

/** Runs `work` for every item, at most `limit` at a time; the first failure ends it, once those under way have ended. */
async function forEachWithin<T>(limit: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (const item of queue) {
      if (failed) return;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, lane));
  for (const settled of lanes) if (settled.status === 'rejected') throw settled.reason;
}
