// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto';
import { defaultCrypto } from '@keywax/core/crypto';
import {
  type BundleRequest,
  type Lab,
  LAB_ISSUER,
  createLab,
  encodeSigningConfig,
  encodeClientTrustConfig,
  generateSigningKey,
} from '@keywax/stack/lab';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Artifact,
  type VerifyOptions,
  createVerifier,
  email,
  loadSyncCrypto,
  unsafeAnyIdentity,
  unsafeNoArtifact,
  verify,
} from '../src/index.js';
import { refusalOf } from './refusal.js';

const NOW = new Date('2026-03-01T12:00:00Z');
const ARTIFACT = new TextEncoder().encode('the artifact\n');
const OTHER = new TextEncoder().encode('another\n');
const alice = email({ address: 'alice@example.com', issuer: LAB_ISSUER });

let lab: Lab;
let trustedRoot: object;

beforeAll(async () => {
  lab = await createLab({ now: () => NOW });
  trustedRoot = lab.trustedRoot();
  await loadSyncCrypto();
});

/** A bundle of the lab for the artifact. */
async function make(request: Partial<BundleRequest> = {}): Promise<object> {
  return (await lab.makeBundle({ content: 'message', logs: 'v1', artifact: ARTIFACT, ...request })).bundle;
}

async function verifyHere(bundle: object, options: Partial<VerifyOptions>): Promise<unknown> {
  return verify(bundle, { artifact: ARTIFACT, identity: alice, now: NOW, instance: { trustedRoot }, ...options });
}

const HASHES = ['sha256', 'sha384', 'sha512'] as const;

async function* iterate(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (const byte of bytes) yield Uint8Array.of(byte);
}

describe('what an artifact may be', () => {
  const forms: readonly (readonly [string, (bytes: Uint8Array) => Artifact])[] = [
    ['bytes', (bytes) => bytes],
    ['a blob', (bytes) => new Blob([bytes as Uint8Array<ArrayBuffer>])],
    ['a stream', (bytes) => new Blob([bytes as Uint8Array<ArrayBuffer>]).stream()],
    ['an iterator', iterate],
    [
      'a digest in hex',
      (bytes) => Object.fromEntries(HASHES.map((name) => [name, createHash(name).update(bytes).digest('hex')])),
    ],
    [
      'a digest in bytes',
      (bytes) => Object.fromEntries(HASHES.map((name) => [name, createHash(name).update(bytes).digest()])),
    ],
  ];

  describe.each(['P-256', 'P-384', 'P-521', 'rsa-2048', 'ed25519'] as const)('of a message signed with %s', (kind) => {
    test.each(forms)('%s', async (_, form) => {
      const bundle = await make({ key: generateSigningKey(kind), logs: kind === 'ed25519' ? 'v2' : 'v1' });
      expect(await refusalOf(() => verifyHere(bundle, { artifact: form(ARTIFACT) }))).toBeUndefined();
      expect(await refusalOf(() => verifyHere(bundle, { artifact: form(OTHER) }))).toBe('ARTIFACT_MISMATCH');
    });
  });

  describe('of a statement', () => {
    test.each(forms)('%s', async (_, form) => {
      const bundle = await make({ content: 'dsse' });
      expect(await refusalOf(() => verifyHere(bundle, { artifact: form(ARTIFACT) }))).toBeUndefined();
      expect(await refusalOf(() => verifyHere(bundle, { artifact: form(OTHER) }))).toBe('ARTIFACT_MISMATCH');
    });

    test('none, when the caller says so', async () => {
      expect(
        await refusalOf(async () => verifyHere(await make({ content: 'dsse' }), { artifact: unsafeNoArtifact })),
      ).toBeUndefined();
      expect(await refusalOf(async () => verifyHere(await make(), { artifact: unsafeNoArtifact }))).toBe(
        'CONFIG_INVALID',
      );
    });
  });
});

describe('what is refused before a stream is read', () => {
  const unread: Artifact = new ReadableStream(
    {
      pull: () => {
        throw new Error('it was read');
      },
    },
    { highWaterMark: 0 },
  );

  test('a missing identity', async () => {
    const bundle = await make();
    const options = { artifact: unread, instance: { trustedRoot } } as unknown as VerifyOptions;
    expect(await refusalOf(() => verify(bundle, options))).toBe('CONFIG_INVALID');
  });

  test('a bundle that is none', async () => {
    expect(await refusalOf(() => verifyHere({}, { artifact: unread }))).toBe('BUNDLE_INVALID');
  });

  test('a signal that has fired', async () => {
    const signal = AbortSignal.abort();
    expect(await refusalOf(async () => verifyHere(await make(), { artifact: unread, signal }))).toBe(
      'OPERATION_ABORTED',
    );
  });
});

