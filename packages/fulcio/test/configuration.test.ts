// SPDX-License-Identifier: Apache-2.0

import type { ErrorCode } from '@keywax/core/errors';
import { beforeAll, describe, expect, test } from 'vitest';
import { sendJson, serve } from '../../../test/loopback.js';
import { type IssuerConfiguration, fetchConfiguration, fetchTrustBundle, selectIssuer } from '../src/index.js';
import { type Authority, makeAuthority } from './authority.js';

const TRANSPORT = { allowHttp: 'loopback', delay: async () => {} } as const;

/** A configuration as an authority that leaves out what is empty sends it. */
function issuer(fields: Partial<IssuerConfiguration>): IssuerConfiguration {
  return {
    issuerUrl: '',
    wildcardIssuerUrl: '',
    audience: 'sigstore',
    challengeClaim: 'sub',
    issuerType: '',
    subjectDomain: '',
    spiffeTrustDomain: '',
    skipEmailVerification: false,
    ...fields,
  };
}

describe('the configuration of an authority', () => {
  test('is read, with and without empty fields and with fields of tomorrow', async () => {
    const server = await serve((response) =>
      sendJson(response, 200, {
        issuers: [
          { issuerUrl: 'https://a.example', audience: 'sigstore', challengeClaim: 'email', new: [1] },
          {
            issuerUrl: '',
            wildcardIssuerUrl: 'https://*.b.example',
            audience: '',
            challengeClaim: 'sub',
            skipEmailVerification: true,
            subjectDomain: null,
          },
        ],
        more: true,
      }),
    );
    expect(await fetchConfiguration(server.url, TRANSPORT)).toEqual([
      issuer({ issuerUrl: 'https://a.example', challengeClaim: 'email' }),
      issuer({ wildcardIssuerUrl: 'https://*.b.example', audience: '', skipEmailVerification: true }),
    ]);
    expect(server.seen[0]?.path).toBe('/api/v2/configuration');
  });

  test.each<[string, unknown, ErrorCode]>([
    ['a list', [], 'SERVICE_INVALID'],
    ['issuers that are text', { issuers: 'a' }, 'SERVICE_INVALID'],
    ['an issuer that is text', { issuers: ['a'] }, 'SERVICE_INVALID'],
    ['a number for a claim', { issuers: [{ challengeClaim: 1 }] }, 'SERVICE_INVALID'],
    ['1,025 issuers', { issuers: Array.from({ length: 1_025 }, () => ({})) }, 'INPUT_TOO_LARGE'],
  ])('is refused as %s', async (_name, answer, code) => {
    const server = await serve((response) => sendJson(response, 200, answer));
    await expect(fetchConfiguration(server.url, TRANSPORT)).rejects.toMatchObject({ code });
  });
});

describe('the configuration for an issuer', () => {
  const configuration = [
    issuer({ wildcardIssuerUrl: 'https://*.example/id/*', issuerType: 'wild' }),
    issuer({ issuerUrl: 'https://a.example/id/1', issuerType: 'exact' }),
    issuer({ wildcardIssuerUrl: 'https://ends-in-*', issuerType: 'end' }),
    issuer({ wildcardIssuerUrl: 'https://x*b*c.example', issuerType: 'inner' }),
  ];

  test.each([
    ['https://a.example/id/1', 'exact'],
    ['https://a.example/id/2', 'wild'],
    ['https://a-b_C9.example/id/x-1', 'wild'],
    ['https://ends-in-1', 'end'],
    ['https://xabbcc.example', 'inner'],
    ['https://xbbc.example', undefined],
    ['https://a.b.example/id/1', undefined],
    ['https://.example/id/1', undefined],
    ['https://a.example/id/', undefined],
    ['https://a.example/id/1/', undefined],
    ['https://a.example/id/%41', undefined],
    ['https://a.example/id/ä', undefined],
    ['http://a.example/id/1', undefined],
    ['https://a.example/id/1\n', undefined],
    ['xhttps://a.example/id/1', undefined],
    ['', undefined],
  ])('%j is %s', (text, issuerType) => {
    expect(selectIssuer(configuration, text)?.issuerType).toBe(issuerType);
  });

  test('agrees with a regular expression, also where many stars follow one another', () => {
    const patterns = ['a*', '*a', 'a*b*', '**', 'a**b', '*a*a*', 'a.*', '*'];
    const texts = ['', 'a', 'aa', 'ab', 'aab', 'abab', 'a.b', 'aaaa', 'b', 'axxb', 'a.a'];
    for (const pattern of patterns) {
      const expression = new RegExp(`^${pattern.replaceAll('.', String.raw`\.`).replaceAll('*', '[-_a-zA-Z0-9]+')}$`);
      for (const text of texts) {
        const found = selectIssuer([issuer({ wildcardIssuerUrl: pattern })], text) !== undefined;
        expect([pattern, text, found]).toEqual([pattern, text, text !== '' && expression.test(text)]);
      }
    }
  });

  test('is found in bounded time for a hostile pattern', () => {
    const start = performance.now();
    selectIssuer([issuer({ wildcardIssuerUrl: '*a'.repeat(1_000) })], `${'a'.repeat(2_000)}!`);
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

describe('the chains of an authority', () => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await makeAuthority();
  });

  test('are read', async () => {
    const server = await serve((response) =>
      sendJson(response, 200, { chains: [{ certificates: [authority.rootPem.trimEnd()] }] }),
    );
    const chains = await fetchTrustBundle(server.url, TRANSPORT);
    expect(chains.map((chain) => chain.length)).toEqual([1]);
    expect(server.seen[0]?.path).toBe('/api/v2/trustBundle');
  });

  test.each<[string, () => unknown, ErrorCode]>([
    ['an empty chain', () => ({ chains: [{ certificates: [] }] }), 'SERVICE_INVALID'],
    ['no list', () => ({ chains: {} }), 'SERVICE_INVALID'],
    ['junk', () => ({ chains: [{ certificates: ['junk'] }] }), 'SERVICE_INVALID'],
    [
      'a PEM that is no certificate',
      () => ({ chains: [{ certificates: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'] }] }),
      'SERVICE_INVALID',
    ],
    [
      'eleven certificates',
      () => ({ chains: [{ certificates: Array(11).fill(authority.rootPem) }] }),
      'INPUT_TOO_LARGE',
    ],
    [
      '65 chains',
      () => ({ chains: Array.from({ length: 65 }, () => ({ certificates: [authority.rootPem] })) }),
      'INPUT_TOO_LARGE',
    ],
  ])('are refused as %s', async (_name, makeAnswer, code) => {
    const server = await serve((response) => sendJson(response, 200, makeAnswer()));
    await expect(fetchTrustBundle(server.url, TRANSPORT)).rejects.toMatchObject({ code });
  });
});
