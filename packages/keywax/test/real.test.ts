// SPDX-License-Identifier: Apache-2.0
// Bundles that other clients made with production and staging, or that the npm registry serves.

import { readFileSync } from 'node:fs';
import { type CryptoProvider, loadSyncCrypto } from '@keywax/core/crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { nodeCrypto } from '../../core/src/crypto.node.js';
import { webCrypto } from '../../core/src/crypto.web.js';
import { corpus, describeCorpus } from '../../../test/corpus.js';
import {
  type ErrorCode,
  type IdentityPolicy,
  type Instance,
  type VerifySyncOptions,
  createVerifier,
  email,
  githubActions,
} from '../src/index.js';
import { refusalOf } from './refusal.js';

const NOW = new Date('2026-08-22T12:00:00Z');
const GITHUB_LOGIN = 'https://github.com/login/oauth';

/** One bundle: who signed what, and the refusal where it must not verify. */
interface RealBundle {
  readonly path: string;
  /** Production unless given. */
  readonly instance?: 'staging';
  readonly identity: IdentityPolicy;
  /** A file of the corpus, or the digest that an npm package or a release is known by. */
  readonly artifact: string | { readonly sha512: string };
  readonly options?: Partial<VerifySyncOptions>;
  readonly refusal?: ErrorCode;
}

const brian = email({ address: 'brian@dehamer.com', issuer: GITHUB_LOGIN });
const william = email({ address: 'william@yossarian.net', issuer: GITHUB_LOGIN });
const SIGSTORE_1_0_0 = {
  sha512:
    '7bea9f6e7ff37f5fab0b36bf061200fff03099fd2fd696b91d04bc5e4f225eb9fd6e0cadcad54ba980f43fb352a99e8810b4e0abeb5c0ef2cf9108cd1f258b36',
};
const SIGSTORE_1_3_0 = {
  sha512:
    '76176ffa33808b54602c7c35de5c6e9a4deb96066dba6533f50ac234f4f1f4c6b3527515dc17c06fbe2860030f410eee69ea20079bd3a2c6f3dcf3b329b10751',
};
const SLSA_PROVENANCE_0_0_7 = {
  sha512:
    'bbfd372fc9beeb777fe35d05bb10c0c70a9733d366a75fed7dd18866c7391de3ee7e88ba74dd47abf3e15c845e547fcf0e5c3da80854c751554224d3a6d4e55f',
};

interface RegistryKeys {
  readonly keys: readonly {
    readonly keyId: string;
    readonly keyUsage: string;
    readonly publicKey: { readonly rawBytes: string };
  }[];
}

/** The keys with which the npm registry signs, from the file that TUF distributes. */
const registry: IdentityPolicy = {
  key: (hint) => {
    const { keys } = JSON.parse(
      readFileSync(corpus('trust/production/npm-registry-keys.json'), 'utf8'),
    ) as RegistryKeys;
    const found = keys.find(({ keyId, keyUsage }) => keyId === hint && keyUsage === 'npm:attestations');
    return found === undefined ? undefined : new Uint8Array(Buffer.from(found.publicKey.rawBytes, 'base64'));
  },
};

const BUNDLES: readonly RealBundle[] = [
  { path: 'python/bundle_v3.txt.sigstore', instance: 'staging', identity: william, artifact: 'python/bundle_v3.txt' },
  {
    path: 'python/bundle_v3_github.whl.sigstore',
    identity: githubActions({ repository: 'trailofbits/rfc8785.py', workflow: 'release.yml', ref: 'refs/tags/v0.1.2' }),
    artifact: 'python/bundle_v3_github.whl',
  },
  {
    path: 'python/staging-rekor-v2.txt.sigstore.json',
    instance: 'staging',
    identity: email({ address: 'jku@goto.fi', issuer: GITHUB_LOGIN }),
    artifact: 'python/staging-rekor-v2.txt',
    options: { timestampThreshold: 1 },
  },
  {
    path: 'python/bundle_invalid_version.txt.sigstore',
    identity: william,
    artifact: 'python/bundle_invalid_version.txt',
    refusal: 'INPUT_UNSUPPORTED',
  },
  {
    path: 'python/bundle_no_log_entry.txt.sigstore',
    identity: email({ address: 'alex.cameron@trailofbits.com', issuer: 'https://accounts.google.com' }),
    artifact: 'python/bundle_no_log_entry.txt',
    refusal: 'TIME_MISSING',
  },
  { path: 'js/bundleV01-dsse-with-proof.sigstore', identity: brian, artifact: SIGSTORE_1_0_0 },
  {
    path: 'js/bundleV01-full-cert-chain.sigstore',
    identity: brian,
    artifact: SIGSTORE_1_0_0,
    refusal: 'BUNDLE_INVALID',
  },
  {
    path: 'js/bundleV01-full-cert-chain.sigstore',
    identity: brian,
    artifact: SIGSTORE_1_0_0,
    options: { allowRootInChain: true },
  },
  { path: 'js/bundleV01-intoto-no-proof.sigstore', identity: brian, artifact: SIGSTORE_1_0_0 },
  {
    path: 'js/bundleV01-intoto-no-proof.sigstore',
    identity: brian,
    artifact: SIGSTORE_1_0_0,
    options: { requireInclusionProof: true },
    refusal: 'PROOF_INVALID',
  },
  { path: 'js/bundleV02-dsse.sigstore', identity: brian, artifact: SIGSTORE_1_0_0 },
  { path: 'js/bundleV03-dsse.sigstore', identity: brian, artifact: SIGSTORE_1_0_0 },
  { path: 'go/dsse.sigstore.json', identity: brian, artifact: SLSA_PROVENANCE_0_0_7, refusal: 'BUNDLE_INVALID' },
  {
    path: 'go/dsse.sigstore.json',
    identity: brian,
    artifact: SLSA_PROVENANCE_0_0_7,
    options: { allowRootInChain: true },
  },
  {
    path: 'npm/bundle-provenance.json',
    identity: githubActions({ repository: 'sigstore/sigstore-js', workflow: 'release.yml', ref: 'refs/heads/main' }),
    artifact: SIGSTORE_1_3_0,
    options: { allowRootInChain: true, predicateType: 'https://slsa.dev/provenance/v0.2' },
  },
  { path: 'npm/bundle-publish.json', identity: registry, artifact: SIGSTORE_1_3_0 },
];

function readInstance({ instance }: RealBundle): Instance {
  return instance === undefined
    ? { trustedRoot: 'production' }
    : { trustedRoot: readFileSync(corpus(`trust/${instance}/trusted_root.json`)) };
}

describeCorpus('bundles of other clients', () => {
  beforeAll(loadSyncCrypto);

  describe.each([nodeCrypto, webCrypto])('with the provider $name', (crypto: CryptoProvider) => {
    test.each(
      BUNDLES.map((bundle) => [bundle.path, bundle.refusal ?? 'verifies', bundle.options ?? {}, bundle] as const),
    )('%s: %s %o', async (_, __, ___, bundle) => {
      const { path, identity, artifact, options = {}, refusal } = bundle;
      const verifier = await createVerifier({ instance: readInstance(bundle) });
      const bytes = readFileSync(corpus(`real/${path}`));
      const request: VerifySyncOptions = {
        identity,
        artifact: typeof artifact === 'string' ? readFileSync(corpus(`real/${artifact}`)) : artifact,
        now: NOW,
        crypto,
        ...options,
      };
      expect(await refusalOf(() => verifier.verify(bytes, request))).toBe(refusal);
      expect(await refusalOf(() => verifier.verifySync(bytes, request))).toBe(refusal);
    });
  });
});
