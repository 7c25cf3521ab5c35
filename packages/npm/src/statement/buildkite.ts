// SPDX-License-Identifier: Apache-2.0
// Provenance of Buildkite, as far as its environment says what was built.
// https://buildkite.com/docs/pipelines/configure/environment-variables

import { normalizeRepositoryUrl } from '../repository-url.js';
import { type CiEnvironment, readVariable, requireCommit, requireVariables } from './environment.js';
import type { SlsaV1Predicate } from './slsa.js';

const BUILD_TYPE = 'https://github.com/keywax/keywax/blob/main/docs/buildtypes/buildkite-v1.md';
const PLATFORM = 'https://buildkite.com';

/** Describes a job. @throws CONFIG_INVALID, and INPUT_MALFORMED for a repository that is none */
export function describeBuildkiteBuild(env: CiEnvironment): SlsaV1Predicate {
  const variables = requireVariables(env, [
    'BUILDKITE_AGENT_ID',
    'BUILDKITE_BRANCH',
    'BUILDKITE_BUILD_URL',
    'BUILDKITE_JOB_ID',
    'BUILDKITE_ORGANIZATION_SLUG',
    'BUILDKITE_PIPELINE_SLUG',
    'BUILDKITE_REPO',
    'BUILDKITE_SOURCE',
  ]);
  const repository = normalizeRepositoryUrl(variables.BUILDKITE_REPO, 'env.BUILDKITE_REPO');
  const tag = readVariable(env, 'BUILDKITE_TAG');
  const ref = tag === undefined ? `refs/heads/${variables.BUILDKITE_BRANCH}` : `refs/tags/${tag}`;
  const organization = variables.BUILDKITE_ORGANIZATION_SLUG;
  return {
    buildDefinition: {
      buildType: BUILD_TYPE,
      externalParameters: {
        pipeline: { ref, repository, uri: `${PLATFORM}/${organization}/${variables.BUILDKITE_PIPELINE_SLUG}` },
      },
      internalParameters: { buildkite: { source: variables.BUILDKITE_SOURCE, job_id: variables.BUILDKITE_JOB_ID } },
      resolvedDependencies: [
        { uri: `git+${repository}@${ref}`, digest: { gitCommit: requireCommit(env, 'BUILDKITE_COMMIT') } },
      ],
    },
    runDetails: {
      builder: { id: `${PLATFORM}/organizations/${organization}/agents/${variables.BUILDKITE_AGENT_ID}` },
      // As certificates of this system name the run.
      metadata: { invocationId: `${variables.BUILDKITE_BUILD_URL}#${variables.BUILDKITE_JOB_ID}` },
    },
  };
}
