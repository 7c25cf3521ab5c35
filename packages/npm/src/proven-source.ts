// SPDX-License-Identifier: Apache-2.0
// Where a package was built, as far as the certificate proves it: the extensions that Fulcio took from the token of the CI
// system. A predicate is what the publisher wrote; nothing here comes from one.

import type { SignerIdentity } from '@keywax/verify';

/** Where and how something was built. Members that the certificate does not prove are absent. */
export interface ProvenSource {
  /** Who vouched for the build, such as `https://token.actions.githubusercontent.com`. */
  readonly issuer: string;
  /** The subject of the certificate. */
  readonly subject: string;
  /** URL of the repository whose source was built. */
  readonly sourceRepository?: string;
  /** The commit that was built, in hex. */
  readonly sourceDigest?: string;
  /** The git ref that was built, such as `refs/tags/v1.0.0`. */
  readonly ref?: string;
  /**
   * The file that defines the build: its path in the source repository, such as `.github/workflows/release.yml`, or its
   * URL without a ref where it lies elsewhere.
   */
  readonly workflow?: string;
  /** The build configuration as the certificate has it, with its ref. */
  readonly workflowUri?: string;
  /**
   * Where the build ran: `https://github.com/actions/runner/github-hosted` for GitHub Actions, the kind of runner (such
   * as `gitlab-hosted`) elsewhere.
   */
  readonly builder?: string;
  /** What asked for the signature: the build configuration, or a reusable workflow that it called. With its ref. */
  readonly signerUri?: string;
  /** Why the build ran, such as `push`. */
  readonly trigger?: string;
  /** URL of the run. */
  readonly runUri?: string;
}

const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com';
/** What the builders of GitHub Actions begin with, before a slash and the kind of runner. */
export const GITHUB_RUNNER = 'https://github.com/actions/runner';

/** What the extensions of a verified certificate prove about the build. */
export function describeSource(identity: SignerIdentity): ProvenSource {
  const { issuer, subject, extensions } = identity;
  const { sourceRepositoryUri, buildConfigUri, runnerEnvironment } = extensions;
  const members = {
    sourceRepository: sourceRepositoryUri,
    sourceDigest: extensions.sourceRepositoryDigest,
    ref: extensions.sourceRepositoryRef,
    workflow: buildConfigUri === undefined ? undefined : describeWorkflow(buildConfigUri, sourceRepositoryUri),
    workflowUri: buildConfigUri,
    builder: describeBuilder(runnerEnvironment, isGithubBuild(identity)),
    signerUri: extensions.buildSignerUri,
    trigger: extensions.buildTrigger,
    runUri: extensions.runInvocationUri,
  };
  const known = Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
  return Object.freeze({ issuer, subject, ...known });
}

/**
 * True for builds of GitHub Actions: by their issuer, or by the extensions that Fulcio writes for issuers of that kind
 * alone, such as that of a server of one's own.
 */
export function isGithubBuild({ issuer, extensions }: SignerIdentity): boolean {
  const isPublic = issuer === GITHUB_ISSUER || issuer.startsWith(`${GITHUB_ISSUER}/`); // of an enterprise
  return isPublic || extensions.githubWorkflowRepository !== undefined;
}

function describeBuilder(environment: string | undefined, isGithub: boolean): string | undefined {
  return environment === undefined || !isGithub ? environment : `${GITHUB_RUNNER}/${environment}`;
}

/**
 * The path of a build configuration in its repository. The ref is what follows the last `@refs/`: a file whose name looks
 * like another with a ref keeps its whole name.
 */
function describeWorkflow(uri: string, repository: string | undefined): string {
  const [, file = uri] = /^(.*)@refs\/.*$/.exec(uri) ?? [];
  if (repository === undefined || !file.startsWith(`${repository}/`)) return file;
  const path = file.slice(repository.length + 1);
  // GitLab puts two slashes between project and path.
  return path.startsWith('/') ? path.slice(1) : path;
}
