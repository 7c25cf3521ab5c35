// SPDX-License-Identifier: Apache-2.0
// A repository of a container registry (OCI distribution spec 1.1): what can be done with it, step by step in the files
// beside this one.

import { KeywaxError } from '@keywax/core/errors';
import { copyOptions } from '../options.js';
import { type AttachTarget, type Attachment, attachReferrer, putReferrer } from './attach.js';
import { MAX_BLOB_BYTES, fetchBlob, streamBlob } from './blobs.js';
import type { Descriptor } from './descriptor.js';
import { type FetchedManifest, fetchManifest, hasManifest, putManifest } from './manifests.js';
import type { Reference } from './reference.js';
import { type ReferrersFilter, listReferrers, probeReferrersApi } from './referrers.js';
import { type SessionOptions, openSession } from './session.js';
import { type TagUpdate, updateTag } from './tag-update.js';
import { listTags } from './tags.js';
import {
  type BlobStream,
  type UploadSettings,
  hasBlob,
  mountBlob,
  mountOrUpload,
  uploadBytes,
  uploadStream,
} from './uploads.js';

/** How a repository is reached, how blobs get there, and who is told of transfers. */
export interface RepositoryOptions extends SessionOptions, UploadSettings {}

/** A repository of a registry. Every function throws REGISTRY_UNAUTHORIZED, REGISTRY_INVALID, INPUT_TOO_LARGE and NETWORK_…. */
export interface Repository {
  readonly reference: Reference;
  /**
   * The descriptor of a tag or digest, of the reference unless given; a reference with both has to have the tag point
   * at the digest. @throws IMAGE_NOT_FOUND, CONFIG_INVALID
   */
  resolve(tagOrDigest?: string): Promise<Descriptor>;
  /** A manifest or index by tag or digest. @throws IMAGE_NOT_FOUND, CONFIG_INVALID */
  fetchManifest(tagOrDigest: string): Promise<FetchedManifest>;
  hasManifest(digest: string): Promise<boolean>;
  /** A blob in memory, of at most `maxBytes`, 128 MiB unless given. @throws IMAGE_NOT_FOUND, NETWORK_REDIRECT */
  fetchBlob(
    descriptor: Pick<Descriptor, 'digest' | 'size'>,
    options?: { readonly maxBytes?: number },
  ): Promise<Uint8Array>;
  /** A blob as it arrives; only a loop that ends without an error has read it. @throws as fetchBlob */
  streamBlob(descriptor: Pick<Descriptor, 'digest' | 'size'>): AsyncIterable<Uint8Array>;
  hasBlob(digest: string): Promise<boolean>;
  /** Uploads bytes, or a stream of known digest and size, unless the repository has them. */
  uploadBlob(content: Uint8Array | BlobStream, mediaType?: string): Promise<Descriptor>;
  /** Takes a blob from another repository of the registry; false where the registry does not do that. */
  mountBlob(digest: string, fromRepository: string): Promise<boolean>;
  /** The same, and uploads the blob where the registry does not do that. */
  mountOrUploadBlob(blob: BlobStream, fromRepository: string): Promise<void>;
  /** Writes a manifest under its digest or a tag; a subject's list of referrers is left to `putReferrer`. */
  putManifest(
    bytes: Uint8Array,
    mediaType: string,
    tag?: string,
  ): Promise<{ readonly descriptor: Descriptor; readonly subjectAccepted: boolean }>;
  /** What refers to a manifest, by the API or else the fallback tag: claims, until the referrer's manifest names the subject. */
  listReferrers(digest: string, filter?: ReferrersFilter): Promise<readonly Descriptor[]>;
  /** Attaches an artifact to a manifest; it is listed once this resolves. */
  attachReferrer(attachment: Attachment): Promise<Descriptor>;
  /** Writes a manifest that has a subject; it is listed once this resolves. */
  putReferrer(bytes: Uint8Array, mediaType: string): Promise<Descriptor>;
  /** Changes what a tag names, and keeps what others change meanwhile. @throws REGISTRY_INVALID where others keep undoing it */
  updateTag(update: TagUpdate): Promise<void>;
  listTags(): Promise<readonly string[]>;
}

