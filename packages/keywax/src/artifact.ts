// SPDX-License-Identifier: Apache-2.0
// Artifacts as callers have them. Streams are digested here, at the edge, in constant memory, by the hash functions that
// the bundle needs; the engine sees bytes and digests alone.

import { type Bundle, decodeStatement } from '@keywax/bundle';
import { defaultSuite } from '@keywax/core/algorithms';
import { type CryptoProvider, defaultCrypto } from '@keywax/core/crypto';
import { KeywaxError, isKeywaxError } from '@keywax/core/errors';
import type { HashName } from '@keywax/core/hash';
import { parsePublicKey } from '@keywax/core/key';
import { parseCertificate } from '@keywax/core/x509';
import type { ArtifactInput } from '@keywax/verify';
import { checkSignal, configError, holdValue } from './options.js';

/** Bytes that arrive in pieces: a stream of the web or of Node, or a `Blob`. Each can be read once, `Blob`s again. */
export type ArtifactStream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | Blob;

/** The artifact: its bytes, a stream of them, digests as bytes or lower-case hex, or `unsafeNoArtifact`. */
export type Artifact = ArtifactInput | ArtifactStream;

/** How a stream is read. */
export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly crypto?: CryptoProvider | undefined;
}

const MAX_COPIED_BYTES = 1 << 20; // above, to digest is cheaper than to hold
const ALL_HASHES: readonly HashName[] = ['sha256', 'sha384', 'sha512'];

/** True for artifacts that have to be read before they can be verified. */
export function isStream(artifact: unknown): artifact is ArtifactStream {
  if (typeof artifact !== 'object' || artifact === null || artifact instanceof Uint8Array) return false;
  return 'getReader' in artifact || 'stream' in artifact || Symbol.asyncIterator in artifact;
}

/**
 * The artifact as it is now, however its bytes change later; large ones are digested as the bundle demands. A stream is
 * itself.
 */
export function holdArtifact(artifact: Artifact, bundle: Bundle, { crypto = defaultCrypto }: ReadOptions): Artifact {
  if (!(artifact instanceof Uint8Array)) return isStream(artifact) ? artifact : holdValue(artifact);
  if (artifact.length <= MAX_COPIED_BYTES) return holdValue(artifact);
  return Object.fromEntries(listHashes(bundle).map((name) => [name, crypto.hash(name, artifact)]));
}

/** The artifact as the engine takes it, digested as the bundle demands. @throws FILE_FAILED, CONFIG_INVALID, OPERATION_ABORTED */
export async function readArtifact(artifact: Artifact, bundle: Bundle, options: ReadOptions): Promise<ArtifactInput> {
  return isStream(artifact) ? digestArtifact(artifact, { ...options, algorithms: listHashes(bundle) }) : artifact;
}

/**
 * Digests bytes or a stream in constant memory; by SHA-256 unless `algorithms` says otherwise.
 * @throws FILE_FAILED where the stream fails, CONFIG_INVALID for chunks that are not bytes, OPERATION_ABORTED
 */
export async function digestArtifact(
  artifact: Uint8Array | ArtifactStream,
  options: ReadOptions & { readonly algorithms?: readonly HashName[] } = {},
): Promise<Readonly<Partial<Record<HashName, Uint8Array>>>> {
  const { algorithms = ['sha256'], crypto = defaultCrypto } = options;
  const hashes = algorithms.map((name) => ({ name, hash: crypto.createHash(name) }));
  for await (const chunk of readChunks(artifact, options)) for (const { hash } of hashes) hash.update(chunk);
  return Object.fromEntries(hashes.map(({ name, hash }) => [name, hash.digest()]));
}

/** Reads a stream to its end into memory. @throws as `digestArtifact` */
export async function collectArtifact(
  artifact: Uint8Array | ArtifactStream,
  options: ReadOptions,
): Promise<Uint8Array> {
  if (artifact instanceof Uint8Array) return artifact.slice();
  const chunks: Uint8Array[] = [];
  for await (const chunk of readChunks(artifact, options)) chunks.push(chunk.slice());
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

async function* readChunks(artifact: Uint8Array | ArtifactStream, { signal }: ReadOptions): AsyncGenerator<Uint8Array> {
  checkSignal(signal);
  try {
    for await (const chunk of iterate(artifact)) {
      checkSignal(signal);
      if (!(chunk instanceof Uint8Array)) throw configError('artifact', 'a stream of bytes', typeof chunk);
      yield chunk;
    }
  } catch (cause) {
    if (isKeywaxError(cause)) throw cause;
    throw new KeywaxError('FILE_FAILED', 'the artifact could not be read', { cause });
  }
}

function iterate(artifact: Uint8Array | ArtifactStream): AsyncIterable<unknown> | Iterable<unknown> {
  if (artifact instanceof Uint8Array) return [artifact];
  if ('getReader' in artifact) return iterateWebStream(artifact);
  if (Symbol.asyncIterator in artifact) return artifact;
  return iterateWebStream(artifact.stream());
}

/** Streams of the web: not every host lets them be iterated. */
async function* iterateWebStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    // At the end of the stream this does nothing; before it, the source learns that nobody listens.
    reader.cancel().catch(() => {});
  }
}

/**
 * The hash functions of which the engine may ask a digest: the one the bundle names and the one the key signs with, or
 * those of the subjects of a statement. What cannot be read here is refused by the engine, whatever the digest.
 */
function listHashes(bundle: Bundle): readonly HashName[] {
  const { content } = bundle;
  const named =
    content.kind === 'message'
      ? [content.digest.algorithm, ...listKeyHashes(bundle)]
      : listSubjectHashes(content.payload);
  const hashes = ALL_HASHES.filter((name) => named.includes(name));
  return hashes.length === 0 ? ['sha256'] : hashes;
}

function listKeyHashes({ material }: Bundle): readonly HashName[] {
  if (material.kind === 'publicKey') return ALL_HASHES; // the key is known to the policy alone
  const [leaf] = material.certificates;
  if (leaf === undefined) return [];
  return orNone(() => [
    defaultSuite(parsePublicKey(parseCertificate(leaf, 'certificate').spki, 'certificate'), { prehash: true }).hash,
  ]);
}

function listSubjectHashes(payload: Uint8Array): readonly HashName[] {
  return orNone(() =>
    decodeStatement(payload).subjects.flatMap(({ digests }) => ALL_HASHES.filter((name) => digests.has(name))),
  );
}

function orNone(list: () => readonly HashName[]): readonly HashName[] {
  try {
    return list();
  } catch (error) {
    if (!isKeywaxError(error)) throw error;
    return [];
  }
}
