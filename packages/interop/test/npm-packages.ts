// SPDX-License-Identifier: Apache-2.0
// Packages with provenance for the tests with npm: what a workflow on GitHub publishes.

import { hash } from 'node:crypto';
import type { Stack } from '@keywax/stack';
import { packTarball } from '@keywax/stack/npm-registry';
import { type SerializedBundle, attest, verify } from 'keywax';

/** The repositories of the stack's personas. */
export const REPOSITORIES = {
  github: 'https://github.com/octo-org/octo-repo',
  gitlab: 'https://gitlab.com/group/project',
} as const;
const COMMIT = '8f5d2c0e7b1a4936d5e8c7f60a1b2c3d4e5f6071';

/** The environment of a job of the stack's GitHub persona, which gets its tokens from the stack. */
export function describeJob(stack: Stack): Readonly<Record<string, string>> {
  return {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_REPOSITORY: 'octo-org/octo-repo',
    GITHUB_REPOSITORY_ID: '74',
    GITHUB_REPOSITORY_OWNER_ID: '65',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_SHA: COMMIT,
    GITHUB_EVENT_NAME: 'push',
    GITHUB_WORKFLOW_REF: 'octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
    GITHUB_RUN_ID: '1234567890',
    GITHUB_RUN_ATTEMPT: '1',
    RUNNER_ENVIRONMENT: 'github-hosted',
    ACTIONS_ID_TOKEN_REQUEST_URL: `${stack.urls.oidc}/github/request-token`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token',
  };
}

/** The environment of a job of the stack's GitLab persona, with a token of its own. */
export async function describeGitlabJob(stack: Stack): Promise<Readonly<Record<string, string>>> {
  return {
    CI: 'true',
    GITLAB_CI: 'true',
    CI_PROJECT_URL: REPOSITORIES.gitlab,
    CI_COMMIT_SHA: COMMIT,
    CI_JOB_NAME: 'publish',
    CI_JOB_URL: `${REPOSITORIES.gitlab}/-/jobs/302`,
    CI_RUNNER_ID: '1',
    SIGSTORE_ID_TOKEN: await stack.mintToken({ kind: 'gitlab' }),
  };
}

/** A package as it would be published: its tarball, and package.json. */
export interface PackedPackage {
  readonly name: string;
  readonly version: string;
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly tarball: Uint8Array;
}

/** Packs a package of a persona's repository. `content` makes tarballs differ. */
export function pack(name: string, content = '', persona: keyof typeof REPOSITORIES = 'github'): PackedPackage {
  const version = '1.0.0';
  const manifest = { name, version, repository: { type: 'git', url: `git+${REPOSITORIES[persona]}.git` } };
  const files = { 'package.json': JSON.stringify(manifest), 'index.js': `module.exports = '${content}';\n` };
  return { name, version, manifest, tarball: packTarball(files) };
}

/** Provenance for a package, by the stack's GitHub persona. */
export async function attestPackage(stack: Stack, packed: PackedPackage): Promise<SerializedBundle> {
  const { name, version, tarball } = packed;
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: `pkg:npm/${name.replace('@', '%40')}@${version}`, digest: { sha512: hash('sha512', tarball) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: { buildDefinition: {}, runDetails: {} },
  };
  return attest(Buffer.from(JSON.stringify(statement)), {
    identityToken: await stack.mintToken({ kind: 'github' }),
    instance: { trustConfig: stack.clientTrustConfig({ rekor: 'v1' }) },
  });
}

/** What a registry over the stack demands of provenance: Keywax's engine verifies it, for one of the personas. */
export function verifyProvenanceOf(stack: Stack): (bundle: string) => Promise<unknown> {
  return (bundle) => {
    const { payload } = (JSON.parse(bundle) as { readonly dsseEnvelope: { readonly payload: string } }).dsseEnvelope;
    const { subject } = JSON.parse(Buffer.from(payload, 'base64').toString()) as {
      readonly subject: readonly [{ readonly digest: { readonly sha512: string } }];
    };
    return verify(bundle, {
      instance: { trustedRoot: stack.trustedRoot },
      artifact: { sha512: subject[0].digest.sha512 },
      identity: [
        {
          issuer: `${stack.urls.oidc}/github`,
          subject: `${REPOSITORIES.github}/.github/workflows/release.yml@refs/heads/main`,
          sourceRepositoryUri: REPOSITORIES.github,
        },
        {
          issuer: `${stack.urls.oidc}/gitlab`,
          subject: `${REPOSITORIES.gitlab}//.gitlab-ci.yml@refs/heads/main`,
          sourceRepositoryUri: REPOSITORIES.gitlab,
        },
      ],
    });
  };
}
