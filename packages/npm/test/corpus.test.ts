// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeBase64, decodeHex } from '@keywax/core/bytes';
import { createVerifier } from 'keywax';
import { expect, onTestFinished, test } from 'vitest';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import {
  type EvidenceRequirements,
  type PackageEvidence,
  PUBLISH_V01,
  SLSA_V02,
  decodeKeysTarget,
  fetchRegistryKeys,
  verifyEvidence,
} from '../src/index.js';

const SHA512 =
  '76176ffa33808b54602c7c35de5c6e9a4deb96066dba6533f50ac234f4f1f4c6b3527515dc17c06fbe2860030f410eee69ea20079bd3a2c6f3dcf3b329b10751';
const read = (path: string): string => readFileSync(corpus(path), 'utf8');

describeCorpus('the evidence that the npm registry serves', () => {
  const provenance = { predicateType: SLSA_V02, bundle: JSON.parse(read('real/npm/bundle-provenance.json')) as object };
  const publish = { predicateType: PUBLISH_V01, bundle: JSON.parse(read('real/npm/bundle-publish.json')) as object };
  const keys = decodeKeysTarget(read('trust/production/npm-registry-keys.json'));
  // Which registry that was stands in what it signed alone.
  const { registry } = readPublishPredicate(publish.bundle);
  const evidence: PackageEvidence = {
    name: 'sigstore',
    version: '1.3.0',
    integrity: `sha512-${encodeBase64(decodeHex(SHA512))}`,
    signatures: [],
    attestations: [provenance, publish],
    declaresProvenance: true,
    repository: 'git+https://github.com/sigstore/sigstore-js.git',
  };
  const verify = async (changes: Partial<PackageEvidence>, requirements: Partial<EvidenceRequirements> = {}) =>
    verifyEvidence(
      { ...evidence, ...changes },
      {
        registry,
        keys,
        verifier: await createVerifier({ instance: { trustedRoot: read('trust/production/trusted_root.json') } }),
        allowUnsigned: true, // the corpus has no packument, and so no signature of it
        ...requirements,
      },
    );

  test('verifies with the key of the registry, and says where the package was built', async () => {
    const verified = await verify(
      {},
      {
        expect: {
          sourceRepository: { from: 'packument' },
          workflow: 'release.yml',
          ref: 'refs/heads/main',
          builder: 'https://github.com/actions/runner/github-hosted',
          trigger: 'push',
        },
      },
    );
    expect(verified.provenance).toMatchObject({
      issuer: 'https://token.actions.githubusercontent.com',
      sourceRepository: 'https://github.com/sigstore/sigstore-js',
      sourceDigest: 'dae8bd8eb433a4147b4655c00fe73e0f22bc0fb1',
      ref: 'refs/heads/main',
      workflow: '.github/workflows/release.yml',
      builder: 'https://github.com/actions/runner/github-hosted',
      trigger: 'push',
      buildType: 'https://github.com/npm/cli/gha/v2',
    });
    expect(verified.publish).toMatchObject({
      keyId: 'SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA',
      keySource: 'tuf',
    });
    expect(verified.publish?.times.map(({ at }) => at.toISOString())).toEqual(['2023-04-18T17:45:16.000Z']);
    expect(verified.expectation).toEqual({
      sourceRepository: { url: 'https://github.com/sigstore/sigstore-js', from: 'packument' },
    });
    expect(verified.report.rows.filter(({ state }) => state === 'failed')).toEqual([]);
  });

  test.each([
    ['another name', { name: 'sigstored' }, 'ARTIFACT_MISMATCH'],
    ['another version', { version: '1.3.1' }, 'ARTIFACT_MISMATCH'],
    ['another digest', { integrity: `sha512-${encodeBase64(new Uint8Array(64))}` }, 'ARTIFACT_MISMATCH'],
    ['the publish attestation alone', { attestations: [publish] }, 'PACKAGE_PROVENANCE_MISSING'],
    ['no attestation', { attestations: [] }, 'PACKAGE_PROVENANCE_MISSING'],
    [
      'each in the place of the other',
      {
        attestations: [
          { ...provenance, bundle: publish.bundle },
          { ...publish, bundle: provenance.bundle },
        ],
      },
      'BUNDLE_INVALID',
    ],
  ] as const)('is refused for %s', async (_, changes, code) => {
    await expect(verify(changes)).rejects.toMatchObject({ code, report: { verdict: 'refused' } });
  });

  test.each([
    ['without keys', { keys: [] }, 'KEY_NOT_FOUND'],
    ['with keys for signatures alone', { keys: keys.filter(({ usage }) => usage === 'signatures') }, 'KEY_NOT_FOUND'],
    [
      'with a key that had expired',
      { keys: keys.map((key) => ({ ...key, expires: new Date('2023-01-01') })) },
      'KEY_OUTSIDE_VALIDITY',
    ],
    ['of another registry', { registry: 'https://registry.example' }, 'STATEMENT_INVALID'],
    ['built elsewhere', { expect: { sourceRepository: 'sigstore/cosign' } }, 'IDENTITY_MISMATCH'],
    ['without a signature', { allowUnsigned: false }, 'PACKAGE_UNSIGNED'],
  ] as const)('is refused %s', async (_, requirements, code) => {
    await expect(verify({}, requirements)).rejects.toMatchObject({ code });
  });
});

