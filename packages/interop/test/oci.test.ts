// SPDX-License-Identifier: Apache-2.0
// Container images with `@sigstore/oci`: what it attaches is found and verified here, and what is attached here is where
// it, and the verifier beside it, look.

import { createHash } from 'node:crypto';
import {
  type VerifyImageOptions,
  fetchImageTree,
  openRepository,
  parseReference,
  signImage,
  verifyImage,
} from '@keywax/oci';
import { type Stack, startStack } from '@keywax/stack';
import { startOciRegistry } from '@keywax/stack/oci-registry';
import { bundleToJSON } from '@sigstore/bundle';
import { attachArtifactToImage, getImageDigest } from '@sigstore/oci';
import { DSSEBundleBuilder, FulcioSigner, RekorWitness, TSAWitness } from '@sigstore/sign';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeDockerRegistry, startDockerRegistry } from '../../oci/test/docker-registry.js';
import { verifyWithPeer } from './sigstore-js.js';

const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const PREDICATE_TYPE = 'https://slsa.dev/provenance/v1';
const USER = { username: 'user', password: 'secret' };

let stack: Stack;
let options: VerifyImageOptions;

beforeAll(async () => {
  stack = await startStack();
  const instance = { trustConfig: stack.clientTrustConfig() };
  options = { instance, identity: { issuer: stack.urls.oidc, subject: 'alice@example.com' } };
});
afterAll(() => stack.close());

interface Place extends AsyncDisposable {
  readonly host: string;
  readonly url: string;
}

function exchange(start: () => Promise<Place>, credentials: typeof USER | undefined): void {
  const source = async () => (credentials === undefined ? undefined : ({ kind: 'basic', ...credentials } as const));
  const registry = { credentials: source };

  test('what it attaches is verified here', async () => {
    await using place = await start();
    const name = `${place.host}/group/app`;
    const digest = await pushImage(`${name}:v1`, registry);
    await attach(name, digest, await signStatement(digest));
    const image = await verifyImage(`${name}:v1`, { ...options, registry, predicateType: PREDICATE_TYPE });
    expect(image).toMatchObject({ digest, rejected: [], statements: [{ format: 'bundle', place: 'referrers' }] });
    await expect(verifyImage(`${name}:v1`, { ...options, registry })).rejects.toMatchObject({ code: 'IMAGE_UNSIGNED' });
  });

  test('what it attaches to another image is refused here', async () => {
    await using place = await start();
    const name = `${place.host}/group/app`;
    const digest = await pushImage(`${name}:v1`, registry);
    await attach(name, digest, await signStatement(`sha256:${'1'.repeat(64)}`));
    const refused = verifyImage(`${name}:v1`, { ...options, registry, predicateType: PREDICATE_TYPE });
    await expect(refused).rejects.toMatchObject({ code: 'ARTIFACT_MISMATCH' });
  });

  test('both find and keep what the other has attached', async () => {
    await using place = await start();
    const name = `${place.host}/group/app`;
    const digest = await pushImage(`${name}:v1`, registry);
    expect(await getImageDigest({ imageName: name, imageTag: 'v1', credentials: credentials as never })).toBe(digest);
    const { instance } = options;
    const sign = async () => {
      const identityToken = await stack.mintToken({ kind: 'email' });
      return signImage(`${name}:v1`, { ...(instance === undefined ? {} : { instance }), identityToken, registry });
    };
    const [first] = await sign();
    await attach(name, digest, await signStatement(digest));
    await sign();
    const { children } = await fetchImageTree(`${name}:v1`, registry);
    expect(children.map(({ kind, type }) => [kind, type])).toEqual(Array.from({ length: 3 }, () => ['bundle', BUNDLE]));
    expect((await verifyImage(`${name}:v1`, { ...options, registry })).statements).toHaveLength(2);
    const attestation = { ...options, registry, predicateType: PREDICATE_TYPE };
    expect((await verifyImage(`${name}:v1`, attestation)).statements).toHaveLength(1);
    expect(verifyWithPeer(stack, first?.bundle ?? {}).identity?.subjectAlternativeName).toBe('alice@example.com');
  });

  async function attach(imageName: string, imageDigest: string, bundle: object): Promise<void> {
    await attachArtifactToImage({
      imageName,
      imageDigest,
      artifact: Buffer.from(JSON.stringify(bundle)),
      mediaType: BUNDLE,
      annotations: {
        'dev.sigstore.bundle.content': 'dsse-envelope',
        'dev.sigstore.bundle.predicateType': PREDICATE_TYPE,
      },
      credentials: credentials as never, // it signs in only where there are some
    });
  }
}

describe('a registry with the referrers API and tokens', () => {
  exchange(() => startOciRegistry({ auth: { kind: 'bearer', ...USER } }), USER);
});
describe('a registry with a fallback tag and basic authentication', () => {
  exchange(() => startOciRegistry({ referrers: false, auth: { kind: 'basic', ...USER } }), USER);
});
describeDockerRegistry('docker-registry', () => exchange(() => startDockerRegistry(), undefined));

/** A statement about a digest, signed by the parts of the peer. */
async function signStatement(digest: string): Promise<object> {
  const identityProvider = { getToken: () => stack.mintToken({ kind: 'email' }) };
  const builder = new DSSEBundleBuilder({
    signer: new FulcioSigner({ fulcioBaseURL: stack.urls.fulcio, identityProvider }),
    witnesses: [
      new RekorWitness({ rekorBaseURL: stack.urls.rekorV1, majorApiVersion: 1 }),
      new TSAWitness({ tsaBaseURL: stack.urls.tsa }),
    ],
  });
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'an image', digest: { sha256: digest.slice(7) } }],
    predicateType: PREDICATE_TYPE,
    predicate: {},
  };
  const data = Buffer.from(JSON.stringify(statement));
  return bundleToJSON(await builder.create({ data, type: 'application/vnd.in-toto+json' }));
}

async function pushImage(reference: string, registry: VerifyImageOptions['registry']): Promise<string> {
  const repository = openRepository(parseReference(reference), registry);
  const blob = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', nonce: reference }));
  const config = await repository.uploadBlob(new Uint8Array(blob), 'application/vnd.oci.image.config.v1+json');
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [config] }));
  await repository.putManifest(new Uint8Array(bytes), MANIFEST, repository.reference.tag);
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
