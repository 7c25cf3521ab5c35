// SPDX-License-Identifier: Apache-2.0
// A trusted root and a signing config, complete and consistent: the positive twins of what is refused.

import { createHash } from 'node:crypto';
import type { PublicKey } from '@keywax/core/key';
import { makeEcPair, makeEd25519Pair } from '../../core/test/keys.js';
import { makeIntermediate, makeLeaf, makeRoot } from '../../core/test/mint.js';

export const b64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64');

export function sha256(...pieces: readonly (Uint8Array | string)[]): Uint8Array {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return Uint8Array.from(hash.digest());
}

const ecKey = makeEcPair('P-256').publicKey;
const ctKey = makeEcPair('P-384').publicKey;
export const edKey = makeEd25519Pair().publicKey as Extract<PublicKey, { kind: 'ed25519' }>;

export const root = makeRoot('root');
export const intermediate = makeIntermediate(root, 'intermediate');
/** Issued by the root, and issuer of nothing. */
export const leaf = makeLeaf(root);

/** A window of one year; a new object each time, so that spoiling one spoils no other. */
const window = () => ({ start: '2025-01-01T00:00:00Z', end: '2026-01-01T00:00:00.000Z' });

/** The JSON of a log with SHA-256 of its key as its id. */
export function sampleLog(key: PublicKey, keyDetails: string, baseUrl: string) {
  return {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: b64(key.spki), keyDetails, validFor: window() },
    logId: { keyId: b64(sha256(key.spki)) },
    operator: 'log.example',
  };
}

/** The JSON of a Rekor v2 log, whose id is bound to its name. */
export function sampleLogV2(baseUrl: string, origin: string) {
  return {
    ...sampleLog(edKey, 'PKIX_ED25519', baseUrl),
    logId: { keyId: b64(sha256(`${origin}\n\u0001`, edKey.raw)) },
  };
}

/** The JSON of an authority. */
export function sampleAuthority(...certificates: readonly { readonly certificate: { readonly der: Uint8Array } }[]) {
  return {
    subject: { organization: 'example', commonName: 'authority' },
    uri: 'https://authority.example',
    certChain: { certificates: certificates.map(({ certificate }) => ({ rawBytes: b64(certificate.der) })) },
    validFor: window(),
    operator: 'authority.example',
  };
}

export function sampleRoot() {
  return {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [
      sampleLog(ecKey, 'PKIX_ECDSA_P256_SHA_256', 'https://rekor.example'),
      sampleLogV2('https://log.example/path', 'log.example'),
    ],
    ctlogs: [sampleLog(ctKey, 'PKIX_ECDSA_P384_SHA_384', 'https://ct.example/2025')],
    certificateAuthorities: [sampleAuthority(intermediate, root), sampleAuthority(root)],
    timestampAuthorities: [sampleAuthority(leaf, root), sampleAuthority(intermediate, root)],
  };
}

/** The JSON of a service. */
export function sampleService(url: string, majorApiVersion = 1, more: object = {}) {
  return { url, majorApiVersion, validFor: window(), operator: 'example', ...more };
}

export function sampleConfig() {
  return {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    caUrls: [sampleService('https://ca.example')],
    oidcUrls: [sampleService('https://oidc.example/auth')],
    rekorTlogUrls: [sampleService('https://rekor.example')],
    rekorTlogConfig: { selector: 'ANY' },
    tsaUrls: [sampleService('https://tsa.example/api/v1/timestamp')],
    tsaConfig: { selector: 'EXACT', count: 1 },
  };
}
