// SPDX-License-Identifier: Apache-2.0
// The root that an instance is trusted by where none is compiled in: given once, remembered beside the cache, and read
// from there each time. Whoever can write that folder decides whom the instance trusts; it is the user's own.

import { encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import { defaultCrypto } from '@keywax/core/crypto';
import { KeywaxError, quoteText } from '@keywax/core/errors';
import { hash } from '@keywax/core/hash';
import { type Transport, joinServiceUrl } from '@keywax/http';
import { openCache } from '#cache';
import { acceptFirstRoot } from './accept.js';
import { type InstanceChoice, describeInstance } from './instances.js';
import { MAX_ROOT_BYTES, MAX_TARGET_BYTES } from './limits.js';
import { fetchRoot } from './mirror.js';
import type { TufStore } from './store.js';

/** A root as a person checks it before it is trusted. */
export interface RootSummary {
  readonly version: number;
  readonly expiresAt: Date;
  /** SHA-256 of the file, in hex. */
  readonly sha256: string;
  /** How many of the keys have to sign the next root. */
  readonly threshold: number;
  readonly keys: readonly RootKey[];
}

/** A key of a root. */
export interface RootKey {
  /** As the root names it. */
  readonly id: string;
  /** SHA-256 of the key as DER SubjectPublicKeyInfo, in hex; absent for a scheme that is not known here. */
  readonly fingerprint?: string;
  /** Such as `ecdsa P-256`. */
  readonly algorithm: string;
}

/** Which root is to be remembered for which instance. */
export interface InitOptions {
  readonly instance: InstanceChoice;
  /** The root as a file. */
  readonly root: Uint8Array | string;
  readonly cacheDirectory: string;
}

const NAME = 'initial-root'; // in the area `state`, where no name of a role can be
const STATE = 'generation';

/**
 * Reads a root that signs itself.
 * @throws TUF_METADATA_INVALID, TUF_SIGNATURE_INVALID, INPUT_TOO_LARGE
 */
export async function describeRoot(root: Uint8Array | string): Promise<RootSummary> {
  const { metadata, bytes } = await acceptFirstRoot(readRoot(root), defaultCrypto);
  const { keyIds, threshold } = metadata.roles.root;
  const keys = Array.from(keyIds, (id): RootKey => {
    const key = metadata.keys.get(id)?.key;
    if (key === undefined) return Object.freeze({ id, algorithm: 'unknown' });
    const algorithm = key.kind === 'ec' ? `ecdsa ${key.curve}` : key.kind === 'rsa' ? `rsa ${key.bits}` : key.kind;
    return Object.freeze({ id, fingerprint: encodeHex(hash('sha256', key.spki)), algorithm });
  });
  return Object.freeze({
    version: metadata.version,
    expiresAt: metadata.expiresAt,
    sha256: encodeHex(hash('sha256', bytes)),
    threshold,
    keys: Object.freeze(keys),
  });
}

/**
 * Remembers the root of an instance, in place of one that was remembered before. What the cache holds is used only as
 * far as the new root leads to it.
 * @throws as `describeRoot`, CONFIG_INVALID for an instance whose root is compiled in, FILE_FAILED
 */
export async function initInstance({ instance, root, cacheDirectory }: InitOptions): Promise<RootSummary> {
  const { name, mirrorUrl, isCompiledIn } = describeInstance(instance);
  if (isCompiledIn) throw new KeywaxError('CONFIG_INVALID', `instance ${name}: its root is compiled in`);
  const bytes = readRoot(root);
  const summary = await describeRoot(bytes);
  let failure: KeywaxError | undefined;
  const store = openCache(cacheDirectory, mirrorUrl, ({ error }) => {
    failure ??= error;
  });
  await store.withLock(async () => {
    const before = await store.read('state', NAME);
    if (before !== undefined && encodeHex(hash('sha256', before)) !== summary.sha256)
      await store.remove('state', STATE);
    await store.write('state', NAME, bytes);
  });
  if (failure !== undefined) throw failure; // a root that is not remembered was not given
  return summary;
}

/**
 * Fetches version 1 of a mirror's root, which nothing vouches for but the connection: who trusts it on first use should
 * compare its fingerprints with what is published elsewhere.
 * @throws TUF_TARGET_MISSING where there is none, NETWORK_…, INPUT_TOO_LARGE
 */
export async function unsafeFetchFirstRoot(mirrorUrl: string, transport: Transport = {}): Promise<Uint8Array> {
  const targetsUrl = joinServiceUrl(mirrorUrl, '/targets', transport);
  const answer = await fetchRoot(
    { metadataUrl: mirrorUrl, targetsUrl, transport, maxTargetBytes: MAX_TARGET_BYTES },
    1,
  );
  if (answer.kind === 'found') return answer.bytes;
  throw new KeywaxError('TUF_TARGET_MISSING', `${quoteText(mirrorUrl, 200)} has no 1.root.json`);
}

/** The remembered root; `undefined` where none was given. @throws FILE_FAILED */
export function readInitialRoot(store: TufStore): Promise<Uint8Array | undefined> {
  return store.read('state', NAME);
}

/** A root as bytes. @throws CONFIG_INVALID, INPUT_TOO_LARGE */
export function readRoot(root: Uint8Array | string): Uint8Array {
  if (typeof root !== 'string' && !(root instanceof Uint8Array)) {
    throw new KeywaxError('CONFIG_INVALID', 'instance.root: expected the bytes or the text of a TUF root');
  }
  const bytes = typeof root === 'string' ? encodeUtf8(root) : root.slice();
  if (bytes.length <= MAX_ROOT_BYTES) return bytes;
  const expected = `at most ${MAX_ROOT_BYTES} bytes`;
  throw new KeywaxError('INPUT_TOO_LARGE', `TUF root: expected ${expected}`, {
    details: { expected, limit: MAX_ROOT_BYTES },
  });
}
