// SPDX-License-Identifier: Apache-2.0

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import {
  decodeClientTrustConfig,
  decodeSigningConfig,
  decodeTrustedRoot,
  encodeClientTrustConfig,
  encodeSigningConfig,
  encodeTrustedRoot,
} from '../src/index.js';
import { b64, edKey, sampleAuthority, sampleConfig, sampleLog, sampleRoot, sampleService, sha256 } from './sample.js';

const V02 = 'application/vnd.dev.sigstore.trustedroot.v0.2+json';

const instant = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => date.getTime());
const window = fc
  .tuple(instant, fc.option(instant))
  .map(([a, b]) =>
    b === null
      ? { start: new Date(a).toISOString() }
      : { start: new Date(Math.min(a, b)).toISOString(), end: new Date(Math.max(a, b)).toISOString() },
  );
const text = fc.string({ unit: 'binary', maxLength: 12 }).filter((value) => value.isWellFormed());
const operator = fc.option(text, { nil: undefined });

/** Logs that can be used, and logs that cannot for several reasons. */
const log = fc
  .record({
    window,
    operator,
    details: fc.constantFrom('PKIX_ED25519', 'PKIX_ECDSA_P256_SHA_256', 'SOMETHING_NEW'),
    hash: fc.constantFrom('SHA2_256', 'SHA2_512'),
    url: fc.constantFrom('https://log.example', 'http://log.example:8080/path', undefined),
    stated: fc.constantFrom(undefined, sha256(edKey.spki), sha256(edKey.spki).slice(0, 4), new Uint8Array(32)),
  })
  .map(({ window, operator, details, hash, url, stated }) => ({
    ...sampleLog(edKey, details, url ?? ''),
    hashAlgorithm: hash,
    publicKey: { rawBytes: b64(edKey.spki), keyDetails: details, validFor: window },
    operator,
    ...(stated === undefined ? {} : { checkpointKeyId: { keyId: b64(stated) } }),
  }));
const authority = fc
  .record({
    window,
    operator,
    organization: text,
    uri: text,
    chain: fc.constantFrom(...sampleRoot().certificateAuthorities),
  })
  .map(({ window, operator, organization, uri, chain }) => ({
    ...sampleAuthority(),
    certChain: chain.certChain,
    subject: { organization, commonName: 'authority' },
    uri,
    validFor: window,
    operator,
  }));
const trustedRoot = fc.record({
  mediaType: fc.constantFrom(V02, sampleRoot().mediaType),
  tlogs: fc.array(log, { maxLength: 3 }),
  ctlogs: fc.array(log, { maxLength: 2 }),
  certificateAuthorities: fc.array(authority, { maxLength: 2 }),
  timestampAuthorities: fc.array(authority, { maxLength: 2 }),
});

const service = fc
  .record({ window, operator: text, version: fc.nat(3) })
  .map(({ window, operator, version }) => sampleService('https://a.example', version, { validFor: window, operator }));
const services = fc.array(service, { maxLength: 3 });
const selector = fc.constantFrom(
  { selector: 'ANY' },
  { selector: 'ALL' },
  { selector: 'EXACT', count: 2 },
  { selector: 'SERVICE_SELECTOR_UNDEFINED' },
  undefined,
);
const signingConfig = fc.record({
  mediaType: fc.constant(sampleConfig().mediaType),
  caUrls: services,
  oidcUrls: services,
  rekorTlogUrls: services,
  rekorTlogConfig: selector,
  tsaUrls: services,
  tsaConfig: selector,
});

describe('what is encoded', () => {
  test('is the same trusted root when it is decoded, usable or not', () => {
    fc.assert(
      fc.property(trustedRoot, (document) => {
        const root = decodeTrustedRoot(document);
        expect(decodeTrustedRoot(encodeTrustedRoot(root))).toEqual(root);
        expect(decodeTrustedRoot(JSON.stringify(encodeTrustedRoot(root)))).toEqual(root);
      }),
    );
  });

  test('is the same signing config', () => {
    fc.assert(
      fc.property(signingConfig, (document) => {
        const config = decodeSigningConfig(document);
        expect(decodeSigningConfig(encodeSigningConfig(config))).toEqual(config);
      }),
    );
  });

  test('is the same client trust config', () => {
    fc.assert(
      fc.property(trustedRoot, signingConfig, (root, signing) => {
        const mediaType = 'application/vnd.dev.sigstore.clienttrustconfig.v0.1+json';
        const config = decodeClientTrustConfig({ mediaType, trustedRoot: root, signingConfig: signing });
        expect(decodeClientTrustConfig(encodeClientTrustConfig(config))).toEqual(config);
      }),
      { numRuns: 25 },
    );
  });

  test('is of version 0.2 where a signing config was of version 0.1', () => {
    const { mediaType, ...config } = decodeSigningConfig({
      mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.1+json',
      caUrl: 'https://ca.example',
      tlogUrls: ['https://rekor.example'],
      tsaUrls: ['https://tsa.example'],
    });
    expect(mediaType).toContain('v0.1');
    expect(decodeSigningConfig(encodeSigningConfig({ mediaType, ...config }))).toEqual({
      ...config,
      mediaType: sampleConfig().mediaType,
    });
  });

  test('is what was read, where nothing was left unsaid', () => {
    expect(encodeTrustedRoot(decodeTrustedRoot(sampleRoot()))).toEqual(
      JSON.parse(JSON.stringify(sampleRoot()).replaceAll('2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00Z')),
    );
    expect(encodeSigningConfig(decodeSigningConfig(sampleConfig()))).toEqual(
      JSON.parse(JSON.stringify(sampleConfig()).replaceAll('2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00Z')),
    );
  });
});

describeCorpus('the documents of the corpus', () => {
  test('are the same after encoding', () => {
    const roots = [
      ...readdirSync(corpus('conformance/bundle-verify'))
        .map((name) => `conformance/bundle-verify/${name}/trusted_root.json`)
        .filter((path) => existsSync(corpus(path))),
      'trust/production/trusted_root.json',
      'trust/staging/trusted_root.json',
    ];
    for (const path of roots) {
      const root = decodeTrustedRoot(readFileSync(corpus(path)));
      expect(decodeTrustedRoot(encodeTrustedRoot(root))).toEqual(root);
    }
    const config = decodeSigningConfig(readFileSync(corpus('trust/production/signing_config.v0.2.json')));
    expect(decodeSigningConfig(encodeSigningConfig(config))).toEqual(config);
  });
});
