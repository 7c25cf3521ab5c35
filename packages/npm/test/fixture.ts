// SPDX-License-Identifier: Apache-2.0
// A registry in memory: keys, signatures, and both attestations against an instance of the lab. Whatever a test changes is
// signed again, so that a refusal is about that change alone.

import { encodeBase64, encodeHex, encodeUtf8 } from '@keywax/core/bytes';
import { hash } from '@keywax/core/hash';
import { parsePublicKey } from '@keywax/core/key';
import { type Lab, createLab, generateSigningKey, personaIdentity, signBytes } from '@keywax/stack/lab';
import { type Verifier, createVerifier } from 'keywax';
import { type PackageEvidence, PUBLISH_V01, type RegistryKey, SLSA_V02, SLSA_V1, encodePurl } from '../src/index.js';

export const NOW = new Date('2026-03-01T12:00:00Z');
export const REGISTRY = 'https://registry.example/npm/';
export const TARBALL: Uint8Array = encodeUtf8('a tarball\n');
export const SHA512: Uint8Array = hash('sha512', TARBALL);
export const INTEGRITY = `sha512-${encodeBase64(SHA512)}`;
export const COMMIT = '8f5d2c0e7b1a4936d5e8c7f60a1b2c3d4e5f6071';
export const SOURCE = 'https://github.com/octo-org/octo-repo';

export type SigningKey = ReturnType<typeof generateSigningKey>;

/** Provenance as npm writes it for the GitHub persona of the lab. */
export const GITHUB_PREDICATE = {
  buildDefinition: {
    buildType: 'https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1',
    externalParameters: {
      workflow: { ref: 'refs/heads/main', repository: SOURCE, path: '.github/workflows/release.yml' },
    },
    internalParameters: { github: { event_name: 'push', repository_id: '74', repository_owner_id: '65' } },
    resolvedDependencies: [{ uri: `git+${SOURCE}@refs/heads/main`, digest: { gitCommit: COMMIT } }],
  },
  runDetails: {
    builder: { id: 'https://github.com/actions/runner/github-hosted' },
    metadata: { invocationId: `${SOURCE}/actions/runs/1234567890/attempts/1` },
  },
};

/** Provenance as npm writes it for the GitLab persona. */
export const GITLAB_PREDICATE = {
  buildType: 'https://github.com/npm/cli/gitlab/v0alpha1',
  builder: { id: 'https://gitlab.com/group/project/-/runners/1' },
  invocation: {
    configSource: { uri: 'git+https://gitlab.com/group/project', digest: { sha1: COMMIT }, entryPoint: 'publish' },
    parameters: { CI: 'true', CI_COMMIT_SHA: COMMIT, CI_PIPELINE_SOURCE: 'push' },
    environment: { name: 'a runner' },
  },
  metadata: { buildInvocationId: 'https://gitlab.com/group/project/-/jobs/302' },
  materials: [{ uri: 'git+https://gitlab.com/group/project', digest: { sha1: COMMIT } }],
};

/** What an attestation is made from; what is not given is right. */
export interface AttestationChanges {
  readonly name?: string;
  readonly version?: string;
  readonly subjects?: readonly object[];
  readonly subjectName?: string;
  readonly sha512?: string;
  readonly predicateType?: string;
  readonly predicate?: object;
  /** Claims of the persona, replaced. */
  readonly claims?: Readonly<Record<string, string>>;
  readonly persona?: 'github' | 'gitlab' | 'email';
  readonly key?: SigningKey;
  readonly hint?: string;
}

export interface Fixture {
  readonly lab: Lab;
  readonly verifier: Verifier;
  readonly key: SigningKey;
  readonly keys: readonly RegistryKey[];
  /** Good evidence of a version, with changes on top. */
  evidence(changes?: Partial<PackageEvidence>): PackageEvidence;
  sign(changes?: {
    readonly key?: SigningKey;
    readonly keyId?: string;
    readonly text?: string;
  }): PackageEvidence['signatures'][number];
  provenance(changes?: AttestationChanges): Promise<PackageEvidence['attestations'][number]>;
  publish(changes?: AttestationChanges): Promise<PackageEvidence['attestations'][number]>;
}

export const KEY_ID = 'SHA256:the-registry';

/** A key as a registry publishes it. */
export function registryKey(key: SigningKey, members: Partial<RegistryKey> = {}): RegistryKey {
  return { keyId: KEY_ID, key: parsePublicKey(key.spki, 'key'), source: 'tuf', ...members };
}

export async function createFixture(): Promise<Fixture> {
  const lab = await createLab({ now: () => NOW });
  const key = generateSigningKey('P-256');
  const verifier = await createVerifier({ instance: { trustedRoot: lab.trustedRoot() }, now: () => NOW });
  const id = { name: 'pkg', version: '1.0.0' };
  const good: PackageEvidence = {
    ...id,
    integrity: INTEGRITY,
    signatures: [],
    publishedAt: NOW,
    attestations: [],
    declaresProvenance: false,
    repository: `git+${SOURCE}.git`,
  };
  const sign: Fixture['sign'] = ({ key: signer = key, keyId = KEY_ID, text } = {}) => ({
    keyId,
    signature: signBytes(signer, encodeUtf8(text ?? `${id.name}@${id.version}:${INTEGRITY}`)),
  });
  return {
    lab,
    verifier,
    key,
    keys: [registryKey(key)],
    sign,
    evidence: (changes = {}) => ({ ...good, signatures: [sign()], ...changes }),
    async provenance(changes = {}) {
      const { persona = 'github', claims = {} } = changes;
      const predicateType = changes.predicateType ?? (persona === 'gitlab' ? SLSA_V02 : SLSA_V1);
      const predicate = changes.predicate ?? (persona === 'gitlab' ? GITLAB_PREDICATE : GITHUB_PREDICATE);
      const { bundle } = await lab.makeBundle({
        content: 'dsse',
        logs: 'v1',
        identity: personaIdentity(persona, claims),
        payload: encodeStatement({ ...id, ...changes, predicateType, predicate }),
      });
      return { predicateType, bundle };
    },
    async publish(changes = {}) {
      const predicateType = changes.predicateType ?? PUBLISH_V01;
      const predicate = changes.predicate ?? { ...id, registry: REGISTRY.slice(0, -1) };
      const { bundle } = await lab.makeBundle({
        content: 'dsse',
        logs: 'v1',
        managedKey: true,
        key: changes.key ?? key,
        payload: encodeStatement({ ...id, ...changes, predicateType, predicate }),
      });
      const { verificationMaterial } = bundle;
      const material = { ...verificationMaterial, publicKey: { hint: changes.hint ?? KEY_ID } };
      return { predicateType, bundle: { ...bundle, verificationMaterial: material } };
    },
  };
}

function encodeStatement({
  name = '',
  version = '',
  sha512 = encodeHex(SHA512),
  subjectName = encodePurl({ name, version }),
  subjects = [{ name: subjectName, digest: { sha512 } }],
  predicateType = '',
  predicate = {},
}: AttestationChanges): Uint8Array {
  const statement = { _type: 'https://in-toto.io/Statement/v1', subject: subjects, predicateType, predicate };
  return encodeUtf8(JSON.stringify(statement));
}
