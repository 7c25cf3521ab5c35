// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import { readPlainJson } from '@keywax/core/json';
import { decodeResourceSelector, matchResource } from '../../src/policy/labels.js';

const DEPLOYMENT = {
  group: 'apps',
  version: 'v1',
  resource: 'deployments',
  labels: new Map([
    ['tier', 'web'],
    ['env', 'prod'],
  ]),
};

describe('a resource selector', () => {
  test.each<[object, boolean]>([
    [{}, true],
    [{ resource: 'deployments' }, true],
    [{ group: 'apps', version: 'v1', resource: 'deployments' }, true],
    [{ resource: 'pods' }, false],
    [{ group: 'batch' }, false],
    [{ version: 'v1beta1' }, false],
    [{ group: 'apps', selector: { matchLabels: { tier: 'web' } } }, true],
    [{ group: 'apps', selector: { matchLabels: { tier: 'web', env: 'dev' } } }, false],
    [{ group: 'apps', selector: { matchLabels: { other: 'x' } } }, false],
    [expression('env', 'In', ['prod', 'stage']), true],
    [expression('env', 'In', ['dev']), false],
    [expression('none', 'In', ['dev']), false],
    [expression('env', 'NotIn', ['dev']), true],
    [expression('env', 'NotIn', ['prod']), false],
    [expression('none', 'NotIn', ['prod']), true],
    [expression('env', 'Exists'), true],
    [expression('none', 'Exists'), false],
    [expression('none', 'DoesNotExist'), true],
    [expression('env', 'DoesNotExist'), false],
  ])('%j: %s', (json, expected) => {
    const selector = decodeResourceSelector(readPlainJson(json, { maxBytes: 10_000 }), '$');
    expect(matchResource(selector, DEPLOYMENT)).toBe(expected);
  });

  test.each<[object]>([[expression('env', 'In', [])], [expression('env', 'Exists', ['x'])]])('refuses %j', (json) => {
    expect(() => decodeResourceSelector(readPlainJson(json, { maxBytes: 10_000 }), '$')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });
});

function expression(key: string, operator: string, values?: string[]): object {
  const matchExpressions = [{ key, operator, ...(values === undefined ? {} : { values }) }];
  return { group: 'apps', selector: { matchExpressions } };
}
