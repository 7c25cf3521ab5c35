// SPDX-License-Identifier: Apache-2.0
// What a hostile repository holds, or a registry serves, in place of an honest signature. Each case has its honest twin.

import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createKeySigner, describeKeyHint } from '@keywax/sign';
import type { SerializedBundle } from '@keywax/bundle';
import { startStack } from '@keywax/stack';
import { type OciRegistry, startOciRegistry } from '@keywax/stack/oci-registry';
import { type SignOptions, attest, sign, unsafeNoLog } from 'keywax';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import {
  SIGN_PREDICATE_TYPE,
  type Descriptor,
  type Repository,
  attestImage,
  fetchImageTree,
  openRepository,
  parsePredicate,
  parseReference,
  signImage,
  verifyImage,
} from '../src/index.js';
import { INDEX, MANIFEST, digestOf, pushImage } from './images.js';

const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const SIMPLE = 'application/vnd.dev.cosign.simplesigning.v1+json';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const identity = { key: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString() };
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const policy = { identity, logThreshold: unsafeNoLog } as const;
/** Trust that is never used: nothing is asked of a log or an authority. */
const instance = { trustedRoot: { mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1' } };

let registry: OciRegistry;
let repository: Repository;
let reference: string;
let subject: Descriptor;

beforeAll(async () => {
  registry = await startOciRegistry();
});
afterAll(() => registry.close());
let count = 0;
beforeEach(async () => {
  reference = `${registry.host}/app${count++}:v1`;
  repository = openRepository(parseReference(reference));
  await pushImage(reference);
  subject = await repository.resolve();
});

async function keyOf({ privateKey }: typeof pair): Promise<SignOptions> {
  const signer = await createKeySigner(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return { signer, keyHint: describeKeyHint(signer), unsafeNoLog: true };
}

function verifyIt(options: object = {}) {
  return verifyImage(reference, { ...policy, instance, ...options });
}

/** A statement about a digest, signed with the key. */
async function makeBundle(digest: string, { key = pair, predicateType = SIGN_PREDICATE_TYPE } = {}) {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'an image', digest: { sha256: digest.slice(7) } }],
    predicateType,
    predicate: {},
  };
  return attest(Buffer.from(JSON.stringify(statement)), await keyOf(key));
}

function attachText(text: string, annotations: Record<string, string> = {}): Promise<Descriptor> {
  const layers = [{ mediaType: BUNDLE, bytes: Buffer.from(text) }];
  return repository.attachReferrer({ subject, artifactType: BUNDLE, layers, annotations });
}

function attach(bundle: SerializedBundle, annotations?: Record<string, string>): Promise<Descriptor> {
  return attachText(JSON.stringify(bundle), annotations);
}

/** Writes layers behind the tag of older signatures. */
async function putLayers(layers: readonly { bytes: Uint8Array; annotations: Record<string, string> }[]): Promise<void> {
  const config = await repository.uploadBlob(Buffer.from('{}'), 'application/vnd.oci.image.config.v1+json');
  const described = await Promise.all(
    layers.map(async ({ bytes, annotations }) => ({ ...(await repository.uploadBlob(bytes, SIMPLE)), annotations })),
  );
  const manifest = { schemaVersion: 2, mediaType: MANIFEST, config, layers: described };
  await repository.putManifest(
    Buffer.from(JSON.stringify(manifest)),
    MANIFEST,
    `${subject.digest.replace(':', '-')}.sig`,
  );
}

function simpleSigning(digest: string, members: object = {}): Uint8Array {
  const critical = {
    identity: { 'docker-reference': 'an/image' },
    image: { 'docker-manifest-digest': digest },
    type: 'cosign container image signature',
    ...members,
  };
  return Buffer.from(JSON.stringify({ critical, optional: null }));
}

async function signPayload(bytes: Uint8Array, key = pair): Promise<Record<string, string>> {
  const { messageSignature } = await sign(bytes, await keyOf(key));
  return { 'dev.cosignproject.cosign/signature': messageSignature?.signature ?? '' };
}

test.each(['0.1', '0.2', '0.3'])('a bundle counts by the older media type of version %s', async (version) => {
  const mediaType = `application/vnd.dev.sigstore.bundle+json;version=${version}`;
  const bundle = { ...(await makeBundle(subject.digest)), mediaType };
  const layers = [{ mediaType, bytes: Buffer.from(JSON.stringify(bundle)) }];
  await repository.attachReferrer({ subject, artifactType: mediaType, layers });
  expect((await verifyIt()).statements).toMatchObject([{ format: 'bundle', place: 'referrers' }]);
});

