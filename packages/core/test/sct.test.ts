// SPDX-License-Identifier: Apache-2.0

import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeCorpus } from '../../../test/corpus.js';
import { concatBytes, encodeHex, encodeUint, equalBytes } from '../src/bytes.js';
import { TAG, contextTag, encodeDer } from '../src/der.js';
import { OID } from '../src/oid.js';
import {
  type Sct,
  encodePrecertificateTbs,
  encodeSct,
  encodeSctInput,
  encodeSctList,
  parseSct,
  parseSctList,
  removeSctList,
} from '../src/sct.js';
import { type Certificate, parseCertificate } from '../src/x509.js';
import { matchIssuer } from '../src/x509-path.js';
import { readJson, readSigstoreCertificates } from './corpus-certificates.js';
import { codeOf } from './fault.js';
import { verifies } from './judge-path.js';
import { makeEcPair } from './keys.js';
import { EMPTY, extension, leafExtensions, makeIntermediate, makeLeaf, makeRoot, octets, sequence } from './mint.js';

const root = makeRoot();
const log = makeEcPair('P-256');
const sct: Omit<Sct, 'timestamp'> = {
  logId: sha256(log.publicKey.spki),
  timestampMs: 1_750_000_000_000n,
  extensions: Uint8Array.of(0, 0, 5, 0, 0, 0, 0, 112),
  scheme: { scheme: 'ecdsa', hash: 'sha256' },
  signature: Uint8Array.of(1, 2, 3),
};
const bytes = encodeSct(sct);

/** An extension value around these bytes of a list. */
function wrap(list: Uint8Array): Uint8Array {
  return octets(vector(list));
}

function vector(content: Uint8Array): Uint8Array {
  return concatBytes(encodeUint(content.length, 2), content);
}

/** The SCT of above with some bytes replaced. */
function patch(offset: number, ...replacement: readonly number[]): Uint8Array {
  const patched = bytes.slice();
  patched.set(replacement, offset);
  return wrap(vector(patched));
}

describe('parseSctList', () => {
  test('reads what was encoded', () => {
    const other = { ...sct, extensions: EMPTY, timestampMs: 0n };
    const [first, second, ...others] = parseSctList(encodeSctList([sct, other]), '$');
    expect(first).toEqual({ ...sct, timestamp: new Date('2025-06-15T15:06:40Z') });
    expect(second).toEqual({ ...other, timestamp: new Date(0) });
    expect(others).toEqual([]);
  });

  const schemeAt = bytes.length - 3 - 2 - 2;
  test.each([
    ['CT-001', 'an empty list', 'SCT_INVALID', wrap(EMPTY)],
    ['CT-008', 'nothing', 'INPUT_MALFORMED', EMPTY],
    ['CT-008', 'an OCTET STRING without a list', 'INPUT_MALFORMED', octets(EMPTY)],
    ['CT-008', 'another element', 'INPUT_MALFORMED', sequence()],
    ['CT-008', 'bytes after the OCTET STRING', 'INPUT_MALFORMED', concatBytes(wrap(vector(bytes)), Uint8Array.of(0))],
    ['CT-008', 'bytes after the list', 'INPUT_MALFORMED', octets(concatBytes(vector(vector(bytes)), Uint8Array.of(0)))],
    [
      'CT-008',
      'a list longer than its bytes',
      'INPUT_MALFORMED',
      octets(concatBytes(Uint8Array.of(1, 0), vector(bytes))),
    ],
    ['CT-008', 'a member longer than the list', 'INPUT_MALFORMED', wrap(vector(bytes).subarray(0, -1))],
    ['CT-008', 'an empty member', 'INPUT_MALFORMED', wrap(concatBytes(vector(bytes), vector(EMPTY)))],
    ['CT-008', 'bytes after a signature', 'INPUT_MALFORMED', wrap(vector(concatBytes(bytes, Uint8Array.of(0))))],
    ['CT-008', 'an empty signature', 'INPUT_MALFORMED', encodeSctList([{ ...sct, signature: EMPTY }])],
    ['CT-009', 'version 2', 'INPUT_UNSUPPORTED', patch(0, 1)],
    ['CT-009', 'hash none', 'INPUT_UNSUPPORTED', patch(schemeAt, 0)],
    ['CT-009', 'hash MD5', 'INPUT_UNSUPPORTED', patch(schemeAt, 1)],
    ['CT-009', 'hash SHA-1', 'INPUT_UNSUPPORTED', patch(schemeAt, 2)],
    ['CT-009', 'signature anonymous', 'INPUT_UNSUPPORTED', patch(schemeAt + 1, 0)],
    ['CT-009', 'signature DSA', 'INPUT_UNSUPPORTED', patch(schemeAt + 1, 2)],
    ['CT-009', 'signature Ed25519', 'INPUT_UNSUPPORTED', patch(schemeAt, 8, 7)],
    ['CT-010', 'timestamp 2^64 − 1', 'SCT_INVALID', encodeSctList([{ ...sct, timestampMs: 2n ** 64n - 1n }])],
    [
      'CT-010',
      'the last timestamp of all calendars',
      'accepted',
      encodeSctList([{ ...sct, timestampMs: 8_640_000_000_000_000n }]),
    ],
    ['CT-015', '17 members', 'INPUT_TOO_LARGE', encodeSctList(Array.from({ length: 17 }, () => sct))],
    ['CT-015', '16 members', 'accepted', encodeSctList(Array.from({ length: 16 }, () => sct))],
    ['CT-015', '64 KiB', 'INPUT_TOO_LARGE', encodeSctList([{ ...sct, extensions: new Uint8Array(65_000) }])],
    ['CT-019', 'an RSA log', 'accepted', encodeSctList([{ ...sct, scheme: { scheme: 'rsa-pkcs1', hash: 'sha256' } }])],
    ['CT-019', 'a P-384 log', 'accepted', encodeSctList([{ ...sct, scheme: { scheme: 'ecdsa', hash: 'sha384' } }])],
  ])('%s: %s → %s', (_id, _what, code, value) => {
    expect(codeOf(() => parseSctList(value, '$'))).toBe(code);
  });

  test('is refused at every truncation', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(codeOf(() => parseSct(bytes.subarray(0, length), '$'))).toBe('INPUT_MALFORMED');
    }
  });

  test('returns what encodeSctList was given, and for any bytes a value or a KeywaxError', () => {
    const arbitrary = fc.record({
      logId: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      timestampMs: fc.bigInt({ min: 0n, max: 8_640_000_000_000_000n }),
      extensions: fc.uint8Array({ maxLength: 20 }),
      scheme: fc.record({
        scheme: fc.constantFrom('ecdsa', 'rsa-pkcs1'),
        hash: fc.constantFrom('sha256', 'sha384', 'sha512'),
      }),
      signature: fc.uint8Array({ minLength: 1, maxLength: 80 }),
    });
    fc.assert(
      fc.property(fc.array(arbitrary, { minLength: 1, maxLength: 16 }), (scts) => {
        const parsed = parseSctList(encodeSctList(scts), '$');
        expect(parsed).toEqual(scts.map((one) => ({ ...one, timestamp: new Date(Number(one.timestampMs)) })));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (list) => {
        expect(codeOf(() => parseSctList(wrap(list), '$'))).toMatch(/^(accepted|INPUT_|SCT_)/);
      }),
    );
  });

  test('encodes no timestamp that no log could have signed', () => {
    expect(codeOf(() => encodeSct({ ...sct, scheme: { scheme: 'ed25519', hash: 'sha512' } }))).toBe('CONFIG_INVALID');
  });
});

