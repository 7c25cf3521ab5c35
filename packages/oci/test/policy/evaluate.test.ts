// SPDX-License-Identifier: Apache-2.0
// Policies held against images that were really signed, over real HTTP.

import { provideToken } from '@keywax/identity';
import { createKeySigner } from '@keywax/sign';
import { type Stack, startStack } from '@keywax/stack';
import { type OciRegistry, startOciRegistry } from '@keywax/stack/oci-registry';
import { type Verifier, createVerifier } from 'keywax';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateKeyPairSync } from 'node:crypto';
import {
  type SignImageOptions,
  attestImage,
  evaluateImage,
  parseClusterImagePolicies,
  signImage,
} from '../../src/index.js';
import { digestOf, pushImage } from '../images.js';
import { PUBLIC_KEY, type PolicyMembers, policyYaml } from './policy-yaml.js';

let stack: Stack;
let registry: OciRegistry;
let verifier: Verifier;
let signing: SignImageOptions;
let keyless: { readonly identities: readonly object[] };

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEY = publicKey.export({ type: 'spki', format: 'pem' }).toString();

beforeAll(async () => {
  [stack, registry] = await Promise.all([startStack(), startOciRegistry()]);
  const instance = { trustConfig: stack.clientTrustConfig() };
  verifier = await createVerifier({ instance });
  signing = { instance, identity: async (options) => provideToken(await stack.mintToken({ kind: 'email' }))(options) };
  keyless = { identities: [{ issuer: stack.urls.oidc, subject: 'alice@example.com' }] };
});
afterAll(() => Promise.all([stack.close(), registry.close()]));

/** A name in the registry, for an image of its own. */
let count = 0;
async function push(): Promise<string> {
  const name = `${registry.host}/team/app-${count++}:v1`;
  await pushImage(name);
  return name;
}

async function evaluate(reference: string, policies: readonly PolicyMembers[], options: object = {}) {
  const text = policies.map((spec, i) => policyYaml({ name: `policy-${i}`, ...spec })).join('\n---\n');
  return evaluateImage(reference, { policies: await parseClusterImagePolicies(text), verifier, ...options });
}