describe('a bundle that refers to the image', () => {
  test('counts where its statement is about the image', async () => {
    await attach(await makeBundle(subject.digest));
    expect((await verifyIt()).statements).toHaveLength(1);
  });

  test.each([
    ['is about another image', async () => makeBundle(digestOf('another')), 'ARTIFACT_MISMATCH'],
    ['is signed by another key', async () => makeBundle(subject.digest, { key: other }), 'SIGNATURE_INVALID'],
    [
      'has a payload that was changed',
      async () => {
        const bundle = await makeBundle(digestOf('another'));
        const payload = atob(bundle.dsseEnvelope?.payload ?? '').replace(
          digestOf('another').slice(7),
          subject.digest.slice(7),
        );
        return { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, payload: btoa(payload) } } as SerializedBundle;
      },
      'SIGNATURE_INVALID',
    ],
    [
      'signs bytes and no statement',
      async () => sign(new Uint8Array(Buffer.from(subject.digest)), await keyOf(pair)),
      'STATEMENT_INVALID',
    ],
  ] as const)('does not count where it %s', async (_, make, code) => {
    await attach(await make());
    await expect(verifyIt()).rejects.toMatchObject({ code });
  });

  test('does not count where it is no bundle', async () => {
    await attachText('{"mediaType":"x"}');
    await expect(verifyIt()).rejects.toMatchObject({ code: 'INPUT_UNSUPPORTED' });
    await attachText('not JSON');
    await expect(verifyIt()).rejects.toMatchObject({ message: expect.stringMatching(/the first of 2/) });
  });

  test('is judged by what it says, whatever annotations say of it', async () => {
    const lies = { 'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1' };
    await attach(await makeBundle(subject.digest), lies);
    expect((await verifyIt()).statements).toHaveLength(1);
    const asked = verifyIt({ predicateType: 'slsaprovenance1' });
    await expect(asked).rejects.toMatchObject({ code: 'IMAGE_UNSIGNED' });
  });

  test('is found among 99 that are broken, which are reported', { timeout: 120_000 }, async () => {
    const bad = await makeBundle(digestOf('another'));
    for (let n = 0; n < 99; n++) await attach(bad, { n: `${n}` });
    await attach(await makeBundle(subject.digest));
    const { statements, rejected } = await verifyIt();
    expect([statements.length, rejected.length]).toEqual([1, 99]);
    expect(new Set(rejected.map(({ error }) => error.code))).toEqual(new Set(['ARTIFACT_MISMATCH']));
    await attach(bad, { n: '100' });
    await expect(verifyIt()).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' });
  });

  test('counts for the tag that was resolved, not for what the tag becomes', async () => {
    await attach(await makeBundle(subject.digest));
    const { reference: pinned } = await verifyIt();
    await pushImage(reference);
    await expect(verifyIt()).rejects.toMatchObject({ code: 'IMAGE_UNSIGNED' });
    expect((await verifyImage(pinned, { ...policy, instance })).digest).toBe(subject.digest);
  });
});