describe('options that make no sense', () => {
  const instance = { trustedRoot: 'production' };
  test.each([
    ['none at all', undefined],
    ['a list', []],
    ['no artifact', { identity: alice, instance }],
    ['an unknown name', { artifact: ARTIFACT, identity: alice, identiy: alice, instance }],
    ['the trust of the engine', { artifact: ARTIFACT, identity: alice, trust: {}, instance }],
    ['an unknown instance', { artifact: ARTIFACT, identity: alice, instance: 'testing' }],
    ['an instance without trust', { artifact: ARTIFACT, identity: alice, instance: {} }],
    [
      'an instance with more than is known',
      { artifact: ARTIFACT, identity: alice, instance: { trustedRoot: {}, tufRoot: {} } },
    ],
    ['an artifact that is text', { artifact: 'text', identity: alice, instance }],
    ['an artifact that is null', { artifact: null, identity: alice, instance }],
    ['a digest that is too short', { artifact: { sha256: 'abcd' }, identity: alice, instance }],
    ['an empty identity', { artifact: ARTIFACT, identity: {}, instance }],
    ['no identity to choose from', { artifact: ARTIFACT, identity: [], instance }],
  ])('%s', async (_, options) => {
    const bundle = await make();
    expect(await refusalOf(() => verify(bundle, options as VerifyOptions))).toBe('CONFIG_INVALID');
  });
});

describe('a polluted prototype', () => {
  const prototype = Object.prototype as Record<string, unknown>;
  afterEach(() => {
    delete prototype['identity'];
    delete prototype['artifact'];
    delete prototype['instance'];
    delete prototype['logThreshold'];
    delete prototype['crypto'];
  });

  test('gives no crypto provider', async () => {
    const bundle = (await make({ logs: 'v2' })) as { verificationMaterial: { timestampVerificationData: object } };
    const other = (await make({ logs: 'v2' })) as typeof bundle;
    bundle.verificationMaterial.timestampVerificationData = other.verificationMaterial.timestampVerificationData;
    prototype['crypto'] = { ...defaultCrypto, hash: () => new Uint8Array(32), verify: async () => true };
    expect(await refusalOf(() => verifyHere(bundle, {}))).toBe('TIMESTAMP_INVALID');
    expect(await refusalOf(() => verifyHere(bundle, { artifact: new Blob([OTHER]) }))).toBe('TIMESTAMP_INVALID');
  });

  test.each([
    ['identity', unsafeAnyIdentity, { artifact: ARTIFACT }],
    ['artifact', unsafeNoArtifact, { identity: alice }],
  ])('gives no %s', async (name, value, options) => {
    const bundle = await make({ content: 'dsse' });
    prototype[name] = value;
    expect(
      await refusalOf(() =>
        verify(bundle, { now: NOW, instance: { trustedRoot }, ...options } as unknown as VerifyOptions),
      ),
    ).toBe('CONFIG_INVALID');
  });

  test('gives no instance', async () => {
    const bundle = await make();
    prototype['instance'] = { trustedRoot };
    const options = { artifact: ARTIFACT, identity: alice, now: NOW, offline: true, cacheDirectory: 'no-such-folder' };
    expect(await refusalOf(() => verify(bundle, options))).toBe('TIME_MISSING');
  });
});

describe('what changes after the call', () => {
  test.each([
    ['a small artifact', ARTIFACT.length],
    ['a large artifact', 2_000_000],
  ])('%s is verified as it was', async (_, length) => {
    const artifact = new Uint8Array(length).fill(1);
    const bundle = await make({ artifact });
    const given = artifact.slice();
    const good = verifyHere(bundle, { artifact: given });
    given.fill(2);
    expect(await refusalOf(() => good)).toBeUndefined();
    const bad = verifyHere(bundle, { artifact: given });
    given.fill(1);
    expect(await refusalOf(() => bad)).toBe('ARTIFACT_MISMATCH');
  });

  test('is not who may have signed, while a stream is read', async () => {
    const identity = { issuer: LAB_ISSUER, subject: 'bob@example.com' };
    const verified = verifyHere(await make(), { artifact: new Blob([ARTIFACT]), identity });
    identity.subject = 'alice@example.com';
    expect(await refusalOf(() => verified)).toBe('IDENTITY_MISMATCH');
  });

  test('is not the bundle', async () => {
    const bundle = (await make()) as { messageSignature: { signature: string } };
    const { signature } = bundle.messageSignature;
    bundle.messageSignature.signature = 'AAAA';
    const verified = verifyHere(bundle, {});
    bundle.messageSignature.signature = signature;
    expect(await refusalOf(() => verified)).toBe('TIMESTAMP_INVALID');
  });
});

