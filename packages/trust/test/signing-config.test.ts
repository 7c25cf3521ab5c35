// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import { codeOf, withMember } from '../../bundle/test/sample.js';
import { sweepMembers } from '../../bundle/test/sweep.js';
import { decodeClientTrustConfig, decodeSigningConfig } from '../src/index.js';
import { sampleConfig, sampleRoot, sampleService } from './sample.js';

const codeOfConfig = (value: object | string): string => codeOf(() => decodeSigningConfig(value));

describe('a signing config', () => {
  test('is decoded', () => {
    const validFor = { start: new Date('2025-01-01T00:00:00Z'), end: new Date('2026-01-01T00:00:00Z') };
    const service = (url: string) => ({ url, majorApiVersion: 1, validFor, operator: 'example' });
    expect(decodeSigningConfig(JSON.stringify(sampleConfig()))).toEqual({
      mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
      certificateAuthorities: [service('https://ca.example')],
      oidcProviders: [service('https://oidc.example/auth')],
      logs: [service('https://rekor.example')],
      logSelector: { kind: 'any' },
      timestampAuthorities: [service('https://tsa.example/api/v1/timestamp')],
      timestampSelector: { kind: 'exact', count: 1 },
    });
  });

  test('of version 0.1 is read into the same shape', () => {
    const mediaType = 'application/vnd.dev.sigstore.signingconfig.v0.1+json';
    const config = decodeSigningConfig({ mediaType, caUrl: 'https://ca.example', tlogUrls: ['https://rekor.example'] });
    const service = { majorApiVersion: 1, validFor: { start: new Date(0) }, operator: '' };
    expect(config).toEqual({
      mediaType,
      certificateAuthorities: [{ url: 'https://ca.example', ...service }],
      oidcProviders: [],
      logs: [{ url: 'https://rekor.example', ...service }],
      logSelector: { kind: 'any' },
      timestampAuthorities: [],
      timestampSelector: { kind: 'any' },
    });
    expect(codeOfConfig({ mediaType, caUrls: [] })).toBe('INPUT_MALFORMED');
    expect(codeOfConfig({ mediaType, tsaUrls: ['http://tsa.example'] })).toBe('NETWORK_POLICY');
  });

  test.each([
    'https://ca.example/',
    'http://localhost:5555',
    'http://127.0.0.1:1',
    'http://127.9.9.9',
    'http://[::1]:80/a',
  ])('may have the URL %s', (url) => {
    expect(decodeSigningConfig(withMember(sampleConfig(), 'caUrls.0.url', url)).certificateAuthorities[0]?.url).toBe(
      url,
    );
  });

  test('may leave selectors undefined until one is needed', () => {
    const config = decodeSigningConfig({
      ...sampleConfig(),
      rekorTlogConfig: { selector: 'SERVICE_SELECTOR_UNDEFINED' },
      tsaConfig: null,
    });
    expect('logSelector' in config || 'timestampSelector' in config).toBe(false);
  });
});

