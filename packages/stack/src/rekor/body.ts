// SPDX-License-Identifier: Apache-2.0
// The canonical bodies of log entries, first as plain values that a test may change, then as canonical JSON.

import { encodeBase64, encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import { HASH_PROTO_NAMES, type HashName, hash } from '@keywax/core/hash';
import { canonicalizeJson } from '@keywax/core/jcs';
import { readPlainJson } from '@keywax/core/json';
import { encodePem } from '@keywax/core/pem';

/** What a signature was verified with: a certificate (DER) or a key (DER SubjectPublicKeyInfo). */
export type BodyVerifier =
  | { readonly kind: 'certificate'; readonly der: Uint8Array }
  | { readonly kind: 'publicKey'; readonly spki: Uint8Array };

/** A digest that was signed, the signature, and what verifies it. */
export interface SignedDigest {
  readonly algorithm: HashName;
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  readonly verifier: BodyVerifier;
}

const LIMITS = { maxBytes: 4 * 1024 * 1024 };

/** Canonical JSON (RFC 8785) of a plain value. */
export function encodeBody(body: object): Uint8Array {
  return encodeUtf8(canonicalizeJson(readPlainJson(body, LIMITS)));
}

/** The verifier as PEM, as Rekor v1 writes it. */
export function encodeVerifierPem(verifier: BodyVerifier): string {
  return verifier.kind === 'certificate'
    ? encodePem('CERTIFICATE', verifier.der)
    : encodePem('PUBLIC KEY', verifier.spki);
}

function encodeVerifierField(verifier: BodyVerifier): string {
  return encodeBase64(encodeUtf8(encodeVerifierPem(verifier)));
}

/** A digest by the name of its algorithm; Rekor v1 writes hex. */
interface NamedDigest {
  algorithm: string;
  value: string;
}

/** Body of `hashedrekord` 0.0.1. */
export interface HashedRekordV1Body {
  apiVersion: string;
  kind: string;
  spec: { data: { hash: NamedDigest }; signature: { content: string; publicKey: { content: string } } };
}

/** Body of `dsse` 0.0.1. */
export interface DsseV1Body {
  apiVersion: string;
  kind: string;
  spec: { envelopeHash: NamedDigest; payloadHash: NamedDigest; signatures: { signature: string; verifier: string }[] };
}

/** The verifier of an entry of Rekor v2: one of the two forms. */
export interface VerifierV2 {
  keyDetails: string;
  x509Certificate?: { rawBytes: string };
  publicKey?: { rawBytes: string };
}

/** Body of `hashedrekord` 0.0.2. */
export interface HashedRekordV2Body {
  apiVersion: string;
  kind: string;
  spec: {
    hashedRekordV002: {
      data: { algorithm: string; digest: string };
      signature: { content: string; verifier: VerifierV2 };
    };
  };
}

/** Body of `dsse` 0.0.2. */
export interface DsseV2Body {
  apiVersion: string;
  kind: string;
  spec: {
    dsseV002: {
      payloadHash: { algorithm: string; digest: string };
      signatures: { content: string; verifier: VerifierV2 }[];
    };
  };
}

/** Body of `intoto` 0.0.2: text fields of the envelope are in base64 once more. */
export interface IntotoBody {
  apiVersion: string;
  kind: string;
  spec: {
    content: {
      envelope: { payloadType: string; signatures: { sig: string; publicKey: string }[] };
      hash: NamedDigest;
      payloadHash: NamedDigest;
    };
  };
}

/** Describes an entry `hashedrekord` 0.0.1. */
export function describeHashedRekordV1({ algorithm, digest, signature, verifier }: SignedDigest): HashedRekordV1Body {
  return {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: algorithm, value: encodeHex(digest) } },
      signature: { content: encodeBase64(signature), publicKey: { content: encodeVerifierField(verifier) } },
    },
  };
}

