// SPDX-License-Identifier: Apache-2.0
// Provenance of GitLab CI: as SLSA 1, and as the SLSA 0.2 that npm writes.
// https://docs.gitlab.com/ci/variables/predefined_variables/

import { type CiEnvironment, readVariable, requireCommit, requireVariables } from './environment.js';
import type { SlsaV02Predicate, SlsaV1Predicate } from './slsa.js';

const BUILD_TYPE = 'https://github.com/keywax/keywax/blob/main/docs/buildtypes/gitlab-v1.md';
const NPM_BUILD_TYPE = 'https://github.com/npm/cli/gitlab/v0alpha1';

/** Describes a job as SLSA 1. @throws CONFIG_INVALID */
export function describeGitlabBuild(env: CiEnvironment): SlsaV1Predicate {
  const variables = requireVariables(env, [
    'CI_COMMIT_REF_NAME',
    'CI_CONFIG_PATH',
    'CI_JOB_ID',
    'CI_JOB_NAME',
    'CI_JOB_URL',
    'CI_PIPELINE_ID',
    'CI_PIPELINE_SOURCE',
    'CI_PROJECT_ID',
    'CI_PROJECT_PATH',
    'CI_PROJECT_URL',
    'CI_RUNNER_ID',
    'CI_SERVER_URL',
  ]);
  const kind = readVariable(env, 'CI_COMMIT_TAG') === undefined ? 'heads' : 'tags';
  const ref = `refs/${kind}/${variables.CI_COMMIT_REF_NAME}`;
  const startedOn = readVariable(env, 'CI_JOB_STARTED_AT');
  return {
    buildDefinition: {
      buildType: BUILD_TYPE,
      externalParameters: {
        pipeline: { ref, repository: variables.CI_PROJECT_URL, path: variables.CI_CONFIG_PATH },
        job: variables.CI_JOB_NAME,
      },
      internalParameters: {
        gitlab: {
          server: variables.CI_SERVER_URL,
          project_id: variables.CI_PROJECT_ID,
          project_path: variables.CI_PROJECT_PATH,
          pipeline_id: variables.CI_PIPELINE_ID,
          pipeline_source: variables.CI_PIPELINE_SOURCE,
          job_id: variables.CI_JOB_ID,
        },
      },
      resolvedDependencies: [
        { uri: `git+${variables.CI_PROJECT_URL}@${ref}`, digest: { gitCommit: requireCommit(env, 'CI_COMMIT_SHA') } },
      ],
    },
    runDetails: {
      builder: { id: `${variables.CI_PROJECT_URL}/-/runners/${variables.CI_RUNNER_ID}` },
      metadata: { invocationId: variables.CI_JOB_URL, ...(startedOn === undefined ? {} : { startedOn }) },
    },
  };
}

/** Describes a job as npm does. Its parameters are the variables that are set. @throws CONFIG_INVALID */
export function describeGitlabBuildV02(env: CiEnvironment): SlsaV02Predicate {
  const variables = requireVariables(env, [
    'CI_CONFIG_PATH',
    'CI_JOB_ID',
    'CI_JOB_NAME',
    'CI_JOB_URL',
    'CI_PIPELINE_ID',
    'CI_PROJECT_PATH',
    'CI_PROJECT_URL',
    'CI_RUNNER_DESCRIPTION',
    'CI_RUNNER_EXECUTABLE_ARCH',
    'CI_RUNNER_ID',
    'CI_SERVER_URL',
  ]);
  const source = { uri: `git+${variables.CI_PROJECT_URL}`, digest: { sha1: requireCommit(env, 'CI_COMMIT_SHA') } };
  return {
    buildType: NPM_BUILD_TYPE,
    builder: { id: `${variables.CI_PROJECT_URL}/-/runners/${variables.CI_RUNNER_ID}` },
    invocation: {
      configSource: { ...source, entryPoint: variables.CI_JOB_NAME },
      parameters: selectParameters(env),
      environment: {
        name: variables.CI_RUNNER_DESCRIPTION,
        architecture: variables.CI_RUNNER_EXECUTABLE_ARCH,
        server: variables.CI_SERVER_URL,
        project: variables.CI_PROJECT_PATH,
        job: { id: variables.CI_JOB_ID },
        pipeline: { id: variables.CI_PIPELINE_ID, ref: variables.CI_CONFIG_PATH },
      },
    },
    metadata: {
      buildInvocationId: variables.CI_JOB_URL,
      completeness: { parameters: true, environment: true, materials: false },
      reproducible: false,
    },
    materials: [source],
  };
}

