// SPDX-License-Identifier: Apache-2.0
// Bundles and envelopes from parsed JSON and back. What is refused: see `proto-json.ts` and `assert.ts`.

import { encodeBase64 } from '@keywax/core/bytes';
import { assertBundleLatest, assertBundleV01, assertBundleV02 } from './assert.js';
import { HASH_ALGORITHMS } from './hash-algorithms.js';
import { BUNDLE_V01_MEDIA_TYPE, BUNDLE_V02_MEDIA_TYPE } from './media-type.js';
import {
  type Member,
  readBytes,
  readEnum,
  readList,
  readMember,
  readOptional,
  readText,
  writeInt64,
  writeMembers,
} from './proto-json.js';
import type { Bundle, Envelope, ProtoBundle, SerializedBundle, SerializedEnvelope } from './records.js';

type Material = NonNullable<ProtoBundle['verificationMaterial']>;
type LogEntry = Material['tlogEntries'][number];
type Proof = NonNullable<LogEntry['inclusionProof']>;

/**
 * Decodes a bundle and demands what its version demands.
 * @throws ValidationError
 */
export function bundleFromJSON(obj: unknown): Bundle {
  const bundle: ProtoBundle = decodeProtoBundle(obj);
  switch (bundle.mediaType) {
    case BUNDLE_V01_MEDIA_TYPE:
      assertBundleV01(bundle);
      return bundle;
    case BUNDLE_V02_MEDIA_TYPE:
      assertBundleV02(bundle);
      return bundle;
    default:
      assertBundleLatest(bundle);
      return bundle;
  }
}

/** Encodes a bundle. Members that are empty are left out, but for the list of log entries. */
export function bundleToJSON(bundle: Bundle): SerializedBundle {
  return encodeProtoBundle(bundle) as unknown as SerializedBundle;
}

/** Decodes a DSSE envelope. @throws ValidationError */
export function envelopeFromJSON(obj: unknown): Envelope {
  return decodeEnvelope({ value: obj, path: '' });
}

/** Encodes a DSSE envelope. */
export function envelopeToJSON(envelope: Envelope): SerializedEnvelope {
  return encodeEnvelope(envelope) as unknown as SerializedEnvelope;
}

function decodeProtoBundle(value: unknown): ProtoBundle {
  const root: Member = { value, path: '' };
  return {
    mediaType: readText(readMember(root, 'mediaType')),
    verificationMaterial: readOptional(readMember(root, 'verificationMaterial'), decodeMaterial),
    content: decodeContent(root),
  };
}

function decodeContent(root: Member): ProtoBundle['content'] {
  const message = readMember(root, 'messageSignature');
  const envelope = readMember(root, 'dsseEnvelope');
  if (message.value !== undefined) {
    return {
      $case: 'messageSignature',
      messageSignature: {
        messageDigest: readOptional(readMember(message, 'messageDigest'), (digest) => ({
          algorithm: readEnum(readMember(digest, 'algorithm'), HASH_ALGORITHMS),
          digest: readBytes(readMember(digest, 'digest')),
        })),
        signature: readBytes(readMember(message, 'signature')),
      },
    };
  }
  return envelope.value === undefined ? undefined : { $case: 'dsseEnvelope', dsseEnvelope: decodeEnvelope(envelope) };
}

function decodeEnvelope(member: Member): Envelope {
  return {
    payload: readBytes(readMember(member, 'payload')),
    payloadType: readText(readMember(member, 'payloadType')),
    signatures: readList(readMember(member, 'signatures'), (signature) => ({
      sig: readBytes(readMember(signature, 'sig')),
      keyid: readText(readMember(signature, 'keyid')),
    })),
  };
}

function decodeMaterial(member: Member): Material {
  return {
    content: decodeKeyContent(member),
    tlogEntries: readList(readMember(member, 'tlogEntries'), decodeLogEntry),
    timestampVerificationData: readOptional(readMember(member, 'timestampVerificationData'), (data) => ({
      rfc3161Timestamps: readList(readMember(data, 'rfc3161Timestamps'), (timestamp) => ({
        signedTimestamp: readBytes(readMember(timestamp, 'signedTimestamp')),
      })),
    })),
  };
}

function decodeKeyContent(member: Member): Material['content'] {
  const publicKey = readMember(member, 'publicKey');
  const chain = readMember(member, 'x509CertificateChain');
  const certificate = readMember(member, 'certificate');
  const decodeCertificate = (der: Member) => ({ rawBytes: readBytes(readMember(der, 'rawBytes')) });
  if (publicKey.value !== undefined)
    return { $case: 'publicKey', publicKey: { hint: readText(readMember(publicKey, 'hint')) } };
  if (chain.value !== undefined) {
    const certificates = readList(readMember(chain, 'certificates'), decodeCertificate);
    return { $case: 'x509CertificateChain', x509CertificateChain: { certificates } };
  }
  return certificate.value === undefined
    ? undefined
    : { $case: 'certificate', certificate: decodeCertificate(certificate) };
}