const OCTETS = 'application/octet-stream';

/**
 * Opens the repository of a reference; nothing is sent yet.
 * @example
 * const repository = openRepository(parseReference('ghcr.io/owner/image:v1'), { credentials });
 * const { digest } = await repository.resolve();
 */
export function openRepository(reference: Reference, given: RepositoryOptions = {}): Repository {
  const options = copyOptions(given);
  const { onProgress } = options;
  const uploads = readUploadSettings(options);
  const { registry, repository: path } = reference;
  const session = openSession({ registry, repository: path }, options);
  const told = onProgress === undefined ? {} : { onProgress };
  const target: AttachTarget = { session, hasReferrersApi: once(() => probeReferrersApi(session)), onProgress };
  return Object.freeze<Repository>({
    reference,
    resolve: async (tagOrDigest) =>
      tagOrDigest === undefined
        ? resolveReference(reference, (text) => fetchManifest(session, text))
        : (await fetchManifest(session, tagOrDigest)).descriptor,
    fetchManifest: async (tagOrDigest) => {
      const { descriptor, bytes, manifest } = await fetchManifest(session, tagOrDigest);
      return { descriptor, bytes, manifest };
    },
    hasManifest: (digest) => hasManifest(session, digest),
    fetchBlob: (descriptor, limits) => fetchBlob(session, descriptor, { ...limits, ...told }),
    streamBlob: (descriptor) => streamBlob(session, descriptor, onProgress),
    hasBlob: (digest) => hasBlob(session, digest),
    uploadBlob: async (content, mediaType = OCTETS) => {
      const blob =
        content instanceof Uint8Array
          ? await uploadBytes(session, content, onProgress)
          : await uploadStream(session, content, uploads);
      return Object.freeze({ mediaType, ...blob });
    },
    mountBlob: (digest, fromRepository) => mountBlob(session, digest, fromRepository),
    mountOrUploadBlob: (blob, from) => mountOrUpload(session, { blob, from, settings: uploads }),
    putManifest: async (bytes, mediaType, tag) => {
      const put = await putManifest(session, { bytes, mediaType, ...(tag === undefined ? {} : { tag }) });
      return { descriptor: put.descriptor, subjectAccepted: put.subjectAccepted };
    },
    listReferrers: (digest, filter) => listReferrers(session, digest, filter),
    attachReferrer: (attachment) => attachReferrer(target, attachment),
    putReferrer: (bytes, mediaType) => putReferrer(target, bytes, mediaType),
    updateTag: (update) => updateTag(session, update),
    listTags: () => listTags(session),
  });
}

/** @throws CONFIG_INVALID */
function readUploadSettings({ chunkBytes, onProgress }: UploadSettings): UploadSettings {
  if (chunkBytes !== undefined && !(Number.isSafeInteger(chunkBytes) && chunkBytes > 0 && chunkBytes <= MAX_BLOB_BYTES))
    throw new KeywaxError('CONFIG_INVALID', `chunkBytes: expected a number from 1 to ${MAX_BLOB_BYTES}`);
  return { ...(chunkBytes === undefined ? {} : { chunkBytes }), ...(onProgress === undefined ? {} : { onProgress }) };
}

async function resolveReference(
  { tag, digest }: Reference,
  fetch: (tagOrDigest: string) => Promise<FetchedManifest>,
): Promise<Descriptor> {
  if (digest === undefined) return (await fetch(tag ?? 'latest')).descriptor;
  const { descriptor } = await fetch(digest);
  if (tag === undefined) return descriptor;
  // Someone who names both says that they agree (ATTACKS OC-024).
  const { descriptor: tagged } = await fetch(tag);
  if (tagged.digest === digest) return descriptor;
  throw new KeywaxError('CONFIG_INVALID', `image reference: tag ${tag} is ${tagged.digest}, not ${digest}`, {
    details: { expected: digest, actual: tagged.digest },
  });
}

/** Asks once, and again only after a failure. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask().catch((error: unknown) => {
      answer = undefined;
      throw error;
    });
    return answer;
  };
}
