// SPDX-License-Identifier: Apache-2.0
// Real certificates, read by three implementations that have to agree.

import { X509Certificate, createPublicKey, verify } from 'node:crypto';
import 'reflect-metadata';
import * as peculiar from '@peculiar/x509';
import { expect, test } from 'vitest';
import { describeCorpus, hasCorpus } from '../../../test/corpus.js';
import { encodeHex } from '../src/bytes.js';
import { nodeCrypto } from '../src/crypto.node.js';
import { parsePublicKey } from '../src/key.js';
import { type Certificate, type GeneralName, parseCertificate } from '../src/x509.js';
import { matchIssuer } from '../src/x509-path.js';
import { readChain, readSigstoreCertificates } from './corpus-certificates.js';

const KEY_USAGES = [
  ['digitalSignature', peculiar.KeyUsageFlags.digitalSignature],
  ['contentCommitment', peculiar.KeyUsageFlags.nonRepudiation],
  ['keyEncipherment', peculiar.KeyUsageFlags.keyEncipherment],
  ['dataEncipherment', peculiar.KeyUsageFlags.dataEncipherment],
  ['keyAgreement', peculiar.KeyUsageFlags.keyAgreement],
  ['keyCertSign', peculiar.KeyUsageFlags.keyCertSign],
  ['cRLSign', peculiar.KeyUsageFlags.cRLSign],
] as const;

const certificates = hasCorpus
  ? [
      ...readSigstoreCertificates(),
      ...readChain('rfc3161/sigstage/ts_chain.pem'),
      ...readChain('rfc3161/sigstore.mock/ts_chain.pem'),
      ...readChain('rfc3161/test_tsa/ts_chain.pem'),
    ]
  : [];

describeCorpus('the certificates of the corpus', () => {
  test('are as many as the corpus has', () => {
    expect(certificates.length).toBeGreaterThan(40);
  });

  test('agree with node:crypto', () => {
    for (const der of certificates) {
      const ours = parseCertificate(der, '$');
      const host = new X509Certificate(der);
      expect(formatSerial(ours)).toBe(host.serialNumber.toLowerCase().replace(/^0+/, ''));
      expect(ours.notBefore).toEqual(new Date(host.validFrom));
      expect(ours.notAfter).toEqual(new Date(host.validTo));
      expect(Buffer.from(ours.spki)).toEqual(host.publicKey.export({ type: 'spki', format: 'der' }));
      expect(ours.basicConstraints?.ca ?? false).toBe(host.ca);
      expect(ours.extendedKeyUsage?.purposes).toEqual(host.keyUsage);
      expect(ours.subjectAltNames?.map(formatGeneralName).join(', ')).toBe(host.subjectAltName?.replaceAll('"', ''));
    }
  });

  test('agree with @peculiar/x509', () => {
    for (const der of certificates) {
      const ours = parseCertificate(der, '$');
      const theirs = new peculiar.X509Certificate(new Uint8Array(der));
      expect(formatSerial(ours)).toBe(theirs.serialNumber.replace(/^0+/, ''));
      expect(ours.issuer).toEqual(new Uint8Array(theirs.issuerName.toArrayBuffer()));
      expect(ours.subject).toEqual(new Uint8Array(theirs.subjectName.toArrayBuffer()));
      expect([ours.notBefore, ours.notAfter]).toEqual([theirs.notBefore, theirs.notAfter]);
      expect(ours.spki).toEqual(new Uint8Array(theirs.publicKey.rawData));
      expect(ours.signature).toEqual(new Uint8Array(theirs.signature));
      expect(listExtensions(ours)).toEqual(
        theirs.extensions.map(({ type, critical, value }) => [type, critical, new Uint8Array(value)]),
      );
      expectEqualExtensions(ours, theirs);
    }
  });

  test('verify under the keys of their issuers exactly where node:crypto says so', () => {
    const parsed = certificates.map((der) => parseCertificate(der, '$'));
    let verified = 0;
    for (const certificate of parsed) {
      for (const issuer of parsed.filter((candidate) => matchIssuer(certificate, candidate))) {
        const key = createPublicKey({ key: Buffer.from(issuer.spki), type: 'spki', format: 'der' });
        const { signatureScheme: scheme, signature, tbs, der } = certificate;
        expect(verify(scheme.hash, tbs, key, signature)).toBe(new X509Certificate(der).verify(key));
        const input = {
          key: parsePublicKey(issuer.spki, '$'),
          scheme,
          signature,
          data: { kind: 'message', bytes: tbs },
        } as const;
        expect(nodeCrypto.verifySync?.(input)).toBe(new X509Certificate(der).verify(key));
        verified++;
      }
    }
    expect(verified).toBeGreaterThan(40);
  });
});

/** Hex without the zeros in front, which the others keep in part. */
function formatSerial(certificate: Certificate): string {
  return encodeHex(certificate.serialNumber).replace(/^0+/, '');
}

/** As `node:crypto` prints it, but for its quotation marks. */
function formatGeneralName(name: GeneralName): string {
  switch (name.kind) {
    case 'email':
      return `email:${name.value}`;
    case 'uri':
      return `URI:${name.value}`;
    case 'dns':
      return `DNS:${name.value}`;
    default:
      return name.kind;
  }
}

function listExtensions(certificate: Certificate): readonly unknown[] {
  return [...certificate.extensions].map(([id, { critical, value }]) => [id, critical, Uint8Array.from(value)]);
}

function expectEqualExtensions(ours: Certificate, theirs: peculiar.X509Certificate): void {
  const constraints = theirs.getExtension(peculiar.BasicConstraintsExtension);
  expect(ours.basicConstraints?.ca).toBe(constraints?.ca);
  expect(ours.basicConstraints?.pathLength).toBe(constraints?.pathLength);
  const usages = theirs.getExtension(peculiar.KeyUsagesExtension)?.usages ?? 0;
  expect([...(ours.keyUsage ?? [])]).toEqual(
    KEY_USAGES.filter(([, flag]) => (usages & flag) !== 0).map(([name]) => name),
  );
  const purposes = theirs.getExtension(peculiar.ExtendedKeyUsageExtension)?.usages;
  expect(ours.extendedKeyUsage?.purposes).toEqual(purposes?.map(String));
  const subjectKey = theirs.getExtension(peculiar.SubjectKeyIdentifierExtension)?.keyId;
  expect(ours.subjectKeyIdentifier && encodeHex(ours.subjectKeyIdentifier)).toBe(subjectKey);
  const authorityKey = theirs.getExtension(peculiar.AuthorityKeyIdentifierExtension)?.keyId;
  const { keyIdentifier } = ours.authorityKeyIdentifier ?? {};
  expect(keyIdentifier && encodeHex(keyIdentifier)).toBe(authorityKey);
  const names = theirs.getExtension(peculiar.SubjectAlternativeNameExtension)?.names.items;
  expect(ours.subjectAltNames?.map((name) => 'value' in name && name.value)).toEqual(names?.map(({ value }) => value));
}