function decodeLogEntry(member: Member): LogEntry {
  return {
    logIndex: readText(readMember(member, 'logIndex'), '0'),
    logId: readOptional(readMember(member, 'logId'), (id) => ({ keyId: readBytes(readMember(id, 'keyId')) })),
    kindVersion: readOptional(readMember(member, 'kindVersion'), (kind) => ({
      kind: readText(readMember(kind, 'kind')),
      version: readText(readMember(kind, 'version')),
    })),
    integratedTime: readText(readMember(member, 'integratedTime'), '0'),
    inclusionPromise: readOptional(readMember(member, 'inclusionPromise'), (promise) => ({
      signedEntryTimestamp: readBytes(readMember(promise, 'signedEntryTimestamp')),
    })),
    inclusionProof: readOptional(readMember(member, 'inclusionProof'), decodeProof),
    canonicalizedBody: readBytes(readMember(member, 'canonicalizedBody')),
  };
}

function decodeProof(member: Member): Proof {
  return {
    logIndex: readText(readMember(member, 'logIndex'), '0'),
    rootHash: readBytes(readMember(member, 'rootHash')),
    treeSize: readText(readMember(member, 'treeSize'), '0'),
    hashes: readList(readMember(member, 'hashes'), readBytes),
    checkpoint: readOptional(readMember(member, 'checkpoint'), (checkpoint) => ({
      envelope: readText(readMember(checkpoint, 'envelope')),
    })),
  };
}

function encodeProtoBundle({ mediaType, verificationMaterial, content }: ProtoBundle): object {
  return writeMembers({
    mediaType,
    verificationMaterial: verificationMaterial && encodeMaterial(verificationMaterial),
    messageSignature:
      content?.$case === 'messageSignature' ? encodeMessageSignature(content.messageSignature) : undefined,
    dsseEnvelope: content?.$case === 'dsseEnvelope' ? encodeEnvelope(content.dsseEnvelope) : undefined,
  });
}

function encodeMessageSignature({
  messageDigest,
  signature,
}: Extract<ProtoBundle['content'], { $case: 'messageSignature' }>['messageSignature']): object {
  const name = HASH_ALGORITHMS.find(([, number]) => number !== 0 && number === messageDigest?.algorithm)?.[0];
  return writeMembers({
    messageDigest: messageDigest && writeMembers({ algorithm: name, digest: messageDigest.digest }),
    signature,
  });
}

function encodeEnvelope({ payload, payloadType, signatures }: Envelope): object {
  return writeMembers({
    payload,
    payloadType,
    signatures: signatures.map(({ sig, keyid }) => writeMembers({ sig, keyid })),
  });
}

function encodeMaterial({ content, tlogEntries, timestampVerificationData }: Material): object {
  const timestamps = timestampVerificationData?.rfc3161Timestamps ?? [];
  return {
    ...encodeKeyContent(content),
    // A list even where there are none: callers index it without asking.
    tlogEntries: tlogEntries.map(encodeLogEntry),
    ...writeMembers({
      timestampVerificationData:
        timestampVerificationData &&
        writeMembers({
          rfc3161Timestamps: timestamps.map(({ signedTimestamp }) => writeMembers({ signedTimestamp })),
        }),
    }),
  };
}

function encodeKeyContent(content: Material['content']): object {
  switch (content?.$case) {
    case 'publicKey':
      return { publicKey: writeMembers({ hint: content.publicKey.hint }) };
    case 'x509CertificateChain': {
      const certificates = content.x509CertificateChain.certificates.map(({ rawBytes }) => writeMembers({ rawBytes }));
      return { x509CertificateChain: writeMembers({ certificates }) };
    }
    case 'certificate':
      return { certificate: writeMembers({ rawBytes: content.certificate.rawBytes }) };
    case undefined:
      return {};
  }
}

function encodeLogEntry({ logIndex, logId, kindVersion, ...entry }: LogEntry): object {
  const { integratedTime, inclusionPromise, inclusionProof, canonicalizedBody } = entry;
  return writeMembers({
    logIndex: writeInt64(logIndex),
    logId: logId && writeMembers({ keyId: logId.keyId }),
    kindVersion: kindVersion && writeMembers({ kind: kindVersion.kind, version: kindVersion.version }),
    integratedTime: writeInt64(integratedTime),
    inclusionPromise: inclusionPromise && writeMembers({ signedEntryTimestamp: inclusionPromise.signedEntryTimestamp }),
    inclusionProof: inclusionProof && encodeProof(inclusionProof),
    canonicalizedBody,
  });
}

function encodeProof({ logIndex, rootHash, treeSize, hashes, checkpoint }: Proof): object {
  return writeMembers({
    logIndex: writeInt64(logIndex),
    rootHash,
    treeSize: writeInt64(treeSize),
    hashes: hashes.map((hash) => encodeBase64(hash)),
    checkpoint: checkpoint && writeMembers({ envelope: checkpoint.envelope }),
  });
}
