// SPDX-License-Identifier: Apache-2.0
// The crypto provider over WebCrypto, for browsers and workers, with hashes in JavaScript, as awaiting a digest costs more
// than making it. What the host lacks (digests, Ed25519ph, RSA-PSS with a salt of any length up to the digest's, on some
// hosts P-521 and Ed25519, everything in insecure contexts) goes to signature.ts.

import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { loadCurves, selectLoadedCurves } from './curves.js';
import type { HashName } from './hash-name.js';
import type { PublicKey } from './key.js';
import type { CryptoProvider, IncrementalHash, SignatureInput } from './provider.js';
import { createRecent } from './recent.js';
import { isPortableSignature, selectSignature } from './signature.js';

/** The provider over WebCrypto. */
export const webCrypto: CryptoProvider = { name: 'web', hash, createHash, verify, verifySync };

/** What `#crypto` stands for outside Node. */
export const hostCrypto: CryptoProvider = webCrypto;

const HASHES = { sha256, sha384, sha512 } as const;

function hash(name: HashName, ...pieces: readonly Uint8Array[]): Uint8Array {
  const incremental = HASHES[name].create();
  for (const piece of pieces) incremental.update(piece);
  return incremental.digest();
}

function createHash(name: HashName): IncrementalHash {
  const incremental = HASHES[name].create();
  return {
    update(chunk) {
      incremental.update(chunk);
    },
    digest: () => incremental.digest(),
  };
}

async function verify(input: SignatureInput): Promise<boolean> {
  const signature = selectSignature(input);
  if (signature === undefined) return false;
  const algorithm = selectHostAlgorithm(input);
  const key = algorithm && (await importKey(input.key, algorithm));
  if (algorithm === undefined || key === undefined) {
    const curves = input.key.kind === 'rsa' ? undefined : await loadCurves();
    return isPortableSignature({ input, signature, provider: webCrypto }, curves);
  }
  try {
    return await crypto.subtle.verify(algorithm, key, toUnshared(signature), toUnshared(input.data.bytes));
  } catch {
    return false; // ATTACKS SG-029: some hosts throw on a signature that does not verify
  }
}

function verifySync(input: SignatureInput): boolean {
  const signature = selectSignature(input);
  if (signature === undefined) return false;
  return isPortableSignature({ input, signature, provider: webCrypto }, selectLoadedCurves());
}

/** Parameters of `importKey` and `verify` in one record. */
type HostAlgorithm = { readonly name: string; readonly hash?: string; readonly namedCurve?: string };
const HOST_HASHES: Readonly<Record<HashName, string>> = { sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' };

/** The host's algorithm where the host can make the check, else `undefined`. */
function selectHostAlgorithm({ key, scheme, data }: SignatureInput): HostAlgorithm | undefined {
  if (data.kind === 'digest') return undefined;
  switch (scheme.scheme) {
    case 'ecdsa':
      return key.kind === 'ec' ? { name: 'ECDSA', hash: HOST_HASHES[scheme.hash], namedCurve: key.curve } : undefined;
    case 'rsa-pkcs1':
      return { name: 'RSASSA-PKCS1-v1_5', hash: HOST_HASHES[scheme.hash] };
    case 'ed25519':
      return { name: 'Ed25519' };
    case 'rsa-pss':
    case 'ed25519ph':
      return undefined;
  }
}

// The host imports a key once for each record, an RSA key once for each hash. Records passed the gate of key.ts and
// hold a copy of their bytes.
const MAX_KEYS = 128; // more than a trust root has in use
const imported = /* @__PURE__ */ createRecent<PublicKey, Map<string, Promise<CryptoKey | undefined>>>(MAX_KEYS);

function importKey(key: PublicKey, algorithm: HostAlgorithm): Promise<CryptoKey | undefined> {
  const byHash = imported.recall(key, () => new Map<string, Promise<CryptoKey | undefined>>());
  const use = `${algorithm.name} ${algorithm.hash}`;
  const known = byHash.get(use) ?? importHostKey(key, algorithm);
  byHash.set(use, known);
  return known;
}

async function importHostKey(key: PublicKey, algorithm: HostAlgorithm): Promise<CryptoKey | undefined> {
  try {
    return await crypto.subtle.importKey('spki', toUnshared(key.spki), algorithm, false, ['verify']);
  } catch {
    return undefined; // an algorithm that this host lacks
  }
}

/** The bytes where their memory is not shared, else a copy: WebCrypto refuses views of shared memory. */
function toUnshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.from(bytes);
}
