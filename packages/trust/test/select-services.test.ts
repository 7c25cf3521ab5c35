// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import { codeOf } from '../../bundle/test/sample.js';
import { type SelectedServices, decodeSigningConfig, selectServices } from '../src/index.js';
import { sampleConfig, sampleService } from './sample.js';

const NOW = new Date('2025-06-01T00:00:00Z');

function select(config: object, now: Date = NOW): SelectedServices {
  return selectServices(decodeSigningConfig({ ...sampleConfig(), ...config }), now);
}

/** A log that is valid from `start` on. */
function log(url: string, version: number, start: string, operator: string): object {
  return sampleService(url, version, { operator, validFor: { start } });
}

const logUrls = (config: object): readonly string[] => select(config).logs.map(({ url }) => url);

describe('services are selected', () => {
  test('one of each kind', () => {
    const selected = select({});
    expect(selected.certificateAuthority.url).toBe('https://ca.example');
    expect(selected.oidcProvider?.url).toBe('https://oidc.example/auth');
    expect([selected.logs, selected.timestampAuthorities].map((services) => services.length)).toEqual([1, 1]);
  });

  test('not where a kind is not listed', () => {
    const selected = select({ oidcUrls: [], rekorTlogUrls: [], rekorTlogConfig: null, tsaUrls: [], tsaConfig: null });
    expect(selected).toMatchObject({ logs: [], timestampAuthorities: [] });
    expect('oidcProvider' in selected).toBe(false);
  });

  test('of the highest version that is spoken and valid', () => {
    const rekorTlogUrls = [
      log('https://one.example', 1, '2025-05-01T00:00:00Z', 'a'),
      log('https://two.example', 2, '2025-01-01T00:00:00Z', 'b'),
      log('https://three.example', 3, '2025-01-01T00:00:00Z', 'c'),
      log('https://later.example', 2, '2025-07-01T00:00:00Z', 'd'),
    ];
    expect(logUrls({ rekorTlogUrls, rekorTlogConfig: { selector: 'ALL' } })).toEqual(['https://two.example']);
  });

  test('one for each operator, the newest first', () => {
    const rekorTlogUrls = [
      log('https://a1.example', 2, '2025-01-01T00:00:00Z', 'a'),
      log('https://b1.example', 2, '2025-03-01T00:00:00Z', 'b'),
      log('https://a2.example', 2, '2025-02-01T00:00:00Z', 'a'),
    ];
    expect(logUrls({ rekorTlogUrls, rekorTlogConfig: { selector: 'ALL' } })).toEqual([
      'https://b1.example',
      'https://a2.example',
    ]);
    expect(logUrls({ rekorTlogUrls, rekorTlogConfig: { selector: 'ANY' } })).toEqual(['https://b1.example']);
    expect(logUrls({ rekorTlogUrls, rekorTlogConfig: { selector: 'EXACT', count: 2 } })).toEqual([
      'https://b1.example',
      'https://a2.example',
    ]);
    expect(logUrls({ rekorTlogUrls, rekorTlogConfig: { selector: 'EXACT', count: 1 } })).toEqual([
      'https://b1.example',
    ]);
  });

  test('at both ends of their windows', () => {
    expect(select({}, new Date('2025-01-01T00:00:00Z')).logs).toHaveLength(1);
    expect(select({}, new Date('2026-01-01T00:00:00Z')).logs).toHaveLength(1);
  });

  test('without an identity provider where none is valid, as a token may come from elsewhere', () => {
    expect('oidcProvider' in select({ oidcUrls: [sampleService('https://oidc.example', 9)] })).toBe(false);
  });
});

describe('selection fails', () => {
  const later = { validFor: { start: '2025-06-01T00:00:00.001Z' } };
  test.each<readonly [string, object, string]>([
    ['without a certificate authority', { caUrls: [] }, 'CONFIG_INVALID'],
    [
      'where all certificate authorities are of the future',
      { caUrls: [sampleService('https://a.example', 1, later)] },
      'CONFIG_INVALID',
    ],
    [
      'where all logs are of the future',
      { rekorTlogUrls: [sampleService('https://a.example', 1, later)] },
      'CONFIG_INVALID',
    ],
    [
      'where all timestamp authorities are of the future',
      { tsaUrls: [sampleService('https://a.example', 1, later)] },
      'CONFIG_INVALID',
    ],
    ...[0, 3, 2 ** 53 - 1].map(
      (version) =>
        [
          `where logs are of version ${version}`,
          { rekorTlogUrls: [sampleService('https://a.example', version)] },
          'INPUT_UNSUPPORTED',
        ] as const,
    ),
    [
      'where certificate authorities are of version 2',
      { caUrls: [sampleService('https://a.example', 2)] },
      'INPUT_UNSUPPORTED',
    ],
    [
      'where timestamp authorities are of version 2',
      { tsaUrls: [sampleService('https://a.example', 2)] },
      'INPUT_UNSUPPORTED',
    ],
    ['without a selector for logs', { rekorTlogConfig: null }, 'CONFIG_INVALID'],
    ['without a selector for timestamp authorities', { tsaConfig: {} }, 'CONFIG_INVALID'],
    [
      'where three operators are asked for and two are listed',
      {
        rekorTlogUrls: ['a', 'b', 'a'].map((operator, i) =>
          log(`https://${operator}${i}.example`, 1, '2025-01-01T00:00:00Z', operator),
        ),
        rekorTlogConfig: { selector: 'EXACT', count: 3 },
      },
      'CONFIG_INVALID',
    ],
  ])('%s', (_name, config, code) => {
    expect(codeOf(() => select(config))).toBe(code);
  });

  test('at a time that is none', () => {
    expect(codeOf(() => select({}, new Date(Number.NaN)))).toBe('CONFIG_INVALID');
  });

  test('one millisecond outside of a window', () => {
    expect(codeOf(() => select({}, new Date('2024-12-31T23:59:59.999Z')))).toBe('CONFIG_INVALID');
    expect(codeOf(() => select({}, new Date('2026-01-01T00:00:00.001Z')))).toBe('CONFIG_INVALID');
  });
});

describeCorpus('the services of production', () => {
  const read = (name: string) => decodeSigningConfig(readFileSync(corpus(`trust/production/${name}`)));
  test.each([
    ['signing_config.json', '2026-06-01T00:00:00Z', ['https://rekor.sigstore.dev'], 0],
    ['signing_config.v0.2.json', '2026-06-01T00:00:00Z', ['https://rekor.sigstore.dev'], 1],
    ['signing_config_rekor_v2.v0.2.json', '2026-06-01T00:00:00Z', ['https://log2025-1.rekor.sigstore.dev'], 1],
    ['signing_config_rekor_v2.v0.2.json', '2025-12-31T23:59:59Z', ['https://rekor.sigstore.dev'], 1],
  ])('by %s at %s are %s', (name, now, logs, timestampAuthorities) => {
    const selected = selectServices(read(name), new Date(now));
    expect(selected.logs.map(({ url }) => url)).toEqual(logs);
    expect(selected.timestampAuthorities).toHaveLength(timestampAuthorities);
  });
});