describe('instances', () => {
  const forms: readonly (readonly [string, (document: object) => object | string | Uint8Array])[] = [
    ['an object', (document) => document],
    ['text', (document) => JSON.stringify(document)],
    ['bytes', (document) => new TextEncoder().encode(JSON.stringify(document))],
  ];

  test.each(forms)('a trusted root as %s', async (_, form) => {
    expect(
      await refusalOf(async () => verifyHere(await make(), { instance: { trustedRoot: form(trustedRoot) } } as object)),
    ).toBeUndefined();
  });

  test('a trust config', async () => {
    const urls = {
      oidc: 'https://o.example',
      fulcio: 'https://f.example',
      rekorV1: 'https://r.example',
      rekorV2: 'https://r2.example',
      tsa: 'https://t.example',
    };
    const config = encodeClientTrustConfig(lab.trustedRoot(), encodeSigningConfig(urls, 'v1', NOW));
    expect(
      await refusalOf(async () => verifyHere(await make(), { instance: { trustConfig: config } } as object)),
    ).toBeUndefined();
    expect(
      await refusalOf(async () =>
        verifyHere(await make(), { instance: { trustConfig: config, trustedRoot } } as object),
      ),
    ).toBe('CONFIG_INVALID');
  });

  test('a trusted root that is broken', async () => {
    expect(
      await refusalOf(() => createVerifier({ instance: { trustedRoot: { ...trustedRoot, mediaType: 'other' } } })),
    ).toBe('TRUST_INVALID');
  });

  test('production knows nothing of another instance', async () => {
    const bundle = await make();
    const options = { artifact: ARTIFACT, identity: alice, now: NOW, offline: true, cacheDirectory: 'no-such-folder' };
    expect(await refusalOf(() => verify(bundle, options))).toBe('TIME_MISSING');
  });
});

describe('a verifier', () => {
  test('verifies many bundles, and the refusal of one leaves no trace', async () => {
    const verifier = await createVerifier({ instance: { trustedRoot } });
    const [a, b] = [await make(), await make({ artifact: OTHER })];
    const options = { identity: alice, now: NOW };
    for (let round = 0; round < 2; round++) {
      expect(await refusalOf(() => verifier.verify(a, { ...options, artifact: ARTIFACT }))).toBeUndefined();
      expect(await refusalOf(() => verifier.verify(b, { ...options, artifact: ARTIFACT }))).toBe('ARTIFACT_MISMATCH');
      expect(await refusalOf(() => verifier.verify(b, { ...options, artifact: OTHER }))).toBeUndefined();
    }
  });

  test('says the same without waiting', async () => {
    const verifier = await createVerifier({ instance: { trustedRoot } });
    const bundle = await make();
    const options = { artifact: ARTIFACT, identity: alice, now: NOW };
    expect(verifier.verifySync(bundle, options)).toEqual(await verifier.verify(bundle, options));
    expect(await refusalOf(() => verifier.verifySync(bundle, { ...options, artifact: OTHER }))).toBe(
      'ARTIFACT_MISMATCH',
    );
    expect(await refusalOf(() => verifier.verifySync(bundle, { ...options, artifact: new Blob() as never }))).toBe(
      'CONFIG_INVALID',
    );
  });

  test('names the signer, the time and the entry', async () => {
    const { signer, times, entries, report } = await verify(await make(), {
      artifact: ARTIFACT,
      identity: alice,
      now: NOW,
      instance: { trustedRoot },
    });
    expect(signer).toMatchObject({
      kind: 'certificate',
      identity: { subject: 'alice@example.com', subjectKind: 'email', issuer: LAB_ISSUER },
    });
    expect(times.map(({ source }) => source).sort()).toEqual(['log', 'timestamp']);
    expect(entries).toHaveLength(1);
    expect(report.verdict).toBe('verified');
  });

  test('throws nothing but errors of ours, whatever a predicate throws', async () => {
    const verifier = await createVerifier({ instance: { trustedRoot } });
    const cause = new Error('on fire');
    const predicate = () => {
      throw cause;
    };
    const options = { artifact: ARTIFACT, identity: { ...alice, predicate }, now: NOW };
    const bundle = await make();
    await expect(verifier.verify(bundle, options)).rejects.toMatchObject({ code: 'CONFIG_INVALID', cause });
    expect(await refusalOf(() => verifier.verifySync(bundle, options))).toBe('CONFIG_INVALID');
  });

  test('takes options that are unknown to it as a mistake', async () => {
    expect(await refusalOf(() => createVerifier({ trustedRoot } as object))).toBe('CONFIG_INVALID');
  });
});