describe('the bytes that a log signs', () => {
  const others = leafExtensions(root);
  const list = extension(OID.sctList, encodeSctList([sct]));

  test.each(others.map((_, index) => index).concat(others.length))(
    'CT-017: are the certificate without its timestamps, which stand at place %i',
    (index) => {
      const extensions = [...others.slice(0, index), list, ...others.slice(index)];
      const final = makeLeaf(root, { extensions }).certificate;
      const without = makeLeaf(root, { extensions: others }).certificate;
      expect(encodePrecertificateTbs(final)).toEqual(without.tbs);
    },
  );

  test.each([
    [127, 0],
    [255, 0],
    [65_535, 0],
    [127, 300],
    [255, 66_000],
  ])('CT-018: have right lengths around extensions of %i bytes below fields of %i', (boundary, fieldBytes) => {
    const field = octets(new Uint8Array(fieldBytes));
    const encode = (...extensions: readonly Uint8Array[]): Uint8Array =>
      sequence(field, encodeDer(contextTag(3), sequence(...extensions)));
    const first = Math.max(0, boundary - list.length - 40);
    for (let size = first; size < boundary + 20; size++) {
      const filler = extension('1.2.3', new Uint8Array(size));
      expect(equalBytes(removeSctList(encode(filler, list)), encode(filler))).toBe(true);
      expect(equalBytes(removeSctList(encode(list, filler)), encode(filler))).toBe(true);
    }
  });

  test('CT-001, CT-016: need exactly one list, and another extension', () => {
    expect(codeOf(() => encodePrecertificateTbs(makeLeaf(root).certificate))).toBe('SCT_INVALID');
    expect(codeOf(() => encodePrecertificateTbs(makeLeaf(root, { extensions: [] }).certificate))).toBe('SCT_INVALID');
    expect(codeOf(() => encodePrecertificateTbs(makeLeaf(root, { extensions: [list] }).certificate))).toBe(
      'SCT_INVALID',
    );
    expect(codeOf(() => removeSctList(encodeDer(TAG.null)))).toBe('INPUT_MALFORMED');
  });

  test('CT-004 to CT-007: bind leaf, issuer, entry type, time and extensions', () => {
    const leaf = makeLeaf(root, { extensions: [...others, list] }).certificate;
    const otherLeaf = makeLeaf(root, {
      serialNumber: Uint8Array.of(2, 1, 8),
      extensions: [...others, list],
    }).certificate;
    const issuerKeyHash = sha256(root.certificate.spki);
    const input = encodeSctInput(sct, issuerKeyHash, encodePrecertificateTbs(leaf));
    const signature = sign('sha256', input, log.privateKey);
    const verifiesOver = (other: Uint8Array): boolean =>
      verify('sha256', other, { key: Buffer.from(log.publicKey.spki), type: 'spki', format: 'der' }, signature);
    const twin = sha256(makeRoot().certificate.spki);
    expect(verifiesOver(input)).toBe(true);
    expect(verifiesOver(encodeSctInput(sct, issuerKeyHash, encodePrecertificateTbs(otherLeaf)))).toBe(false);
    expect(verifiesOver(encodeSctInput(sct, twin, encodePrecertificateTbs(leaf)))).toBe(false);
    expect(verifiesOver(encodeSctInput(sct, issuerKeyHash, leaf.tbs))).toBe(false);
    expect(
      verifiesOver(encodeSctInput({ ...sct, extensions: EMPTY }, issuerKeyHash, encodePrecertificateTbs(leaf))),
    ).toBe(false);
    expect(
      verifiesOver(encodeSctInput({ ...sct, timestampMs: 1n }, issuerKeyHash, encodePrecertificateTbs(leaf))),
    ).toBe(false);
  });

  test('follow the order of RFC 6962 §3.2', () => {
    const input = encodeSctInput(
      { timestampMs: 0x0102030405060708n, extensions: Uint8Array.of(9) },
      new Uint8Array(32).fill(0xaa),
      Uint8Array.of(0x30, 0),
    );
    expect(encodeHex(input)).toBe(`000001020304050607080001${'aa'.repeat(32)}0000023000000109`);
  });

  test('CT-020: name the issuer of the certificate, whoever signed the precertificate', () => {
    // A precertificate signing certificate is never part of the final path: the hash is of the final issuer's key.
    const ca = makeIntermediate(root);
    const leaf = makeLeaf(ca, { extensions: [...leafExtensions(ca), list] }).certificate;
    const input = encodeSctInput(sct, sha256(ca.certificate.spki), encodePrecertificateTbs(leaf));
    expect(input.subarray(12, 44)).toEqual(sha256(ca.certificate.spki));
  });
});

