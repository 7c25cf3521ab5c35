// SPDX-License-Identifier: Apache-2.0
// New bundles, before there is any evidence: signature and key, with the places for entries and timestamps empty.

import { Buffer } from 'node:buffer';
import { BUNDLE_V02_MEDIA_TYPE, BUNDLE_V03_MEDIA_TYPE } from './media-type.js';
import type { BundleWithDsseEnvelope, BundleWithMessageSignature, VerificationMaterial } from './records.js';

/** Who signed: a certificate in DER, or the name of a key. */
export interface VerificationMaterialOptions {
  readonly certificate?: Uint8Array | undefined;
  readonly keyHint?: string | undefined;
  /** Makes a bundle 0.2 with a chain of one certificate; 0.3 with the certificate alone unless given. */
  readonly certificateChain?: boolean | undefined;
}

/** A signature over a message whose SHA-256 is `digest`. */
export interface MessageSignatureBundleOptions extends VerificationMaterialOptions {
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
}

/** A signature over an envelope. */
export interface DSSEBundleOptions extends VerificationMaterialOptions {
  readonly artifact: Uint8Array;
  readonly artifactType: string;
  readonly signature: Uint8Array;
}

const SHA2_256 = 1;

/** Makes a bundle of a signature over a message. */
export function toMessageSignatureBundle(options: MessageSignatureBundleOptions): BundleWithMessageSignature {
  return {
    mediaType: selectMediaType(options),
    content: {
      $case: 'messageSignature',
      messageSignature: {
        messageDigest: { algorithm: SHA2_256, digest: toBuffer(options.digest) },
        signature: toBuffer(options.signature),
      },
    },
    verificationMaterial: toVerificationMaterial(options),
  };
}

/** Makes a bundle of a signature over an envelope. */
export function toDSSEBundle(options: DSSEBundleOptions): BundleWithDsseEnvelope {
  return {
    mediaType: selectMediaType(options),
    content: {
      $case: 'dsseEnvelope',
      dsseEnvelope: {
        payloadType: options.artifactType,
        payload: toBuffer(options.artifact),
        signatures: [{ keyid: options.keyHint ?? '', sig: toBuffer(options.signature) }],
      },
    },
    verificationMaterial: toVerificationMaterial(options),
  };
}

function selectMediaType({ certificateChain }: VerificationMaterialOptions): string {
  return certificateChain === true ? BUNDLE_V02_MEDIA_TYPE : BUNDLE_V03_MEDIA_TYPE;
}

function toVerificationMaterial(options: VerificationMaterialOptions) {
  return {
    content: toKeyContent(options),
    tlogEntries: [],
    timestampVerificationData: { rfc3161Timestamps: [] },
  };
}

function toKeyContent({
  certificate,
  keyHint,
  certificateChain,
}: VerificationMaterialOptions): VerificationMaterial['content'] {
  if (certificate === undefined) return { $case: 'publicKey', publicKey: { hint: keyHint ?? '' } };
  const rawBytes = toBuffer(certificate);
  return certificateChain === true
    ? { $case: 'x509CertificateChain', x509CertificateChain: { certificates: [{ rawBytes }] } }
    : { $case: 'certificate', certificate: { rawBytes } };
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
