// SPDX-License-Identifier: Apache-2.0
// Decisions that need no registry: static answers, and what is denied or admitted before any policy is asked.

import { createVerifier } from 'keywax';
import { describe, expect, test } from 'vitest';
import { createAdmissionController } from '../../src/admission/controller.js';
import { type ClusterImagePolicy, parseClusterImagePolicies } from '../../src/policy/cluster-image-policy.js';
import { evaluateImage } from '../../src/policy/evaluate.js';
import { type PolicyMembers, policyYaml } from '../policy/policy-yaml.js';
import { WORKLOAD_NAMES, podSpec, readPatch, readResponse, review, workload } from './reviews.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const GOOD = `registry.example/good/app@${DIGEST}`;
const BAD = `registry.example/bad/app@${DIGEST}`;

async function readPolicies(...specs: readonly PolicyMembers[]): Promise<readonly ClusterImagePolicy[]> {
  return parseClusterImagePolicies(
    specs.map((spec, i) => policyYaml({ name: `policy-${i}`, ...spec })).join('\n---\n'),
  );
}

const PASS = { images: [{ glob: 'registry.example/good/**' }], authorities: [{ static: { action: 'pass' } }] };
const FAIL = {
  images: [{ glob: 'registry.example/bad/**' }],
  authorities: [{ static: { action: 'fail', message: 'never from there' } }],
};

const verifier = await createVerifier({ instance: { trustedRoot: 'production' } });

async function validate(bytes: Uint8Array, ...specs: readonly PolicyMembers[]) {
  const controller = createAdmissionController({ verifier, policies: await readPolicies(...specs) });
  return readResponse(await controller.validate(bytes));
}