describe('an image', () => {
  test.each(['bundle', 'layer'] as const)('signed keyless as a %s is admitted for its signer alone', async (format) => {
    const image = await push();
    const [signed] = await signImage(image, { ...signing, format });
    const decision = await evaluate(image, [{ authorities: [{ keyless }] }]);
    expect(decision).toMatchObject({ reference: image, image: signed?.reference, admitted: true, reasons: [] });
    expect(decision.policies[0]?.authorities[0]).toMatchObject({
      admitted: true,
      verified: [{ digest: signed?.digest, statements: [{ signer: { kind: 'certificate' } }] }],
    });
    const others = [{ issuer: stack.urls.oidc, subject: 'mallory@example.com' }];
    const denied = await evaluate(image, [{ authorities: [{ keyless: { identities: others } }] }]);
    expect(denied).toMatchObject({ admitted: false });
    expect(denied.reasons.join()).toContain('IDENTITY_MISMATCH');
  });

  test('is admitted by a pattern of the whole subject, not by a part of it', async () => {
    const image = await push();
    await signImage(image, signing);
    const of = (subjectRegExp: string) =>
      evaluate(image, [{ authorities: [{ keyless: { identities: [{ issuer: stack.urls.oidc, subjectRegExp }] } }] }]);
    expect(await of('.*@example\\.com')).toMatchObject({ admitted: true });
    expect(await of('alice')).toMatchObject({ admitted: false });
  });

  test('counts in the format that the authority wants', async () => {
    const image = await push();
    await signImage(image, { ...signing, format: 'layer' });
    const of = (signatureFormat: string) => evaluate(image, [{ authorities: [{ keyless, signatureFormat }] }]);
    expect(await of('legacy')).toMatchObject({ admitted: true });
    expect(await of('bundle')).toMatchObject({ admitted: false });
  });

  test('without a signature is denied, and by a policy that only warns admitted with a reason', async () => {
    const image = await push();
    const spec = { authorities: [{ keyless }] };
    const denied = await evaluate(image, [spec]);
    expect(denied).toMatchObject({ admitted: false, policies: [{ name: 'policy-0', admitted: false }] });
    expect(denied.reasons.join()).toContain('IMAGE_UNSIGNED');
    const warned = await evaluate(image, [{ ...spec, mode: 'warn' }]);
    expect(warned).toMatchObject({ admitted: true });
    expect(warned.reasons).toEqual(denied.reasons);
    expect(await evaluate(image, [{ ...spec, mode: 'warn' }, { ...spec }])).toMatchObject({ admitted: false });
  });

  test('signed by a key is admitted for the key, with a log and without', async () => {
    const signer = await createKeySigner(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    const instance = { trustConfig: stack.clientTrustConfig() };
    const logged = await push();
    await signImage(logged, { instance, signer, keyHint: 'release' });
    const bare = await push();
    await signImage(bare, { signer, keyHint: 'release', unsafeNoLog: true });
    const of = (image: string, authority: object) => evaluate(image, [{ authorities: [authority] }]);
    expect(await of(logged, { key: { data: KEY } })).toMatchObject({ admitted: true });
    expect(await of(logged, { key: { data: PUBLIC_KEY } })).toMatchObject({ admitted: false });
    expect(await of(bare, { key: { data: KEY } })).toMatchObject({ admitted: false });
    expect(await of(bare, { key: { data: KEY }, ctlog: {} })).toMatchObject({ admitted: true });
    expect(await of(bare, { key: { data: PUBLIC_KEY }, ctlog: {} })).toMatchObject({ admitted: false });
  });

  test('has to have every attestation that the authority names', async () => {
    const image = await push();
    const attestations = ['slsaprovenance1', 'https://example.com/scan'].map((predicateType, i) => ({
      name: `a${i}`,
      predicateType,
    }));
    const of = () => evaluate(image, [{ authorities: [{ keyless, attestations }] }]);
    await signImage(image, signing);
    expect(await of()).toMatchObject({ admitted: false });
    await attestImage(image, { ...signing, predicateType: 'slsaprovenance1', predicate: {} });
    expect(await of()).toMatchObject({ admitted: false });
    await attestImage(image, { ...signing, predicateType: 'https://example.com/scan', predicate: { clean: true } });
    const decision = await of();
    expect(decision).toMatchObject({ admitted: true });
    expect(decision.policies[0]?.authorities[0]).toMatchObject({
      verified: [
        { statements: [{ predicateType: 'https://slsa.dev/provenance/v1' }] },
        { statements: [{ predicateType: 'https://example.com/scan' }] },
      ],
    });
  });

  test('has its evidence in the repository that the authority names', async () => {
    const image = await push();
    const evidenceRepository = `${registry.host}/team/signatures`;
    await signImage(image, { ...signing, evidenceRepository });
    const of = (authority: object) => evaluate(image, [{ authorities: [authority] }]);
    expect(await of({ keyless })).toMatchObject({ admitted: false });
    expect(await of({ keyless, source: [{ oci: evidenceRepository }] })).toMatchObject({ admitted: true });
  });

  test('is held against the trust root that the authority names', async () => {
    const image = await push();
    await signImage(image, signing);
    const authority = { keyless: { ...keyless, trustRootRef: 'mine' } };
    const other = await createVerifier({ instance: { trustedRoot: 'production' } });
    const of = (options: object) => evaluate(image, [{ authorities: [authority] }], options);
    expect(await of({ verifier: other, trustRoots: { mine: verifier } })).toMatchObject({ admitted: true });
    expect(await of({ trustRoots: { mine: other } })).toMatchObject({ admitted: false });
    await expect(of({})).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(of({ trustRoots: Object.create({ mine: verifier }) as object })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  test('has to be admitted by each policy that is about it', async () => {
    const image = await push();
    await signImage(image, signing);
    const good = { authorities: [{ keyless }] };
    const bad = { authorities: [{ static: { action: 'fail' } }] };
    const about = (glob: string) => [{ glob }];
    expect(await evaluate(image, [good, bad])).toMatchObject({ admitted: false });
    expect(await evaluate(image, [good, { ...bad, images: about('other.example/**') }])).toMatchObject({
      admitted: true,
      policies: [{ name: 'policy-0' }],
    });
    expect(await evaluate(image, [{ authorities: [...bad.authorities, ...good.authorities] }])).toMatchObject({
      admitted: true,
    });
  });

  test.each([
    [undefined, false, 1],
    ['deny', false, 1],
    ['warn', true, 1],
    ['allow', true, 0],
  ] as const)('that no policy is about: %s', async (noMatch, admitted, reasons) => {
    const decision = await evaluate(await push(), [{ images: [{ glob: 'other.example/**' }] }], { noMatch });
    expect(decision).toMatchObject({ admitted });
    expect(decision.reasons).toHaveLength(reasons);
  });

  test('is judged by the digest that its tag has at the time', async () => {
    const image = await push();
    const [signed] = await signImage(image, signing);
    const moved = await pushImage(image);
    expect(moved).not.toBe(signed?.digest);
    const policies = [{ authorities: [{ keyless }] }];
    expect(await evaluate(image, policies)).toMatchObject({ admitted: false });
    expect(await evaluate(`${image}@${moved}`, policies)).toMatchObject({ admitted: false });
    expect(await evaluate(signed?.reference ?? '', policies)).toMatchObject({ admitted: true });
  });

  test('that is not there is an error by tag, and denied by digest', async () => {
    const policies = [{ authorities: [{ keyless }] }];
    const name = `${registry.host}/team/none`;
    await expect(evaluate(`${name}:v1`, policies)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect(await evaluate(`${name}@${digestOf('none')}`, policies)).toMatchObject({ admitted: false });
  });
});
