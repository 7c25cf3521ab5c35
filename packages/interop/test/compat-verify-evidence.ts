// SPDX-License-Identifier: Apache-2.0
// Evidence that does not hold, or of which nobody knows.

import { generateSigningKey, personaIdentity, requestSctsFrom } from '@keywax/stack/lab';
import {
  type OpenBundle,
  type VerifyCase,
  elsewhere,
  LARGE,
  hashOf,
  MESSAGE_V1,
  MESSAGE_V2,
  DSSE_V1,
  DSSE_V2,
  entryOf,
  make,
  flip,
  lab,
} from './compat-verify-kit.js';

/** The cases. */
export const EVIDENCE_CASES: readonly VerifyCase[] = [
  {
    name: 'the signature with one bit changed',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.messageSignature.signature = flip(bundle.messageSignature.signature);
    }),
    expected: 'TIMESTAMP_ERROR',
  },
  {
    name: 'the signature of another signing',
    bundle: make(MESSAGE_V1, (bundle, other) => {
      bundle.messageSignature = other.messageSignature;
    }),
    expected: 'TIMESTAMP_ERROR',
  },
  {
    name: 'the digest of something else',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.messageSignature.messageDigest.digest = flip(bundle.messageSignature.messageDigest.digest);
    }),
    expected: 'TLOG_BODY_ERROR',
  },
  {
    name: 'the certificate of another signing',
    bundle: make(MESSAGE_V1, (bundle, other) => {
      bundle.verificationMaterial.certificate = other.verificationMaterial.certificate;
    }),
    expected: 'SIGNATURE_ERROR',
  },
  {
    name: 'the entry of another signing',
    bundle: make(MESSAGE_V1, (bundle, other) => {
      bundle.verificationMaterial.tlogEntries = other.verificationMaterial.tlogEntries;
    }),
    expected: 'TLOG_BODY_ERROR',
  },
  {
    name: 'the timestamp of another signing',
    bundle: make(MESSAGE_V1, (bundle, other) => {
      bundle.verificationMaterial.timestampVerificationData = other.verificationMaterial.timestampVerificationData;
    }),
    expected: 'TIMESTAMP_ERROR',
  },
  {
    name: 'a promise with one bit changed',
    bundle: make(MESSAGE_V1, (bundle) => {
      entryOf(bundle).inclusionPromise.signedEntryTimestamp = flip(
        entryOf(bundle).inclusionPromise.signedEntryTimestamp,
      );
    }),
    expected: 'TLOG_INCLUSION_PROMISE_ERROR',
  },
  {
    name: 'an index other than the promised one',
    bundle: make(MESSAGE_V1, (bundle) => {
      entryOf(bundle).logIndex = '7';
    }),
    expected: 'TLOG_INCLUSION_PROMISE_ERROR',
  },
  {
    name: 'a time other than the promised one',
    bundle: make(MESSAGE_V1, (bundle) => {
      entryOf(bundle).integratedTime = `${Number(entryOf(bundle).integratedTime) + 1}`;
    }),
    expected: 'TLOG_INCLUSION_PROMISE_ERROR',
  },
  {
    name: 'a promise without its time',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete entryOf(bundle).integratedTime;
    }),
    expected: 'TLOG_INCLUSION_PROMISE_ERROR',
  },
  {
    name: 'another payload',
    bundle: make(DSSE_V1, (bundle) => {
      bundle.dsseEnvelope.payload = Buffer.from(
        JSON.stringify({
          ...JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString()),
          predicate: { x: 1 },
        }),
      ).toString('base64');
    }),
    expected: 'TLOG_BODY_ERROR',
  },
  {
    name: 'another payload type',
    bundle: make(DSSE_V1, (bundle) => {
      bundle.dsseEnvelope.payloadType = 'text/plain';
    }),
    expected: 'SIGNATURE_ERROR',
  },
  {
    name: 'the signature of another envelope',
    bundle: make(DSSE_V1, (bundle, other) => {
      bundle.dsseEnvelope.signatures = other.dsseEnvelope.signatures;
    }),
    expected: 'TIMESTAMP_ERROR',
  },
  {
    name: 'the payload of another envelope, Rekor v2',
    bundle: make(DSSE_V2, (bundle) => {
      bundle.dsseEnvelope.payload = Buffer.from(
        JSON.stringify({
          ...JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString()),
          predicate: { x: 1 },
        }),
      ).toString('base64');
    }),
    expected: 'TLOG_BODY_ERROR',
  },
  {
    name: 'a proof with one bit changed',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.hashes = entryOf(bundle).inclusionProof.hashes.map(flip);
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a proof without its last hash',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.hashes.pop();
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a proof for another index',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.logIndex = '0';
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a proof for an index beyond the tree',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.logIndex = '4096';
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a proof for an index that is no number',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.logIndex = 'x';
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
    differs: { ours: 'ValidationError', row: 'strict-members' },
  },
  {
    name: 'a proof that names another root',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.rootHash = flip(entryOf(bundle).inclusionProof.rootHash);
    }),
    expected: 'accepted',
    differs: { ours: 'TLOG_INCLUSION_PROOF_ERROR', row: 'proof-claims' },
  },
  {
    name: 'a proof that names another tree size',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.treeSize = '4096';
    }),
    expected: 'accepted',
    differs: { ours: 'TLOG_INCLUSION_PROOF_ERROR', row: 'proof-claims' },
  },
  {
    name: 'an entry that names another index than its proof',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).logIndex = '0';
    }),
    expected: 'accepted',
    differs: { ours: 'TLOG_INCLUSION_PROOF_ERROR', row: 'proof-claims' },
  },
  {
    name: 'a checkpoint with one bit of its signature changed',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.checkpoint.envelope = entryOf(bundle).inclusionProof.checkpoint.envelope.replace(
        /(\S+)\n$/,
        (_: string, signature: string) => `${flip(signature)}\n`,
      );
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a checkpoint of another tree',
    bundle: make(MESSAGE_V2, (bundle, other) => {
      entryOf(bundle).inclusionProof.checkpoint = entryOf(other).inclusionProof.checkpoint;
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a checkpoint without signatures',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.checkpoint.envelope =
        entryOf(bundle).inclusionProof.checkpoint.envelope.split('\n\n')[0] + '\n\n';
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a checkpoint that is none',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).inclusionProof.checkpoint.envelope = 'x';
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a body that is no JSON',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).canonicalizedBody = Buffer.from('{').toString('base64');
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
    differs: { ours: 'TLOG_BODY_ERROR', row: 'order' },
  },
  {
    name: 'a body with one byte changed',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).canonicalizedBody = Buffer.from(
        Buffer.from(entryOf(bundle).canonicalizedBody, 'base64').toString().replace('0.0.2', '0.0.3'),
      ).toString('base64');
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
    differs: { ours: 'TLOG_BODY_ERROR', row: 'order' },
  },
  {
    name: "another kind than the body's",
    bundle: make(MESSAGE_V1, (bundle) => {
      entryOf(bundle).kindVersion = { kind: 'dsse', version: '0.0.1' };
    }),
    expected: 'TLOG_BODY_ERROR',
  },
  {
    name: "another version than the body's",
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).kindVersion.version = '0.0.1';
    }),
    expected: 'TLOG_BODY_ERROR',
  },
  {
    name: 'no timestamp, where nothing else proves a time',
    bundle: make(MESSAGE_V2, (bundle) => {
      bundle.verificationMaterial.timestampVerificationData = { rfc3161Timestamps: [] };
    }),
    expected: 'TIMESTAMP_ERROR',
  },
  {
    name: 'no timestamp data at all',
    bundle: make(MESSAGE_V2, (bundle) => {
      delete bundle.verificationMaterial.timestampVerificationData;
    }),
    expected: 'TIMESTAMP_ERROR',
  },
  {
    name: 'a timestamp that is none',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps = [{ signedTimestamp: 'AAAA' }];
    }),
    expected: 'ASN1ParseError',
    differs: { ours: 'TIMESTAMP_ERROR', row: 'raw-errors' },
  },
  {
    name: 'a certificate that is none',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.verificationMaterial.certificate.rawBytes = 'AAAA';
    }),
    expected: 'ASN1ParseError',
    differs: { ours: 'CERTIFICATE_ERROR', row: 'raw-errors' },
  },
  {
    name: 'the same timestamp twice',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps.push(
        bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps[0],
      );
    }),
    expected: 'TIMESTAMP_ERROR',
    differs: { ours: 'accepted', row: 'duplicates' },
  },
  {
    name: 'the same entry twice',
    bundle: make(MESSAGE_V1, (bundle) => {
      bundle.verificationMaterial.tlogEntries.push(entryOf(bundle));
    }),
    expected: 'TIMESTAMP_ERROR',
    differs: { ours: 'accepted', row: 'duplicates' },
  },
  {
    name: 'an entry of another signing too',
    bundle: make(MESSAGE_V1, (bundle, other) => {
      bundle.verificationMaterial.tlogEntries.push(entryOf(other));
    }),
    expected: 'TIMESTAMP_ERROR',
    differs: { ours: 'TLOG_BODY_ERROR', row: 'order' },
  },
  {
    name: 'a log that nobody knows',
    bundle: make(MESSAGE_V2, (bundle) => {
      entryOf(bundle).logId.keyId = flip(entryOf(bundle).logId.keyId);
    }),
    expected: 'TLOG_INCLUSION_PROOF_ERROR',
  },
  {
    name: 'a promise of a log that nobody knows',
    bundle: make(MESSAGE_V1, (bundle) => {
      entryOf(bundle).logId.keyId = flip(entryOf(bundle).logId.keyId);
    }),
    expected: 'TLOG_INCLUSION_PROMISE_ERROR',
  },
  {
    name: 'a promise without a proof',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete entryOf(bundle).inclusionProof;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'neither promise nor proof',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete entryOf(bundle).inclusionProof;
      delete entryOf(bundle).inclusionPromise;
    }),
    expected: 'ValidationError',
  },
  {
    name: 'a proof alone, beside the promise of Rekor v1',
    bundle: make(MESSAGE_V1, (bundle) => {
      delete entryOf(bundle).inclusionPromise;
    }),
    expected: 'accepted',
  },
  { name: 'a bundle of another instance', bundle: make(MESSAGE_V1, undefined, elsewhere), expected: 'TIMESTAMP_ERROR' },
  {
    name: 'a bundle of another instance, Rekor v2',
    bundle: make(MESSAGE_V2, undefined, elsewhere),
    expected: 'TIMESTAMP_ERROR',
  },
  { name: 'an envelope of another instance', bundle: make(DSSE_V1, undefined, elsewhere), expected: 'TIMESTAMP_ERROR' },
  {
    name: 'a leaf without a certificate timestamp',
    bundle: make({
      ...MESSAGE_V1,
      steps: { certificate: (spki, identity) => lab.issueCertificate(spki, identity, { requestScts: async () => [] }) },
    }),
    expected: 'CERTIFICATE_ERROR',
  },
  {
    name: 'a leaf without a certificate timestamp, ctLogThreshold 0',
    bundle: make({
      ...MESSAGE_V1,
      steps: { certificate: (spki, identity) => lab.issueCertificate(spki, identity, { requestScts: async () => [] }) },
    }),
    options: { ctLogThreshold: 0 },
    expected: 'accepted',
  },
  {
    name: 'a certificate timestamp of a log that nobody knows',
    bundle: make({
      ...MESSAGE_V1,
      steps: {
        certificate: (spki, identity) =>
          lab.issueCertificate(spki, identity, { requestScts: requestSctsFrom(elsewhere.ct) }),
      },
    }),
    expected: 'CERTIFICATE_ERROR',
  },
  {
    name: 'certificate timestamps of a log that is known and of one that is not',
    bundle: make({
      ...MESSAGE_V1,
      steps: {
        certificate: (spki, identity) =>
          lab.issueCertificate(spki, identity, {
            requestScts: async (...precertificate) => [
              ...(await requestSctsFrom(lab.ct)(...precertificate)),
              ...(await requestSctsFrom(elsewhere.ct)(...precertificate)),
            ],
          }),
      },
    }),
    expected: 'CERTIFICATE_ERROR',
  },
  {
    name: 'an artifact of several megabytes',
    bundle: make({ ...MESSAGE_V1, artifact: LARGE }),
    data: LARGE,
    expected: 'accepted',
  },
  {
    name: 'another artifact of several megabytes',
    bundle: make({ ...MESSAGE_V1, artifact: LARGE }),
    data: LARGE.subarray(1),
    expected: 'SIGNATURE_ERROR',
  },
  {
    name: 'a chain with its root in a bundle 0.2',
    bundle: make({ ...MESSAGE_V1, version: '0.2' }, (bundle) => {
      const [authority] = lab.trustedRoot().certificateAuthorities;
      bundle.verificationMaterial.x509CertificateChain.certificates.push(...(authority?.certChain.certificates ?? []));
    }),
    expected: 'accepted',
  },
  {
    name: 'a timestamp of another instance beside the promise',
    bundle: make({
      ...MESSAGE_V1,
      steps: {
        timestamps: async (signature) => [
          elsewhere.timestamp({ imprint: { algorithm: 'sha256', digest: hashOf(signature) } }),
        ],
      },
    }),
    expected: 'TIMESTAMP_ERROR',
  },
  {
    name: 'a leaf of another instance',
    bundle: make({
      ...MESSAGE_V1,
      steps: { certificate: (spki, identity) => elsewhere.issueCertificate(spki, identity) },
    }),
    expected: 'CERTIFICATE_ERROR',
  },
  {
    name: 'a leaf that was valid yesterday',
    bundle: make({
      ...MESSAGE_V1,
      steps: {
        certificate: (spki, identity) =>
          lab.issueCertificate(spki, identity, { now: new Date(Date.now() - 86_400_000) }),
      },
    }),
    expected: 'CERTIFICATE_ERROR',
  },
  {
    name: 'a certificate for the same key that the log does not hold',
    bundle: async () => {
      const key = generateSigningKey('P-256');
      const { bundle } = await lab.makeBundle({ ...MESSAGE_V1, key });
      const certificate = await lab.issueCertificate(key.spki, personaIdentity('github'));
      const open = structuredClone(bundle) as OpenBundle;
      open.verificationMaterial.certificate.rawBytes = Buffer.from(certificate).toString('base64');
      return open;
    },
    expected: 'accepted',
    differs: { ours: 'SIGNATURE_ERROR', row: 'entry-key' },
  },
  {
    name: 'a checkpoint with something behind its signatures',
    bundle: make(MESSAGE_V1, (bundle) => {
      entryOf(bundle).inclusionProof.checkpoint.envelope += 'x';
    }),
    expected: 'accepted',
    differs: { ours: 'TLOG_INCLUSION_PROOF_ERROR', row: 'checkpoint-form' },
  },
];
