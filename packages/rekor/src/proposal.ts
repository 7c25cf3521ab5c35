// SPDX-License-Identifier: Apache-2.0
// What is proposed to a log, and the body that an honest log makes of it.

import {
  type EntryVerifier,
  encodeDsseV1Body,
  encodeDsseV1Proposal,
  encodeHashedRekordV1Body,
  encodeHashedRekordV2Body,
} from '@keywax/bundle';
import { encodeBase64, encodeUtf8 } from '@keywax/core/bytes';
import { type HashName, hash } from '@keywax/core/hash';

/** A signature to be logged. */
export interface Proposal {
  readonly signature: Uint8Array;
  /** The certificate or public key that verifies it. */
  readonly verifier: EntryVerifier;
  /** Name of the algorithm in the registry, such as `PKIX_ECDSA_P256_SHA_256`; recorded by Rekor v2. */
  readonly keyDetails: string;
  /** The digest that was signed: of the artifact, or of an envelope's pre-authentication encoding. */
  readonly digest: { readonly algorithm: HashName; readonly value: Uint8Array };
  /** The envelope, where one was signed: Rekor v1 records it as such. */
  readonly envelope?: {
    /** The DSSE envelope as JSON text. */
    readonly text: string;
    readonly payload: Uint8Array;
  };
}

/** A proposal in the form of one version of Rekor. */
export interface EncodedProposal {
  /** The request, as JSON text. */
  readonly request: Uint8Array;
  /** The canonical body of the entry, which the log has to answer with. */
  readonly body: Uint8Array;
}

/** Encodes a proposal for Rekor v1: `dsse` 0.0.1 for an envelope, else `hashedrekord` 0.0.1. */
export function encodeProposalV1({ signature, verifier, digest, envelope }: Proposal): EncodedProposal {
  if (envelope === undefined) {
    const body = encodeHashedRekordV1Body({ digest: digest.value, algorithm: digest.algorithm, signature, verifier });
    return { request: body, body };
  }
  return {
    request: encodeDsseV1Proposal(envelope.text, [verifier]),
    body: encodeDsseV1Body({
      envelopeHash: hash('sha256', encodeUtf8(envelope.text)),
      payloadHash: hash('sha256', envelope.payload),
      signatures: [{ signature, verifier }],
    }),
  };
}

/** Encodes a proposal for Rekor v2: `hashedrekord` 0.0.2, for an envelope over its pre-authentication encoding. */
export function encodeProposalV2({ signature, verifier, keyDetails, digest }: Proposal): EncodedProposal {
  const key =
    verifier.kind === 'certificate'
      ? { x509Certificate: { rawBytes: encodeBase64(verifier.der) } }
      : { publicKey: { rawBytes: encodeBase64(verifier.spki) } };
  const request = {
    hashedRekordRequestV002: {
      digest: encodeBase64(digest.value),
      signature: { content: encodeBase64(signature), verifier: { keyDetails, ...key } },
    },
  };
  return {
    request: encodeUtf8(JSON.stringify(request)),
    body: encodeHashedRekordV2Body({
      digest: digest.value,
      algorithm: digest.algorithm,
      signature,
      verifier,
      keyDetails,
    }),
  };
}
