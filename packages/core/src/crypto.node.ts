// SPDX-License-Identifier: Apache-2.0
// The crypto provider over `node:crypto`, for Node, Bun and Deno. What the host lacks (digests, Ed25519ph, RSA-PSS with
// a salt of any length up to the digest's) goes to signature.ts.

/// <reference types="node" />

import * as host from 'node:crypto';
import { loadCurves, selectLoadedCurves } from './curves.js';
import type { HashName } from './hash-name.js';
import type { PublicKey } from './key.js';
import { encodePem } from './pem.js';
import type { CryptoProvider, IncrementalHash, SignatureInput } from './provider.js';
import { createRecent } from './recent.js';
import { isPortableSignature, selectSignature } from './signature.js';

/** The provider over `node:crypto`; its digests and results are plain `Uint8Array`s. */
export const nodeCrypto: CryptoProvider = { name: 'node', hash, createHash, verify, verifySync };

/** What `#crypto` stands for on Node. */
export const hostCrypto: CryptoProvider = nodeCrypto;

// Small inputs, Merkle nodes above all, are hashed in one call whose result is a string: less than half the time of
// `createHash` (one object) or of a `Buffer` result.
const small = new Uint8Array(4_096);

function hash(name: HashName, ...pieces: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  if (length > small.length || typeof host.hash !== 'function') {
    const incremental = createHash(name);
    for (const piece of pieces) incremental.update(piece);
    return incremental.digest();
  }
  let offset = 0;
  for (const piece of pieces) {
    small.set(piece, offset);
    offset += piece.length;
  }
  return decodeLatin1(host.hash(name, small.subarray(0, length), 'binary'));
}

/** One byte for each character; the string comes from the host and has none above U+00FF. */
function decodeLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function createHash(name: HashName): IncrementalHash {
  const incremental = host.createHash(name);
  return {
    update(chunk) {
      incremental.update(chunk);
    },
    digest: () => Uint8Array.from(incremental.digest()),
  };
}

async function verify(input: SignatureInput): Promise<boolean> {
  const signature = selectSignature(input);
  if (signature === undefined) return false;
  const key = selectHostKey(input);
  if (key === undefined) {
    const curves = input.key.kind === 'rsa' ? undefined : await loadCurves();
    return isPortableSignature({ input, signature, provider: nodeCrypto }, curves);
  }
  return isSlow(input.key) ? verifySlow(input, key) : verifyInline(input, key);
}

/** Slow checks that have been asked for and not been made. */
let waiting = 0;

/** One slow check alone is made faster here than by way of the thread pool; several share its threads. */
async function verifySlow(input: SignatureInput, key: host.KeyObject): Promise<boolean> {
  waiting++;
  try {
    await Promise.resolve(); // until then, what was asked for at the same time has been counted
    return waiting === 1 ? verifyInline(input, key) : await verifyInPool(input, key);
  } finally {
    waiting--;
  }
}

function verifySync(input: SignatureInput): boolean {
  const signature = selectSignature(input);
  if (signature === undefined) return false;
  const key = selectHostKey(input);
  if (key !== undefined) return verifyInline(input, key);
  return isPortableSignature({ input, signature, provider: nodeCrypto }, selectLoadedCurves());
}

// The host imports a key once for each record. Records passed the gate of key.ts and hold a copy of their bytes.
const MAX_KEYS = 128; // more than a trust root has in use
const imported = /* @__PURE__ */ createRecent<PublicKey, host.KeyObject | undefined>(MAX_KEYS);

/** The host's key where the host can make the check, else `undefined`. */
function selectHostKey({ key, scheme, data }: SignatureInput): host.KeyObject | undefined {
  if (data.kind === 'digest' || scheme.scheme === 'rsa-pss' || scheme.scheme === 'ed25519ph') return undefined;
  return imported.recall(key, importKey);
}

function importKey(key: PublicKey): host.KeyObject | undefined {
  try {
    // On Node 24 a PEM string is imported in less than half the time of DER or JWK.
    return host.createPublicKey(encodePem('PUBLIC KEY', key.spki));
  } catch {
    return undefined; // a curve that this host was built without
  }
}

/** True where a check takes longer than a way through the thread pool: OpenSSL has assembly for P-256 alone. */
function isSlow(key: PublicKey): boolean {
  return key.kind === 'ec' && key.curve !== 'P-256';
}

function verifyInline({ scheme, signature, data }: SignatureInput, key: host.KeyObject): boolean {
  try {
    return host.verify(digestName(scheme), data.bytes, key, signature);
  } catch {
    return false; // ATTACKS SG-029: some hosts throw on a signature that does not verify
  }
}

function verifyInPool({ scheme, signature, data }: SignatureInput, key: host.KeyObject): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      host.verify(digestName(scheme), data.bytes, key, signature, (error, result) => resolve(error === null && result));
    } catch {
      resolve(false);
    }
  });
}

/** The digest is always explicit: without one the host takes a default. Ed25519 has none to give. */
function digestName({ scheme, hash: name }: SignatureInput['scheme']): HashName | null {
  return scheme === 'ed25519' ? null : name;
}
