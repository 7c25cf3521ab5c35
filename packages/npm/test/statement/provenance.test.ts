// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';
import {
  type CiEnvironment,
  type ProvenanceInput,
  type SlsaV1Predicate,
  createProvenance,
  detectCiProvider,
} from '../../src/index.js';
import { BUILDKITE, CIRCLECI, GITHUB, GITLAB } from './environments.js';

const ID = { name: '@octo-org/pkg', version: '1.0.0', sha512: new Uint8Array(64).fill(1) };
const create = (env: CiEnvironment, input: Partial<ProvenanceInput> = {}) => createProvenance({ ...ID, env, ...input });
const COMMIT = GITHUB['GITHUB_SHA'];

describe('provenance', () => {
  test('is about the package URL and the SHA-512 of the tarball', () => {
    expect(create(GITHUB).subject).toEqual([
      { name: 'pkg:npm/%40octo-org/pkg@1.0.0', digest: { sha512: '01'.repeat(64) } },
    ]);
  });

  test.each<[string, CiEnvironment, object]>([
    [
      'GitHub Actions',
      GITHUB,
      {
        externalParameters: {
          workflow: {
            ref: 'refs/tags/@octo-org/pkg@1.0.0',
            repository: 'https://github.com/octo-org/octo-repo',
            path: '.github/workflows/release.yml',
          },
        },
      },
    ],
    [
      'GitLab CI',
      GITLAB,
      {
        externalParameters: {
          pipeline: { ref: 'refs/heads/main', repository: 'https://gitlab.com/group/project', path: '.gitlab-ci.yml' },
          job: 'publish',
        },
      },
    ],
    [
      'GitLab CI, of a tag',
      { ...GITLAB, CI_COMMIT_TAG: 'v1.0.0', CI_COMMIT_REF_NAME: 'v1.0.0' },
      { externalParameters: { pipeline: { ref: 'refs/tags/v1.0.0' } } },
    ],
    [
      'CircleCI',
      CIRCLECI,
      {
        externalParameters: {
          pipeline: { ref: 'refs/heads/main', repository: 'https://github.com/octo-org/octo-repo' },
        },
      },
    ],
    [
      'CircleCI, of a tag',
      { ...CIRCLECI, CIRCLE_TAG: 'v1.0.0' },
      { externalParameters: { pipeline: { ref: 'refs/tags/v1.0.0' } } },
    ],
    [
      'Buildkite',
      BUILDKITE,
      { externalParameters: { pipeline: { ref: 'refs/heads/main', uri: 'https://buildkite.com/octo-org/octo-repo' } } },
    ],
    [
      'Buildkite, of a tag',
      { ...BUILDKITE, BUILDKITE_TAG: 'v1.0.0' },
      { externalParameters: { pipeline: { ref: 'refs/tags/v1.0.0' } } },
    ],
  ])('of %s says what was built', (_, env, buildDefinition) => {
    const statement = create(env);
    expect(statement).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: { buildDefinition },
    });
    const { resolvedDependencies, buildType } = (statement.predicate as SlsaV1Predicate).buildDefinition;
    expect(resolvedDependencies).toMatchObject([{ digest: { gitCommit: COMMIT } }]);
    expect(new URL(buildType).protocol).toBe('https:');
  });

  test('of GitLab CI comes in the form of npm too, without a secret', () => {
    const statement = create(GITLAB, { form: 'npm' });
    expect(statement).toMatchObject({
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType: 'https://slsa.dev/provenance/v0.2',
    });
    expect(JSON.stringify(statement)).not.toContain('not for anyone');
    expect(create(GITHUB, { form: 'npm' })).toEqual(create(GITHUB));
  });

  const required: readonly (readonly [string, CiEnvironment, Partial<ProvenanceInput>, readonly string[]])[] = [
    [
      'GitHub Actions',
      GITHUB,
      {},
      Object.keys(GITHUB).filter((name) => !['CI', 'GITHUB_ACTIONS', 'GITHUB_ACTOR'].includes(name)),
    ],
    [
      'GitLab CI',
      GITLAB,
      {},
      [
        'CI_COMMIT_SHA',
        'CI_COMMIT_REF_NAME',
        'CI_CONFIG_PATH',
        'CI_JOB_ID',
        'CI_JOB_NAME',
        'CI_JOB_URL',
        'CI_PIPELINE_ID',
      ],
    ],
    [
      'GitLab CI in the form of npm',
      GITLAB,
      { form: 'npm' },
      ['CI_COMMIT_SHA', 'CI_CONFIG_PATH', 'CI_JOB_URL', 'CI_PROJECT_URL', 'CI_RUNNER_DESCRIPTION', 'CI_RUNNER_ID'],
    ],
    ['CircleCI', CIRCLECI, {}, Object.keys(CIRCLECI).filter((name) => !['CI', 'CIRCLECI'].includes(name))],
    [
      'Buildkite',
      BUILDKITE,
      {},
      Object.keys(BUILDKITE).filter((name) => !['CI', 'BUILDKITE', 'BUILDKITE_TAG'].includes(name)),
    ],
  ];
  test.each(required)('of %s names the variable that is missing', (_, env, input, names) => {
    for (const name of names) {
      for (const value of [undefined, '']) {
        const at = `env.${name}`;
        expect(() => create({ ...env, [name]: value }, input)).toThrow(
          expect.objectContaining({ code: 'CONFIG_INVALID', details: expect.objectContaining({ at }) }),
        );
      }
    }
  });

  test.each<[string, CiEnvironment, Partial<ProvenanceInput>, string]>([
    ['no CI system', { CI: 'true' }, {}, 'CONFIG_INVALID'],
    ['two CI systems', { ...GITHUB, GITLAB_CI: 'true' }, {}, 'CONFIG_INVALID'],
    ['a variable that is inherited', Object.create(GITHUB) as CiEnvironment, {}, 'CONFIG_INVALID'],
    ['a workflow without a ref', { ...GITHUB, GITHUB_WORKFLOW_REF: 'o/r/x.yml' }, {}, 'CONFIG_INVALID'],
    ['a commit that is a name', { ...BUILDKITE, BUILDKITE_COMMIT: 'HEAD' }, {}, 'CONFIG_INVALID'],
    ['a repository that is none', { ...BUILDKITE, BUILDKITE_REPO: '/home/git' }, {}, 'INPUT_MALFORMED'],
    ['a provider that is not known', GITHUB, { provider: 'constructor' as never }, 'CONFIG_INVALID'],
    ['a form that is not known', GITHUB, { form: 'slsa-v9' as never }, 'CONFIG_INVALID'],
    ['a name that is none', GITHUB, { name: 'a b' }, 'INPUT_MALFORMED'],
    ['a digest that is too short', GITHUB, { sha512: new Uint8Array(32) }, 'CONFIG_INVALID'],
  ])('is refused for %s', (_, env, input, code) => {
    expect(() => create(env, input)).toThrow(expect.objectContaining({ code }));
  });

  test('is that of the system that the caller names, where the environment is that of two', () => {
    expect(create({ ...GITHUB, GITLAB_CI: 'true' }, { provider: 'github' })).toEqual(create(GITHUB));
  });
});

test.each([
  ['github', GITHUB],
  ['gitlab', GITLAB],
  ['circleci', CIRCLECI],
  ['buildkite', BUILDKITE],
] as const)('the environment of %s is known by its mark', (provider, env) => {
  expect(detectCiProvider(env)).toBe(provider);
});
