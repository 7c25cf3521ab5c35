// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { type JsonObject, readPlainJson } from '@keywax/core/json';
import { listPodImages } from '../../src/admission/pod-images.js';
import { WORKLOAD_NAMES, podSpec, workload } from './reviews.js';

const PODS = { group: '', resource: 'pods' };

function read(object: object): JsonObject {
  return readPlainJson(object, { maxBytes: 10_000_000 }) as JsonObject;
}

describe('the images of a workload', () => {
  test.each([
    ['pods', '', '/spec'],
    ['deployments', 'apps', '/spec/template/spec'],
    ['replicasets', 'apps', '/spec/template/spec'],
    ['statefulsets', 'apps', '/spec/template/spec'],
    ['daemonsets', 'apps', '/spec/template/spec'],
    ['jobs', 'batch', '/spec/template/spec'],
    ['cronjobs', 'batch', '/spec/jobTemplate/spec/template/spec'],
  ] as const)('of %s', (resource, group, path) => {
    expect(listPodImages({ group, resource }, read(workload(resource, podSpec('a', 'b'))))).toEqual([
      { path: `${path}/containers/0/image`, reference: 'a' },
      { path: `${path}/containers/1/image`, reference: 'b' },
    ]);
  });

  test('covers every kind of workload that the reviews have', () => {
    expect(WORKLOAD_NAMES).toHaveLength(7);
  });

  test('are those of containers of all kinds, and of volumes', () => {
    const spec = {
      initContainers: [{ image: 'init' }],
      containers: [{ image: 'main' }],
      ephemeralContainers: [{ image: 'debug' }],
      volumes: [
        { name: 'a', emptyDir: {} },
        { name: 'b', image: { reference: 'data' } },
        { name: 'c', image: {} },
      ],
    };
    expect(listPodImages(PODS, read({ spec })).map(({ path, reference }) => [path, reference])).toEqual([
      ['/spec/initContainers/0/image', 'init'],
      ['/spec/containers/0/image', 'main'],
      ['/spec/ephemeralContainers/0/image', 'debug'],
      ['/spec/volumes/1/image/reference', 'data'],
    ]);
  });

  test('may be none', () => {
    expect(listPodImages(PODS, read({ spec: { containers: null } }))).toEqual([]);
    expect(listPodImages({ group: '', resource: 'replicationcontrollers' }, read({ spec: {} }))).toEqual([]);
  });

  test.each<[string, object, string]>([
    ['no spec', {}, 'INPUT_MALFORMED'],
    ['a container without an image', { spec: { containers: [{}] } }, 'INPUT_MALFORMED'],
    ['an empty image', { spec: { containers: [{ image: '' }] } }, 'INPUT_MALFORMED'],
    ['an image that is no text', { spec: { containers: [{ image: 1 }] } }, 'INPUT_MALFORMED'],
    ['a container that is no object', { spec: { containers: ['a'] } }, 'INPUT_MALFORMED'],
    ['containers that are no list', { spec: { containers: {} } }, 'INPUT_MALFORMED'],
    ['a volume whose image is no object', { spec: { volumes: [{ image: 'a' }] } }, 'INPUT_MALFORMED'],
    ['a volume whose reference is no text', { spec: { volumes: [{ image: { reference: 1 } }] } }, 'INPUT_MALFORMED'],
    ['too many', { spec: { containers: Array.from({ length: 257 }, () => ({ image: 'a' })) } }, 'INPUT_TOO_LARGE'],
  ])('refuses %s', (_, object, code) => {
    expect(() => listPodImages(PODS, read(object))).toThrow(expect.objectContaining({ code }));
  });

  test.each([
    ['', 'deployments'],
    ['apps', 'pods'],
    ['example.com', 'widgets'],
    ['', 'toString'],
  ])('refuses %s/%s, which is not known', (group, resource) => {
    expect(() => listPodImages({ group, resource }, read({ spec: podSpec('a') }))).toThrow(
      expect.objectContaining({ code: 'INPUT_UNSUPPORTED' }),
    );
  });
});
