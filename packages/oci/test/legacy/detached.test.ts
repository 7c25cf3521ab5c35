// SPDX-License-Identifier: Apache-2.0

import { createHash, generateKeyPairSync, sign as signByHost } from 'node:crypto';
import { type Bundle, encodeBundle } from '@keywax/bundle';
import { isKeywaxError } from '@keywax/core/errors';
import { type JsonValue, readPlainJson } from '@keywax/core/json';
import { createLab } from '@keywax/stack/lab';
import { unsafeNoLog, verify } from 'keywax';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createBundle,
  decodeBlobBundle,
  decodeRekorBundle,
  isBlobBundle,
  parseSignatureFile,
  parseTimestampFile,
  parseVerifier,
} from '../../src/index.js';

const KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PUBLIC_PEM = KEY.publicKey.export({ format: 'pem', type: 'spki' }).toString();
const SPKI = KEY.publicKey.export({ format: 'der', type: 'spki' });
const ARTIFACT = Buffer.from('what is signed\n');
const SIGNATURE = signByHost('sha256', ARTIFACT, KEY.privateKey);
const DIGEST = createHash('sha256').update(ARTIFACT).digest();
const NOBODY = { trustedRoot: { mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1' } };

const BODY = JSON.stringify({
  apiVersion: '0.0.1',
  kind: 'hashedrekord',
  spec: {
    data: { hash: { algorithm: 'sha256', value: DIGEST.toString('hex') } },
    signature: {
      content: SIGNATURE.toString('base64'),
      publicKey: { content: Buffer.from(PUBLIC_PEM).toString('base64') },
    },
  },
});

const REKOR_BUNDLE = {
  SignedEntryTimestamp: 'AAEC',
  Payload: {
    body: Buffer.from(BODY).toString('base64'),
    integratedTime: 1_700_000_000,
    logIndex: 42,
    logID: 'ab'.repeat(32),
  },
};
const OLD = {
  base64Signature: SIGNATURE.toString('base64'),
  cert: Buffer.from(PUBLIC_PEM).toString('base64'),
  rekorBundle: REKOR_BUNDLE,
};

const json = (value: unknown): JsonValue => readPlainJson(value, { maxBytes: 1_000_000 });
const withPayload = (change: object): object => ({
  ...REKOR_BUNDLE,
  Payload: { ...REKOR_BUNDLE.Payload, ...change },
});

describe("cosign's log entry", () => {
  test.each([
    ['with its body in base64', REKOR_BUNDLE],
    ['with its body as it is', withPayload({ body: BODY })],
  ])('is an entry with a promise and no proof, %s', (_, value) => {
    expect(decodeRekorBundle(json(value), '$')).toEqual({
      logIndex: 42n,
      logId: new Uint8Array(32).fill(0xab),
      kind: 'hashedrekord',
      version: '0.0.1',
      integratedTime: 1_700_000_000n,
      promise: Uint8Array.of(0, 1, 2),
      body: new TextEncoder().encode(BODY),
    });
  });

  test.each([
    ['no promise', { ...REKOR_BUNDLE, SignedEntryTimestamp: '' }],
    ['a promise that is not base64', { ...REKOR_BUNDLE, SignedEntryTimestamp: '!' }],
    ['another member', { ...REKOR_BUNDLE, Proof: {} }],
    ['another member of the payload', withPayload({ proof: {} })],
    ['a short log id', withPayload({ logID: 'abab' })],
    ['a log id in upper case', withPayload({ logID: 'AB'.repeat(32) })],
    ['a negative index', withPayload({ logIndex: -1 })],
    ['a fraction of a second', withPayload({ integratedTime: 1.5 })],
    ['no body', withPayload({ body: '' })],
    ['a body without a kind', withPayload({ body: '{}' })],
    ['a body that is cut', withPayload({ body: BODY.slice(0, 50) })],
    ['no payload', { SignedEntryTimestamp: 'AAEC' }],
    ['no object', 'x'],
  ])('is refused with %s', (_, value) => {
    expect(() => decodeRekorBundle(json(value), '$')).toThrow(expect.objectContaining({ code: 'INPUT_MALFORMED' }));
  });
});

describe('a signature file', () => {
  const base64 = SIGNATURE.toString('base64');
  test.each([
    ['base64', base64],
    ['base64 with a line end', `${base64}\n`],
    ['base64 with a line end of Windows', `${base64}\r\n`],
    ['bytes', SIGNATURE],
  ])('may hold %s', (_, content) => {
    expect(Buffer.from(parseSignatureFile(Buffer.from(content)))).toEqual(SIGNATURE);
  });

  test('is not empty, and not endless', () => {
    expect(() => parseSignatureFile(new Uint8Array())).toThrow(expect.objectContaining({ code: 'INPUT_MALFORMED' }));
    const huge = new Uint8Array(16_777_217);
    expect(() => parseSignatureFile(huge)).toThrow(expect.objectContaining({ code: 'INPUT_TOO_LARGE' }));
  });
});

describe('a verifier', () => {
  test.each([
    ['PEM', PUBLIC_PEM],
    ['base64 of PEM', Buffer.from(PUBLIC_PEM).toString('base64')],
    ['base64 of PEM with a line end', `${Buffer.from(PUBLIC_PEM).toString('base64')}\n`],
  ])('may be %s of a public key', (_, content) => {
    expect(parseVerifier(content)).toEqual({ kind: 'publicKey', spki: new Uint8Array(SPKI) });
  });

  test('may be a chain of certificates, of which the first counts', async () => {
    const { material } = await mint();
    const [leaf] = material.kind === 'certificate' ? material.certificates : [];
    const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(leaf ?? []).toString('base64')}\n-----END CERTIFICATE-----\n`;
    expect(parseVerifier(pem.repeat(2))).toEqual({ kind: 'certificate', der: leaf });
  });

  test.each([
    ['a private key', KEY.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), 'KEY_REJECTED'],
    ['two public keys', PUBLIC_PEM.repeat(2), 'INPUT_MALFORMED'],
    ['a certificate that is none', '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n', 'INPUT_MALFORMED'],
    ['text', 'canary', 'INPUT_MALFORMED'],
    ['base64 of something else', 'Y2FuYXJ5', 'INPUT_MALFORMED'],
  ])('is not %s', (_, content, code) => {
    let error: unknown;
    try {
      parseVerifier(content);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code });
    expect(JSON.stringify(error)).not.toContain(content.split('\n')[1] ?? 'canary');
  });
});

async function mint(): Promise<Bundle> {
  const { decodeBundle } = await import('@keywax/bundle');
  return decodeBundle((await (await createLab()).makeBundle({ content: 'message', logs: 'v1' })).bundle);
}

describe("cosign's old bundle", () => {
  test('is told from others', () => {
    expect(isBlobBundle(JSON.stringify(OLD))).toBe(true);
    expect(isBlobBundle('{}')).toBe(false);
    expect(isBlobBundle('{')).toBe(false);
    expect(isBlobBundle('["base64Signature"]')).toBe(false);
  });

  test('gives its pieces', () => {
    expect(decodeBlobBundle(JSON.stringify(OLD))).toMatchObject({
      signature: new Uint8Array(SIGNATURE),
      verifier: { kind: 'publicKey' },
      entry: { logIndex: 42n },
    });
    expect(Object.keys(decodeBlobBundle(JSON.stringify({ ...OLD, cert: '', rekorBundle: null })))).toEqual([
      'signature',
    ]);
  });

  test.each([
    ['no signature', { ...OLD, base64Signature: '' }, 'INPUT_MALFORMED'],
    ['another member', { ...OLD, x: 1 }, 'INPUT_MALFORMED'],
    ['a certificate that is none', { ...OLD, cert: 'x' }, 'INPUT_MALFORMED'],
    ['a list', [OLD], 'INPUT_MALFORMED'],
  ])('is refused with %s', (_, value, code) => {
    expect(() => decodeBlobBundle(JSON.stringify(value))).toThrow(expect.objectContaining({ code }));
  });

  test('whatever comes is a value or an error of ours', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        try {
          decodeBlobBundle(text);
        } catch (error) {
          expect(isKeywaxError(error)).toBe(true);
        }
      }),
    );
  });
});

describe('a timestamp file', () => {
  test('holds the answer of an authority, or JSON around it', () => {
    const der = Uint8Array.of(0x30, 1, 2);
    expect(parseTimestampFile(der)).toEqual(der);
    expect(parseTimestampFile(Buffer.from('{"SignedRFC3161Timestamp":"MAEC"}'))).toEqual(der);
    expect(() => parseTimestampFile(Buffer.from('{}'))).toThrow(expect.objectContaining({ code: 'INPUT_MALFORMED' }));
  });
});

describe('a bundle of pieces', () => {
  const verifier = { kind: 'publicKey', spki: new Uint8Array(SPKI) } as const;
  const digest = (): Uint8Array => new Uint8Array(DIGEST);

  test('without a log entry is a bundle 0.3 that verifies by its key', async () => {
    const bundle = encodeBundle(await createBundle({ signature: SIGNATURE, verifier, digest }));
    expect(bundle.mediaType).toBe('application/vnd.dev.sigstore.bundle.v0.3+json');
    const how = { identity: { key: PUBLIC_PEM }, instance: NOBODY, logThreshold: unsafeNoLog } as const;
    expect((await verify(bundle, { artifact: ARTIFACT, ...how })).signer.kind).toBe('key');
    await expect(verify(bundle, { artifact: Buffer.from('x'), ...how })).rejects.toMatchObject({
      code: 'ARTIFACT_MISMATCH',
    });
  });

  test.each([
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'sha384', 'SHA2_384'],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2_048 }), 'sha256', 'SHA2_256'],
  ] as const)('has the digest that a key of %s signs', async (_, { publicKey, privateKey }, hash, name) => {
    const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
    const bundle = await createBundle({
      signature: signByHost(hash, ARTIFACT, privateKey),
      verifier: { kind: 'publicKey', spki },
      digest: async (algorithm) => createHash(algorithm).update(ARTIFACT).digest(),
    });
    expect(encodeBundle(bundle).messageSignature?.messageDigest.algorithm).toBe(name);
    const key = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    await verify(encodeBundle(bundle), {
      artifact: ARTIFACT,
      identity: { key },
      instance: NOBODY,
      logThreshold: unsafeNoLog,
    });
  });

  test('with an entry that has no proof is a bundle 0.1, with the digest that the entry names', async () => {
    const bundle = encodeBundle(await createBundle(decodeBlobBundle(JSON.stringify(OLD))));
    expect(bundle.mediaType).toContain('version=0.1');
    expect(bundle.messageSignature?.messageDigest.digest).toBe(DIGEST.toString('base64'));
    expect(bundle.verificationMaterial.tlogEntries).toHaveLength(1);
  });

  test('of an envelope is one', async () => {
    const envelope = {
      payload: Buffer.from('{}').toString('base64'),
      payloadType: 'application/vnd.in-toto+json',
      signatures: [{ keyid: '', sig: SIGNATURE.toString('base64') }],
    };
    const bundle = await createBundle({ signature: Buffer.from(JSON.stringify(envelope)), verifier });
    expect(bundle.content).toMatchObject({ kind: 'dsse', payloadType: 'application/vnd.in-toto+json' });
  });

  test.each([
    ['no verifier', { signature: SIGNATURE, digest }, 'CONFIG_INVALID'],
    ['no digest and no entry', { signature: SIGNATURE, verifier }, 'CONFIG_INVALID'],
    [
      'a digest of another length',
      { signature: SIGNATURE, verifier, digest: () => new Uint8Array(5) },
      'BUNDLE_INVALID',
    ],
    ['an empty signature', { signature: new Uint8Array(), verifier, digest }, 'BUNDLE_INVALID'],
    [
      'a key that is none',
      { signature: SIGNATURE, verifier: { kind: 'publicKey' as const, spki: new Uint8Array(5) }, digest },
      'INPUT_MALFORMED',
    ],
    ['an envelope that is broken', { signature: Buffer.from(`{${' '.repeat(80)}`), verifier }, 'INPUT_MALFORMED'],
    [
      'an envelope with two signatures',
      {
        signature: Buffer.from(
          JSON.stringify({ payload: '', payloadType: 'a', signatures: [{ sig: 'AAAA' }, { sig: 'AAAA' }] }),
        ),
        verifier,
      },
      'BUNDLE_INVALID',
    ],
  ])('is not made with %s', async (_, pieces, code) => {
    await expect(createBundle(pieces)).rejects.toMatchObject({ code });
  });
});
