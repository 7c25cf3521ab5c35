// SPDX-License-Identifier: Apache-2.0
// Files of a repository over HTTP (PROTOCOL: metadata beside each other, targets in a folder; names with version or hash
// where the root says so). Every request is bounded by what is known of the file before.

import { KeywaxError, isKeywaxError, quoteText } from '@keywax/core/errors';
import { type Transport, joinServiceUrl, request } from '@keywax/http';
import { type FileMeta, type TargetFile, mismatch, selectHashPrefix } from './file-meta.js';
import { MAX_ROOT_BYTES, MAX_SNAPSHOT_BYTES, MAX_TARGETS_BYTES, MAX_TIMESTAMP_BYTES } from './limits.js';

/** Where a repository is, and how to reach it. */
export interface Mirror {
  /** Base URL of the metadata. */
  readonly metadataUrl: string;
  /** Base URL of the targets. */
  readonly targetsUrl: string;
  readonly transport: Transport;
  /** Bytes that a target may have. */
  readonly maxTargetBytes: number;
}

/** The answer to the question for a root: its bytes, or that there is none. */
export type RootAnswer =
  | { readonly kind: 'found'; readonly bytes: Uint8Array }
  | { readonly kind: 'absent' | 'forbidden' };

/** Fetches the root of a version. 404 and 403 both mean that there is none (RUL-14). @throws NETWORK_… , INPUT_TOO_LARGE */
export async function fetchRoot({ metadataUrl, transport }: Mirror, version: number): Promise<RootAnswer> {
  const url = joinServiceUrl(metadataUrl, `/${version}.root.json`, transport);
  const { status, body } = await request(url, {
    ...transport,
    expectStatus: [200, 403, 404],
    maxBytes: MAX_ROOT_BYTES,
  });
  if (status === 200) return { kind: 'found', bytes: body };
  return { kind: status === 403 ? 'forbidden' : 'absent' };
}

/** Fetches the timestamp. @throws NETWORK_… , INPUT_TOO_LARGE */
export async function fetchTimestamp({ metadataUrl, transport }: Mirror): Promise<Uint8Array> {
  const url = joinServiceUrl(metadataUrl, '/timestamp.json', transport);
  const { body } = await request(url, { ...transport, maxBytes: MAX_TIMESTAMP_BYTES });
  return body;
}

/** A file of metadata that other metadata describes. */
export interface DescribedRole {
  readonly role: string;
  readonly meta: FileMeta;
  readonly consistentSnapshot: boolean;
}

/** Fetches the snapshot, `targets` or a delegated role. @throws NETWORK_… , INPUT_TOO_LARGE, TUF_CONTENT_MISMATCH */
export function fetchMetadata({ metadataUrl, transport }: Mirror, described: DescribedRole): Promise<Uint8Array> {
  const { role, meta, consistentSnapshot } = described;
  const name = `${encodeSegment(role)}.json`;
  const path = consistentSnapshot ? `/${meta.version}.${name}` : `/${name}`;
  return fetchBounded(joinServiceUrl(metadataUrl, path as `/${string}`, transport), {
    what: `TUF role ${quoteText(role, 60)}`,
    length: meta.length,
    maxBytes: role === 'snapshot' ? MAX_SNAPSHOT_BYTES : MAX_TARGETS_BYTES,
    transport,
  });
}

/** A target that a role lists. */
export interface DescribedTarget {
  readonly path: string;
  readonly file: TargetFile;
  readonly consistentSnapshot: boolean;
}

/** Fetches a target. @throws NETWORK_… , INPUT_TOO_LARGE, TUF_CONTENT_MISMATCH, TUF_METADATA_INVALID, TUF_TARGET_MISSING */
export function fetchTargetFile(
  mirror: Mirror,
  { path, file, consistentSnapshot }: DescribedTarget,
): Promise<Uint8Array> {
  const what = `TUF target ${quoteText(path, 100)}`;
  const segments = encodePath(path, what);
  if (consistentSnapshot) segments.push(`${selectHashPrefix(file.hashes, what)}.${segments.pop()}`);
  const { targetsUrl, transport, maxTargetBytes: maxBytes } = mirror;
  const url = joinServiceUrl(targetsUrl, `/${segments.join('/')}`, transport);
  return fetchBounded(url, { what, length: file.length, maxBytes, transport });
}

interface BoundedRequest {
  readonly what: string;
  readonly length: number | undefined;
  readonly maxBytes: number;
  readonly transport: Transport;
}

async function fetchBounded(url: string, { what, length, maxBytes, transport }: BoundedRequest): Promise<Uint8Array> {
  if (length !== undefined && length > maxBytes) {
    const expected = `at most ${maxBytes} bytes`;
    throw new KeywaxError('INPUT_TOO_LARGE', `${what}: expected ${expected}, found a length of ${length}`, {
      details: { expected, limit: maxBytes },
    });
  }
  try {
    const { body } = await request(url, { ...transport, maxBytes: Math.max(length ?? maxBytes, 1) });
    return body;
  } catch (error) {
    // More than was promised is another file, not a large one.
    if (length !== undefined && isKeywaxError(error, 'INPUT_TOO_LARGE')) {
      throw mismatch(what, `${length} bytes`, 'more');
    }
    throw error;
  }
}

/** The segments of a target path, encoded. Those that a URL would resolve are never asked for. @throws TUF_TARGET_MISSING */
function encodePath(path: string, what: string): string[] {
  const segments = path.split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    const expected = 'a path of names, none of them empty or dots';
    throw new KeywaxError('TUF_TARGET_MISSING', `${what}: expected ${expected}`, { details: { expected } });
  }
  return segments.map(encodeSegment);
}

/** All but the unreserved characters of RFC 3986 §2.3, so that a name is one segment. */
function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
