// SPDX-License-Identifier: Apache-2.0
// Bundles in the shape of generated protobuf code: one-ofs tagged by `$case`, bytes as `Buffer`, enums as numbers, 64-bit
// integers as decimal text. Only types: callers read and write these members, so none is `readonly`.

import type { Buffer } from 'node:buffer';

/** A protobuf enum on the wire: its number. */
export type EnumNumber = number;

/** A signature over an envelope. */
export interface Signature {
  sig: Buffer;
  keyid: string;
}

/** A DSSE envelope. */
export interface Envelope {
  payload: Buffer;
  payloadType: string;
  signatures: Signature[];
}

/** A digest; `algorithm` 1 is SHA-256, 2 SHA-384, 3 SHA-512. */
export interface HashOutput {
  algorithm: EnumNumber;
  digest: Buffer;
}

interface ProtoMessageSignature {
  messageDigest: HashOutput | undefined;
  signature: Buffer;
}

/** The id of a log. */
export interface LogId {
  keyId: Buffer;
}

/** An RFC 3161 timestamp: a DER TimeStampResp. */
export interface RFC3161SignedTimestamp {
  signedTimestamp: Buffer;
}

/** The timestamps of a bundle. */
export interface TimestampVerificationData {
  rfc3161Timestamps: RFC3161SignedTimestamp[];
}

/** Names a key that is delivered by other means. */
export interface PublicKeyIdentifier {
  hint: string;
}

/** A certificate in DER. */
export interface X509Certificate {
  rawBytes: Buffer;
}

/** Certificates, leaf first. */
export interface X509CertificateChain {
  certificates: X509Certificate[];
}

/** A signed note. */
export interface Checkpoint {
  envelope: string;
}

interface ProtoInclusionProof {
  logIndex: string;
  rootHash: Buffer;
  treeSize: string;
  hashes: Buffer[];
  checkpoint: Checkpoint | undefined;
}

interface ProtoLogEntry {
  logIndex: string;
  logId: LogId | undefined;
  kindVersion: { kind: string; version: string } | undefined;
  integratedTime: string;
  inclusionPromise: { signedEntryTimestamp: Buffer } | undefined;
  inclusionProof: ProtoInclusionProof | undefined;
  canonicalizedBody: Buffer;
}

type KeyContent =
  | { $case: 'publicKey'; publicKey: PublicKeyIdentifier }
  | { $case: 'x509CertificateChain'; x509CertificateChain: X509CertificateChain }
  | { $case: 'certificate'; certificate: X509Certificate };

interface ProtoVerificationMaterial {
  content: KeyContent | undefined;
  tlogEntries: ProtoLogEntry[];
  timestampVerificationData: TimestampVerificationData | undefined;
}

/** A bundle that has been decoded and not been looked at: what is required of it may be absent. */
export interface ProtoBundle {
  mediaType: string;
  verificationMaterial: ProtoVerificationMaterial | undefined;
  content:
    | { $case: 'messageSignature'; messageSignature: ProtoMessageSignature }
    | { $case: 'dsseEnvelope'; dsseEnvelope: Envelope }
    | undefined;
}

type WithRequired<T, K extends keyof T> = T & { [P in K]-?: NonNullable<T[P]> };
type ContentOf<Case extends string> = Extract<ProtoBundle['content'], { $case: Case }>;

/** A signature over a message, and its digest. */
export type MessageSignature = WithRequired<ProtoMessageSignature, 'messageDigest'>;
/** What a signature is verified with. */
export type VerificationMaterial = WithRequired<ProtoVerificationMaterial, 'content'>;
/** An entry of a transparency log. */
export type TransparencyLogEntry = WithRequired<ProtoLogEntry, 'logId' | 'kindVersion'>;
/** The proof that a log holds an entry. */
export type InclusionProof = WithRequired<ProtoInclusionProof, 'checkpoint'>;
/** An entry that comes with the promise of its log. */
export type TLogEntryWithInclusionPromise = WithRequired<TransparencyLogEntry, 'inclusionPromise'>;
/** An entry that comes with a proof. */
export type TLogEntryWithInclusionProof = TransparencyLogEntry & { inclusionProof: InclusionProof };

/** A bundle that has everything that every version demands. */
export type Bundle = ProtoBundle & {
  verificationMaterial: VerificationMaterial & { tlogEntries: TransparencyLogEntry[] };
  content: (ContentOf<'messageSignature'> & { messageSignature: MessageSignature }) | ContentOf<'dsseEnvelope'>;
};

type Material = Bundle['verificationMaterial'];
type WithKey<Case extends string> = Bundle & {
  verificationMaterial: Material & { content: Extract<VerificationMaterial['content'], { $case: Case }> };
};

/** A bundle of version 0.1: every entry comes with a promise. */
export type BundleV01 = Bundle & {
  verificationMaterial: Material & { tlogEntries: TLogEntryWithInclusionPromise[] };
};
/** A bundle of a version from 0.2 on: every entry comes with a proof. */
export type BundleLatest = Bundle & {
  verificationMaterial: Material & { tlogEntries: TLogEntryWithInclusionProof[] };
};
/** A bundle with a chain of certificates. */
export type BundleWithCertificateChain = WithKey<'x509CertificateChain'>;
/** A bundle with the leaf alone. */
export type BundleWithSingleCertificate = WithKey<'certificate'>;
/** A bundle that names a key. */
export type BundleWithPublicKey = WithKey<'publicKey'>;
/** A bundle with a signature over a message. */
export type BundleWithMessageSignature = Bundle & {
  content: Extract<Bundle['content'], { $case: 'messageSignature' }>;
};
/** A bundle with a DSSE envelope. */
export type BundleWithDsseEnvelope = Bundle & { content: Extract<Bundle['content'], { $case: 'dsseEnvelope' }> };

type OneOf<T> = { [K in keyof T]: { [P in Exclude<keyof T, K>]: undefined } & { [P in K]: T[P] } }[keyof T];

/** An envelope as JSON; bytes are base64. */
export interface SerializedEnvelope {
  payload: string;
  payloadType: string;
  signatures: { sig: string; keyid: string }[];
}

interface SerializedLogEntry {
  logIndex: string;
  logId: { keyId: string };
  kindVersion: { kind: string; version: string } | undefined;
  integratedTime: string;
  inclusionPromise: { signedEntryTimestamp: string } | undefined;
  inclusionProof:
    | { logIndex: string; rootHash: string; treeSize: string; hashes: string[]; checkpoint: { envelope: string } }
    | undefined;
  canonicalizedBody: string;
}

/** A bundle as JSON; bytes are base64. Members that are empty are left out, whatever the type says. */
export type SerializedBundle = {
  mediaType: string;
  verificationMaterial: (
    | OneOf<{
        x509CertificateChain: { certificates: { rawBytes: string }[] };
        publicKey: { hint: string };
        certificate: { rawBytes: string };
      }>
    | undefined
  ) & {
    tlogEntries: SerializedLogEntry[];
    timestampVerificationData: { rfc3161Timestamps: { signedTimestamp: string }[] } | undefined;
  };
} & OneOf<{
  dsseEnvelope: SerializedEnvelope;
  messageSignature: { messageDigest: { algorithm: string; digest: string } | undefined; signature: string };
}>;