/** Those that say what was built and how; none of them is a secret. Empty ones are kept, as npm keeps them. */
function selectParameters(env: CiEnvironment): object {
  const names = PARAMETERS.flatMap((line) => line.split(' '));
  return Object.fromEntries(names.filter((name) => Object.hasOwn(env, name)).map((name) => [name, env[name]]));
}

const PARAMETERS = [
  'CI CI_API_GRAPHQL_URL CI_API_V4_URL CI_BUILD_BEFORE_SHA CI_BUILD_ID CI_BUILD_NAME CI_BUILD_REF',
  'CI_BUILD_REF_NAME CI_BUILD_REF_SLUG CI_BUILD_STAGE CI_COMMIT_BEFORE_SHA CI_COMMIT_BRANCH',
  'CI_COMMIT_REF_NAME CI_COMMIT_REF_PROTECTED CI_COMMIT_REF_SLUG CI_COMMIT_SHA CI_COMMIT_SHORT_SHA',
  'CI_COMMIT_TIMESTAMP CI_COMMIT_TITLE CI_CONFIG_PATH CI_DEFAULT_BRANCH',
  'CI_DEPENDENCY_PROXY_DIRECT_GROUP_IMAGE_PREFIX CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX',
  'CI_DEPENDENCY_PROXY_SERVER CI_DEPENDENCY_PROXY_USER CI_JOB_ID CI_JOB_NAME CI_JOB_NAME_SLUG',
  'CI_JOB_STAGE CI_JOB_STARTED_AT CI_JOB_URL CI_NODE_TOTAL CI_PAGES_DOMAIN CI_PAGES_URL',
  'CI_PIPELINE_CREATED_AT CI_PIPELINE_ID CI_PIPELINE_IID CI_PIPELINE_SOURCE CI_PIPELINE_URL',
  'CI_PROJECT_CLASSIFICATION_LABEL CI_PROJECT_DESCRIPTION CI_PROJECT_ID CI_PROJECT_NAME',
  'CI_PROJECT_NAMESPACE CI_PROJECT_NAMESPACE_ID CI_PROJECT_PATH CI_PROJECT_PATH_SLUG',
  'CI_PROJECT_REPOSITORY_LANGUAGES CI_PROJECT_ROOT_NAMESPACE CI_PROJECT_TITLE CI_PROJECT_URL',
  'CI_PROJECT_VISIBILITY CI_REGISTRY CI_REGISTRY_IMAGE CI_REGISTRY_USER CI_RUNNER_DESCRIPTION',
  'CI_RUNNER_ID CI_RUNNER_TAGS CI_SERVER_HOST CI_SERVER_NAME CI_SERVER_PORT CI_SERVER_PROTOCOL',
  'CI_SERVER_REVISION CI_SERVER_SHELL_SSH_HOST CI_SERVER_SHELL_SSH_PORT CI_SERVER_URL CI_SERVER_VERSION',
  'CI_SERVER_VERSION_MAJOR CI_SERVER_VERSION_MINOR CI_SERVER_VERSION_PATCH CI_TEMPLATE_REGISTRY_HOST',
  'GITLAB_CI GITLAB_FEATURES GITLAB_USER_ID GITLAB_USER_LOGIN RUNNER_GENERATE_ARTIFACTS_METADATA',
];