interface CtLog {
  readonly publicKey: { readonly rawBytes: string };
  readonly logId: { readonly keyId: string };
}

describeCorpus('the certificate timestamps of the corpus', () => {
  const logs = new Map(
    ['trust/production/trusted_root.json', 'trust/staging/trusted_root.json'].flatMap((path) =>
      (readJson(path) as { readonly ctlogs: readonly CtLog[] }).ctlogs.map(
        ({ logId, publicKey }) =>
          [encodeHex(Buffer.from(logId.keyId, 'base64')), Buffer.from(publicKey.rawBytes, 'base64')] as const,
      ),
    ),
  );
  const certificates = readSigstoreCertificates().map((der) => parseCertificate(der, '$'));

  test('verify under the logs of production and staging', () => {
    let verified = 0;
    for (const leaf of certificates) {
      const value = leaf.extensions.get(OID.sctList)?.value;
      if (value === undefined) continue;
      for (const one of parseSctList(value, '$')) {
        const key = logs.get(encodeHex(one.logId));
        if (key === undefined) continue; // of a private instance
        const input = encodeSctInput(one, sha256(findIssuer(leaf).spki), encodePrecertificateTbs(leaf));
        const logKey = createPublicKey({ key, type: 'spki', format: 'der' });
        expect(verify(one.scheme.hash, input, logKey, one.signature)).toBe(true);
        expect(Math.abs(one.timestamp.getTime() - leaf.notBefore.getTime())).toBeLessThan(60_000);
        verified++;
      }
    }
    expect(verified).toBeGreaterThan(15);
  });

  test('come back from the encoder byte for byte', () => {
    for (const { extensions } of certificates) {
      const value = extensions.get(OID.sctList)?.value;
      if (value !== undefined) expect(encodeSctList(parseSctList(value, '$'))).toEqual(Uint8Array.from(value));
    }
  });

  function findIssuer(leaf: Certificate): Certificate {
    const issuer = certificates.find((one) => matchIssuer(leaf, one) && verifies({ certificate: leaf, issuer: one }));
    if (issuer === undefined) throw new Error('the corpus has no issuer of this leaf');
    return issuer;
  }
});

function sha256(data: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(data).digest());
}