describe('validation', () => {
  test.each(WORKLOAD_NAMES)('allows %s whose images a policy admits', async (name) => {
    expect(await validate(review(name, workload(name, podSpec(GOOD))), PASS, FAIL)).toMatchObject({ allowed: true });
  });

  test.each(WORKLOAD_NAMES)('denies %s with an image that a policy denies', async (name) => {
    const response = await validate(review(name, workload(name, podSpec(GOOD, BAD))), PASS, FAIL);
    expect(response).toMatchObject({ allowed: false, status: { code: 403 } });
    expect(response.status?.message).toContain('never from there');
    expect(response.status?.message).toContain('registry.example/bad/app');
  });

  test.each<[string, object]>([
    ['init containers', { initContainers: [{ image: BAD }] }],
    ['ephemeral containers', { ephemeralContainers: [{ image: BAD }] }],
    ['volumes', { volumes: [{ name: 'data', image: { reference: BAD } }] }],
  ])('looks into %s', async (_, members) => {
    const object = workload('pods', { ...podSpec(GOOD), ...members });
    expect(await validate(review('pods', object), PASS, FAIL)).toMatchObject({ allowed: false });
  });

  test.each<[string, readonly PolicyMembers[]]>([
    ['no policy is about', [FAIL]],
    ['all policies but one admit', [PASS, { ...PASS, authorities: FAIL.authorities }]],
  ])('denies an image that %s', async (_, specs) => {
    expect(await validate(review('pods', workload('pods', podSpec(GOOD))), ...specs)).toMatchObject({ allowed: false });
  });

  test('admits where one authority of several does', async () => {
    const spec = { ...PASS, authorities: [...FAIL.authorities, ...PASS.authorities] };
    expect(await validate(review('pods', workload('pods', podSpec(GOOD))), spec)).toEqual({
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      allowed: true,
    });
  });

  test('warns in place of a denial where the policy says so', async () => {
    const response = await validate(review('pods', workload('pods', podSpec(BAD))), { ...FAIL, mode: 'warn' });
    expect(response).toMatchObject({ allowed: true });
    expect(response.warnings?.join(' ')).toContain('never from there');
  });

  test('asks only the policies about the resource and its labels', async () => {
    const match = [
      { group: 'apps', version: 'v1', resource: 'deployments', selector: { matchLabels: { app: 'demo' } } },
    ];
    const specs = [PASS, { ...PASS, authorities: FAIL.authorities, match }];
    const of = (name: 'pods' | 'deployments', metadata: object) =>
      validate(review(name, workload(name, podSpec(GOOD), metadata)), ...specs);
    expect(await of('pods', {})).toMatchObject({ allowed: true });
    expect(await of('deployments', {})).toMatchObject({ allowed: false });
    expect(await of('deployments', { labels: { app: 'other' } })).toMatchObject({ allowed: true });
    expect(await of('deployments', { labels: null })).toMatchObject({ allowed: true });
  });

  test.each<[string, string]>([
    ['a tag', 'registry.example/good/app:v1'],
    ['no tag', 'registry.example/good/app'],
    ['no reference', 'registry.example/GOOD/..'],
    ['a name without its registry', `app@${DIGEST}`],
    ['another name of Docker Hub', `index.docker.io/library/app@${DIGEST}`],
  ])('denies %s', async (_, image) => {
    const all = { ...PASS, images: [{ glob: '**' }] };
    expect(await validate(review('pods', workload('pods', podSpec(image))), all)).toMatchObject({ allowed: false });
  });

  test.each<[string, unknown, object]>([
    [
      'an unknown resource',
      workload('pods', podSpec(GOOD)),
      { resource: { group: 'x', version: 'v1', resource: 'y' } },
    ],
    [
      'an unknown part of an unknown resource',
      {},
      { resource: { group: 'x', version: 'v1', resource: 'y' }, subResource: 'status' },
    ],
    ['an unknown part of a pod', workload('pods', podSpec(GOOD)), { subResource: 'next' }],
    ['no object', null, {}],
    ['a container without an image', workload('pods', { containers: [{}] }), {}],
    [
      'too many images',
      workload('pods', podSpec(...Array.from({ length: 65 }, (__, i) => `${GOOD.replace('app', `a${i}`)}`))),
      {},
    ],
    [
      'containers that are added as ephemeral ones',
      workload('pods', { ...podSpec(GOOD), ephemeralContainers: [{ image: BAD }] }),
      { operation: 'UPDATE', subResource: 'ephemeralcontainers' },
    ],
  ])('denies %s', async (_, object, request) => {
    expect(await validate(review('pods', object, request), PASS, FAIL)).toMatchObject({ allowed: false });
  });

  test.each<[string, object]>([
    ['a deletion', { operation: 'DELETE', object: null, oldObject: workload('pods', podSpec(BAD)) }],
    ['a connection', { operation: 'CONNECT', object: { kind: 'PodExecOptions' } }],
    ['a change of the status', { operation: 'UPDATE', subResource: 'status' }],
    [
      'a change of scale',
      { operation: 'UPDATE', subResource: 'scale', object: { kind: 'Scale', spec: { replicas: 0 } } },
    ],
  ])('allows %s', async (_, request) => {
    expect(await validate(review('pods', workload('pods', podSpec(BAD)), request), FAIL)).toMatchObject({
      allowed: true,
    });
  });

  test('lets what is being deleted lose its finalizers, but gain no image', async () => {
    const ending = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    const of = (before: object, ...images: readonly string[]) =>
      validate(
        review('pods', workload('pods', podSpec(...images), ending), {
          operation: 'UPDATE',
          oldObject: workload('pods', podSpec(BAD), before),
        }),
        FAIL,
      );
    expect(await of(ending, BAD)).toMatchObject({ allowed: true });
    expect(await of(ending, BAD, GOOD)).toMatchObject({ allowed: false });
    expect(await of({}, BAD)).toMatchObject({ allowed: false });
  });
});

