// SPDX-License-Identifier: Apache-2.0
// Key pairs and signing, by WebCrypto, which every host has; Ed25519 by the curves in JavaScript, because no host signs
// Ed25519ph. Private keys never leave the closure of their pair.
// Refused for import: keys of other kinds than EC (P-256, P-384, P-521), RSA and Ed25519, encrypted keys, PKCS#1 and SEC 1.

import type { AlgorithmSuite, SignatureScheme } from './algorithms.js';
import { loadCurves } from './curves.js';
import { TAG, contentBytes, openElement, parseDer, readOctetString, readSmallInteger } from './der.js';
import { encodeEcdsaSignature } from './ecdsa-signature.js';
import { KeywaxError } from './errors.js';
import { HASH_PROTO_NAMES } from './hash-name.js';
import { type PublicKey, parsePublicKey } from './key.js';
import { OID, readOid } from './oid.js';
import { parseSinglePem } from './pem.js';

const SEED_BYTES = 32; // RFC 8032 §5.1.5

/** A key pair that signs. */
export interface KeyPair {
  readonly publicKey: PublicKey;
  /**
   * Signs a message; ECDSA signatures are DER.
   * @throws CONFIG_INVALID for a scheme that the key does not have
   */
  sign(message: Uint8Array, scheme: SignatureScheme): Promise<Uint8Array>;
}

/** An algorithm with its parameters, as WebCrypto takes it. */
interface HostAlgorithm {
  readonly name: string;
  readonly [parameter: string]: unknown;
}

const CURVE_BY_OID: ReadonlyMap<string, string> = new Map([
  [OID.prime256v1, 'P-256'],
  [OID.secp384r1, 'P-384'],
  [OID.secp521r1, 'P-521'],
]);

/**
 * Generates a key pair of the kind that a suite takes. The private key cannot be exported.
 * @throws INPUT_UNSUPPORTED for a suite that only verifies
 */
export async function generateKeyPair(suite: AlgorithmSuite): Promise<KeyPair> {
  if (!suite.signable) throw unsupported(`a suite for new signatures, not ${suite.keyDetails}`);
  if (suite.key.kind === 'ed25519') return ed25519Pair(crypto.getRandomValues(new Uint8Array(32)));
  const algorithm =
    suite.key.kind === 'ec'
      ? { name: 'ECDSA', namedCurve: suite.key.curve }
      : rsaAlgorithm(suite, suite.key.bits ?? 3_072);
  // Asymmetric algorithms give a pair; the types of some hosts do not say so.
  const pair = (await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])) as {
    readonly publicKey: CryptoKey;
    readonly privateKey: CryptoKey;
  };
  const publicKey = parsePublicKey(new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey)), 'key pair');
  return hostPair(publicKey, async () => pair.privateKey);
}

/**
 * Imports a private key from one PEM block `PRIVATE KEY` (PKCS#8, RFC 5958).
 * @throws INPUT_MALFORMED, INPUT_UNSUPPORTED, KEY_REJECTED; never with the key in the message
 */
export async function importKeyPair(pem: string): Promise<KeyPair> {
  const pkcs8 = parseSinglePem(pem, 'PRIVATE KEY', 'private key');
  const { oid, parameters, privateKey } = readPrivateKeyInfo(pkcs8);
  if (oid === OID.ed25519) return ed25519Pair(readSeed(privateKey));
  const curve = parameters === undefined ? undefined : CURVE_BY_OID.get(parameters);
  if (oid === OID.ecPublicKey && curve !== undefined) {
    const load = (extractable: boolean): Promise<CryptoKey> =>
      importPkcs8(pkcs8, { name: 'ECDSA', namedCurve: curve }, extractable);
    return hostPair(await derivePublicKey(await load(true), { name: 'ECDSA', namedCurve: curve }), () => load(false));
  }
  if (oid !== OID.rsaEncryption) throw unsupported('a private key for ECDSA over a NIST curve, RSA or Ed25519');
  const pkcs1 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const publicKey = await derivePublicKey(await importPkcs8(pkcs8, pkcs1, true), pkcs1);
  return hostPair(publicKey, (scheme) => importPkcs8(pkcs8, { name: rsaName(scheme), hash: webHash(scheme) }, false));
}

