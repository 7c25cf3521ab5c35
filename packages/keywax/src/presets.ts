// SPDX-License-Identifier: Apache-2.0
// Identities by the names that people know: each builds an `IdentityRecord` of exact strings.
// https://github.com/sigstore/fulcio/blob/main/docs/oidc.md

import { type IdentityRecord, type Matcher, compilePattern } from '@keywax/verify';
import { configError } from './options.js';

/** A workflow of GitHub Actions. */
export interface GithubActionsIdentity {
  /** The repository whose source was built, as `OWNER/NAME`. */
  readonly repository: string;
  /** A file below `.github/workflows/`, or a reusable workflow elsewhere as `OWNER/NAME/.github/workflows/FILE`. */
  readonly workflow: string;
  /** The git ref of the workflow, such as `refs/tags/v1.2.3`, or a pattern for it. */
  readonly ref: Matcher;
}

/** A pipeline of GitLab. */
export interface GitlabCiIdentity {
  /** The project, as `GROUP/NAME`. */
  readonly project: string;
  /** The git ref of the pipeline's configuration, such as `refs/heads/main`, or a pattern for it. */
  readonly ref: Matcher;
  /** The pipeline's configuration; `.gitlab-ci.yml` unless given. */
  readonly configFile?: string;
  /** The GitLab instance; `https://gitlab.com` unless given. */
  readonly server?: string;
}

/** A person, or a service account, known by e-mail. */
export interface EmailIdentity {
  readonly address: string;
  /** Who vouches for the address, such as `https://github.com/login/oauth`. */
  readonly issuer: string;
}

const GITHUB = 'https://github.com';

/** A workflow of GitHub Actions that builds a repository. @throws CONFIG_INVALID */
export function githubActions({ repository, workflow, ref }: GithubActionsIdentity): IdentityRecord {
  requireText(repository, /^[^/\s]+\/[^/\s]+$/, 'repository', 'OWNER/NAME');
  requireText(workflow, /^[^\s@]+$/, 'workflow', 'the name of a workflow file');
  const path = workflow.includes('/.github/workflows/')
    ? workflow
    : `${repository}/.github/workflows/${workflow.replace(/^\.github\/workflows\//, '')}`;
  return {
    issuer: 'https://token.actions.githubusercontent.com',
    subject: joinRef(`${GITHUB}/${path}@`, ref),
    subjectKind: 'uri',
    // A reusable workflow names itself in the subject, whoever calls it.
    sourceRepositoryUri: `${GITHUB}/${repository}`,
  };
}

/** A pipeline of GitLab CI. @throws CONFIG_INVALID */
export function gitlabCi({
  project,
  ref,
  configFile = '.gitlab-ci.yml',
  server = 'https://gitlab.com',
}: GitlabCiIdentity): IdentityRecord {
  requireText(project, /^[^/\s]+(?:\/[^/\s]+)+$/, 'project', 'GROUP/NAME');
  requireText(configFile, /^[^\s@]+$/, 'configFile', 'the path of a file');
  requireText(server, /^https:\/\/[^/\s]+$/, 'server', 'an https origin');
  return {
    issuer: server,
    subject: joinRef(`${server}/${project}//${configFile}@`, ref),
    subjectKind: 'uri',
    sourceRepositoryUri: `${server}/${project}`,
  };
}

/** A pipeline of Buildkite. @throws CONFIG_INVALID */
export function buildkite({
  organization,
  pipeline,
}: {
  readonly organization: string;
  readonly pipeline: string;
}): IdentityRecord {
  requireText(organization, /^[^/\s]+$/, 'organization', 'the slug of an organization');
  requireText(pipeline, /^[^/\s]+$/, 'pipeline', 'the slug of a pipeline');
  return {
    issuer: 'https://agent.buildkite.com',
    subject: `https://buildkite.com/${organization}/${pipeline}`,
    subjectKind: 'uri',
  };
}

/** An account of Google, by its e-mail address. @throws CONFIG_INVALID */
export function google(address: string): IdentityRecord {
  return email({ address, issuer: 'https://accounts.google.com' });
}

/** An e-mail address, and who vouches for it. @throws CONFIG_INVALID */
export function email({ address, issuer }: EmailIdentity): IdentityRecord {
  requireText(address, /^[^\s@]+@[^\s@]+$/, 'address', 'an e-mail address');
  requireText(issuer, /^https?:\/\/\S+$/, 'issuer', 'the URL of an issuer');
  return { issuer, subject: address, subjectKind: 'email' };
}

function joinRef(prefix: string, ref: Matcher): Matcher {
  if (typeof ref === 'string') {
    requireText(ref, /^refs\/\S+$/, 'ref', 'a full git ref such as refs/tags/v1');
    return prefix + ref;
  }
  const pattern = ref.pattern.replace(/^\^/, '').replace(/(?<!\\)\$$/, '');
  // On its own first: what closes a group that it did not open would match outside of it.
  compilePattern(pattern, 'ref');
  return { pattern: `${prefix.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')}(${pattern})` };
}

function requireText(value: unknown, form: RegExp, at: string, expected: string): void {
  if (typeof value !== 'string' || !form.test(value)) throw configError(at, expected);
}