describe('a signing config is refused for', () => {
  test.each<readonly [string, string, unknown, string]>([
    ...[
      undefined,
      null,
      2,
      '',
      'application/vnd.dev.sigstore.signingconfig.v0.3+json',
      'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    ].map(
      (mediaType) => [`the media type ${JSON.stringify(mediaType)}`, 'mediaType', mediaType, 'TRUST_INVALID'] as const,
    ),
    ['an unknown member', 'extra', 1, 'INPUT_MALFORMED'],
    ['an unknown member of a service', 'caUrls.0.extra', 1, 'INPUT_MALFORMED'],
    ['a member of version 0.1', 'caUrl', 'https://ca.example', 'INPUT_MALFORMED'],
    ['a service without a URL', 'caUrls.0.url', undefined, 'TRUST_INVALID'],
    ['a service without a window', 'caUrls.0.validFor', undefined, 'TRUST_INVALID'],
    ['a service without a start', 'caUrls.0.validFor.start', null, 'TRUST_INVALID'],
    ['an end before its start', 'tsaUrls.0.validFor.end', '2024-01-01T00:00:00Z', 'TRUST_INVALID'],
    ...[
      '',
      'file:///etc/passwd',
      'http://ca.example',
      'javascript:alert(1)',
      'https://0177.0.0.1',
      'http://0177.0.0.1',
      'http://127.1',
      'http://localhost.',
      'http://localhost@evil.example',
      'https://ca.example?a=b',
      'http://0.0.0.0',
      'http://192.168.0.1',
    ].map((url) => [`the URL ${JSON.stringify(url)}`, 'rekorTlogUrls.0.url', url, 'NETWORK_POLICY'] as const),
    ['a version as text', 'caUrls.0.majorApiVersion', '1', 'INPUT_MALFORMED'],
    ['a negative version', 'caUrls.0.majorApiVersion', -1, 'INPUT_MALFORMED'],
    ['a broken version', 'caUrls.0.majorApiVersion', 1.5, 'INPUT_MALFORMED'],
    ['an unknown selector', 'tsaConfig.selector', 'SOME', 'INPUT_UNSUPPORTED'],
    ['a selector by number', 'tsaConfig.selector', 2, 'INPUT_MALFORMED'],
    ['an exact selector without a count', 'tsaConfig.count', undefined, 'TRUST_INVALID'],
    ['an exact selector of none', 'tsaConfig.count', 0, 'TRUST_INVALID'],
    ['65 services', 'tsaUrls', Array.from({ length: 65 }, () => 'x'), 'INPUT_TOO_LARGE'],
  ])('%s', (_name, path, member, code) => {
    expect(codeOfConfig(withMember(sampleConfig(), path, member))).toBe(code);
  });

  test('more than 256 KiB', () => {
    expect(codeOfConfig(JSON.stringify(sampleConfig()).padEnd((1 << 18) + 1))).toBe('INPUT_TOO_LARGE');
    expect(codeOfConfig(JSON.stringify(sampleConfig()).padEnd(1 << 18))).toBe('accepted');
  });

  test('one member spoilt, but for lists, ends, operators, versions and selectors, which selection notices or does without', () => {
    const unnoticed = [...sweepMembers(sampleConfig())]
      .filter(({ text }) => codeOfConfig(text) === 'accepted')
      .map(({ name }) => name);
    const expected = [
      ...['caUrls', 'oidcUrls', 'rekorTlogUrls', 'tsaUrls'].flatMap((name) => [
        ...['delete', 'null', 'empty'].flatMap((how) => [`${how} ${name}`, `${how} ${name}[].operator`]),
        ...['delete', 'null'].flatMap((how) => [`${how} ${name}[].validFor.end`, `${how} ${name}[].majorApiVersion`]),
      ]),
      ...['rekorTlogConfig', 'tsaConfig'].flatMap((name) => ['delete', 'null', 'empty'].map((how) => `${how} ${name}`)),
      ...['rekorTlogConfig', 'tsaConfig'].flatMap((name) => ['delete', 'null'].map((how) => `${how} ${name}.selector`)),
    ];
    expect(unnoticed.sort()).toEqual(expected.sort());
  });

  test('anything else, with an error of ours', () => {
    fc.assert(fc.property(fc.uint8Array(), (input) => typeof codeOf(() => decodeSigningConfig(input)) === 'string'));
    fc.assert(fc.property(fc.object(), (input) => typeof codeOfConfig(input) === 'string'));
  });
});

describe('a client trust config', () => {
  const config = {
    mediaType: 'application/vnd.dev.sigstore.clienttrustconfig.v0.1+json',
    trustedRoot: sampleRoot(),
    signingConfig: sampleConfig(),
  };

  test('is decoded in both parts', () => {
    const decoded = decodeClientTrustConfig(JSON.stringify(config));
    expect(decoded.trustedRoot.logs).toHaveLength(2);
    expect(decoded.signingConfig.logs).toHaveLength(1);
  });

  test.each<readonly [string, string, unknown, string]>([
    ['no media type', 'mediaType', undefined, 'TRUST_INVALID'],
    ['another media type', 'mediaType', 'application/json', 'TRUST_INVALID'],
    ['no trusted root', 'trustedRoot', undefined, 'TRUST_INVALID'],
    ['no signing config', 'signingConfig', null, 'TRUST_INVALID'],
    ['an unknown member', 'extra', 1, 'INPUT_MALFORMED'],
    ['a part of another kind', 'signingConfig', sampleRoot(), 'INPUT_MALFORMED'],
    [
      'a service that is never contacted',
      'signingConfig.caUrls',
      [sampleService('http://ca.example')],
      'NETWORK_POLICY',
    ],
  ])('is refused for %s', (_name, path, member, code) => {
    expect(codeOf(() => decodeClientTrustConfig(withMember(config, path, member)))).toBe(code);
  });

  test('names the part that is wrong', () => {
    const broken = withMember(config, 'signingConfig.caUrls.0.validFor.start', undefined);
    expect(() => decodeClientTrustConfig(broken)).toThrow(/^\$\.signingConfig\.caUrls\[0\]\.validFor\.start: /);
  });
});

describeCorpus('the signing configs of the corpus', () => {
  test.each([
    'production/signing_config.json',
    'production/signing_config.v0.2.json',
    'production/signing_config_rekor_v2.v0.2.json',
    'staging/signing_config.v0.2.json',
  ])('%s is decoded', (path) => {
    expect(decodeSigningConfig(readFileSync(corpus(`trust/${path}`))).logs.length).toBeGreaterThan(0);
  });
});