function readPrivateKeyInfo(pkcs8: Uint8Array): {
  readonly oid: string;
  readonly parameters?: string;
  readonly privateKey: Uint8Array;
} {
  const at = 'private key';
  const info = openElement(parseDer(pkcs8, at), at);
  readSmallInteger(info.next(TAG.integer), at, 1);
  const algorithm = openElement(info.next(TAG.sequence), at);
  const oid = readOid(algorithm.next(), at);
  const curve = algorithm.optional(TAG.oid);
  const privateKey = contentBytes(info.next(TAG.octetString));
  return { oid, privateKey, ...(curve === undefined ? {} : { parameters: readOid(curve, at) }) };
}

/** RFC 8410 §7: the key is an OCTET STRING of its own. */
function readSeed(privateKey: Uint8Array): Uint8Array {
  const at = 'private key';
  const seed = readOctetString(parseDer(privateKey, at), at);
  if (seed.length !== SEED_BYTES)
    throw new KeywaxError('KEY_REJECTED', `${at}: expected ${SEED_BYTES} bytes of Ed25519`);
  return seed;
}

async function importPkcs8(pkcs8: Uint8Array, algorithm: HostAlgorithm, extractable: boolean): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey('pkcs8', new Uint8Array(pkcs8), algorithm, extractable, ['sign']);
  } catch {
    // What the host says of a private key is not passed on.
    throw new KeywaxError('KEY_REJECTED', 'private key: the host does not accept it');
  }
}

async function derivePublicKey(privateKey: CryptoKey, algorithm: HostAlgorithm): Promise<PublicKey> {
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey('jwk', privateKey);
  const jwk = (kty === 'EC' ? { kty, crv, x, y } : { kty, n, e }) as JsonWebKey;
  const publicKey = await crypto.subtle.importKey('jwk', jwk, algorithm, true, ['verify']);
  return parsePublicKey(new Uint8Array(await crypto.subtle.exportKey('spki', publicKey)), 'private key');
}

/** A pair whose private key the host holds; `load` gives it for a scheme. */
function hostPair(publicKey: PublicKey, load: (scheme: SignatureScheme) => Promise<CryptoKey>): KeyPair {
  return Object.freeze({
    publicKey,
    async sign(message: Uint8Array, scheme: SignatureScheme) {
      if (publicKey.kind === 'ec' && scheme.scheme === 'ecdsa') {
        const fixed = await crypto.subtle.sign(
          { name: 'ECDSA', hash: webHash(scheme) },
          await load(scheme),
          new Uint8Array(message),
        );
        return encodeEcdsaSignature(new Uint8Array(fixed));
      }
      if (publicKey.kind !== 'rsa' || (scheme.scheme !== 'rsa-pkcs1' && scheme.scheme !== 'rsa-pss'))
        throw mismatch(publicKey, scheme);
      // RUL-22: the salt is as long as the digest
      const algorithm =
        scheme.scheme === 'rsa-pss' ? { name: 'RSA-PSS', saltLength: 32 } : { name: 'RSASSA-PKCS1-v1_5' };
      return new Uint8Array(await crypto.subtle.sign(algorithm, await load(scheme), new Uint8Array(message)));
    },
  });
}

async function ed25519Pair(seed: Uint8Array): Promise<KeyPair> {
  const curves = await loadCurves();
  const publicKey = parsePublicKey(curves.deriveEd25519Spki(seed), 'private key');
  return Object.freeze({
    publicKey,
    async sign(message: Uint8Array, scheme: SignatureScheme) {
      if (scheme.scheme !== 'ed25519' && scheme.scheme !== 'ed25519ph') throw mismatch(publicKey, scheme);
      return curves.signEd25519({ seed, message, prehashed: scheme.scheme === 'ed25519ph' });
    },
  });
}

function rsaAlgorithm(suite: AlgorithmSuite, bits: number): HostAlgorithm {
  return { name: rsaName(suite), modulusLength: bits, publicExponent: Uint8Array.of(1, 0, 1), hash: webHash(suite) };
}

function rsaName({ scheme }: SignatureScheme): string {
  return scheme === 'rsa-pss' ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5';
}

/** WebCrypto's name of a hash function, such as `SHA-256`. */
function webHash({ hash }: SignatureScheme): string {
  return HASH_PROTO_NAMES[hash].replace('SHA2_', 'SHA-');
}

function mismatch({ kind }: PublicKey, { scheme }: SignatureScheme): KeywaxError {
  return new KeywaxError('CONFIG_INVALID', `expected a scheme for a key of kind ${kind}, found ${scheme}`, {
    details: { expected: kind, actual: scheme },
  });
}

function unsupported(expected: string): KeywaxError {
  return new KeywaxError('INPUT_UNSUPPORTED', `expected ${expected}`, { details: { expected } });
}
