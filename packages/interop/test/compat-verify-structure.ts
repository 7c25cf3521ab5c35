// SPDX-License-Identifier: Apache-2.0
// Bundles that lack something, or hold too much.

import { type VerifyCase, MESSAGE_V1, DSSE_V1, entryOf, make } from './compat-verify-kit.js';

/** The cases. */
export const STRUCTURE_CASES: readonly VerifyCase[] = [
  {
    name: 'no media type',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.mediaType;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'another media type',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.mediaType = 'application/json';
    }),
    expected: 'ValidationError',
  },
  {
    name: 'a version that does not exist',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.mediaType = 'application/vnd.dev.sigstore.bundle.v0.9+json';
    }),
    expected: 'accepted',
    differs: { ours: 'ValidationError', row: 'media-type' },
  },
  {
    name: 'a media type with something behind it',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.mediaType += ';x=y';
    }),
    expected: 'accepted',
    differs: { ours: 'ValidationError', row: 'media-type' },
  },
  {
    name: 'no content',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.messageSignature;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'no verification material',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.verificationMaterial;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'no key and no certificate',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.verificationMaterial.certificate;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'no list of entries',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.verificationMaterial.tlogEntries;
    }),
    expected: 'TLOG_ERROR',
  },
  {
    name: 'a chain in a bundle 0.3',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.verificationMaterial.x509CertificateChain = { certificates: [bundle.verificationMaterial.certificate] };
      delete bundle.verificationMaterial.certificate;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'no digest',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.messageSignature.messageDigest;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'a digest without an algorithm',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.messageSignature.messageDigest.algorithm;
    }),
    expected: 'accepted',
    differs: { ours: 'ValidationError', row: 'hash-algorithm' },
  },
  {
    name: 'a digest by an algorithm that does not exist',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.messageSignature.messageDigest.algorithm = 'MD5';
    }),
    expected: 'Error',
    differs: { ours: 'ValidationError', row: 'hash-algorithm' },
  },
  {
    name: 'no signature',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.messageSignature.signature;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'an envelope without signature',
    bundle: make(DSSE_V1, (bundle) => {
      bundle.dsseEnvelope.signatures = [];
    }),
    expected: 'ValidationError',
  },
  {
    name: 'an envelope with an empty signature',
    bundle: make(DSSE_V1, (bundle) => {
      bundle.dsseEnvelope.signatures[0].sig = '';
    }),
    expected: 'ValidationError',
  },
  {
    name: 'an envelope with two signatures',
    bundle: make(DSSE_V1, (bundle) => {
      bundle.dsseEnvelope.signatures.push(bundle.dsseEnvelope.signatures[0]);
    }),
    expected: 'ValidationError',
  },
  {
    name: 'an envelope without payload',
    bundle: make(DSSE_V1, (bundle) => {
      bundle.dsseEnvelope.payload = '';
    }),
    expected: 'ValidationError',
  },
  {
    name: 'an entry without log id',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete entryOf(bundle).logId;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'an entry without kind',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete entryOf(bundle).kindVersion;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'a proof without checkpoint',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete entryOf(bundle).inclusionProof.checkpoint;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'several faults',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete bundle.mediaType;
      delete bundle.messageSignature.signature;
      delete entryOf(bundle).logId;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'members that are null',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.dsseEnvelope = null;
      bundle.verificationMaterial.publicKey = null;
      entryOf(bundle).kindVersion.extra = null;
    }),
    expected: 'accepted',
    differs: { ours: 'ValidationError', row: 'strict-members' },
  },
  {
    name: 'an unknown member',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.extra = 1;
    }),
    expected: 'accepted',
    differs: { ours: 'ValidationError', row: 'strict-members' },
  },
  {
    name: 'base64 with junk in it',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.messageSignature.signature = `${bundle.messageSignature.signature.slice(0, 8)}!${bundle.messageSignature.signature.slice(8)}`;
    }),
    expected: 'accepted',
    differs: { ours: 'ValidationError', row: 'base64' },
  },
  {
    name: 'base64 without padding',
    bundle: make(DSSE_V1, (bundle) => {
      bundle.dsseEnvelope.payload = bundle.dsseEnvelope.payload.replace(/=+$/, '');
    }),
    expected: 'accepted',
    differs: { ours: 'ValidationError', row: 'base64' },
  },
  {
    name: 'signature and envelope at once',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.dsseEnvelope = { payload: 'AAAA', payloadType: 'x', signatures: [{ sig: 'AAAA' }] };
    }),
    expected: 'accepted',
    differs: { ours: 'ValidationError', row: 'strict-members' },
  },
  {
    name: 'numbers in place of text',
    bundle: make(MESSAGE_V1, (bundle) => {
      entryOf(bundle).logIndex = Number(entryOf(bundle).logIndex);
    }),
    expected: 'accepted',
  },
  {
    name: 'null in place of a bundle',
    bundle: async () => null,
    expected: 'TypeError',
    differs: { ours: 'ValidationError', row: 'raw-errors' },
  },
  { name: 'text in place of a bundle', bundle: async () => 'bundle', expected: 'ValidationError' },
  { name: 'nothing in a bundle', bundle: async () => ({}), expected: 'ValidationError' },
];