/** What `dsse` 0.0.1 is made from; `envelopeText` is the JSON that was submitted. */
export interface LoggedEnvelope {
  readonly envelopeText: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly { readonly signature: Uint8Array; readonly verifier: BodyVerifier }[];
}

/** Describes an entry `dsse` 0.0.1: signatures in the order of their base64. */
export function describeDsseV1({ envelopeText, payload, signatures }: LoggedEnvelope): DsseV1Body {
  return {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      envelopeHash: { algorithm: 'sha256', value: encodeHex(hash('sha256', encodeUtf8(envelopeText))) },
      payloadHash: { algorithm: 'sha256', value: encodeHex(hash('sha256', payload)) },
      signatures: signatures
        .map(({ signature, verifier }) => ({
          signature: encodeBase64(signature),
          verifier: encodeVerifierField(verifier),
        }))
        .sort((a, b) => (a.signature < b.signature ? -1 : 1)),
    },
  };
}

/** The verifier of an entry of Rekor v2, with its algorithm by protobuf name. */
export function describeVerifierV2(verifier: BodyVerifier, keyDetails: string): VerifierV2 {
  return verifier.kind === 'certificate'
    ? { keyDetails, x509Certificate: { rawBytes: encodeBase64(verifier.der) } }
    : { keyDetails, publicKey: { rawBytes: encodeBase64(verifier.spki) } };
}

/** Describes an entry `hashedrekord` 0.0.2. */
export function describeHashedRekordV2(
  { algorithm, digest, signature, verifier }: SignedDigest,
  keyDetails: string,
): HashedRekordV2Body {
  return {
    apiVersion: '0.0.2',
    kind: 'hashedrekord',
    spec: {
      hashedRekordV002: {
        data: { algorithm: HASH_PROTO_NAMES[algorithm], digest: encodeBase64(digest) },
        signature: { content: encodeBase64(signature), verifier: describeVerifierV2(verifier, keyDetails) },
      },
    },
  };
}

/** A signature of an envelope, with its algorithm by protobuf name. */
export interface EnvelopeSignature {
  readonly signature: Uint8Array;
  readonly verifier: BodyVerifier;
  readonly keyDetails: string;
}

/** Describes an entry `dsse` 0.0.2, which Rekor v2 wrote until 2026. */
export function describeDsseV2(payload: Uint8Array, signatures: readonly EnvelopeSignature[]): DsseV2Body {
  return {
    apiVersion: '0.0.2',
    kind: 'dsse',
    spec: {
      dsseV002: {
        payloadHash: { algorithm: 'SHA2_256', digest: encodeBase64(hash('sha256', payload)) },
        signatures: signatures.map(({ signature, verifier, keyDetails }) => ({
          content: encodeBase64(signature),
          verifier: describeVerifierV2(verifier, keyDetails),
        })),
      },
    },
  };
}

/** Describes an entry `intoto` 0.0.2, which older clients asked for. */
export function describeIntoto({
  payload,
  payloadType,
  signatures,
}: Omit<LoggedEnvelope, 'envelopeText'> & { readonly payloadType: string }): IntotoBody {
  const submitted = {
    payload: encodeBase64(payload),
    payloadType,
    signatures: signatures.map(({ signature, verifier }) => ({
      publicKey: encodeVerifierPem(verifier),
      sig: encodeBase64(signature),
    })),
  };
  const digest = (bytes: Uint8Array): NamedDigest => ({ algorithm: 'sha256', value: encodeHex(hash('sha256', bytes)) });
  const again = (text: string): string => encodeBase64(encodeUtf8(text));
  return {
    apiVersion: '0.0.2',
    kind: 'intoto',
    spec: {
      content: {
        envelope: {
          payloadType,
          signatures: submitted.signatures.map(({ sig, publicKey }) => ({
            sig: again(sig),
            publicKey: again(publicKey),
          })),
        },
        hash: digest(encodeBody(submitted)),
        payloadHash: digest(payload),
      },
    },
  };
}
