// SPDX-License-Identifier: Apache-2.0
// Provenance of GitHub Actions.
// https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1

import { KeywaxError } from '@keywax/core/errors';
import { type CiEnvironment, requireCommit, requireVariables } from './environment.js';
import type { SlsaV1Predicate } from './slsa.js';

const BUILD_TYPE = 'https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1';
const BUILDER = 'https://github.com/actions/runner';

/** Describes a run of a workflow. @throws CONFIG_INVALID */
export function describeGithubBuild(env: CiEnvironment): SlsaV1Predicate {
  const variables = requireVariables(env, [
    'GITHUB_EVENT_NAME',
    'GITHUB_REF',
    'GITHUB_REPOSITORY',
    'GITHUB_REPOSITORY_ID',
    'GITHUB_REPOSITORY_OWNER_ID',
    'GITHUB_RUN_ATTEMPT',
    'GITHUB_RUN_ID',
    'GITHUB_SERVER_URL',
    'GITHUB_WORKFLOW_REF',
    'RUNNER_ENVIRONMENT',
  ]);
  const repository = `${variables.GITHUB_SERVER_URL}/${variables.GITHUB_REPOSITORY}`;
  const { path, ref } = splitWorkflow(variables.GITHUB_WORKFLOW_REF, variables.GITHUB_REPOSITORY);
  return {
    buildDefinition: {
      buildType: BUILD_TYPE,
      externalParameters: { workflow: { ref, repository, path } },
      internalParameters: {
        github: {
          event_name: variables.GITHUB_EVENT_NAME,
          repository_id: variables.GITHUB_REPOSITORY_ID,
          repository_owner_id: variables.GITHUB_REPOSITORY_OWNER_ID,
        },
      },
      resolvedDependencies: [
        { uri: `git+${repository}@${variables.GITHUB_REF}`, digest: { gitCommit: requireCommit(env, 'GITHUB_SHA') } },
      ],
    },
    runDetails: {
      builder: { id: `${BUILDER}/${variables.RUNNER_ENVIRONMENT}` },
      metadata: {
        invocationId: `${repository}/actions/runs/${variables.GITHUB_RUN_ID}/attempts/${variables.GITHUB_RUN_ATTEMPT}`,
      },
    },
  };
}

/** `owner/name/.github/workflows/file@ref`; refs may have an `@`, the names of workflow files in practice do not. */
function splitWorkflow(workflow: string, repository: string): { readonly path: string; readonly ref: string } {
  const relative = workflow.startsWith(`${repository}/`) ? workflow.slice(repository.length + 1) : workflow;
  const at = relative.indexOf('@');
  if (at > 0 && at < relative.length - 1) return { path: relative.slice(0, at), ref: relative.slice(at + 1) };
  const expected = 'a path and a ref, as in o/r/.github/workflows/release.yml@refs/heads/main';
  throw new KeywaxError('CONFIG_INVALID', `env.GITHUB_WORKFLOW_REF: expected ${expected}`, {
    details: { at: 'env.GITHUB_WORKFLOW_REF', expected },
  });
}