function readPublishPredicate(bundle: object): { registry: string } {
  const { dsseEnvelope } = bundle as { dsseEnvelope: { payload: string } };
  const { predicate } = JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString()) as {
    predicate: { registry: string };
  };
  return predicate;
}

describeCorpus('the repository of production', () => {
  const NOW = new Date('2026-08-22T12:00:00Z');
  const URL_OF_MIRROR = 'https://tuf.example';
  const publish = JSON.parse(read('real/npm/bundle-publish.json')) as object;
  const provenance = JSON.parse(read('real/npm/bundle-provenance.json')) as object;
  const { registry } = readPublishPredicate(publish);

  /** Serves the files of the repository without a network. */
  const openMirror = () => {
    const folder = mkdtempSync(join(tmpdir(), 'keywax-production-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    execFileSync('tar', ['-xzf', corpus('tuf/production.tar.gz'), '-C', folder]);
    const readFile = (path: string) => {
      try {
        return new Uint8Array(readFileSync(join(folder, 'production', path)));
      } catch {
        return undefined;
      }
    };
    const fetch = async (url: string): Promise<Response> => {
      const file = readFile(new URL(url).pathname);
      return new Response(file ?? null, { status: file === undefined ? 404 : 200 });
    };
    const instance = { mirrorUrl: URL_OF_MIRROR, root: readFile('1.root.json') ?? '' };
    return { instance, fetch, cacheDirectory: join(folder, 'cache'), retries: 0 };
  };

  test('vouches for the keys and the authorities of the evidence', async () => {
    const options = { ...openMirror(), now: () => NOW };
    const fetchKeys = () => Promise.reject(new Error('the registry was asked'));
    const keys = await fetchRegistryKeys(registry, { ...options, client: { fetchKeys } });
    const { provenance: proven, publish: published } = await verifyEvidence(
      {
        name: 'sigstore',
        version: '1.3.0',
        integrity: `sha512-${encodeBase64(decodeHex(SHA512))}`,
        signatures: [],
        attestations: [
          { predicateType: SLSA_V02, bundle: provenance },
          { predicateType: PUBLISH_V01, bundle: publish },
        ],
        declaresProvenance: true,
      },
      { registry, keys, verifier: await createVerifier(options), allowUnsigned: true, now: NOW },
    );
    expect(proven?.sourceRepository).toBe('https://github.com/sigstore/sigstore-js');
    expect(published?.keySource).toBe('tuf');
    expect(published?.report.verdict).toBe('verified');
  });

  test('vouches for no other registry', async () => {
    const fetchKeys = async () => [];
    const options = { ...openMirror(), now: () => NOW, client: { fetchKeys } };
    expect(await fetchRegistryKeys('https://registry.example/', options)).toEqual([]);
  });
});
