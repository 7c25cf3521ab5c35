// SPDX-License-Identifier: Apache-2.0

import { X509Certificate, createPublicKey, verify } from 'node:crypto';
import { encodeUtf8 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { OID } from '@keywax/core/oid';
import { encodePem } from '@keywax/core/pem';
import { encodePrecertificateTbs, encodeSctInput, parseSctList } from '@keywax/core/sct';
import { parseCertificate } from '@keywax/core/x509';
import {
  type Lab,
  createLab,
  encodeExtension,
  encodeFulcioExtension,
  encodeSct,
  generateSigningKey,
  personaIdentity,
  readPrecertificate,
  sctListExtension,
} from '@keywax/stack/lab';
import { beforeAll, describe, expect, test } from 'vitest';
import { runOpenssl, testOpenssl } from '../openssl.js';

const now = new Date('2026-03-01T12:00:00.700Z');
let lab: Lab;
beforeAll(async () => {
  lab = await createLab({ now: () => now });
});

const leafKey = generateSigningKey('P-256');

async function issueLeaf(kind: 'email' | 'github' | 'gitlab') {
  const der = await lab.issueCertificate(leafKey.spki, personaIdentity(kind));
  return { der, node: new X509Certificate(der), ours: parseCertificate(der, 'leaf') };
}

describe('a leaf certificate', () => {
  test('follows the profile, as a second implementation reads it', async () => {
    const { node } = await issueLeaf('email');
    expect(node.subject).toBe(undefined);
    expect(node.issuer).toBe('O=keywax.localhost\nCN=keywax-intermediate');
    expect(node.subjectAltName).toBe('email:alice@example.com');
    expect(node.ca).toBe(false);
    expect(node.keyUsage).toEqual(['1.3.6.1.5.5.7.3.3']);
    expect(new Date(node.validFrom)).toEqual(new Date('2026-03-01T11:59:55Z'));
    expect(new Date(node.validTo)).toEqual(new Date('2026-03-01T12:10:00Z'));
    expect(node.serialNumber).toMatch(/^[4-7][0-9A-F]{39}$/);
  });

  test('chains to the root by name and signature', async () => {
    const { node } = await issueLeaf('email');
    const [intermediate, root] = lab.material.fulcio.chain.map((der) => new X509Certificate(der));
    expect(intermediate && node.checkIssued(intermediate) && node.verify(intermediate.publicKey)).toBe(true);
    expect(root && intermediate?.checkIssued(root) && intermediate.verify(root.publicKey)).toBe(true);
    expect(root?.verify(root.publicKey)).toBe(true);
  });

  test('has a critical SAN, because its subject is empty, and the SCT list last', async () => {
    const { ours } = await issueLeaf('email');
    expect(ours.extensions.get(OID.subjectAltName)?.critical).toBe(true);
    expect([...ours.extensions.keys()].at(-1)).toBe(OID.sctList);
  });

  test('carries a timestamp that the CT log signed over the certificate without it', async () => {
    const { ours } = await issueLeaf('github');
    const [sct, ...more] = parseSctList(ours.extensions.get(OID.sctList)?.value ?? new Uint8Array(), 'list');
    if (sct === undefined) throw new Error('no timestamp');
    expect(more).toEqual([]);
    expect(sct.logId).toEqual(lab.ct.logId);
    expect(sct.timestamp).toEqual(now);
    const input = encodeSctInput(sct, hash('sha256', lab.material.fulcio.key.spki), encodePrecertificateTbs(ours));
    expect(verify('sha256', input, createPublicKey(lab.ct.key.privateKey), sct.signature)).toBe(true);
  });

  test.each([
    ['email', 'alice@example.com', 2],
    ['github', 'https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main', 22],
    ['gitlab', 'https://gitlab.com/group/project//.gitlab-ci.yml@refs/heads/main', 18],
  ] as const)('of the %s persona names %s and has its extensions', async (kind, name, count) => {
    const { ours } = await issueLeaf(kind);
    expect(ours.subjectAltNames).toEqual([{ kind: kind === 'email' ? 'email' : 'uri', value: name }]);
    const fulcio = [...ours.extensions.keys()].filter((id) => id.startsWith('1.3.6.1.4.1.57264.1.'));
    expect(fulcio).toHaveLength(count);
    const numbers = fulcio.map((id) => Number(id.slice(20)));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  testOpenssl('is read by openssl x509 without a complaint', async () => {
    const { der } = await issueLeaf('github');
    const text = runOpenssl(['x509', '-inform', 'DER', '-in', 'leaf.der', '-noout', '-text', '-certopt', 'ext_parse'], {
      'leaf.der': der,
    });
    expect(text).toContain('CT Precertificate SCTs');
    expect(text).toContain('Signature Algorithm: ecdsa-with-SHA384');
    expect(text).toContain('X509v3 Key Usage: critical\n                Digital Signature');
  });

  testOpenssl('is verified by openssl up to the root', async () => {
    const { der } = await issueLeaf('email');
    const [intermediate, root] = lab.material.fulcio.chain.map((certificate) => encodePem('CERTIFICATE', certificate));
    const files = {
      'leaf.pem': encodePem('CERTIFICATE', der),
      'intermediate.pem': intermediate ?? '',
      'root.pem': root ?? '',
    };
    const seconds = String(Math.floor(now.getTime() / 1000));
    const args = [
      'verify',
      '-x509_strict',
      '-attime',
      seconds,
      '-CAfile',
      'root.pem',
      '-untrusted',
      'intermediate.pem',
      'leaf.pem',
    ];
    expect(runOpenssl(args, files)).toContain('leaf.pem: OK');
  });
});

describe('raw and wrapped extensions of Fulcio', () => {
  test.each([
    [1, 'x', [0x78]],
    [6, 'x', [0x78]],
    [8, 'x', [0x0c, 1, 0x78]],
    [24, 'x', [0x0c, 1, 0x78]],
  ])('number %i of %j is %j', (number, text, bytes) => {
    expect([...encodeFulcioExtension(number, text).value]).toEqual(bytes);
  });
});

describe('steps of issuing', () => {
  test('a leaf without timestamps has no SCT extension', async () => {
    const der = await lab.issueCertificate(leafKey.spki, personaIdentity('email'), { requestScts: async () => [] });
    expect(parseCertificate(der, 'leaf').extensions.has(OID.sctList)).toBe(false);
  });

  test('a change before the precertificate is covered by the timestamp, one after it only by the signature', async () => {
    const odd = encodeExtension({ id: '1.2.3.4', critical: false, value: encodeUtf8('odd') });
    const add = (members: { extensions: readonly Uint8Array[] }) => ({ extensions: [...members.extensions, odd] });
    const before = await lab.issueCertificate(leafKey.spki, personaIdentity('email'), {
      changePrecertificate: (members) => ({ ...members, ...add(members) }),
    });
    const after = await lab.issueCertificate(leafKey.spki, personaIdentity('email'), {
      changeCertificate: (members) => ({ ...members, ...add(members) }),
    });
    const ids = (der: Uint8Array) => [...parseCertificate(der, 'leaf').extensions.keys()].slice(-2);
    expect(ids(before)).toEqual(['1.2.3.4', OID.sctList]);
    expect(ids(after)).toEqual([OID.sctList, '1.2.3.4']);
    const issuer = new X509Certificate(lab.material.fulcio.chain[0] ?? new Uint8Array());
    expect(new X509Certificate(after).verify(issuer.publicKey)).toBe(true);
  });

  test('timestamps may come from any log, over any precertificate', async () => {
    const other = await createLab({ now: () => now });
    const der = await lab.issueCertificate(leafKey.spki, personaIdentity('email'), {
      requestScts: async (precertificate, issuer) => {
        const entry = readPrecertificate(precertificate, issuer.key.spki);
        return [encodeSct(other.ct.sign(entry, { timestampMs: 1n })), encodeSct(lab.ct.sign(entry))];
      },
    });
    expect(parseCertificate(der, 'leaf').extensions.get(OID.sctList)?.value.length).toBeGreaterThan(200);
    expect(sctListExtension([]).value).toEqual(Uint8Array.of(0x04, 2, 0, 0));
  });

  test('another issuer of the same name signs with its own key', async () => {
    const other = await createLab({ now: () => now });
    const der = await lab.issueCertificate(leafKey.spki, personaIdentity('email'), { issuer: other.material.fulcio });
    const ours = new X509Certificate(lab.material.fulcio.chain[0] ?? new Uint8Array());
    const theirs = new X509Certificate(other.material.fulcio.chain[0] ?? new Uint8Array());
    expect(new X509Certificate(der).verify(ours.publicKey)).toBe(false);
    expect(new X509Certificate(der).verify(theirs.publicKey)).toBe(true);
  });
});
