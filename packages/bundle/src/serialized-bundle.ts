// SPDX-License-Identifier: Apache-2.0
// The JSON of a bundle, as types: the ProtoJSON form of `dev.sigstore.bundle.v1.Bundle`. Members that may be absent may
// also be `null` in what other clients write; what is written here has neither `null` nor unknown members.

/** Bytes in standard base64 with padding. */
export type Base64 = string;
/** A 64-bit integer as decimal text, from 0 to 2^63 − 1. */
export type Int64 = string;

/** A bundle as published: `X.sigstore.json`. */
export interface SerializedBundle {
  mediaType: string;
  verificationMaterial: SerializedVerificationMaterial;
  /** Either this or `dsseEnvelope`. */
  messageSignature?: SerializedMessageSignature;
  dsseEnvelope?: SerializedEnvelope;
}

/** Everything that is needed to verify the signature: exactly one of `certificate`, `x509CertificateChain`, `publicKey`. */
export interface SerializedVerificationMaterial {
  /** The leaf, from version 0.3 on. */
  certificate?: SerializedCertificate;
  /** Leaf first, up to version 0.2. */
  x509CertificateChain?: { certificates: SerializedCertificate[] };
  publicKey?: { hint: string };
  tlogEntries?: SerializedLogEntry[];
  timestampVerificationData?: { rfc3161Timestamps: { signedTimestamp: Base64 }[] };
}

/** An X.509 certificate in DER. */
export interface SerializedCertificate {
  rawBytes: Base64;
}

/** An entry of a transparency log; Rekor v2 answers with one. */
export interface SerializedLogEntry {
  /** 0 where absent. */
  logIndex?: Int64;
  logId: { keyId: Base64 };
  kindVersion: { kind: string; version: string };
  /** Seconds since 1970; Rekor v1 alone. */
  integratedTime?: Int64;
  inclusionPromise?: { signedEntryTimestamp: Base64 };
  inclusionProof?: SerializedInclusionProof;
  canonicalizedBody: Base64;
}

/** The proof that an entry is in its log. */
export interface SerializedInclusionProof {
  /** 0 where absent. */
  logIndex?: Int64;
  rootHash: Base64;
  treeSize: Int64;
  /** Empty where absent: the only leaf of a tree. */
  hashes?: Base64[];
  /** Demanded from version 0.2 on. */
  checkpoint?: { envelope: string };
}

/** A signature over an artifact. */
export interface SerializedMessageSignature {
  messageDigest: { algorithm: string; digest: Base64 };
  signature: Base64;
}

/** A DSSE envelope with its one signature. */
export interface SerializedEnvelope {
  payload: Base64;
  payloadType: string;
  signatures: { sig: Base64; keyid?: string }[];
}
