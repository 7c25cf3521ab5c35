// SPDX-License-Identifier: Apache-2.0
// What each version of bundles demands, member by member, so that callers learn every path that is wrong. Whether what is
// there holds is the business of verification.

import { ValidationError } from '../errors.js';
import type {
  Bundle,
  BundleLatest,
  BundleV01,
  BundleWithCertificateChain,
  BundleWithDsseEnvelope,
  BundleWithMessageSignature,
  BundleWithPublicKey,
  ProtoBundle,
} from './records.js';

const MEDIA_TYPE = /^application\/vnd\.dev\.sigstore\.bundle(?:\+json;version=\d\.\d|\.v\d\.\d\+json)$/;

/** @throws ValidationError unless the bundle has what every version demands */
export function assertBundle(b: ProtoBundle): asserts b is Bundle {
  refuse('invalid bundle', listMissing(b));
}

/** @throws ValidationError unless the bundle has what version 0.1 demands */
export function assertBundleV01(b: ProtoBundle): asserts b is BundleV01 {
  refuse('invalid v0.1 bundle', [...listMissing(b), ...listPromiseless(b)]);
}

/** @throws ValidationError unless the bundle has what version 0.2 demands */
export function assertBundleV02(b: ProtoBundle): asserts b is BundleLatest {
  refuse('invalid v0.2 bundle', [...listMissing(b), ...listProofless(b)]);
}

/** @throws ValidationError unless the bundle has what version 0.3 demands */
export function assertBundleLatest(b: ProtoBundle): asserts b is BundleLatest {
  const isChain = b.verificationMaterial?.content?.$case === 'x509CertificateChain';
  const chain = isChain ? ['verificationMaterial.content.$case'] : [];
  refuse('invalid bundle', [...listMissing(b), ...listProofless(b), ...chain]);
}

/** True when the bundle has what version 0.1 demands. */
export function isBundleV01(b: Bundle): b is BundleV01 {
  return listMissing(b).length === 0 && listPromiseless(b).length === 0;
}

/** True for a bundle with a chain of certificates. */
export function isBundleWithCertificateChain(b: Bundle): b is BundleWithCertificateChain {
  return b.verificationMaterial.content.$case === 'x509CertificateChain';
}

/** True for a bundle that names a key. */
export function isBundleWithPublicKey(b: Bundle): b is BundleWithPublicKey {
  return b.verificationMaterial.content.$case === 'publicKey';
}

/** True for a bundle with a signature over a message. */
export function isBundleWithMessageSignature(b: Bundle): b is BundleWithMessageSignature {
  return b.content.$case === 'messageSignature';
}

/** True for a bundle with a DSSE envelope. */
export function isBundleWithDsseEnvelope(b: Bundle): b is BundleWithDsseEnvelope {
  return b.content.$case === 'dsseEnvelope';
}

function refuse(message: string, fields: string[]): void {
  if (fields.length > 0) throw new ValidationError(message, fields);
}

function listMissing(bundle: ProtoBundle): string[] {
  const hasMediaType = typeof bundle.mediaType === 'string' && MEDIA_TYPE.test(bundle.mediaType);
  return [
    ...(hasMediaType ? [] : ['mediaType']),
    ...listMissingContent(bundle),
    ...listMissingKey(bundle),
    ...listMissingEntries(bundle),
  ];
}

function listMissingContent({ content }: ProtoBundle): string[] {
  switch (content?.$case) {
    case 'messageSignature': {
      const { messageDigest, signature } = content.messageSignature;
      const at = 'content.messageSignature';
      return [
        ...(messageDigest === undefined ? [`${at}.messageDigest`] : []),
        ...(messageDigest?.digest.length === 0 ? [`${at}.messageDigest.digest`] : []),
        ...(signature.length === 0 ? [`${at}.signature`] : []),
      ];
    }
    case 'dsseEnvelope': {
      const { payload, signatures } = content.dsseEnvelope;
      const at = 'content.dsseEnvelope';
      return [
        ...(payload.length === 0 ? [`${at}.payload`] : []),
        ...(signatures.length === 1 ? [] : [`${at}.signatures`]),
        ...(signatures.length === 1 && signatures[0]?.sig.length === 0 ? [`${at}.signatures[0].sig`] : []),
      ];
    }
    case undefined:
      return ['content'];
  }
}

function listMissingKey({ verificationMaterial }: ProtoBundle): string[] {
  if (verificationMaterial === undefined) return ['verificationMaterial'];
  const at = 'verificationMaterial.content';
  const { content } = verificationMaterial;
  switch (content?.$case) {
    case 'x509CertificateChain': {
      const { certificates } = content.x509CertificateChain;
      const chain = `${at}.x509CertificateChain.certificates`;
      if (certificates.length === 0) return [chain];
      return certificates.flatMap(({ rawBytes }, i) => (rawBytes.length === 0 ? [`${chain}[${i}].rawBytes`] : []));
    }
    case 'certificate':
      return content.certificate.rawBytes.length === 0 ? [`${at}.certificate.rawBytes`] : [];
    case 'publicKey':
      return [];
    case undefined:
      return [at];
  }
}

type LogEntry = NonNullable<ProtoBundle['verificationMaterial']>['tlogEntries'][number];

function listMissingEntries({ verificationMaterial }: ProtoBundle): string[] {
  if (verificationMaterial === undefined) return [];
  const entries: readonly LogEntry[] | undefined = verificationMaterial.tlogEntries;
  if (entries === undefined) return ['verificationMaterial.tlogEntries'];
  return listFaults(entries, ({ logId, kindVersion }) => [
    ...(logId === undefined ? ['logId'] : []),
    ...(kindVersion === undefined ? ['kindVersion'] : []),
  ]);
}

function listPromiseless({ verificationMaterial }: ProtoBundle): string[] {
  return listFaults(verificationMaterial?.tlogEntries ?? [], ({ inclusionPromise }) =>
    inclusionPromise === undefined ? ['inclusionPromise'] : [],
  );
}

function listProofless({ verificationMaterial }: ProtoBundle): string[] {
  return listFaults(verificationMaterial?.tlogEntries ?? [], ({ inclusionProof }) => {
    if (inclusionProof === undefined) return ['inclusionProof'];
    return inclusionProof.checkpoint === undefined ? ['inclusionProof.checkpoint'] : [];
  });
}

function listFaults(entries: readonly LogEntry[], faults: (entry: LogEntry) => readonly string[]): string[] {
  return entries.flatMap((entry, i) => faults(entry).map((name) => `verificationMaterial.tlogEntries[${i}].${name}`));
}