describe('a layer of the older format', () => {
  test('counts where its payload is about the image', async () => {
    const bytes = simpleSigning(subject.digest);
    await putLayers([{ bytes, annotations: await signPayload(bytes) }]);
    const { statements } = await verifyIt();
    expect(statements[0]).toMatchObject({ format: 'layer', place: 'tags', predicateType: SIGN_PREDICATE_TYPE });
  });

  test.each([
    ['another image, as under a tag that was copied', () => simpleSigning(digestOf('another')), 'ARTIFACT_MISMATCH'],
    ['something of another type', () => simpleSigning(subject.digest, { type: 'other' }), 'STATEMENT_INVALID'],
    ['something with unknown members', () => simpleSigning(subject.digest, { more: 1 }), 'STATEMENT_INVALID'],
    ['nothing', () => Buffer.from('{}'), 'STATEMENT_INVALID'],
    ['a statement', () => Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}'), 'STATEMENT_INVALID'],
  ])('does not count where its payload is about %s', async (_, make, code) => {
    const bytes = new Uint8Array(make());
    await putLayers([{ bytes, annotations: await signPayload(bytes) }]);
    await expect(verifyIt()).rejects.toMatchObject({ code });
  });

  test.each([
    ['no signature', {}, 'INPUT_MALFORMED'],
    ['a signature that is no base64', { 'dev.cosignproject.cosign/signature': '%' }, 'INPUT_MALFORMED'],
    ['evidence that is no JSON', { 'dev.sigstore.cosign/bundle': 'x' }, 'INPUT_MALFORMED'],
    ['a timestamp that is none', { 'dev.sigstore.cosign/rfc3161timestamp': '{}' }, 'INPUT_MALFORMED'],
    ['a private key as its certificate', { 'dev.sigstore.cosign/certificate': 'x' }, 'INPUT_MALFORMED'],
  ])('does not count with %s', async (_, annotations, code) => {
    const bytes = simpleSigning(subject.digest);
    const signed =
      'dev.cosignproject.cosign/signature' in annotations || code === undefined ? {} : await signPayload(bytes);
    await putLayers([
      { bytes, annotations: Object.keys(annotations).length === 0 ? {} : { ...signed, ...annotations } },
    ]);
    await expect(verifyIt()).rejects.toMatchObject({ code });
  });

  test('does not count with the signature of another payload', async () => {
    const annotations = await signPayload(simpleSigning(digestOf('another')));
    await putLayers([{ bytes: simpleSigning(subject.digest), annotations }]);
    await expect(verifyIt()).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  test('counts as a referrer too, as cosign tried it', async () => {
    const artifactType = 'application/vnd.dev.cosign.artifact.sig.v1+json';
    const bytes = simpleSigning(subject.digest);
    const layers = [{ mediaType: SIMPLE, bytes, annotations: await signPayload(bytes) }];
    await repository.attachReferrer({ subject, artifactType, layers });
    expect((await verifyIt()).statements[0]).toMatchObject({ format: 'layer', place: 'referrers' });
    await expect(verifyIt({ places: ['tags'] })).rejects.toMatchObject({ code: 'IMAGE_UNSIGNED' });
  });

  test('is not looked for in artifacts of other types', async () => {
    const bytes = simpleSigning(subject.digest);
    const layers = [{ mediaType: SIMPLE, bytes, annotations: await signPayload(bytes) }];
    await repository.attachReferrer({ subject, artifactType: 'application/vnd.example.note', layers });
    await expect(verifyIt()).rejects.toMatchObject({ code: 'IMAGE_UNSIGNED' });
  });

  test('counts beside others that do not', async () => {
    const [good, bad] = [simpleSigning(subject.digest), simpleSigning(digestOf('another'))];
    await putLayers([
      { bytes: bad, annotations: await signPayload(bad) },
      { bytes: good, annotations: await signPayload(good) },
    ]);
    const { statements, rejected } = await verifyIt();
    expect([statements.length, rejected.map(({ error }) => error.code)]).toEqual([1, ['ARTIFACT_MISMATCH']]);
  });
});

describe('keyless evidence in the annotations of a layer', () => {
  const BUNDLE_NAME = 'dev.sigstore.cosign/bundle';
  const CERTIFICATE = 'dev.sigstore.cosign/certificate';

  /** Changes what cosign keeps of the log. */
  const changeEntry = (change: (payload: Record<string, unknown>) => object) => (all: Record<string, string>) => {
    const entry = JSON.parse(all[BUNDLE_NAME] ?? '') as { Payload: Record<string, unknown> };
    return {
      ...all,
      [BUNDLE_NAME]: JSON.stringify({ ...entry, Payload: { ...entry.Payload, ...change(entry.Payload) } }),
    };
  };

  test.each([
    ['as it was made', (all: Record<string, string>) => all, undefined],
    [
      'with another time',
      changeEntry(({ integratedTime }) => ({ integratedTime: Number(integratedTime) + 1 })),
      'PROMISE_INVALID',
    ],
    ['with another index', changeEntry(({ logIndex }) => ({ logIndex: Number(logIndex) + 1 })), 'PROMISE_INVALID'],
    ['of a log that nobody knows', changeEntry(() => ({ logID: '00'.repeat(32) })), 'LOG_THRESHOLD'],
    ['without the log', (all: Record<string, string>) => ({ ...all, [BUNDLE_NAME]: '' }), 'LOG_THRESHOLD'],
    ['without the certificate', (all: Record<string, string>) => ({ ...all, [CERTIFICATE]: '' }), 'KEY_NOT_FOUND'],
    [
      'with two certificates',
      (all: Record<string, string>) => ({ ...all, [CERTIFICATE]: `${all[CERTIFICATE]}${all[CERTIFICATE]}` }),
      'INPUT_MALFORMED',
    ],
    ['with unknown members', changeEntry(() => ({ more: 1 })), 'INPUT_MALFORMED'],
  ] as const)('%s', async (_, change, code) => {
    await using stack = await startStack();
    const of = { trustConfig: stack.clientTrustConfig() };
    const identityToken = await stack.mintToken({ kind: 'email' });
    await signImage(reference, { instance: of, identityToken, format: 'layer' });
    const { manifest } = await repository.fetchManifest(`${subject.digest.replace(':', '-')}.sig`);
    const [layer] = manifest.kind === 'manifest' ? manifest.layers : [];
    const annotations = change({ ...layer?.annotations });
    await putLayers([{ bytes: await repository.fetchBlob(layer ?? subject), annotations }]);
    const who = { issuer: stack.urls.oidc, subject: 'alice@example.com' };
    const verified = verifyImage(reference, { instance: of, identity: who });
    if (code === undefined) expect((await verified).statements).toHaveLength(1);
    else await expect(verified).rejects.toMatchObject({ code });
  });
});

test('a polluted prototype decides nothing', async () => {
  await attach(await makeBundle(subject.digest));
  const prototype = Reflect.getPrototypeOf({}) as Record<string, unknown>;
  const polluted = {
    predicateType: 'custom',
    annotations: { x: 'y' },
    places: ['tags'],
    verifier: {},
    format: 'layer',
  };
  try {
    Object.assign(prototype, polluted);
    expect((await verifyIt()).statements).toHaveLength(1);
  } finally {
    for (const name of Object.keys(polluted)) Reflect.deleteProperty(prototype, name);
  }
});

test('indexes that are nested too deep are not signed', async () => {
  let inner = subject;
  for (let depth = 0; depth < 5; depth++) {
    const index = { schemaVersion: 2, mediaType: INDEX, manifests: [inner] };
    inner = (await repository.putManifest(Buffer.from(JSON.stringify(index)), INDEX)).descriptor;
  }
  const name = reference.replace(':v1', `@${inner.digest}`);
  const signed = signImage(name, { ...(await keyOf(pair)), recursive: true });
  await expect(signed).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' });
});

describe('an image that is known by sha512', () => {
  let strong: string;
  let named: string;
  beforeEach(async () => {
    const { bytes } = await repository.fetchManifest(subject.digest);
    strong = `sha512:${createHash('sha512').update(bytes).digest('hex')}`;
    named = `${reference.replace(/:v1$/, '')}@${strong}`;
    const headers = { 'content-type': MANIFEST };
    const url = `${registry.url}/v2/${repository.reference.repository}/manifests/${strong}`;
    expect((await fetch(url, { method: 'PUT', headers, body: Buffer.from(bytes) })).status).toBe(201);
  });

  async function attachStatement(digest: Record<string, string>): Promise<void> {
    const statement = {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ digest }],
      predicateType: SIGN_PREDICATE_TYPE,
      predicate: {},
    };
    const bundle = await attest(Buffer.from(JSON.stringify(statement)), await keyOf(pair));
    const layers = [{ mediaType: BUNDLE, bytes: Buffer.from(JSON.stringify(bundle)) }];
    await repository.attachReferrer({ subject: { ...subject, digest: strong }, artifactType: BUNDLE, layers });
  }

  test('is unsigned without a signature, though its digest is too long for the older tags', async () => {
    const unsigned = verifyImage(named, { ...policy, instance });
    await expect(unsigned).rejects.toMatchObject({ code: 'IMAGE_UNSIGNED' });
    expect((await fetchImageTree(named)).digest).toBe(strong);
  });

  test('is verified by a statement about this digest', async () => {
    await attachStatement({ sha512: strong.slice(7) });
    expect(await verifyImage(named, { ...policy, instance })).toMatchObject({ digest: strong });
  });

  test('is not verified by a statement about its digest by sha256', async () => {
    await attachStatement({ sha256: subject.digest.slice(7) });
    await expect(verifyImage(named, { ...policy, instance })).rejects.toMatchObject({ code: 'ARTIFACT_MISMATCH' });
  });

  test('is not signed in the older format', async () => {
    const signing = { ...(await keyOf(pair)), format: 'layer' } as const;
    await expect(signImage(named, signing)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

test('a signal ends the requests to the registry', async () => {
  const signal = AbortSignal.abort();
  await expect(verifyIt({ signal })).rejects.toMatchObject({ code: 'OPERATION_ABORTED' });
  await expect(signImage(reference, { ...(await keyOf(pair)), signal })).rejects.toMatchObject({
    code: 'OPERATION_ABORTED',
  });
});

test.each([
  ['no identity', { identity: undefined }],
  ['an empty list of places', { places: [] }],
  ['a type that is none', { predicateType: 'no type' }],
  ['a key and no log without saying so', { logThreshold: 'none' }],
  ['an annotation without a value', { annotations: { build: undefined } }],
  ['an annotation that is no text', { annotations: { build: 42 } }],
  ['annotations that are no record', { annotations: ['build'] }],
  ['annotations that are null', { annotations: null }],
  ['annotations in a map', { annotations: new Map([['build', '42']]) }],
])('%s is a wrong option, whatever the registry holds', async (_, options) => {
  await attach(await makeBundle(subject.digest));
  await expect(verifyIt(options)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

test('a registry that breaks down in the middle is no reason to accept', async () => {
  const faults: { intercept?: () => Response | Promise<Response> } = {};
  await using broken = await startOciRegistry({
    faults: {
      intercept: (request, next) =>
        faults.intercept !== undefined && request.url.includes('/blobs/') ? faults.intercept() : next(),
    },
  });
  reference = `${broken.host}/app:v1`;
  repository = openRepository(parseReference(reference));
  await pushImage(reference);
  subject = await repository.resolve();
  await attach(await makeBundle(subject.digest));
  expect((await verifyIt()).statements).toHaveLength(1);
  faults.intercept = () => new Response('no', { status: 500 });
  const registryOptions = { registry: { transport: { retries: 0 } } };
  await expect(verifyIt(registryOptions)).rejects.toMatchObject({ code: 'NETWORK_STATUS' });
  faults.intercept = () => new Response('another blob');
  await expect(verifyIt(registryOptions)).rejects.toMatchObject({ code: 'REGISTRY_INVALID' });
});

test('a predicate is made as its type wants it', () => {
  const now = new Date('2026-01-02T03:04:05.678Z');
  const document = Buffer.from('{"a":1}');
  expect(parsePredicate('custom', document, now)).toEqual({ Data: '{"a":1}', Timestamp: '2026-01-02T03:04:05Z' });
  for (const type of [
    'slsaprovenance',
    'slsaprovenance1',
    'spdxjson',
    'cyclonedx',
    'openvex',
    'vuln',
    'link',
    'https://x/y',
  ])
    expect(parsePredicate(type, document, now)).toEqual({ a: 1 });
  expect(() => parsePredicate('spdx', Buffer.from('SPDXVersion: SPDX-2.3'), now)).toThrow(
    expect.objectContaining({ code: 'INPUT_MALFORMED' }),
  );
  expect(() => parsePredicate('spdxjson', Buffer.from('[]'), now)).toThrow(
    expect.objectContaining({ code: 'INPUT_MALFORMED' }),
  );
  expect(() => parsePredicate('unknown', document, now)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

test('an attestation is not made of what signatures are made of', async () => {
  const key = await keyOf(pair);
  const made = attestImage(reference, { ...key, predicateType: SIGN_PREDICATE_TYPE, predicate: {} });
  await expect(made).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(signImage(reference, { ...key, format: 'other' as never })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
  expect((await fetchImageTree(reference)).children).toEqual([]);
});

describeCorpus('the attestation of the corpus', () => {
  test('verifies as that of an image, for its signer and its digest alone', async () => {
    const folder = 'conformance/bundle-verify/happy-path-intoto-in-dsse-v3';
    const digest = `sha256:${'a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf'}`;
    subject = { mediaType: MANIFEST, digest, size: 1 };
    await attachText(readFileSync(corpus(`${folder}/bundle.sigstore.json`), 'utf8'));
    const name = reference.replace(':v1', '');
    const options = {
      identity: {
        issuer: 'https://token.actions.githubusercontent.com',
        subject:
          'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main',
      },
      instance: { trustedRoot: readFileSync(corpus('trust/production/trusted_root.json')) },
      predicateType: 'slsaprovenance1',
    };
    const { statements } = await verifyImage(`${name}@${digest}`, options);
    expect(statements[0]?.statement.subjects[0]?.name).toBe('a.txt');
    const mallory = { ...options.identity, subject: 'https://github.com/mallory' };
    const refused = verifyImage(`${name}@${digest}`, { ...options, identity: mallory });
    await expect(refused).rejects.toMatchObject({ code: 'IDENTITY_MISMATCH' });
  });
});
