// SPDX-License-Identifier: Apache-2.0

import { compilePattern } from '@keywax/verify';
import { describe, expect, test } from 'vitest';
import { buildkite, email, githubActions, gitlabCi, google } from '../src/index.js';
import { refusalOf } from './refusal.js';

describe('identities by the names that people know', () => {
  test.each([
    [
      'a workflow of GitHub Actions',
      githubActions({ repository: 'octo/app', workflow: 'release.yml', ref: 'refs/tags/v1' }),
      {
        issuer: 'https://token.actions.githubusercontent.com',
        subject: 'https://github.com/octo/app/.github/workflows/release.yml@refs/tags/v1',
        subjectKind: 'uri',
        sourceRepositoryUri: 'https://github.com/octo/app',
      },
    ],
    [
      'a reusable workflow, called by the repository',
      githubActions({
        repository: 'octo/app',
        workflow: 'octo/flows/.github/workflows/build.yml',
        ref: 'refs/heads/main',
      }),
      {
        issuer: 'https://token.actions.githubusercontent.com',
        subject: 'https://github.com/octo/flows/.github/workflows/build.yml@refs/heads/main',
        subjectKind: 'uri',
        sourceRepositoryUri: 'https://github.com/octo/app',
      },
    ],
    [
      'a pipeline of GitLab',
      gitlabCi({ project: 'group/sub/app', ref: 'refs/heads/main' }),
      {
        issuer: 'https://gitlab.com',
        subject: 'https://gitlab.com/group/sub/app//.gitlab-ci.yml@refs/heads/main',
        subjectKind: 'uri',
        sourceRepositoryUri: 'https://gitlab.com/group/sub/app',
      },
    ],
    [
      'a pipeline of Buildkite',
      buildkite({ organization: 'octo', pipeline: 'app' }),
      { issuer: 'https://agent.buildkite.com', subject: 'https://buildkite.com/octo/app', subjectKind: 'uri' },
    ],
    [
      'an account of Google',
      google('a@example.com'),
      { issuer: 'https://accounts.google.com', subject: 'a@example.com', subjectKind: 'email' },
    ],
    [
      'an address and who vouches for it',
      email({ address: 'a@example.com', issuer: 'https://id.example.com' }),
      { issuer: 'https://id.example.com', subject: 'a@example.com', subjectKind: 'email' },
    ],
  ])('%s', (_, record, expected) => {
    expect(record).toEqual(expected);
  });

  test.each([
    [
      'a repository without an owner',
      () => githubActions({ repository: 'app', workflow: 'a.yml', ref: 'refs/heads/main' }),
    ],
    [
      'a repository with a path',
      () => githubActions({ repository: 'octo/app/x', workflow: 'a.yml', ref: 'refs/heads/main' }),
    ],
    [
      'a workflow with a ref of its own',
      () => githubActions({ repository: 'octo/app', workflow: 'a.yml@refs/heads/x', ref: 'refs/heads/main' }),
    ],
    ['a short ref', () => githubActions({ repository: 'octo/app', workflow: 'a.yml', ref: 'main' })],
    ['an empty ref', () => githubActions({ repository: 'octo/app', workflow: 'a.yml', ref: '' })],
    [
      'a pattern that closes what it did not open',
      () => githubActions({ repository: 'octo/app', workflow: 'a.yml', ref: { pattern: 'x)|(.*' } }),
    ],
    ['a project without a group', () => gitlabCi({ project: 'app', ref: 'refs/heads/main' })],
    [
      'a server without https',
      () => gitlabCi({ project: 'group/app', ref: 'refs/heads/main', server: 'http://gitlab.example.com' }),
    ],
    ['an address without a host', () => google('someone')],
  ])('%s is refused', async (_, build) => {
    expect(await refusalOf(build)).toBe('CONFIG_INVALID');
  });
});

describe('a pattern for the ref', () => {
  const record = githubActions({
    repository: 'octo/app.js',
    workflow: 'release.yml',
    ref: { pattern: '^refs/tags/v\\d+|refs/heads/main$' },
  });
  const { pattern } = record.subject as { readonly pattern: string };
  const workflow = 'https://github.com/octo/app.js/.github/workflows/release.yml';

  test.each([
    [`${workflow}@refs/tags/v12`, true],
    [`${workflow}@refs/heads/main`, true],
    [`${workflow}@refs/tags/v12-rc`, false],
    ['refs/heads/main', false],
    ['https://github.com/octo/app_js/.github/workflows/release.yml@refs/tags/v12', false],
    [`https://evil.example/${workflow}@refs/tags/v12`, false],
  ])('%s: %s', (subject, matches) => {
    expect(compilePattern(pattern, 'subject').matches(subject)).toBe(matches);
  });
});