describe('a controller', () => {
  const BARE = { match: [{ resource: 'pods' }] };

  test('never takes the decision of one policy for that of another of the same name', async () => {
    const of = async (spec: PolicyMembers) => parseClusterImagePolicies(policyYaml({ name: 'same', ...spec }));
    const policies = [
      ...(await of({ ...PASS, ...BARE })),
      ...(await of({ ...PASS, authorities: FAIL.authorities, match: [{ resource: 'deployments' }] })),
    ];
    const controller = createAdmissionController({ verifier, policies });
    const ask = async (name: 'pods' | 'deployments') =>
      readResponse(await controller.validate(review(name, workload(name, podSpec(GOOD)))));
    expect(await ask('pods')).toMatchObject({ allowed: true });
    expect(await ask('deployments')).toMatchObject({ allowed: false });
  });

  test('is not made with globs of tags, which would cover nothing', async () => {
    const policies = await readPolicies({ ...PASS, images: [{ glob: 'registry.example/good/app:v1' }] });
    expect(() => createAdmissionController({ verifier, policies })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });

  test.each([
    ['noMatch', 'allow'],
    ['trustRoots', { mine: verifier }],
  ])('reads no %s from a polluted prototype', async (name, value) => {
    const keyless = {
      identities: [{ issuer: 'https://issuer.example', subject: 'a@example.com' }],
      trustRootRef: 'mine',
    };
    const policies = await readPolicies(FAIL);
    const naming = await readPolicies({ authorities: [{ keyless }] });
    Reflect.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
    try {
      expect(await evaluateImage(GOOD, { verifier, policies })).toMatchObject({ admitted: false });
      const controller = createAdmissionController({ verifier, policies });
      const answer = await controller.validate(review('pods', workload('pods', podSpec(GOOD))));
      expect(readResponse(answer)).toMatchObject({ allowed: false });
      expect(() => createAdmissionController({ verifier, policies: naming })).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID' }),
      );
    } finally {
      Reflect.deleteProperty(Object.prototype, name);
    }
  });

  test('starts nothing more once it has answered', async () => {
    let started = 0;
    let ended = 0;
    const fetch = (_: unknown, init?: RequestInit): Promise<Response> => {
      started++;
      return new Promise((__, reject) => {
        init?.signal?.addEventListener('abort', () => {
          ended++;
          reject(new Error('aborted'));
        });
      });
    };
    const keyless = { identities: [{ issuer: 'https://issuer.example', subject: 'a@example.com' }] };
    const controller = createAdmissionController({
      verifier,
      policies: await readPolicies({ authorities: [{ keyless }] }),
      registry: { transport: { fetch } },
      timeoutMs: 20,
    });
    const images = Array.from({ length: 64 }, (_, i) => GOOD.replace('app', `app${i}`));
    const response = readResponse(await controller.validate(review('pods', workload('pods', podSpec(...images)))));
    expect(response).toMatchObject({ allowed: false });
    await expect.poll(() => started - ended).toBe(0);
    expect(started).toBeLessThanOrEqual(8);
  });
});

describe('mutation', () => {
  test('leaves digests as they are', async () => {
    const controller = createAdmissionController({ verifier, policies: await readPolicies(PASS) });
    const response = readResponse(await controller.mutate(review('pods', workload('pods', podSpec(GOOD, BAD)))));
    expect(response).toMatchObject({ allowed: true });
    expect(readPatch(response)).toBeUndefined();
  });

  test('writes short names out, which runtimes look for in places of their own', async () => {
    const controller = createAdmissionController({ verifier, policies: await readPolicies(PASS) });
    const short = [`app@${DIGEST}`, `team/app:v1@${DIGEST}`, `index.docker.io/library/app@${DIGEST}`];
    const response = readResponse(await controller.mutate(review('pods', workload('pods', podSpec(...short)))));
    expect((readPatch(response) as { value: string }[]).map(({ value }) => value)).toEqual([
      `docker.io/library/app@${DIGEST}`,
      `docker.io/team/app:v1@${DIGEST}`,
      `docker.io/library/app@${DIGEST}`,
    ]);
  });
});

test('what is no review has no answer', async () => {
  const controller = createAdmissionController({ verifier, policies: await readPolicies(PASS) });
  await expect(controller.validate(new Uint8Array())).rejects.toMatchObject({ code: 'INPUT_MALFORMED' });
  await expect(controller.mutate(new Uint8Array())).rejects.toMatchObject({ code: 'INPUT_MALFORMED' });
});
